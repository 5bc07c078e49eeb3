import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload } from 'jose';
import { PUBLIC_KEY_ALGS } from '../../site/client-rules.js';
import { CLOCK_TOLERANCE } from '../../base/limits.js';
import type { OperationContext } from '../context/operation-context.js';
import type { ProtectionApi } from '../protection-api/protection-api.js';
import { JWKS_ERROR_CODES } from '../requests/library-error.js';
import { OperationError } from '../requests/operation-error.js';
import type { RegisteredSite } from '../registration/site-record.js';

/** Cooldown after a failed request for the keys of the authorization server, in milliseconds. */
const JWKS_COOLDOWN = 60_000;

/** RPT with the `sub` of its introspection. */
export interface IntrospectedSubject {
  readonly rpt: string;
  readonly introspected: string | undefined;
}

/**
 * User for whom an RPT was issued: the subject of its signed JWT, else of its introspection.
 * Introspection by the same server suffices for an opaque RPT, for a signature that is not verified
 * here (shared secrets of Gluu), and while the key of the JWT is unknown or unavailable.
 *
 * @returns undefined if neither names a user
 * @throws {OperationError} `invalid_subject_identifier` when the two differ: the handler would serve
 *   the wrong user; `key_id_not_found` when the user is unknown because no key for the JWT was found
 */
export async function rptSubject(
  context: OperationContext,
  api: ProtectionApi,
  { rpt, introspected }: IntrospectedSubject,
): Promise<string | undefined> {
  const signed = await signedSubject(context, api, rpt).catch((error: unknown) => {
    if (introspected === undefined) throw error;
    return undefined;
  });
  const subject = signed ?? introspected;
  if (introspected === undefined || subject === introspected) return subject;
  const message = 'The RPT and its introspection name different users: the RPT is rejected.';
  throw new OperationError('invalid_subject_identifier', message);
}

/**
 * Subject of an RPT that is a JWT with a valid signature of the authorization server; else
 * undefined. After a failed request for keys the next one is sent a minute later, so that requests
 * do not wait.
 *
 * @throws {OperationError} `key_id_not_found` when the key is unknown or unavailable
 * @see RFC 8725 §3.1
 */
async function signedSubject(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<string | undefined> {
  if (!hasPublicKeySignature(rpt)) return undefined;
  const { issuer } = api.server;
  const { clock, uma } = context.runtime;
  if (clock() < (uma.jwksCooldown.get(issuer) ?? 0)) throw keyNotFound();
  try {
    const { sub } = await verifiedRpt(context, { rpt, site: api.site, issuer });
    return sub === '' ? undefined : sub;
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) throw keyNotFound();
    if (!isJwksFailure(error)) return undefined;
    uma.jwksCooldown.set(issuer, clock() + JWKS_COOLDOWN);
    throw keyNotFound();
  }
}

/** True for a JWT with an asymmetric algorithm; other tokens are opaque. */
function hasPublicKeySignature(token: string): boolean {
  if (token.split('.').length !== 3) return false;
  try {
    return PUBLIC_KEY_ALGS.includes(decodeProtectedHeader(token).alg ?? '');
  } catch {
    return false;
  }
}

function keyNotFound(): OperationError {
  const message = 'The key of the RPT is unknown or unavailable: its user cannot be determined.';
  return new OperationError('key_id_not_found', message);
}

/** True if the keys are unavailable or invalid, so that the token may still be valid. */
export function isJwksFailure(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || JWKS_ERROR_CODES.has(error.code);
}

/** RPT that is a JWT, and its expected issuer. */
export interface SignedRpt {
  readonly rpt: string;
  readonly site: RegisteredSite;
  /** Issuer of the authorization server. */
  readonly issuer: string;
}

/**
 * Verifies an RPT and returns its claims. An unknown key causes a new discovery, see
 * {@link KeyLookups}.
 *
 * @throws {errors.JOSEError} when the RPT is invalid
 */
export async function verifiedRpt(
  context: OperationContext,
  { rpt, site, issuer }: SignedRpt,
): Promise<JWTPayload> {
  const { clock, providers, uma } = context.runtime;
  const options = {
    algorithms: [...PUBLIC_KEY_ALGS],
    issuer,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: CLOCK_TOLERANCE,
    currentDate: new Date(clock()),
  };
  const provider = await context.provider(site);
  try {
    return (await jwtVerify(rpt, provider.keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    const isFirst = uma.keyLookups.begin(issuer, decodeProtectedHeader(rpt).kid);
    // A request at the same time may have begun the look-up.
    const fresh = isFirst
      ? await providers.rediscover(site, provider)
      : await context.provider(site);
    if (fresh === provider) throw error;
    return (await jwtVerify(rpt, fresh.keys, options)).payload;
  }
}
