import { errors, jwtVerify, type JWTPayload } from 'jose';
import { PUBLIC_KEY_ALGS } from '../../site/client-rules.js';
import { CLOCK_TOLERANCE } from '../../base/limits.js';
import type { OperationContext } from '../context/operation-context.js';
import type { ProtectionApi } from '../protection-api/protection-api.js';
import { JWKS_ERROR_CODES } from '../requests/library-error.js';
import { OperationError } from '../requests/operation-error.js';
import type { RegisteredSite } from '../registration/site-record.js';

/**
 * Cooldown before the keys of the authorization server are requested again, after an unknown key or
 * a failed request; in milliseconds.
 */
const JWKS_COOLDOWN = 60_000;

/**
 * Subject of an RPT that is a JWT with a valid signature of the authorization server; else
 * undefined. After a failed request for keys the next one is sent a minute later, so that requests
 * do not wait.
 *
 * @see RFC 8725 §3.1
 */
export async function signedSubject(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<string | undefined> {
  const isSigned = rpt.split('.').length === 3;
  if (!isSigned) return undefined;
  const { issuer } = api.server;
  const { clock, uma } = context.engine;
  if (clock() < (uma.jwksCooldown.get(issuer) ?? 0)) return undefined;
  try {
    const { sub } = await verifiedRpt(context, { rpt, site: api.site, issuer });
    return sub === '' ? undefined : sub;
  } catch (error) {
    if (isJwksFailure(error)) uma.jwksCooldown.set(issuer, clock() + JWKS_COOLDOWN);
    return undefined;
  }
}

/**
 * User for whom an RPT was issued: the subject of its signed JWT, else of its introspection.
 * Introspection by the same server suffices for an opaque RPT, for a signature that is not verified
 * here (shared secrets of Gluu), and while the keys are unavailable.
 *
 * @param signed result of {@link signedSubject}
 * @param introspected `sub` of the introspection response
 * @throws {OperationError} `invalid_subject_identifier` when the two differ: the handler would
 *   serve the wrong user
 */
export function rptSubject(
  signed: string | undefined,
  introspected: string | undefined,
): string | undefined {
  const subject = signed ?? introspected;
  if (introspected === undefined || subject === introspected) return subject;
  const message = 'The RPT and its introspection name different users: the RPT is rejected.';
  throw new OperationError('invalid_subject_identifier', message);
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
 * Verifies an RPT and returns its claims. An unknown key causes a new discovery, at most one a
 * minute.
 *
 * @throws {errors.JOSEError} when the RPT is invalid
 */
export async function verifiedRpt(
  context: OperationContext,
  { rpt, site, issuer }: SignedRpt,
): Promise<JWTPayload> {
  const { clock, providers, uma } = context.engine;
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
    const isUnknownKey = error instanceof errors.JWKSNoMatchingKey;
    if (!isUnknownKey || clock() < (uma.unknownKeyCooldown.get(issuer) ?? 0)) throw error;
    uma.unknownKeyCooldown.set(issuer, clock() + JWKS_COOLDOWN);
    const fresh = await providers.rediscover(site, provider);
    return (await jwtVerify(rpt, fresh.keys, options)).payload;
  }
}
