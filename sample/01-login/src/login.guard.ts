import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { LoginGuard, type LoginAuthenticateOptions } from 'nestjs-oxd/passport';

/** A login ends at the profile, or where `/login?returnTo=/elsewhere` says. */
export class ProfileLoginGuard extends LoginGuard {
  override getAuthenticateOptions(context: ExecutionContext): LoginAuthenticateOptions {
    const { returnTo } = context.switchToHttp().getRequest<Request>().query;
    return { returnTo: typeof returnTo === 'string' ? returnTo : '/profile' };
  }
}
