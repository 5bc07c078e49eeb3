import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { OxdUserProfile } from './user-profile.js';

/** The user of the request: `request.user` as Passport or the session left it, or undefined. */
export const OxdUser = createParamDecorator(
  (_: undefined, context: ExecutionContext): OxdUserProfile | undefined =>
    context.switchToHttp().getRequest<{ user?: OxdUserProfile }>().user,
);
