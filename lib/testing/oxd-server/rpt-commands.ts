import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';
import { randomBytes } from 'node:crypto';
import { type ServerCommand } from './context.js';
import { inactiveRpt, unexpected, CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import { statusOfRpt } from './rpt.js';
import { propertiesOf, tokenFailure } from './uma-replies.js';
import { textOf } from '../../base/json.js';

/**
 * Like oxd, introspects the new RPT and requires it to be active.
 *
 * @see oxd command uma_rp_get_rpt
 */
export const umaRpGetRpt: ServerCommand = async (context, params, { oxd_id }) => {
  const server = await context.server('uma_rp_get_rpt', oxd_id);
  const answer = await server.grant(grantForm(params));
  if (answer.status >= 400) throw tokenFailure(context, answer);
  const { access_token, token_type, pct, upgraded } = propertiesOf(context, answer);
  const rpt = textOf(access_token);
  const status = rpt === undefined ? undefined : await statusOfRpt(context, server, rpt);
  if (!status?.active) throw inactiveRpt();
  return {
    pct: textOf(pct) ?? null,
    updated: upgraded === true,
    access_token: rpt,
    token_type: textOf(token_type) ?? null,
  };
};

/**
 * Like oxd, builds the URL without encoding its parts.
 *
 * @see oxd command uma_rp_get_claims_gathering_url
 */
export const umaRpGetClaimsGatheringUrl: ServerCommand = async (context, params, { oxd_id }) => {
  const ticket = textOf(params.ticket);
  if (ticket === undefined) throw new CommandFailure('invalid_ticket_parameter');
  const claims_redirect_uri = textOf(params.claims_redirect_uri);
  if (claims_redirect_uri === undefined)
    throw new CommandFailure('invalid_claims_redirect_uri_parameter');
  const { uma, site } = await context.server('uma_rp_get_claims_gathering_url', oxd_id);
  if (uma.claims_interaction_endpoint === undefined) throw unexpected();
  const { client_id } = site.client;
  const state = randomBytes(16).toString('hex');
  const query = Object.entries({ client_id, ticket, claims_redirect_uri, state });
  const parts = query.map(([name, value]) => `${name}=${value}`);
  return { url: `${uma.claims_interaction_endpoint}?${parts.join('&')}`, state };
};

/** Form of the token request. Omits missing parameters: oxd checks none of them. */
function grantForm(params: ServerParams): URLSearchParams {
  const form = new URLSearchParams({ grant_type: UMA_GRANT_TYPE });
  for (const name of ['ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt']) {
    const value = textOf(params[name]);
    if (value !== undefined) form.set(name, value);
  }
  if (Array.isArray(params.scope) && params.scope.length > 0)
    form.set('scope', params.scope.join(' '));
  return form;
}
