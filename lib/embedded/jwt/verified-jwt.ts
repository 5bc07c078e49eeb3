import { decodeProtectedHeader, errors, jwtVerify, type JWTVerifyResult } from 'jose';
import { CLOCK_TOLERANCE } from '../../base/limits.js';
import { PUBLIC_KEY_ALGS } from '../../site/client-rules.js';
import type { OperationContext } from '../context/operation-context.js';
import type { Provider } from '../provider/provider.js';
import type { RegisteredSite } from '../registration/site-record.js';

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
}

/** True for a JWT with an asymmetric algorithm; other tokens are opaque. */
export function isPublicKeyJwt(token: string): boolean {
  if (token.split('.').length !== 3) return false;
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
export async function verifyWithKnownKey(
  context: OperationContext,
  jwt: IssuedJwt,
): Promise<JWTVerifyResult> {
  return verify(context, jwt, await context.provider(jwt.site));
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
  const { site, issuer, token } = jwt;
  const { providers, uma } = context.runtime;
  const provider = await context.provider(site);
  try {
    return await verify(context, jwt, provider);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    const isFirst = uma.keyLookups.begin(issuer, decodeProtectedHeader(token).kid);
    // A request at the same time may have begun the look-up.
    const fresh = isFirst
      ? await providers.rediscover(site, provider)
      : await context.provider(site);
    if (fresh === provider) throw error;
    return verify(context, jwt, fresh);
  }
}

function verify(
  { runtime }: OperationContext,
  { token, issuer, requiredClaims = ['exp', 'sub'], listedAlgsOnly = false }: IssuedJwt,
  provider: Provider,
): Promise<JWTVerifyResult> {
  return jwtVerify(token, provider.keys, {
    algorithms: listedAlgsOnly ? listedAlgs(provider) : [...PUBLIC_KEY_ALGS],
    issuer,
    requiredClaims: [...requiredClaims],
    clockTolerance: CLOCK_TOLERANCE,
    currentDate: new Date(runtime.clock()),
  });
}

/** Asymmetric algorithms that the provider lists; all of them if its discovery has no list. */
function listedAlgs({ metadata }: Provider): string[] {
  const { id_token_signing_alg_values_supported: listed = PUBLIC_KEY_ALGS } = metadata;
  return listed.filter((alg) => PUBLIC_KEY_ALGS.includes(alg));
}
