import type { UserClaims } from '../commands/oidc.js';
import type { OxdUserProfile, UserTokens } from '../oidc/user-profile.js';

/** User of a test; `OxdTestingModule` completes it to an `OxdUserProfile`. */
export interface OxdTestingUser {
  /** Id of the user at the provider. */
  readonly sub: string;
  /** Further claims, such as `name` and `email`; default none. */
  readonly claims?: Readonly<Partial<UserClaims>>;
  /** Tokens of the user; default made-up strings, not JWTs. */
  readonly tokens?: Partial<UserTokens>;
}

/** Lifetime of the ID token, in seconds. */
const LIFETIME = 300;

/**
 * Completes the user of a test.
 *
 * @param issuer claim `iss`
 * @param now milliseconds since 1970
 */
export function testingProfile(
  { sub, claims, tokens }: OxdTestingUser,
  issuer: string,
  now: number,
): OxdUserProfile {
  const iat = Math.floor(now / 1000);
  return {
    sub,
    claims: { iss: issuer, aud: 'testing', iat, exp: iat + LIFETIME, ...claims, sub },
    tokens: { access_token: `access-token-of-${sub}`, id_token: `id-token-of-${sub}`, ...tokens },
  };
}
