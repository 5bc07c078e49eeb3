import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { UserParamDecorator } from './oxd-user.decorator.js';
import type { OxdUserProfile } from './user-profile.js';

/**
 * Injects the access token of the request's user, `request.user.tokens.access_token`; undefined
 * when no user is logged in.
 */
export const AccessToken: UserParamDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext): string | undefined =>
    context.switchToHttp().getRequest<{ user?: Partial<OxdUserProfile> }>().user?.tokens
      ?.access_token,
);
