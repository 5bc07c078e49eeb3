import type { RpRecord } from '../../commands/rp-record.js';
import type { ServerCommand, ServerContext } from './context.js';
import { unexpected } from './reply.js';
import { textOf } from '../../base/json.js';
import type { ServerSite } from './store.js';

/**
 * Returns the record of a site, or with `list` the sites registered since the start. An unknown site is
 * reported as null. No token is needed. The record has no tokens except the latest ID token.
 *
 * @see oxd command get_rp
 */
export const getRp: ServerCommand = async (context, params) => {
  const { records } = context.options;
  if (params.list === 'true') {
    return { node: await Promise.all(records.ids.map((oxd_id) => listed(context, oxd_id))) };
  }
  const oxd_id = textOf(params.oxd_id);
  if (oxd_id === undefined) throw unexpected();
  const site = await records.site(oxd_id);
  return { node: site ? await recordOf(context, site) : null };
};

async function listed(context: ServerContext, oxd_id: string): Promise<object> {
  const { node } = await context.run('get_rp', { oxd_id });
  const { client_name = null } = node as RpRecord;
  return { oxd_id, client_name };
}

/** Record of embedded, completed by what oxd stores beside it. */
async function recordOf(context: ServerContext, site: ServerSite): Promise<object> {
  const { oxd_id, scope, id_token, setup_oxd_id, setup_client_id, resources = [] } = site;
  const { node } = await context.run('get_rp', { oxd_id });
  const own = { scope, id_token, setup_oxd_id, setup_client_id };
  const { logout_redirect_uris: _, ...record } = { ...(node as RpRecord), ...own };
  return { ...record, ...(resources.length > 0 && { uma_protected_resources: resources }) };
}
