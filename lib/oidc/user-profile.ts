import type { GetTokensByCodeResult, IdTokenClaims, UserClaims } from '../commands/oidc.js';

/**
 * Tokens of a user who logged in. Store them on the server, in the session; never send them to a
 * page.
 */
export interface UserTokens {
  /** Access token for userinfo and for APIs of the provider. */
  readonly access_token: string;
  /** Unchanged id_token; pass it as `id_token_hint` to log out. */
  readonly id_token: string;
  /** Refresh token to obtain a new access token, if the provider issues one. */
  readonly refresh_token?: string;
  /** Expiry time of the access token, in seconds since 1970. Omitted if the provider sent none. */
  readonly expires_at?: number;
}

/** User who logged in: store it in the session; `@OxdUser()` injects it. */
export interface OxdUserProfile {
  /** Identifier of the user at this provider; never changes. */
  readonly sub: string;
  /**
   * Claims of the verified id_token and, if requested, of the userinfo response (see option
   * `login.userinfo`). A claim of the signed id_token takes precedence.
   */
  readonly claims: IdTokenClaims;
  /** Tokens of the user. */
  readonly tokens: UserTokens;
}

/**
 * Builds the profile of a user from the results of a login.
 *
 * @param claims claims of the userinfo response; undefined when userinfo was not requested
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
