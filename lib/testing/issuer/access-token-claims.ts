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
  /** Lifetime in seconds; a negative number makes an expired token. Default 300. */
  readonly expiresIn?: number;
  /** Further claims; they replace claims of the same name. Default none. */
  readonly claims?: Readonly<Record<string, unknown>>;
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
  const { roles, permissions, expiresIn = TOKEN_LIFETIME } = options;
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
    acr: '1',
    scope,
    preferred_username: sub,
    ...(roles && { realm_access: { roles } }),
    ...(permissions && { authorization: { permissions: permissions.map(keycloakPermission) } }),
    ...claims,
  };
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
