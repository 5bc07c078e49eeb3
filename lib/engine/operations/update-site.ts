import { checkSite } from '../client-metadata.js';
import { updateClient } from '../client-registration.js';
import type { Operation } from '../engine-context.js';
import { changedSite } from '../site-params.js';

/**
 * Changes what is named of a site, at the provider and then in the store. The provider gets the
 * whole description: what a request leaves out it forgets, as it is to forget what `remove` names.
 *
 * @see oxd command update_site; RFC 7592 §2.2
 */
export const updateSite: Operation<'update_site'> = async (context, params) => {
  const record = changedSite(await context.site(params.oxd_id), params);
  checkSite(record.site);
  const { sites } = context.engine;
  const request = await sites.describe(record);
  const client = await updateClient(context.call, record.client, request);
  await sites.save({ ...record, client });
  return { oxd_id: record.oxd_id };
};
