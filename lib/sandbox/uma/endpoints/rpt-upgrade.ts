import type { AssessmentInput } from '../assessment.js';
import { joined, type Permission } from '../tickets.js';
import type { UmaServer } from '../uma-server.js';

/** What an RPT is issued with; `upgraded` where an older one was sent along. */
export interface Upgrade {
  readonly permissions: readonly Permission[];
  readonly upgraded?: boolean;
}

/**
 * Adds the permissions of an older RPT of the same client, resource server and requesting party,
 * where the policies still grant every one of them as things are now.
 *
 * @see UMA 2.0 Grant §3.3.5.1
 */
export async function upgraded(
  uma: UmaServer,
  asked: AssessmentInput,
  rpt?: string,
): Promise<Upgrade> {
  const { permissions } = asked;
  if (rpt === undefined) return { permissions };
  const old = await uma.rpts.find(rpt);
  const { client, resourceServer, party } = asked;
  if (old?.client !== client || old.resourceServer !== resourceServer || old.party !== party) {
    return { permissions, upgraded: false };
  }
  const again = await uma.assessor.assess({ ...asked, permissions: old.permissions });
  if (again.outcome !== 'granted' || !equal(again.permissions, old.permissions)) {
    return { permissions, upgraded: false };
  }
  return { permissions: joined([...old.permissions, ...permissions]), upgraded: true };
}

function equal(granted: readonly Permission[], old: readonly Permission[]): boolean {
  const count = (list: readonly Permission[]) => list.flatMap((one) => one.resource_scopes).length;
  return granted.length === old.length && count(granted) === count(old);
}
