import type { JWTVerifyResult } from 'jose';
import { objectOf, textOf } from '../../base/json.js';
import {
  INACTIVE,
  rptOfClaims,
  type ExpectedRpt,
  type IntrospectedRpt,
} from './rpt-permissions.js';

/**
 * Reads the claims of a JWT whose signature, issuer and times are verified, if it is an RPT of the
 * format of Keycloak. An RPT that is not active needs an introspection, as does one without a user,
 * whom the introspection may name (lightweight access tokens of Keycloak).
 */
export function rptOfJwt(
  { payload, protectedHeader }: Pick<JWTVerifyResult, 'payload' | 'protectedHeader'>,
  expected: ExpectedRpt & { readonly audience: string },
): IntrospectedRpt {
  const { kid, crit } = protectedHeader;
  const permissions = objectOf(payload.authorization)?.permissions;
  if (kid === undefined) return unusable('its header has no kid');
  if (crit !== undefined) return unusable('its header has crit');
  // Keycloak marks id_tokens and refresh tokens by other values.
  if (payload.typ !== 'Bearer') return unusable('its typ is not Bearer');
  // The proof that the client has the key is not checked here (RFC 7800 §3).
  if (payload.cnf !== undefined) return unusable('it is bound to a key (cnf)');
  if (textOf(payload.sub) === undefined) return unusable('it names no user (sub)');
  if (!Array.isArray(permissions)) return unusable('authorization.permissions is not a list');
  const named = permissions.filter((item) => objectOf(item)?.rsid !== undefined);
  const { result, wholeResources, reason } = rptOfClaims(payload, named, expected);
  return { result, wholeResources, reason, isSubjectProven: true };
}

/** RPT that is not used without an introspection, with the reason for the log. */
export function unusable(reason: string): IntrospectedRpt {
  return { ...INACTIVE, reason };
}
