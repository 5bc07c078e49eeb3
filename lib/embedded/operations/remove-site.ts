import type { Operation } from '../context/operation-context.js';
import { forgetSite } from '../resources/protect.js';

/**
 * Removes a site and the client that embedded registered for it at the provider; oxd does not
 * remove the client. The site is removed even if the provider rejects the deletion. The record of
 * its protected resources is deleted unless the client was given: another site may use that client.
 * The resources remain at the authorization server.
 *
 * @see oxd command remove_site; RFC 7592 §2.3
 */
export const removeSite: Operation<'remove_site'> = async (context, params) => {
  const { sites } = context.runtime;
  const record = await sites.find(params.oxd_id);
  await sites.remove(context.call, record);
  await forgetSite(context, record);
  return { oxd_id: record.oxd_id };
};
