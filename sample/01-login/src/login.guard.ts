import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { LoginGuard, type LoginAuthenticateOptions } from 'nestjs-oxd/passport';

/** Returns to the profile after a login, or to the path in `/login?returnTo=/elsewhere`. */
export class ProfileLoginGuard extends LoginGuard {
  override getAuthenticateOptions(context: ExecutionContext): LoginAuthenticateOptions {
    const { returnTo } = context.switchToHttp().getRequest<Request>().query;
    return { returnTo: typeof returnTo === 'string' ? returnTo : '/profile' };
  }
}
