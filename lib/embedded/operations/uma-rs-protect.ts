import type { Operation } from '../context/operation-context.js';
import { declaredResources } from '../resources/declared-resource.js';
import { protect } from '../resources/protect.js';

/**
 * Protects resources: registers what is new, changes in place what is declared otherwise than
 * before, and leaves alone what is not named unless `overwrite` is set. oxd refuses a second call
 * without `overwrite`, and with it deletes everything.
 *
 * @see oxd command uma_rs_protect; UMA Federated Authorization §3
 */
export const umaRsProtect: Operation<'uma_rs_protect'> = async (context, params) => {
  const { overwrite = false } = params;
  const declared = declaredResources(params.resources);
  const { oxd_id } = await context.site(params.oxd_id);
  const { protections } = context.engine.uma;
  // Whoever declares the same at the same time waits for the same work, which outlives its caller.
  await protections.run(JSON.stringify([oxd_id, overwrite, declared]), () => {
    const shared = context.detached();
    return shared.call.run(() => protect(shared, oxd_id, { declared, overwrite }));
  });
  return { oxd_id };
};
