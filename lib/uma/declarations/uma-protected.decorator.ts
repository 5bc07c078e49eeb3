import type { ScopeExpression } from '../../commands/uma.js';
import { UMA_MARKS } from './uma-marks.js';

/** Options of {@link UmaProtected}. */
export interface UmaProtectedOptions {
  /**
   * Scopes of which an RPT needs one; on embedded `transport.requiredScopes` can require all.
   * Default without `scope_expression`: the name of the HTTP method, such as `GET`.
   */
  readonly scopes?: readonly string[];
  /** Scopes that a permission ticket requests; default `scopes`. */
  readonly ticketScopes?: readonly string[];
  /**
   * JsonLogic rule of sufficient scopes, instead of `scopes`. Embedded, and oxd 3.1.2 and later.
   */
  readonly scope_expression?: ScopeExpression;
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
