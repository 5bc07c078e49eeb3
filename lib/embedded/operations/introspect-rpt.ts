import type { Operation } from '../context/operation-context.js';
import { required } from '../context/command-parameters.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import { withoutUndefined } from '../registration/client-results.js';
import { introspectRpt as introspect } from '../rpt/rpt-introspection.js';
import { rptSubject, signedSubject } from '../rpt/rpt-subject.js';

/**
 * Asks what an RPT is good for. `active` is strictly a boolean; of an RPT that is not active nothing
 * else is told. `sub` is that of a verified JWT, else that of the introspection; it is refused where
 * they name different users.
 *
 * @see oxd command introspect_rpt; UMA Federated Authorization §5
 */
export const introspectRpt: Operation<'introspect_rpt'> = async (context, params) => {
  const rpt = required('rpt', params.rpt);
  const site = await context.site(params.oxd_id);
  const api = new ProtectionApi(context, site, await context.umaServer(site));
  const { result } = await introspect(context, api, rpt);
  if (!result.active) return result;
  const sub = rptSubject(await signedSubject(context, api, rpt), result.sub);
  return withoutUndefined({ ...result, sub });
};
