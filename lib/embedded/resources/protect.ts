import type { OperationContext } from '../context/operation-context.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import { ResourceUpdate, type Protection } from './resource-update.js';
import { readResources } from './resource-record.js';
import { resourcesKey } from '../registration/resources-key.js';

/** Makes the resources of a client what is declared; one run at a time for each client. */
export async function protect(
  context: OperationContext,
  oxd_id: string,
  protection: Protection,
): Promise<void> {
  const key = resourcesKey(await context.site(oxd_id));
  await context.engine.uma.changes.run({ key }, async () => {
    const site = await context.site(oxd_id);
    const api = new ProtectionApi(context, site, await context.umaServer(site));
    const record = await readResources(context.store, resourcesKey(site));
    await new ResourceUpdate(context, api, record).carryOut(protection);
  });
}

/** Deletes the record of a removed site's resources. */
export async function forgetResources(
  { engine, store }: OperationContext,
  site: RegisteredSite,
): Promise<void> {
  const key = resourcesKey(site);
  await engine.uma.changes.run({ key }, async () => {
    engine.uma.forget(site.oxd_id);
    await store.delete(key);
  });
}
