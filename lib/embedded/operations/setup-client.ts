import { DEFAULT_SCOPE } from '../../site/site-parameters.js';
import { checkSite } from '../registration/registration-metadata.js';
import type { Operation } from '../context/operation-context.js';
import { clientResult } from '../registration/client-results.js';
import { newSite } from '../registration/site-changes.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Registers a client for protection tokens, then the site. If the registration of the site fails,
 * the client is removed.
 *
 * @see oxd command setup_client
 */
export const setupClient: Operation<'setup_client'> = async (context, params) => {
  const { setup_client_name, ...site } = params;
  checkSite(site);
  const { sites } = context.runtime;
  const { grant_types = ['authorization_code'], scope = DEFAULT_SCOPE, client_name } = site;
  const setup = await sites.create(
    context.call,
    newSite({
      ...site,
      client_name: setup_client_name ?? client_name,
      grant_types: [...new Set([...grant_types, 'client_credentials'])],
      scope: [...new Set([...scope, 'uma_protection', 'oxd'])],
    }),
  );
  const { client } = setup;
  try {
    const { oxd_id, client: own } = await sites.create(context.call, newSite(site));
    return withoutUndefined({
      oxd_id,
      op_host: site.op_host,
      ...clientResult(client),
      client_secret: client.client_secret ?? '',
      setup_client_oxd_id: setup.oxd_id,
      client_id_of_oxd_id: own.client_id,
    });
  } catch (error) {
    await sites.remove(context.call, setup).catch(() => undefined);
    throw error;
  }
};
