import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { UmaPermission } from '../../commands/uma.js';

/** Content of a token of `TestIssuer`. */
export interface TestTokenOptions {
  /** Id of the user; default `alice`. */
  readonly sub?: string;
  /** Scopes, separated by blanks; default `profile email`. */
  readonly scope?: string;
  /** Realm roles, claim `realm_access.roles`; default none. */
  readonly roles?: readonly string[];
  /**
   * Permissions of an RPT; default none. `resource_id` is the name of a declared resource, such as
   * `[GET] /albums/:id`.
   */
  readonly permissions?: readonly UmaPermission[];
  /** Audience; default `account`. */
  readonly aud?: string | readonly string[];
  /** Authentication context class of the login; default `1`, as at Keycloak. */
  readonly acr?: string;
  /** Time of the login, in seconds since 1970; default none, as at Keycloak for a token without login. */
  readonly auth_time?: number;
  /** Lifetime in seconds; a negative number makes an expired token. Default 300. */
  readonly expiresIn?: number;
  /** Further claims; they replace claims of the same name. Default none. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Header parameters of the JWT, such as `typ: 'at+jwt'`; they replace `alg: RS256`, `typ: JWT` and `kid`. */
  readonly header?: Readonly<Record<string, unknown>>;
  /**
   * - `jwt` (default): a signed JWT with every claim.
   * - `lightweight`: a signed JWT without `sub`, `aud`, `acr` and roles, as a client of Keycloak with
   *   lightweight access tokens gets it; its introspection has every claim.
   * - `opaque`: a random string; its introspection has every claim.
   */
  readonly form?: 'jwt' | 'lightweight' | 'opaque';
}

/** Lifetime of a token, in seconds. */
export const TOKEN_LIFETIME = 300;

/**
 * Returns the claims of an access token as Keycloak issues them; with permissions those of an RPT.
 *
 * @param now milliseconds since 1970
 */
export function accessTokenClaims(
  options: TestTokenOptions,
  { issuer, now }: { readonly issuer: string; readonly now: number },
): JWTPayload {
  const { sub = 'alice', scope = 'profile email', aud = 'account', claims } = options;
  const { roles, permissions, acr = '1', auth_time, expiresIn = TOKEN_LIFETIME } = options;
  const time = Math.floor(now / 1000);
  return {
    exp: time + expiresIn,
    // An expired token was issued before its expiry.
    iat: time + Math.min(expiresIn, 0),
    jti: randomUUID(),
    iss: issuer,
    aud: typeof aud === 'string' ? aud : [...aud],
    sub,
    typ: 'Bearer',
    azp: 'test-client',
    acr,
    ...(auth_time !== undefined && { auth_time }),
    scope,
    preferred_username: sub,
    ...(roles && { realm_access: { roles } }),
    ...(permissions && { authorization: { permissions: permissions.map(keycloakPermission) } }),
    ...claims,
  };
}

/** Claims of a lightweight access token of Keycloak. */
const LIGHTWEIGHT = ['exp', 'iat', 'jti', 'iss', 'typ', 'azp', 'scope'];

/** Returns the claims that a lightweight access token contains. */
export function lightweightClaims(claims: JWTPayload): JWTPayload {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => LIGHTWEIGHT.includes(name)));
}

/** Permission as in a token of Keycloak. */
interface KeycloakPermission {
  readonly rsid: string;
  readonly rsname: string;
  readonly scopes: readonly string[];
}

function keycloakPermission({ resource_id, resource_scopes }: UmaPermission): KeycloakPermission {
  return { rsid: resource_id, rsname: resource_id, scopes: resource_scopes };
}

/** Returns the permissions of an RPT for the introspection response. */
export function permissionsOf({ authorization }: JWTPayload): UmaPermission[] {
  const { permissions = [] } = (authorization ?? {}) as { permissions?: KeycloakPermission[] };
  return permissions.map(({ rsid, scopes }) => ({ resource_id: rsid, resource_scopes: scopes }));
}
