import { randomState } from 'openid-client';
import type { UmaRpGetClaimsGatheringUrlParams } from '../../commands/uma.js';
import type { Operation } from '../context/operation-context.js';
import { OperationError } from '../requests/operation-error.js';
import type { RegisteredSite } from '../registration/site-record.js';

/** Parameters that `custom_parameters` must not contain: they bind the redirect to this request. */
const RESERVED = ['oxd_id', 'client_id', 'ticket', 'state', 'claims_redirect_uri'];

/**
 * Returns the URL of the page where the authorization server gathers claims from the requesting
 * party.
 *
 * @see oxd command uma_rp_get_claims_gathering_url; UMA 2.0 Grant §3.3.2
 */
export const umaRpGetClaimsGatheringUrl: Operation<'uma_rp_get_claims_gathering_url'> = async (
  context,
  params,
) => {
  const { ticket, claims_redirect_uri, custom_parameters = {}, state = randomState() } = params;
  checkParams(params);
  const site = await context.site(params.oxd_id);
  checkRegistered(site, claims_redirect_uri);
  const { claims_interaction_endpoint: endpoint } = await context.umaServer(site);
  if (endpoint === undefined) {
    const message =
      'The authorization server has no claims_interaction_endpoint: push claims instead.';
    throw new OperationError('unsupported_operation', message);
  }
  const { client_id } = site.client;
  const url = new URL(endpoint);
  const query = { ...custom_parameters, client_id, ticket, claims_redirect_uri, state };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return { url: url.href, state };
};

function checkParams(params: UmaRpGetClaimsGatheringUrlParams): void {
  const { ticket, claims_redirect_uri, custom_parameters = {}, state } = params;
  if (isBlank(ticket)) {
    throw new OperationError('invalid_ticket_parameter', 'ticket: must not be empty.');
  }
  if (isBlank(claims_redirect_uri) || !isRedirectUri(claims_redirect_uri)) {
    throw badRedirect('must be absolute, without a fragment');
  }
  const reserved = Object.keys(custom_parameters).find((name) => RESERVED.includes(name));
  if (reserved)
    throw new OperationError('bad_request', `custom_parameters: must not have ${reserved}.`);
  if (state?.trim() === '') throw new OperationError('bad_request', 'state: must not be empty.');
}

/** Compares the URI as a string, as the authorization server does. */
function checkRegistered({ site }: RegisteredSite, uri: string): void {
  const registered = site.claims_redirect_uri ?? [];
  if (registered.length === 0 || registered.includes(uri)) return;
  throw badRedirect('is not registered. Add it to claims_redirect_uri of the site');
}

function isBlank(value: string | undefined): boolean {
  return value === undefined || value.trim() === '';
}

/** UMA 2.0 Grant §3.3.2: absolute, without a fragment. */
function isRedirectUri(uri: string): boolean {
  return URL.canParse(uri) && !uri.includes('#');
}

function badRedirect(problem: string): OperationError {
  const message = `claims_redirect_uri: ${problem}.`;
  return new OperationError('invalid_claims_redirect_uri_parameter', message);
}
