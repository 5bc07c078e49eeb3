import { errors } from 'jose';
import { MAX_RPT_LENGTH } from '../../base/limits.js';
import type { OperationContext } from '../context/operation-context.js';
import { withIssuerKeys } from '../jwt/issuer-keys.js';
import { tokenForm } from '../jwt/token-form.js';
import { rejectionReason, verifyWithKnownKey } from '../jwt/verified-jwt.js';
import type { SiteAtServer } from '../protection-api/protection-api.js';
import { isKeycloak } from '../provider/uma-discovery.js';
import { rptOfJwt, unusable } from './jwt-rpt.js';
import type { IntrospectedRpt } from './rpt-permissions.js';

/**
 * State of an RPT by its signature, without a request to the authorization server, for option
 * `localVerification`. Revocation, logout and a disabled user are not noticed before `exp`.
 *
 * An unknown key is not looked up here, because any client can name one: after an introspection,
 * `rptSubject()` looks up the key of an active RPT.
 *
 * @returns undefined if the RPT must be introspected: it is not a JWT, or one check failed
 * @see RFC 7519 §7.2, RFC 8725, RFC 9068 §4
 */
export async function locallyVerifiedRpt(
  context: OperationContext,
  at: SiteAtServer,
  rpt: string,
): Promise<IntrospectedRpt | undefined> {
  const rptStatus = await verify(context, at, rpt);
  if (rptStatus.result.active) return rptStatus;
  const { command } = context.call;
  context.log.debug?.(`${command}: the RPT is introspected, because ${rptStatus.reason}.`);
  return undefined;
}

async function verify(
  context: OperationContext,
  { site, server }: SiteAtServer,
  token: string,
): Promise<IntrospectedRpt> {
  if (token.length > MAX_RPT_LENGTH) return unusable('it is too long');
  if (tokenForm(token) !== 'jwt') return unusable('it is not a JWT');
  const { issuer } = server;
  try {
    const jwt = { token, site, issuer, requiredClaims: ['exp'], listedAlgsOnly: true };
    const verified = await withIssuerKeys(context, issuer, () => verifyWithKnownKey(context, jwt));
    return rptOfJwt(verified, {
      issuer,
      audience: site.client.client_id,
      now: context.runtime.clock() / 1000,
      hasWholeResources: isKeycloak(server),
    });
  } catch (error) {
    return unusable(reasonOf(error));
  }
}

/** Reason without any value of the token. */
function reasonOf(error: unknown): string {
  const isRejection = error instanceof errors.JOSEError;
  return isRejection ? rejectionReason(error) : 'its key is unknown or unavailable';
}
