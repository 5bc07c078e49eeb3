import type { GetTokensByCodeResult, IdTokenClaims, UserClaims } from '../commands/oidc.js';

/** Tokens of a user who logged in. Keep them on the server: in the session, never in a page. */
export interface UserTokens {
  /** For userinfo and for APIs of the provider. */
  readonly access_token: string;
  /** As it came; the `id_token_hint` of the logout. */
  readonly id_token: string;
  /** For a new access token, where the provider issues one. */
  readonly refresh_token?: string;
  /** When the access token expires; seconds since 1970. Left out where the provider told none. */
  readonly expires_at?: number;
}

/** A user who logged in: what the session keeps and what `@OxdUser()` gives. */
export interface OxdUserProfile {
  /** The user at this provider; never changes. */
  readonly sub: string;
  /**
   * Claims of the verified id_token, and of userinfo unless option `login.userinfo` or the provider
   * is without; a claim of the signed id_token wins.
   */
  readonly claims: IdTokenClaims;
  /** The user's tokens. */
  readonly tokens: UserTokens;
}

/**
 * Puts a login together.
 *
 * @param claims of userinfo, undefined without
 * @param now milliseconds since 1970
 */
export function userProfile(
  tokens: GetTokensByCodeResult,
  claims: UserClaims | undefined,
  now: number,
): OxdUserProfile {
  const { access_token, id_token, refresh_token, expires_in, id_token_claims } = tokens;
  const expires_at = expires_in === undefined ? undefined : Math.floor(now / 1000) + expires_in;
  return {
    sub: id_token_claims.sub,
    claims: { ...claims, ...id_token_claims },
    tokens: {
      access_token,
      id_token,
      ...(refresh_token !== undefined && { refresh_token }),
      ...(expires_at !== undefined && { expires_at }),
    },
  };
}
