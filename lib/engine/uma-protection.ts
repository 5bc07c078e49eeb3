import type { EngineContext } from './engine-context.js';
import { ProtectionApi } from './protection-api.js';
import { ProtectionRun, type Protection } from './uma-protection-run.js';
import { readResources, resourcesKey } from './uma-resource-record.js';

/** Makes the resources of a site what is declared; one run at a time for each site. */
export async function protect(
  context: EngineContext,
  oxd_id: string,
  protection: Protection,
): Promise<void> {
  await context.engine.uma.changes.run({ key: oxd_id }, async () => {
    const site = await context.site(oxd_id);
    const api = new ProtectionApi(context, site, await context.umaServer(site));
    const record = await readResources(context.store, oxd_id);
    await new ProtectionRun(context, api, record).carryOut(protection);
  });
}

/** Forgets every resource of a site that is no more. */
export async function forgetResources(
  { engine, store }: EngineContext,
  oxd_id: string,
): Promise<void> {
  await engine.uma.changes.run({ key: oxd_id }, async () => {
    engine.uma.forget(oxd_id);
    await store.delete(resourcesKey(oxd_id));
  });
}
