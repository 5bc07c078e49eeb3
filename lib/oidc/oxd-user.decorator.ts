import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { OxdUserProfile } from './user-profile.js';

/**
 * Type of `@OxdUser()` and `@AccessToken()`. Declared explicitly, because the inferred type of Nest
 * 12 refers to a type that Nest 11 does not export.
 *
 * @param pipes pipes for the value, as with `@Param()`
 */
export type UserParamDecorator = (
  ...pipes: readonly (Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/**
 * Injects `request.user`, which Passport or the session has set; undefined when no user is logged
 * in.
 */
export const OxdUser: UserParamDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext): OxdUserProfile | undefined =>
    context.switchToHttp().getRequest<{ user?: OxdUserProfile }>().user,
);
