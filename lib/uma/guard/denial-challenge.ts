import type { UmaRsCheckAccessResult } from '../../commands/uma.js';
import { isTicket } from '../../base/uma-tokens.js';
import { umaChallenge } from '../challenge/challenge.js';
import { parseChallenge } from '../challenge/challenge-parser.js';

/** Parts of a challenge that the result of the check does not contain. */
export interface ChallengeSource {
  /** Host of the application. */
  readonly realm: string;
  /** Issuer of the authorization server if the result does not name it. */
  readonly op_host: string;
}

/**
 * Builds the challenge for a denied check from its ticket and the issuer in its header. The
 * received header itself is not forwarded, because its other content is not trusted.
 *
 * @returns undefined if the ticket is missing or invalid in a header
 */
export function challengeOf(
  result: UmaRsCheckAccessResult,
  { realm, op_host }: ChallengeSource,
): string | undefined {
  const received = parseChallenge(result['www-authenticate_header'] ?? '');
  const { ticket } = result;
  if (!isTicket(ticket)) return undefined;
  return umaChallenge({ realm, as_uri: received?.as_uri ?? op_host, ticket });
}
