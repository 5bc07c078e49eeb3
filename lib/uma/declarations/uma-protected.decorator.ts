import type { ScopeExpression } from '../../commands/uma.js';
import { marking } from './uma-metadata.js';

/** What {@link UmaProtected} takes. */
export interface UmaProtectedOptions {
  /**
   * Scopes of which an RPT needs one (embedded: see option `transport.requiredScopes`). Default,
   * where `scope_expression` is left out too: the method's name, such as `GET`.
   */
  readonly scopes?: readonly string[];
  /** Scopes that a ticket asks for; default `scopes`. */
  readonly ticketScopes?: readonly string[];
  /** Instead of `scopes`: which scopes together are enough. Embedded, and oxd 3.1.2 and later. */
  readonly scope_expression?: ScopeExpression;
}

/**
 * Protects the routes of a class, or one route, with UMA 2.0. The resource is the route's own
 * template and method; `UmaGuard` must run before it. Several on one target, and those of class
 * and method together, must all grant access. A HEAD request counts as GET.
 *
 * ```ts
 * @UseGuards(UmaGuard)
 * @Controller('albums')
 * class AlbumsController {
 *   @Get(':id') @UmaProtected({ scopes: ['view'] }) find() {}
 * }
 * ```
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, naming the handler
 * @see oxd command uma_rs_protect; UMA Federated Authorization §3
 */
export function UmaProtected(options?: UmaProtectedOptions): ClassDecorator & MethodDecorator;
/**
 * Protects with a resource of this path, for wildcard routes, versions by header, or several
 * routes that are one resource.
 *
 * @param path begins with `/`; compared as a whole, it need not be a route
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
    return marking({ kind: 'protected', path: first, method, options });
  return marking({ kind: 'protected', options: first });
}
