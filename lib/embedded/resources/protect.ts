import type { OperationContext } from '../context/operation-context.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import type { Modification } from './modification.js';
import { ResourceUpdate, type Protection } from './resource-update.js';
import { readResources } from './resource-record.js';
import { resourcesKey } from '../registration/resources-key.js';
import { lockResources } from '../registration/resources-lock.js';

/** Updates the resources of a client to a declaration. */
export function protect(
  context: OperationContext,
  oxd_id: string,
  protection: Protection,
): Promise<void> {
  return changeResources(context, oxd_id, (update) => update.execute(protection));
}

/** Changes the scopes of one resource of a client. */
export function modify(
  context: OperationContext,
  oxd_id: string,
  modification: Modification,
): Promise<void> {
  return changeResources(context, oxd_id, (update) => update.modify(modification));
}

/**
 * Changes the resources of a client; one change at a time for each client, also among the replicas
 * that share a store with `add`.
 */
async function changeResources(
  context: OperationContext,
  oxd_id: string,
  change: (update: ResourceUpdate) => Promise<void>,
): Promise<void> {
  const key = resourcesKey(await context.site(oxd_id));
  const isDone = await oneAtATime(context, key, async (limited) => {
    // Reads the stored site only: context.site() may register a new client, which waits for this lock.
    const site = await limited.runtime.sites.find(oxd_id);
    if (resourcesKey(site) !== key) return false;
    const api = new ProtectionApi(limited, site, await limited.umaServer(site));
    const record = await readResources(limited.store, key);
    try {
      await change(new ResourceUpdate(limited, api, record));
    } finally {
      limited.runtime.uma.clearSite(oxd_id);
    }
    return true;
  });
  // The site got a new client while this run waited.
  if (!isDone) await changeResources(context, oxd_id, change);
}

/**
 * Deletes the state of a removed site, with the record of the resources of a client that was
 * registered for it.
 */
export async function forgetSite(context: OperationContext, site: RegisteredSite): Promise<void> {
  context.runtime.uma.forget(site.oxd_id);
  if (!site.registered) return;
  const key = resourcesKey(site);
  await oneAtATime(context, key, async ({ store }) => {
    await store.delete(key);
    return true;
  });
}

/**
 * Runs work under the lock of a record. A queue in this process comes before the lock: it retains
 * the order of the calls, and only the first of them polls the lock.
 */
async function oneAtATime(
  context: OperationContext,
  key: string,
  work: (limited: OperationContext) => Promise<boolean>,
): Promise<boolean> {
  const { changes } = context.runtime.uma;
  const isDone = await changes.run({ key }, () =>
    lockResources(context.store, key, (signal) => work(context.withSignal(signal))),
  );
  return isDone ?? true;
}
