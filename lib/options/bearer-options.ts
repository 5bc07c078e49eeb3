import { withoutUndefined } from '../base/json.js';
import { isLoopback } from '../base/network-rules.js';
import type { AccessTokenClaims } from '../commands/oidc.js';

/**
 * Returns the roles of a user from the claims of the access token; `keycloakRoles()` is one. The
 * claims are those of a verified JWT, or of an introspection.
 */
export type BearerRoles = (claims: AccessTokenClaims) => readonly string[];

/** Time at which an access token is verified: by each introspection, or without one. */
export type BearerIntrospection = 'opaque' | 'always' | 'never';

/** Option `bearer.cache`. */
export interface BearerCacheOptions {
  /**
   * Maximum time that a verified token is reused, in milliseconds; at most 300000, default 30000. The
   * `exp` of the token shortens it. 0 caches nothing.
   */
  readonly ttl?: number;
  /** Maximum number of cached tokens; a further one replaces the least recently used. Default 10000. */
  readonly max?: number;
}

/** Option `bearer`: access tokens of the provider that protect routes without UMA. */
export interface BearerOptions {
  /**
   * Identifier of the API, or several: a token must have one of them in `aud` (RFC 8707, RFC 9068 §3).
   * Required by `BearerGuard`; in decision mode the default is `client_id`. Do not use the `client_id`
   * of a web application: its ID tokens have it as their audience, too.
   */
  readonly audience?: string | readonly string[];
  /** Roles of a token; default none. */
  readonly roles?: BearerRoles;
  /**
   * Tolerated difference between the clocks of the provider and this machine, in milliseconds, for
   * `exp`, `nbf` and `iat`; 0 to 60000, default 30000.
   */
  readonly clockTolerance?: number;
  /**
   * Tokens that are introspected (RFC 7662). `opaque`, the default on embedded: tokens that are no JWT;
   * a JWT is verified by its signature, so that a logout or a revocation is not noticed before its
   * `exp`. `always`: JWTs, too; audience, user, scopes and roles are then those of the introspection,
   * which lightweight tokens of Keycloak need. `never`: only JWTs are accepted. oxd and custom
   * transports introspect every token and accept no other value than `always`.
   */
  readonly introspection?: BearerIntrospection;
  /**
   * Caches verified tokens in memory; `{}` takes the defaults. Default: off. **A revoked token is
   * accepted for up to `ttl`.**
   */
  readonly cache?: BearerCacheOptions;
  /**
   * URL of the API as its clients write it: https, or http on a loopback host, without fragment and user
   * name. With it every challenge names the metadata document of the API. Default none.
   *
   * @see RFC 9728 §1.2
   */
  readonly resource?: string;
  /** Scopes in the metadata document; needs `resource`. Default none. @see RFC 9728 §2 */
  readonly scopesSupported?: readonly string[];
  /**
   * True accepts a token of the issuer with any audience, or without one, in decision mode; default
   * false. **A token that a user gave to another API then opens this API, too.**
   */
  readonly anyAudience?: boolean;
}

/** Option `bearer` with its defaults. */
export interface ResolvedBearerOptions extends Omit<
  BearerOptions,
  'audience' | 'clockTolerance' | 'introspection' | 'cache'
> {
  /** Accepted audiences; empty if the option is missing. */
  readonly audience: readonly string[];
  /** In milliseconds. */
  readonly clockTolerance: number;
  /** Tokens that are introspected. */
  readonly introspection: BearerIntrospection;
  /** Limits of the cache; undefined without a cache. */
  readonly cache?: Required<BearerCacheOptions>;
}

const DEFAULTS = { clockTolerance: 30_000, cache: { ttl: 30_000, max: 10_000 } } as const;

/** @param isEmbedded true if this process executes the commands, and so verifies tokens itself */
export function resolveBearer(given: BearerOptions, isEmbedded: boolean): ResolvedBearerOptions {
  const { audience = [], cache, scopesSupported, ...bearer } = withoutUndefined(given);
  return {
    clockTolerance: DEFAULTS.clockTolerance,
    introspection: isEmbedded ? 'opaque' : 'always',
    ...bearer,
    audience: [audience].flat(),
    ...(scopesSupported && { scopesSupported: [...scopesSupported] }),
    ...(cache && { cache: { ...DEFAULTS.cache, ...withoutUndefined(cache) } }),
  };
}

/** Returns the problems of option `bearer` that class-validator does not check, as `path: message`. */
export function bearerProblems(bearer: BearerOptions, isEmbedded: boolean): string[] {
  const { roles, resource, scopesSupported, introspection = 'always', anyAudience } = bearer;
  const isUnused = scopesSupported !== undefined && resource === undefined;
  return [
    ...(roles === undefined || typeof roles === 'function' ? [] : [ROLES]),
    ...(resource === undefined || isResource(resource) ? [] : [RESOURCE]),
    ...(isUnused ? ['bearer.scopesSupported: needs bearer.resource; set it, or remove both'] : []),
    ...(isEmbedded || introspection === 'always' ? [] : [INTROSPECTION]),
    ...(isEmbedded || !anyAudience ? [] : [ANY_AUDIENCE]),
  ];
}

const ROLES = 'bearer.roles: must be a function (claims) => roles';

const RESOURCE =
  'bearer.resource: must be an https URL without fragment and user name, or such an http URL on a ' +
  'loopback host';

const INTROSPECTION =
  "bearer.introspection: must be 'always' on this transport, which introspects every token; or " +
  'remove it';

const ANY_AUDIENCE = 'bearer.anyAudience: is supported by the embedded transport only; remove it';

/** @see RFC 9728 §1.2 */
function isResource(resource: unknown): boolean {
  if (typeof resource !== 'string' || !URL.canParse(resource) || resource.includes('#'))
    return false;
  const { protocol, username, password } = new URL(resource);
  if (username + password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(resource));
}
