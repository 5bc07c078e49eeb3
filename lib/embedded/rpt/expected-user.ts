import { decodeJwt, errors } from 'jose';
import type { UmaRpGetRptParams } from '../../commands/uma.js';
import type { OperationContext } from '../context/operation-context.js';
import { isSameUrl } from '../provider/provider-address.js';
import { OperationError } from '../requests/operation-error.js';
import { isJwksFailure, verifiedRpt, type SignedRpt } from './rpt-subject.js';

/** Format of a `claim_token` that is an ID token. */
export const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

/**
 * Whom the caller spoke for, in the words of one issuer: the `sub` of the id_token that was pushed,
 * or of the `subject_token`. They are the caller's own, so they are read and not verified.
 *
 * @returns undefined where nobody was named, or in tokens that say nothing to this issuer
 * @throws {OperationError} `bad_request` where the two name different users
 */
export function expectedUser(asked: UmaRpGetRptParams, issuer: string): string | undefined {
  const { claim_token, claim_token_format, params } = asked;
  const tokens = [claim_token_format === ID_TOKEN && claim_token, params?.subject_token];
  const [user, ...others] = new Set(tokens.flatMap((token) => userOf(token || '', issuer) ?? []));
  if (others.length === 0) return user;
  throw new OperationError('bad_request', 'claim_token and subject_token name different users.');
}

/**
 * Makes sure that an RPT belongs to the user that was named: some authorization servers judge the
 * client itself where a token of the user is lost on the way. An RPT that is no JWT, or one without
 * an issuer, is opaque: nothing in it can be checked, and it is bound by the identity that was sent.
 *
 * @throws {OperationError} `invalid_subject_identifier` for another user, or
 *   `failed_to_verify_subject_identifier` where the RPT says it is of another issuer, or its
 *   signature is not good
 */
export async function verifyRptUser(
  context: OperationContext,
  issued: SignedRpt,
  user: string,
): Promise<void> {
  if (claimsOf(issued.rpt)?.iss === undefined) return;
  if ((await subjectOf(context, issued)) === user) return;
  const message = 'The RPT was issued for someone else than the user: it was dropped.';
  throw new OperationError('invalid_subject_identifier', message);
}

async function subjectOf(
  context: OperationContext,
  issued: SignedRpt,
): Promise<string | undefined> {
  try {
    return (await verifiedRpt(context, issued)).sub;
  } catch (error) {
    if (isJwksFailure(error)) throw error;
    if (error instanceof errors.JWTClaimValidationFailed && error.claim === 'sub') return undefined;
    const message =
      'The RPT cannot be verified as one of its authorization server: it was dropped.';
    throw new OperationError('failed_to_verify_subject_identifier', message);
  }
}

function userOf(token: string, issuer: string): string | undefined {
  const { iss, sub } = claimsOf(token) ?? {};
  if (typeof iss !== 'string' || !isSameUrl(iss, issuer)) return undefined;
  return typeof sub === 'string' && sub !== '' ? sub : undefined;
}

/** What a token says of itself, whatever that is; undefined where it is no JWT. */
function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}
