import { errors, jwtVerify, type JWTPayload } from 'jose';
import { PUBLIC_KEY_ALGS } from '../../site/client-rules.js';
import { CLOCK_TOLERANCE } from '../../base/clock.js';
import type { OperationContext } from '../context/operation-context.js';
import type { ProtectionApi } from '../protection-api/protection-api.js';
import { OperationError } from '../requests/operation-error.js';
import type { RegisteredSite } from '../registration/site-record.js';

/**
 * How long keys are believed to be complete after one was looked for in vain, and keys that could
 * not be had are done without; in milliseconds.
 */
const NEXT_LOOK = 60_000;

/** jose's codes for a key set that cannot be used. */
const KEYS = new Set(['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT']);

/** Whether a token has the three parts of a signed JWT; any other is opaque. */
export function isJwt(token: string): boolean {
  return token.split('.').length === 3;
}

/**
 * Whom an RPT names that is a JWT of the authorization server with a good signature; undefined where
 * that is not certain. Where the keys cannot be had, they are not asked for again for a minute: each
 * request would wait.
 *
 * @see RFC 8725 §3.1
 */
export async function signedSubject(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<string | undefined> {
  if (!isJwt(rpt)) return undefined;
  const { issuer } = api.server;
  const { clock, uma } = context.engine;
  if (clock() < (uma.jwksCooldown.get(issuer) ?? 0)) return undefined;
  try {
    const { sub } = await verifiedRpt(context, { rpt, site: api.site, issuer });
    return sub === '' ? undefined : sub;
  } catch (error) {
    if (isJwksFailure(error)) uma.jwksCooldown.set(issuer, clock() + NEXT_LOOK);
    return undefined;
  }
}

/**
 * Whom an RPT was issued for: whom its signed JWT names, else whom introspection does. Introspection
 * alone is enough for an opaque RPT, for one signed in a way that is not verified here (Gluu's shared
 * secrets), and while the keys cannot be had: it is the same server's word.
 *
 * @param signed what {@link signedSubject} found
 * @param told the `sub` of the introspection answer
 * @throws {OperationError} `invalid_subject_identifier` where the two name different users: a handler would
 *   serve the wrong one
 */
export function rptSubject(
  signed: string | undefined,
  told: string | undefined,
): string | undefined {
  if (signed === undefined || told === undefined || signed === told) return signed ?? told;
  const message = 'The RPT was issued for someone else than introspection says: it is refused.';
  throw new OperationError('invalid_subject_identifier', message);
}

/** Whether keys that cannot be had are the reason: no fault of the token. */
export function isJwksFailure(error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || KEYS.has(error.code);
}

/** An RPT that is a JWT, and who should have signed it. */
export interface SignedRpt {
  readonly rpt: string;
  readonly site: RegisteredSite;
  /** Issuer of the authorization server. */
  readonly issuer: string;
}

/**
 * The claims of an RPT. An unknown key makes one new discovery, but not more than one a minute.
 *
 * @throws {errors.JOSEError} where it is not good
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
    uma.unknownKeyCooldown.set(issuer, clock() + NEXT_LOOK);
    const fresh = await providers.rediscover(site, provider);
    return (await jwtVerify(rpt, fresh.keys, options)).payload;
  }
}
