import type { ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import type { LoginAuthenticateOptions } from 'nestjs-oxd/passport';

/** A login ends at the profile, or where `/login?returnTo=/elsewhere` says. */
export class LoginGuard extends AuthGuard('oxd') {
  override getAuthenticateOptions(context: ExecutionContext): LoginAuthenticateOptions {
    const { returnTo } = context.switchToHttp().getRequest<Request>().query;
    return { returnTo: typeof returnTo === 'string' ? returnTo : '/profile' };
  }
}
