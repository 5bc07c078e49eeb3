import { decodeJwt, errors } from 'jose';
import type { UmaRpGetRptParams } from '../../commands/uma.js';
import type { OperationContext } from '../context/operation-context.js';
import { isSameUrl } from '../../base/issuer.js';
import { isJwksFailure } from '../jwt/issuer-keys.js';
import { verifyJwt, type IssuedJwt } from '../jwt/verified-jwt.js';
import { OperationError } from '../requests/operation-error.js';
import { isNonEmptyString } from '../../base/json.js';

/** Format of a `claim_token` that is an ID token. */
export const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

/**
 * User for whom the caller requests an RPT: the `sub` of the pushed ID token, or of the
 * `subject_token`. Both tokens come from the caller, so they are read without verification.
 *
 * @returns undefined without a token of this issuer
 * @throws {OperationError} `bad_request` when the tokens name different users
 */
export function expectedUser(command: UmaRpGetRptParams, issuer: string): string | undefined {
  const { claim_token, claim_token_format, params } = command;
  const tokens = [claim_token_format === ID_TOKEN && claim_token, params?.subject_token];
  const [user, ...others] = new Set(tokens.flatMap((token) => userOf(token || '', issuer) ?? []));
  if (others.length === 0) return user;
  throw new OperationError('bad_request', 'claim_token and subject_token name different users.');
}

/**
 * Verifies that an RPT belongs to the expected user: some authorization servers evaluate the client
 * itself when they ignore the token of the user. An RPT that is not a JWT, or a JWT without an
 * issuer, is opaque: it cannot be checked, and only the sent identity binds it.
 *
 * @throws {OperationError} `invalid_subject_identifier` for another user, or
 *   `failed_to_verify_subject_identifier` when the RPT names another issuer or its signature is
 *   invalid
 */
export async function verifyRptUser(
  context: OperationContext,
  issued: IssuedJwt,
  user: string,
): Promise<void> {
  if (claimsOf(issued.token)?.iss === undefined) return;
  if ((await subjectOf(context, issued)) === user) return;
  const message = 'The RPT was issued for another user: it was discarded.';
  throw new OperationError('invalid_subject_identifier', message);
}

async function subjectOf(
  context: OperationContext,
  issued: IssuedJwt,
): Promise<string | undefined> {
  try {
    return (await verifyJwt(context, issued)).payload.sub;
  } catch (error) {
    if (isJwksFailure(error)) throw error;
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'sub') return undefined;
    const message = 'The RPT is not a valid JWT of the authorization server: it was discarded.';
    throw new OperationError('failed_to_verify_subject_identifier', message);
  }
}

function userOf(token: string, issuer: string): string | undefined {
  const { iss, sub } = claimsOf(token) ?? {};
  if (typeof iss !== 'string' || !isSameUrl(iss, issuer)) return undefined;
  return isNonEmptyString(sub) ? sub : undefined;
}

/** Unverified claims of a token; undefined if it is not a JWT. */
function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}
