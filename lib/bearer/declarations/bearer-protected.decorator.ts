import type { ExecutionContext } from '@nestjs/common';
import { BEARER_MARKS } from './bearer-marks.js';

/**
 * Returns the scopes that one request needs; an empty list for none. Called after the token was
 * verified, with a time limit of 10 seconds. Its exceptions become the response.
 */
export type BearerScopes = (
  context: ExecutionContext,
) => readonly string[] | Promise<readonly string[]>;

/** Options of {@link BearerProtected}; without any, every valid access token grants. */
export interface BearerProtectedOptions {
  /** Scopes; the token needs all of them. */
  readonly scopes?: readonly string[] | BearerScopes;
  /**
   * Roles by option `bearer.roles`: a list of which the token needs one, or `{ all }` with a list of
   * which it needs all.
   */
  readonly roles?:
    | readonly string[]
    | {
        /** Roles that the token needs, all of them. */
        readonly all: readonly string[];
      };
  /**
   * Authentication context classes: claim `acr` of the token must be one of them. Else the response
   * requires a new authentication (RFC 9470).
   */
  readonly acr_values?: readonly string[];
  /**
   * Maximum time since the user authenticated, in seconds, by claim `auth_time`; without the claim
   * access is denied. `bearer.clockTolerance` is added. Not on oxd, whose result has no `auth_time`.
   */
  readonly max_age?: number;
}

/**
 * Protects the routes of a class, or one route, with an access token of the provider. `BearerGuard`
 * must run before the route. A decorator on the method replaces that of the class. The token is
 * checked first, then scopes, roles and authentication.
 *
 * ```ts
 * @UseGuards(BearerGuard)
 * @Controller('albums')
 * class AlbumsController {
 *   @Delete(':id') @BearerProtected({ scopes: ['albums:write'], roles: ['editor', 'admin'] }) remove() {}
 * }
 * ```
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, with the name of the
 *   handler
 * @see RFC 6750; RFC 9068 §4; RFC 9470
 */
export function BearerProtected(
  options?: BearerProtectedOptions,
): ClassDecorator & MethodDecorator {
  return BEARER_MARKS.decorator({ kind: 'protected', options });
}
