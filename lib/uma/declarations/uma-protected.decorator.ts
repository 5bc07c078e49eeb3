import type { ExecutionContext } from '@nestjs/common';
import type { ScopeExpression, UmaMode, UmaPushedClaims } from '../../commands/uma.js';
import { UMA_MARKS } from './uma-marks.js';

/**
 * Names the resource of a request: by the name or the id of a resource that an administrator made.
 * Takes at most 10 seconds.
 */
export type UmaResourceResolver = (context: ExecutionContext) => string | Promise<string>;

/** Returns the claims of a request that the policies need. Takes at most 10 seconds. */
export type UmaClaimsResolver = (
  context: ExecutionContext,
) => UmaPushedClaims | Promise<UmaPushedClaims>;

/** Options of {@link UmaProtected}. */
export interface UmaProtectedOptions {
  /**
   * Scopes of which an RPT needs one; on embedded `transport.requiredScopes` can require all.
   * Default without `scope_expression` and `resource`: the name of the HTTP method, such as `GET`.
   */
  readonly scopes?: readonly string[];
  /** Scopes that a permission ticket requests; default `scopes`. */
  readonly ticketScopes?: readonly string[];
  /**
   * JsonLogic rule of sufficient scopes, instead of `scopes`. Embedded, and oxd 3.1.2 and later.
   */
  readonly scope_expression?: ScopeExpression;
  /**
   * `decision` lets the authorization server decide about the user's ordinary access token, without a
   * ticket and an RPT (Keycloak); `rpt` requires an RPT. All declarations of a handler have one mode.
   * Default: option `uma.mode`. Not on oxd.
   */
  readonly mode?: UmaMode;
  /**
   * Name or id of a resource that an administrator made at the authorization server, or a function that
   * names it for each request; replaces the path, in both modes. The resource is never created or
   * changed. A name needs Keycloak; `scopes` may be omitted only if the resource has none. Not on oxd.
   */
  readonly resource?: string | UmaResourceResolver;
  /**
   * Claims that are pushed to the policies with each request, in mode `decision` only. The access token
   * then has at most 4000 characters.
   */
  readonly claims?: UmaClaimsResolver;
}

/**
 * Protects the routes of a class, or one route, with UMA 2.0. `UmaGuard` must run before the route.
 * The template and HTTP method of the route form the resource. If several decorators apply, on one
 * target or on class and method, all of them must grant access. A HEAD request counts as GET.
 *
 * ```ts
 * @UseGuards(UmaGuard)
 * @Controller('albums')
 * class AlbumsController {
 *   @Get(':id') @UmaProtected({ scopes: ['view'] }) find() {}
 * }
 * ```
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, with the name of the
 *   handler
 * @see oxd command uma_rs_protect; UMA Federated Authorization §3
 */
export function UmaProtected(options?: UmaProtectedOptions): ClassDecorator & MethodDecorator;
/**
 * Protects with a resource of this path, for wildcard routes, versions by header, or several
 * routes that form one resource.
 *
 * @param path path of the resource, beginning with `/`; need not be the path of a route
 * @param method HTTP method; default that of the route, required on `@All()`
 */
export function UmaProtected(
  path: string,
  method?: string,
  options?: UmaProtectedOptions,
): ClassDecorator & MethodDecorator;
export function UmaProtected(
  first?: string | UmaProtectedOptions,
  method?: string,
  options?: UmaProtectedOptions,
): ClassDecorator & MethodDecorator {
  if (typeof first === 'string')
    return UMA_MARKS.decorator({ kind: 'protected', path: first, method, options });
  return UMA_MARKS.decorator({ kind: 'protected', options: first });
}
