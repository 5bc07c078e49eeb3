import { decodeProtectedHeader, errors, jwtVerify, type JWTVerifyResult } from 'jose';
import { CLOCK_TOLERANCE } from '../../base/limits.js';
import { whenAvailable } from '../../base/pending.js';
import { PUBLIC_KEY_ALGS } from '../../site/client-rules.js';
import { unverifiedJwt } from '../../base/unverified-jwt.js';
import type { KeyLookups } from '../context/key-lookups.js';
import type { OperationContext } from '../context/operation-context.js';
import type { Provider } from '../provider/provider.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { countParts } from './token-form.js';

/** JWT of an authorization server, and what its verification expects. */
export interface IssuedJwt {
  readonly token: string;
  readonly site: RegisteredSite;
  /** Issuer of the authorization server. */
  readonly issuer: string;
  /** Claims that the JWT must have beside `iss`; default `exp` and `sub`. */
  readonly requiredClaims?: readonly string[];
  /** Accepts only algorithms that the provider lists; default false: every asymmetric one. */
  readonly listedAlgsOnly?: boolean;
  /** Tolerated difference between the clocks, in seconds; default {@link CLOCK_TOLERANCE}. */
  readonly clockTolerance?: number;
}

/** True for a JWT with an asymmetric algorithm; other tokens are opaque. */
export function isPublicKeyJwt(token: string): boolean {
  if (countParts(token) !== 3) return false;
  try {
    return PUBLIC_KEY_ALGS.includes(decodeProtectedHeader(token).alg ?? '');
  } catch {
    return false;
  }
}

/**
 * Verifies signature, issuer and times of a JWT with the known keys of its issuer. The keys are
 * requested at first use; an unknown key is not looked up.
 *
 * @throws {errors.JOSEError} `JWKSNoMatchingKey` for an unknown key, another one for an invalid JWT
 * @see RFC 8725 §3.1
 */
export function verifyWithKnownKey(
  context: OperationContext,
  jwt: IssuedJwt,
): Promise<JWTVerifyResult> {
  const result = whenAvailable(context.provider(jwt.site), (provider) =>
    verify(context, jwt, provider),
  );
  return Promise.resolve(result);
}

/** Keys that a JWT is verified with. */
export interface JwtKeys {
  /** Provider with the known keys. */
  readonly provider: Provider;
  /** Limits of the look-ups of unknown keys. */
  readonly lookups: KeyLookups;
}

/**
 * Like {@link verifyWithKnownKey}, but an unknown key causes a new discovery, see {@link KeyLookups}.
 *
 * @throws {errors.JOSEError} when the JWT is invalid
 */
export async function verifyJwt(
  context: OperationContext,
  jwt: IssuedJwt,
): Promise<JWTVerifyResult> {
  const lookups = context.runtime.uma.keyLookups;
  return verifyWith(context, jwt, { provider: await context.provider(jwt.site), lookups });
}

/** Like {@link verifyJwt}, with given keys. */
export function verifyWith(
  context: OperationContext,
  jwt: IssuedJwt,
  { provider, lookups }: JwtKeys,
): Promise<JWTVerifyResult> {
  return verify(context, jwt, provider).catch(async (error: unknown) => {
    const { site, issuer, token } = jwt;
    // Tokens of other issuers must not use up the look-ups.
    const isOurs = unverifiedJwt(token)?.claims.iss === issuer;
    if (!(error instanceof errors.JWKSNoMatchingKey) || !isOurs) throw error;
    const { providers } = context.runtime;
    const isFirst = lookups.begin(issuer, decodeProtectedHeader(token).kid);
    // A request at the same time may have begun the look-up.
    const fresh = isFirst
      ? await providers.rediscover(site, provider)
      : await providers.latest(site);
    if (fresh === provider) throw error;
    return verify(context, jwt, fresh);
  });
}

function verify(
  { runtime }: OperationContext,
  jwt: IssuedJwt,
  { keys, listedAlgs }: Provider,
): Promise<JWTVerifyResult> {
  const { token, issuer, requiredClaims = ['exp', 'sub'], listedAlgsOnly = false } = jwt;
  const { clockTolerance = CLOCK_TOLERANCE } = jwt;
  return jwtVerify(token, keys, {
    // jose reads these lists and does not change them.
    algorithms: (listedAlgsOnly ? listedAlgs : PUBLIC_KEY_ALGS) as string[],
    issuer,
    requiredClaims: requiredClaims as string[],
    clockTolerance,
    currentDate: new Date(runtime.clock()),
  });
}

/** Reason for which a JWT was rejected, without any value of it. */
export function rejectionReason(error: errors.JOSEError): string {
  const claim = 'claim' in error ? ` (${String(error.claim)})` : '';
  return `its verification failed with ${error.code}${claim}`;
}
