import { objectOf, textOf, type JsonObject } from '../../base/json.js';
import { MAX_RPT_LENGTH } from '../../base/limits.js';
import { accessTokenProblem, isAccessTokenType } from '../../commands/access-token-rules.js';
import type { OperationContext } from '../context/operation-context.js';
import { tokenForm } from '../jwt/token-form.js';
import type { AccessTokenCheck } from './access-token-check.js';
import { introspectToken } from './token-introspection.js';
import { verifyAccessToken, type Rejection } from './token-verification.js';

/** Claims of an access token that is valid for this API. */
export interface VerifiedClaims {
  readonly claims: JsonObject;
}

/** Result of the verification of an access token. */
export type Verification = VerifiedClaims | Rejection;

/**
 * Verifies an access token for this API: a JWT by its signature, and with `always` also by
 * introspection; any other token by introspection.
 *
 * @throws {OperationError} when keys or introspection are unavailable: the token may be valid
 * @see RFC 9068 §4, RFC 7662 §2.2, RFC 8725 §3
 */
export function verifiedClaims(
  context: OperationContext,
  check: AccessTokenCheck,
): Verification | Promise<Verification> {
  const { token, introspection } = check;
  if (token.length > MAX_RPT_LENGTH) return { reason: 'it is too long' };
  switch (tokenForm(token)) {
    case 'encrypted':
      return { reason: 'it is encrypted (JWE)' };
    case 'opaque':
      return introspection === 'never' ? NOT_INTROSPECTED : introspected(context, check);
    case 'jwt':
      return introspection === 'always' ? twiceVerified(context, check) : verified(context, check);
  }
}

const NOT_INTROSPECTED = { reason: 'it is no JWT, and introspection is never' };

function verified(context: OperationContext, check: AccessTokenCheck): Promise<Verification> {
  return verifyAccessToken(context, check).then((result) => {
    if ('reason' in result) return result;
    const { protectedHeader } = result;
    const claims = objectOf(result.payload) ?? {};
    const isForUser = textOf(claims.sub) !== undefined;
    const problem = accessTokenProblem(claims, check.rules, protectedHeader);
    const reason = problem ?? (isForUser ? undefined : NO_USER);
    return reason === undefined ? { claims } : { reason };
  });
}

const NO_USER =
  'it names no user (sub); lightweight tokens of Keycloak need bearer.introspection: always';

/** Lightweight tokens of Keycloak have neither audience nor user: their introspection has both. */
async function twiceVerified(
  context: OperationContext,
  check: AccessTokenCheck,
): Promise<Verification> {
  const result = await verifyAccessToken(context, check);
  if ('reason' in result) return result;
  const { protectedHeader: header } = result;
  const payload = objectOf(result.payload) ?? {};
  const reason = accessTokenProblem(payload, { ...check.rules, audience: undefined }, header);
  if (reason !== undefined) return { reason };
  const isTyped = isAccessTokenType(header.typ);
  return confirmed(payload, await introspected(context, check, isTyped ? header : undefined));
}

async function introspected(
  context: OperationContext,
  check: AccessTokenCheck,
  header?: JsonObject,
): Promise<Verification> {
  const { active, ...claims } = await introspectToken(context, check);
  if (active !== true) return { reason: 'the provider does not know it, or has revoked it' };
  const reason = accessTokenProblem(claims, check.rules, header);
  return reason === undefined ? { claims } : { reason };
}

/** Introspected claims of a verified JWT: of the same user, and with its expiry at the latest. */
function confirmed(
  jwt: JsonObject,
  result: VerifiedClaims | Rejection,
): VerifiedClaims | Rejection {
  if ('reason' in result) return result;
  const { sub = jwt.sub, exp = Infinity } = result.claims;
  if (textOf(sub) === undefined) return { reason: 'its introspection names no user (sub)' };
  if (jwt.sub !== undefined && jwt.sub !== sub) {
    return { reason: 'its introspection names another user (sub)' };
  }
  return { claims: { ...result.claims, sub, exp: Math.min(Number(exp), Number(jwt.exp)) } };
}
