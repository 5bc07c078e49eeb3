import { createHash } from 'node:crypto';
import {
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from 'jose';
import { PUBLIC_KEY_ALGS } from '../../site/client-rules.js';
import { CLOCK_TOLERANCE } from '../../base/limits.js';
import { providerClaims } from '../../commands/provider-claims.js';
import type { IdTokenClaims } from '../../commands/oidc.js';
import type { OperationContext } from '../context/operation-context.js';
import { OperationError } from '../requests/operation-error.js';
import type { Provider } from '../provider/provider.js';
import type { RegisteredSite } from '../registration/site-record.js';

/** Expected values of an ID token. */
export interface IdTokenChecks {
  readonly site: RegisteredSite;
  readonly provider: Provider;
  /** Access token of the same response. */
  readonly access_token: string;
  /** Nonce of the login; undefined for the response to a refresh. */
  readonly nonce?: string;
  /**
   * Earliest time at which the user may have authenticated, in seconds since 1970; undefined if the
   * login has no such limit.
   */
  readonly authenticatedSince?: number;
}

/** Highest age of an ID token, by `iat`: providers issue it with the response that contains it. */
const MAX_AGE = '1h';

/**
 * Verifies an ID token and returns its claims. Checks signature, algorithm, `iss`, `aud`, `azp`,
 * `exp`, `iat`, `sub`, `nonce`, `at_hash`, and `auth_time` if the login limits it. An unknown key
 * causes one new discovery.
 *
 * @throws {OperationError | errors.JOSEError} if the ID token is not valid
 * @see OpenID Connect Core §3.1.3.7, §3.1.3.8
 */
export async function verifyIdToken(
  context: OperationContext,
  idToken: string,
  checks: IdTokenChecks,
): Promise<IdTokenClaims> {
  const { payload, protectedHeader } = await verify(context, idToken, checks);
  const { client_id } = checks.site.client;
  const { azp, aud, nonce, at_hash } = payload;
  if (azp === undefined ? Array.isArray(aud) && aud.length > 1 : azp !== client_id) {
    throw invalidIdToken('invalid_id_token_bad_authorized_party', 'was issued to another client');
  }
  if (!payload.sub) throw invalidIdToken('no_subject_identifier', 'has no subject (sub)');
  if (checks.nonce !== undefined && nonce !== checks.nonce) {
    throw invalidIdToken('invalid_nonce', 'belongs to another login');
  }
  if (at_hash !== undefined && at_hash !== tokenHash(protectedHeader.alg, checks.access_token)) {
    throw invalidIdToken('invalid_access_token_bad_hash', 'belongs to another access token');
  }
  const { authenticatedSince } = checks;
  if (authenticatedSince !== undefined) checkAuthentication(payload, authenticatedSince);
  return providerClaims(payload) as IdTokenClaims;
}

/** OpenID Connect Core §3.1.2.1 (`max_age`), Registration §2 (`require_auth_time`). */
function checkAuthentication({ auth_time }: JWTPayload, authenticatedSince: number): void {
  if (typeof auth_time !== 'number') {
    throw invalidIdToken('invalid_id_token_bad_auth_time', 'has no auth_time');
  }
  if (auth_time + CLOCK_TOLERANCE < authenticatedSince) {
    throw invalidIdToken('invalid_id_token_bad_auth_time', 'has an auth_time that is too long ago');
  }
}

async function verify(
  context: OperationContext,
  idToken: string,
  { site, provider }: IdTokenChecks,
): Promise<JWTVerifyResult> {
  const { client } = site;
  const { issuer } = provider.metadata;
  const options: JWTVerifyOptions = {
    algorithms: algorithmsFor(provider, client.id_token_signed_response_alg),
    issuer,
    audience: client.client_id,
    requiredClaims: ['sub', 'exp', 'iat'],
    maxTokenAge: MAX_AGE,
    clockTolerance: CLOCK_TOLERANCE,
    currentDate: new Date(context.runtime.clock()),
  };
  if (client.id_token_signed_response_alg?.startsWith('HS')) {
    const { client_secret } = client;
    // Any client could sign with an empty secret.
    if (!client_secret)
      throw invalidIdToken(
        'invalid_id_token_invalid_algorithm',
        'cannot be verified: the client has no secret',
      );
    return jwtVerify(idToken, Buffer.from(client_secret), options);
  }
  try {
    return await jwtVerify(idToken, provider.keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    const fresh = await context.runtime.providers.rediscover(site, provider);
    return jwtVerify(idToken, fresh.keys, options);
  }
}

/**
 * Returns the registered algorithm, else the public-key algorithms that the provider lists. With a
 * registered `none` no token is valid: jose rejects unsigned ones.
 */
function algorithmsFor({ metadata }: Provider, registered: string | undefined): string[] {
  if (registered !== undefined) return [registered];
  const listed = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  return listed.filter((alg) => PUBLIC_KEY_ALGS.includes(alg));
}

/** Left half of the hash of the signature algorithm; EdDSA uses SHA-512. */
function tokenHash(alg: string, token: string): string {
  const bits = /(?:256|384|512)$/.exec(alg)?.[0] ?? '512';
  const hash = createHash(`sha${bits}`).update(token).digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}

function invalidIdToken(error: string, reason: string): OperationError {
  return new OperationError(error, `The id_token ${reason}.`);
}
