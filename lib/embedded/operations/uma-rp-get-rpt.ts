import type { Operation } from '../context/operation-context.js';
import { umaGrant } from '../rpt/rpt-grant.js';
import { grantForm } from '../rpt/grant-form.js';
import { warnWithoutIdentity } from '../rpt/grant-identity.js';
import { verifyRptUser, expectedUser } from '../rpt/expected-user.js';

/**
 * Exchanges a ticket for an RPT. If the caller names the user, an RPT of another user is rejected.
 * Unlike oxd it does not introspect the RPT: that is the task of the resource server, and a client
 * has no PAT for it.
 *
 * @see oxd command uma_rp_get_rpt; UMA 2.0 Grant §3.3
 */
export const umaRpGetRpt: Operation<'uma_rp_get_rpt'> = async (context, params) => {
  const form = grantForm(params);
  const site = await context.site(params.oxd_id);
  const server = await context.umaServer(site);
  const user = expectedUser(params, server.issuer);
  warnWithoutIdentity(context, { site, server }, params);
  const result = await umaGrant(context, { site, server }, form);
  const { issuer } = server;
  if (user !== undefined) {
    await verifyRptUser(context, { token: result.access_token, issuer, site }, user);
  }
  return result;
};
