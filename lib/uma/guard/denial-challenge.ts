import type { UmaRsCheckAccessResult } from '../../commands/uma.js';
import { isTicket } from '../../base/uma-tokens.js';
import type { ChallengeParts } from '../../http/bearer-challenge.js';
import { umaChallenge } from '../challenge/challenge.js';
import { parseChallenge } from '../challenge/challenge-parser.js';

/** Parts of a challenge that the result of the check does not contain. */
export interface ChallengeSource extends ChallengeParts {
  /** Issuer of the authorization server if the result does not name it. */
  readonly op_host: string;
  /** Scopes that the declaration of the route names. */
  readonly scopes?: readonly string[];
}

/**
 * Builds the challenge for a denied check from its ticket and issuer; oxd names the issuer in its
 * header only. The header itself is not forwarded, because its other content is not trusted.
 *
 * @returns undefined if the ticket is missing or invalid in a header
 */
export function challengeOf(
  { ticket, as_uri, 'www-authenticate_header': header = '' }: UmaRsCheckAccessResult,
  { realm, op_host, resource_metadata, scopes }: ChallengeSource,
): string | undefined {
  if (!isTicket(ticket)) return undefined;
  const issuer = as_uri ?? parseChallenge(header)?.as_uri ?? op_host;
  // Clients that read the metadata read the scopes as well; others expect the parameters of UMA only.
  const scope = resource_metadata === undefined ? undefined : scopes?.join(' ');
  return umaChallenge({ realm, as_uri: issuer, ticket, scope, resource_metadata });
}
