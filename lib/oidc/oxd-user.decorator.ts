import {
  createParamDecorator,
  type ExecutionContext,
  type PipeTransform,
  type Type,
} from '@nestjs/common';

/**
 * Type of `@AccessToken()`. Declared explicitly, because the inferred type of Nest 12 refers to a type
 * that Nest 11 does not export.
 *
 * @param pipes pipes for the value, as with `@Param()`
 */
export type UserParamDecorator = (
  ...pipes: readonly (Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/**
 * Type of `@OxdUser()`, see {@link UserParamDecorator}.
 *
 * @param pathOrPipes names of nested properties, separated by dots; pipes for the value
 */
export type OxdUserDecorator = (
  ...pathOrPipes: readonly (string | Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator;

/**
 * Injects `request.user`, which `BearerGuard`, Passport or the session has set; undefined when no user
 * is logged in. With a path it injects a part of the user, such as `@OxdUser('claims.email')`;
 * undefined when a property of the path is missing. Inherited properties count as missing.
 */
export const OxdUser: OxdUserDecorator = createParamDecorator(
  (path: string | undefined, context: ExecutionContext): unknown => {
    const { user } = context.switchToHttp().getRequest<{ user?: unknown }>();
    return path === undefined ? user : path.split('.').reduce(ownProperty, user);
  },
);

function ownProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
