import type { Operation } from '../context/operation-context.js';
import { forgetResources } from '../resources/protect.js';

/**
 * Removes a site, and the client that this engine registered for it at the provider. oxd leaves
 * that client behind. A provider that refuses does not keep the site. Its protected resources are
 * forgotten, and stay at the authorization server.
 *
 * @see oxd command remove_site; RFC 7592 §2.3
 */
export const removeSite: Operation<'remove_site'> = async (context, params) => {
  const { sites } = context.engine;
  const record = await sites.find(params.oxd_id);
  await sites.remove(context.call, record);
  await forgetResources(context, record);
  return { oxd_id: record.oxd_id };
};
