import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import type { OxdUserProfile } from './user-profile.js';

/**
 * Type of `@OxdUser()` and `@AccessToken()`. Written out, because the type that Nest 12 infers names
 * a type which Nest 11 does not export.
 *
 * @param pipes pipes for the value, as with `@Param()`
 */
export type UserParamDecorator = (
  ...pipes: readonly (Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/** The user of the request: `request.user` as Passport or the session left it, or undefined. */
export const OxdUser: UserParamDecorator = createParamDecorator(
  (_: undefined, context: ExecutionContext): OxdUserProfile | undefined =>
    context.switchToHttp().getRequest<{ user?: OxdUserProfile }>().user,
);
