import type { IdTokenClaims } from '../../commands/oidc.js';
import { within, type Release } from '../../base/oxd-releases.js';
import { CommandFailure } from './reply.js';

/**
 * Rejects an ID token whose audience is a list, which oxd cannot read before 3.1.4. The embedded
 * transport accepts a list of one.
 *
 * @throws {CommandFailure} invalid_id_token_unknown
 */
export function checkAudience(release: Release, { aud }: IdTokenClaims): void {
  if (Array.isArray(aud) && within(release, { until: '3.1.3' }))
    throw new CommandFailure('invalid_id_token_unknown');
}
