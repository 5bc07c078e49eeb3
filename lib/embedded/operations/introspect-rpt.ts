import type { Result } from '../../commands/command.js';
import { withKnownSite } from '../context/current-records.js';
import type { Operation, OperationContext } from '../context/operation-context.js';
import { ProtectionApi } from '../protection-api/protection-api.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { introspectRpt as introspect } from '../rpt/rpt-introspection.js';
import { rptSubject } from '../rpt/rpt-subject.js';
import { withoutUndefined } from '../../base/json.js';
import { tokenKey } from '../../base/token-key.js';

/**
 * Introspects an RPT, never verifies it locally. `active` must be a boolean; for an inactive RPT no
 * other claim is returned. `sub` comes from the verified JWT, else from the introspection. An RPT for
 * which the two name different users is rejected.
 *
 * @see oxd command introspect_rpt; UMA Federated Authorization §5
 */
export const introspectRpt: Operation<'introspect_rpt'> = (context, params) =>
  withKnownSite(context, params.oxd_id, (site) => introspected(context, site, params.rpt));

async function introspected(
  context: OperationContext,
  site: RegisteredSite,
  rpt: string,
): Promise<Result<'introspect_rpt'>> {
  const api = new ProtectionApi(context, site, await context.umaServer(site));
  const rptStatus = await introspect(context, api, rpt);
  const { result } = rptStatus;
  const key = tokenKey(site, rpt);
  if (!result.active) {
    context.runtime.uma.rpts.clearRpt(key);
    return { active: false };
  }
  const sub = await rptSubject(context, api, { rpt, key, rptStatus });
  return withoutUndefined({ ...result, sub });
}
