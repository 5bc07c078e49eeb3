import { hash } from 'node:crypto';
import type { Operation } from '../context/operation-context.js';
import { declaredResources } from '../resources/declared-resource.js';
import { protect } from '../resources/protect.js';

/**
 * Protects resources: registers new resources and updates changed ones in place. Resources that are
 * not named are retained, unless `overwrite` is set. oxd rejects a second call without `overwrite`,
 * and with `overwrite` deletes all resources.
 *
 * @see oxd command uma_rs_protect; UMA Federated Authorization §3
 */
export const umaRsProtect: Operation<'uma_rs_protect'> = async (context, params) => {
  const { overwrite = false } = params;
  const declared = declaredResources(params.resources);
  const { oxd_id } = await context.site(params.oxd_id);
  const { protections } = context.runtime.uma;
  // Concurrent calls with equal declarations share one run, which continues if a caller aborts.
  const key = hash('sha256', JSON.stringify([oxd_id, overwrite, declared]), 'base64');
  await protections.run(key, () => {
    const shared = context.detached();
    return shared.call.run(() => protect(shared, oxd_id, { declared, overwrite }));
  });
  return { oxd_id };
};
