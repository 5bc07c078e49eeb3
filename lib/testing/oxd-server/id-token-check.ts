import type { IdTokenClaims } from '../../commands/oidc.js';
import { within, type Release } from '../../base/oxd-releases.js';
import { CommandFailure } from './reply.js';

/**
 * Rejects an ID token whose audience is valid for the embedded transport but not for oxd 3.1.
 *
 * @throws {CommandFailure} invalid_id_token_unknown for several audiences, before 3.1.4 also for a
 *   list of one
 */
export function checkAudience(release: Release, { aud }: IdTokenClaims): void {
  if (within(release, { since: '4.0' }) || !Array.isArray(aud)) return;
  const isAccepted = within(release, { since: '3.1.4' }) && aud.length === 1;
  if (!isAccepted) throw new CommandFailure('invalid_id_token_unknown');
}
