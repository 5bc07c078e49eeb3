import type { UmaRsCheckAccessResult } from '../../commands/uma.js';
import { isTicket } from '../../base/uma-tokens.js';
import { umaChallenge } from '../challenge/challenge.js';
import { parseChallenge } from '../challenge/challenge-parser.js';

/** What a challenge needs beside the result of the check. */
export interface ChallengeSource {
  /** Host of the application. */
  readonly realm: string;
  /** Names the authorization server where the check does not. */
  readonly op_host: string;
}

/**
 * The challenge for a denied check, built anew of its ticket and the issuer that its header names.
 *
 * @returns undefined where there is no ticket, or one that no header may carry
 */
export function challengeOf(
  result: UmaRsCheckAccessResult,
  { realm, op_host }: ChallengeSource,
): string | undefined {
  const told = parseChallenge(result['www-authenticate_header'] ?? '');
  const { ticket } = result;
  if (!isTicket(ticket)) return undefined;
  return umaChallenge({ realm, as_uri: told?.as_uri ?? op_host, ticket });
}
