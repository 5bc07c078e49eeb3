import type { OperationContext } from '../context/operation-context.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import { ResourceUpdate, type Protection } from './resource-update.js';
import { readResources } from './resource-record.js';
import { resourcesKey } from '../registration/resources-key.js';
import { lockResources } from '../registration/resources-lock.js';

/**
 * Makes the resources of a client what is declared; one run at a time for each client, also among
 * the replicas that share a store with `add`.
 */
export async function protect(
  context: OperationContext,
  oxd_id: string,
  protection: Protection,
): Promise<void> {
  const key = resourcesKey(await context.site(oxd_id));
  const isDone = await inTurn(context, key, async (limited) => {
    // Not context.site(): that may register a new client, which waits for this lock.
    const site = await limited.engine.sites.find(oxd_id);
    if (resourcesKey(site) !== key) return false;
    const api = new ProtectionApi(limited, site, await limited.umaServer(site));
    const record = await readResources(limited.store, key);
    await new ResourceUpdate(limited, api, record).execute(protection);
    return true;
  });
  // The site has a new client since it waited for its turn.
  if (!isDone) await protect(context, oxd_id, protection);
}

/** Deletes the record of a removed site's resources. */
export async function forgetResources(
  context: OperationContext,
  site: RegisteredSite,
): Promise<void> {
  const key = resourcesKey(site);
  await inTurn(context, key, async ({ engine, store }) => {
    engine.uma.forget(site.oxd_id);
    await store.delete(key);
    return true;
  });
}

/** Waits in the queue of this process first: the order of its calls stays, and only one polls. */
async function inTurn(
  context: OperationContext,
  key: string,
  work: (limited: OperationContext) => Promise<boolean>,
): Promise<boolean> {
  const { changes } = context.engine.uma;
  const turn = await changes.run({ key }, () =>
    lockResources(context.store, key, (signal) => work(context.withSignal(signal))),
  );
  return turn?.done ?? true;
}
