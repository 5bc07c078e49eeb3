import type { Operation } from '../context/operation-context.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import { introspectRpt as introspect } from '../rpt/rpt-introspection.js';
import { rptSubject } from '../rpt/rpt-subject.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Introspects an RPT, never verifies it locally. `active` must be a boolean; for an inactive RPT no other claim is returned.
 * `sub` comes from the verified JWT, else from the introspection. An RPT for which the two name
 * different users is rejected.
 *
 * @see oxd command introspect_rpt; UMA Federated Authorization §5
 */
export const introspectRpt: Operation<'introspect_rpt'> = async (context, params) => {
  const { rpt } = params;
  const site = await context.site(params.oxd_id);
  const api = new ProtectionApi(context, site, await context.umaServer(site));
  const rptStatus = await introspect(context, api, rpt);
  const { result } = rptStatus;
  const { rpts } = context.runtime.uma;
  if (!result.active) {
    rpts.clearRpt(rpts.keyOf(site, rpt));
    return result;
  }
  const sub = await rptSubject(context, api, { rpt, rptStatus });
  return withoutUndefined({ ...result, sub });
};
