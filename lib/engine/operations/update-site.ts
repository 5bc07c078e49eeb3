import { checkSite } from '../client-metadata.js';
import { updateClient } from '../client-registration.js';
import type { Operation } from '../engine-context.js';
import { siteMetadata } from '../site-params.js';

/**
 * Changes what is named of a site, at the provider and then in the store. The provider gets the
 * whole description: what a request leaves out it would forget.
 *
 * @see oxd command update_site; RFC 7592 §2.2
 */
export const updateSite: Operation<'update_site'> = async (context, params) => {
  const record = await context.site(params.oxd_id);
  const site = { ...record.site, ...siteMetadata(params) };
  checkSite(site);
  const { sites } = context.engine;
  const request = await sites.describe({ ...record, site });
  const client = await updateClient(context.call, record.client, request);
  await sites.save({ ...record, site, client });
  return { oxd_id: record.oxd_id };
};
