import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';
import { randomBytes } from 'node:crypto';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import type { AuthorizationServer } from './authorization-servers.js';
import type { ServerCommand, ServerContext } from './context.js';
import { inactiveRpt, unexpected, CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import { introspected, rptStatus, type RptStatus } from './rpt.js';
import { propertiesOf, tokenFailure } from './uma-replies.js';
import { encoded } from './urls.js';
import { mapOf } from './values.js';
import { isJsonObject, parseJson, textOf } from '../../base/json.js';

/**
 * Like oxd, introspects the new RPT and requires it to be active.
 *
 * @see oxd command uma_rp_get_rpt
 */
export const umaRpGetRpt: ServerCommand = async (context, params, { oxd_id }) => {
  if (context.isRest) checkGrant(params);
  const server = await context.server('uma_rp_get_rpt', oxd_id);
  const answer = await server.grant(grantForm(params));
  const isReadable = answer.status < 400 && (!context.isRest || isJson(answer));
  if (!isReadable) throw tokenFailure(context, answer);
  const { access_token, token_type, pct, upgraded } = propertiesOf(
    context,
    'introspection',
    answer,
  );
  const rpt = textOf(access_token);
  const status = rpt === undefined ? undefined : await statusOfNewRpt(context, server, rpt);
  if (!status?.active) throw inactiveRpt();
  return {
    pct: textOf(pct) ?? null,
    updated: upgraded === true,
    access_token: rpt,
    token_type: textOf(token_type) ?? null,
  };
};

/** Checks of oxd 4 before the request. */
function checkGrant({ ticket, claim_token, claim_token_format }: ServerParams): void {
  if (textOf(ticket) === undefined) throw new CommandFailure('invalid_ticket_parameter');
  const hasToken = textOf(claim_token) !== undefined;
  if (hasToken !== (textOf(claim_token_format) !== undefined))
    throw new CommandFailure('invalid_claim_token_or_claim_token_form');
}

/** Introspects a new RPT; oxd 4 reports a rejected introspection as a rejected grant, 4.5 only 4xx. */
async function statusOfNewRpt(
  context: ServerContext,
  server: AuthorizationServer,
  rpt: string,
): Promise<RptStatus | undefined> {
  const answer = await introspected(server, rpt);
  const isRejected = answer.status >= 400 && answer.status < (context.since('4.5') ? 500 : 600);
  if (context.isRest && isRejected) throw tokenFailure(context, answer);
  return rptStatus(context, answer);
}

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
  const state = textOf(params.state) ?? randomBytes(16).toString('hex');
  const query = { client_id, ticket, claims_redirect_uri, state };
  const custom = Object.entries(mapOf(params.custom_parameters)).filter(
    ([name]) => !Object.hasOwn({ ...query, oxd_id }, name),
  );
  const parts = [
    ...Object.entries(query).map(([name, value]) => `${name}=${value}`),
    ...custom.map(([name, value]) => `${name}=${encoded(value)}`),
  ];
  return { url: `${uma.claims_interaction_endpoint}?${parts.join('&')}`, state };
};

function isJson({ text }: ProviderResponse): boolean {
  return isJsonObject(parseJson(text));
}

/** Form of the token request. Omits missing parameters. */
function grantForm(params: ServerParams): URLSearchParams {
  const form = new URLSearchParams({ grant_type: UMA_GRANT_TYPE });
  for (const name of ['ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt']) {
    const value = textOf(params[name]);
    if (value !== undefined) form.set(name, value);
  }
  if (Array.isArray(params.scope) && params.scope.length > 0)
    form.set('scope', params.scope.join(' '));
  for (const [name, value] of Object.entries(mapOf(params.params))) form.append(name, value);
  return form;
}
