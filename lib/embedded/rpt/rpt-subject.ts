import { textOf } from '../../base/json.js';
import type { OperationContext } from '../context/operation-context.js';
import type { RptStatus } from '../context/rpt-snapshots.js';
import { withIssuerKeys } from '../jwt/issuer-keys.js';
import { verifyWith } from '../jwt/verified-jwt.js';
import type { SiteAtServer } from '../protection-api/protection-api.js';
import { OperationError } from '../requests/operation-error.js';

/** RPT with its state. */
export interface RptWithStatus {
  readonly rpt: string;
  /** See {@link tokenKey}. */
  readonly key: string;
  readonly rptStatus: RptStatus;
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
  at: SiteAtServer,
  rpt: RptWithStatus,
): Promise<string | undefined> {
  const { rptStatus } = rpt;
  const { sub: introspected } = rptStatus.result;
  if (rptStatus.isSubjectProven) return introspected;
  const signed = await signedSubject(context, at, rpt).catch((error: unknown) => {
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
 * undefined. A valid signature is verified once per RPT and {@link Provider}, because it stays valid with
 * the keys of that provider until the RPT expires.
 *
 * @throws {OperationError} `key_id_not_found` when the key is unknown or unavailable
 */
async function signedSubject(
  context: OperationContext,
  { site, server: { issuer } }: SiteAtServer,
  { rpt: token, key }: RptWithStatus,
): Promise<string | undefined> {
  const { clock, uma } = context.runtime;
  try {
    return await withIssuerKeys(context, issuer, async () => {
      const provider = await context.provider(site);
      const known = provider.subjects.get(key);
      if (known) return known.sub;
      const from = clock();
      const keys = { provider, lookups: uma.keyLookups };
      const { payload } = await verifyWith(context, { token, site, issuer }, keys);
      const { exp = 0 } = payload;
      const sub = textOf(payload.sub);
      provider.subjects.set(key, { sub, from, until: exp * 1000 });
      return sub;
    });
  } catch (error) {
    if (error instanceof OperationError) throw error;
    return undefined;
  }
}
