import type { AssessmentInput } from '../assessment.js';
import { mergePermissions, type Permission } from '../tickets.js';
import type { UmaServer } from '../uma-server.js';

/** Permissions for a new RPT; `upgraded` is set when the client sent an older RPT. */
export interface Upgrade {
  readonly permissions: readonly Permission[];
  readonly upgraded?: boolean;
}

/**
 * Adds the permissions of an older RPT of the same client, resource server and requesting party, if
 * the policies still grant all of them.
 *
 * @see UMA 2.0 Grant §3.3.5.1
 */
export async function upgradePermissions(
  uma: UmaServer,
  input: AssessmentInput,
  rpt?: string,
): Promise<Upgrade> {
  const { permissions } = input;
  if (rpt === undefined) return { permissions };
  const old = await uma.rpts.find(rpt);
  const { client, resourceServer, party } = input;
  if (old?.client !== client || old.resourceServer !== resourceServer || old.party !== party) {
    return { permissions, upgraded: false };
  }
  const again = await uma.assessor.assess({ ...input, permissions: old.permissions });
  if (again.outcome !== 'granted' || !equal(again.permissions, old.permissions)) {
    return { permissions, upgraded: false };
  }
  return { permissions: mergePermissions([...old.permissions, ...permissions]), upgraded: true };
}

function equal(granted: readonly Permission[], old: readonly Permission[]): boolean {
  const count = (list: readonly Permission[]) => list.flatMap((one) => one.resource_scopes).length;
  return granted.length === old.length && count(granted) === count(old);
}
