import { checkSite } from '../registration/registration-metadata.js';
import type { Operation } from '../context/operation-context.js';
import { clientResult } from '../registration/client-results.js';
import { newSite } from '../registration/site-changes.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Registers a site, and a client at the provider unless client id and secret are given.
 *
 * @see oxd command register_site; RFC 7591 §3
 */
export const registerSite: Operation<'register_site'> = async (context, params) => {
  checkSite(params);
  if (params.trusted_client) {
    context.log.warn('register_site: the embedded transport ignores trusted_client.');
  }
  const { oxd_id, op_host, site, client } = await context.runtime.sites.create(
    context.call,
    newSite(params),
  );
  return withoutUndefined({
    oxd_id,
    op_host,
    ...clientResult(client),
    client_name: site.client_name,
    initiate_login_uri: site.initiate_login_uri,
  });
};
