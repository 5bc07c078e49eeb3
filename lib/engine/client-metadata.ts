import type { SiteMetadata } from '../commands/registration.js';
import { printable } from '../errors.js';
import { checkClientDetails, clientDetails, isClientDetail } from './client-details.js';
import { Refusal } from './refusal.js';
import type { Provider } from './provider.js';
import { scopeFor, type DiscoveredServer } from './scope.js';
import { logoutUris, redirectUris } from './site-record.js';

/** Scopes of a site that names none. */
export const DEFAULT_SCOPE: readonly string[] = ['openid', 'profile', 'email'];

/** The grants of a site that asks for `uma_protection` and names none. */
const UMA_GRANTS = ['client_credentials', 'urn:ietf:params:oauth:grant-type:uma-ticket'];

/** The methods that need nothing but what a registration returns. */
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'none'];

/** What a provider decides on, or a site says under a name of its own. */
const NOT_CUSTOM =
  /^(?:client_id|client_secret|client_.*_at|registration_.*|application_type|claims_redirect_uris?)$/;

/**
 * The body of a registration request.
 *
 * @throws {Refusal} `bad_request` for an attribute that has a param of its own
 * @see RFC 7591 §2, OpenID Connect Registration §2
 */
export function clientMetadata(
  site: SiteMetadata,
  server: DiscoveredServer,
): Record<string, unknown> {
  const members = { ...ownMembers(site, server), ...clientDetails(site) };
  const { custom_attributes = {} } = site;
  for (const name of Object.keys(custom_attributes)) {
    const isOurs = Object.hasOwn(members, name) || isClientDetail(name) || NOT_CUSTOM.test(name);
    if (!isOurs) continue;
    throw bad('custom_attributes', `must not have ${printable(name)}`);
  }
  return defined({ ...members, ...custom_attributes });
}

function ownMembers(site: SiteMetadata, server: DiscoveredServer): Record<string, unknown> {
  const { acr_values = [] } = site;
  const acrValues = acr_values.filter((value) => value.trim() !== '');
  const logout = logoutUris(site);
  return {
    redirect_uris: redirectUris(site),
    post_logout_redirect_uris: logout.length > 0 ? logout : undefined,
    response_types: ['code'],
    grant_types: site.grant_types ?? defaultGrants(site, server.provider),
    scope: scopeFor(server, site.scope?.length ? site.scope : DEFAULT_SCOPE),
    default_acr_values: acrValues.length > 0 ? acrValues : undefined,
    client_name: site.client_name,
    jwks_uri: site.client_jwks_uri,
    token_endpoint_auth_method: site.client_token_endpoint_auth_method,
    token_endpoint_auth_signing_alg: site.client_token_endpoint_auth_signing_alg,
    request_uris: site.client_request_uris,
    frontchannel_logout_uri: site.client_frontchannel_logout_uris?.[0],
    sector_identifier_uri: site.client_sector_identifier_uri,
    contacts: site.contacts,
    ...claimsRedirectUris(site, server),
  };
}

/** Whether what a site is registered with depends on UMA discovery. */
export function dependsOnUma({ claims_redirect_uri = [] }: SiteMetadata): boolean {
  return claims_redirect_uri.length > 0;
}

/** UMA's spelling and Gluu's; to authorization servers that gather claims. */
function claimsRedirectUris(
  { claims_redirect_uri: uris = [] }: SiteMetadata,
  { provider, uma, leftOut }: DiscoveredServer,
): Record<string, unknown> {
  if (uris.length === 0) return {};
  if (uma?.claims_interaction_endpoint) {
    return { claims_redirect_uris: uris, claims_redirect_uri: uris };
  }
  const { issuer: server } = provider.metadata;
  const why = 'UMA discovery names no claims_interaction_endpoint.';
  leftOut.tell({ server, what: 'claims_redirect_uri' }, why);
  return {};
}

/** A resource server needs a token of its own, and at Keycloak the UMA grant to be one at all. */
function defaultGrants({ scope = [] }: SiteMetadata, { metadata }: Provider): string[] {
  const login = ['authorization_code'];
  if (!scope.includes('uma_protection')) return login;
  const known = metadata.grant_types_supported ?? ['client_credentials'];
  return [...login, ...UMA_GRANTS.filter((grant) => known.includes(grant))];
}

/**
 * Refuses what cannot work, before anything is sent.
 *
 * @throws {Refusal} naming the param
 */
export function checkSite(site: SiteMetadata): void {
  if (!isRedirectUri(site.authorization_redirect_uri)) {
    throw uriRefusal('authorization_redirect_uri');
  }
  if (!redirectUris(site).every(isRedirectUri)) throw uriRefusal('redirect_uris');
  const { response_types = ['code'], client_frontchannel_logout_uris = [] } = site;
  if (response_types.join() !== 'code') {
    throw bad('response_types', 'must be ["code"], the only one the embedded transport does');
  }
  if (client_frontchannel_logout_uris.length > 1) {
    throw bad('client_frontchannel_logout_uris', 'must be one; OpenID Connect knows no list');
  }
  if (!logoutUris(site).every((uri) => URL.canParse(uri))) {
    throw bad('post_logout_redirect_uris', 'must be absolute');
  }
  checkAuthentication(site);
  checkClientDetails(site);
}

function checkAuthentication(site: SiteMetadata): void {
  const { client_token_endpoint_auth_method: method, client_token_endpoint_auth_signing_alg: alg } =
    site;
  if (method !== undefined && !AUTH_METHODS.includes(method)) {
    throw bad('client_token_endpoint_auth_method', `must be one of ${AUTH_METHODS.join(', ')}`);
  }
  if (method === 'client_secret_jwt' && alg !== undefined && alg !== 'HS256') {
    throw bad('client_token_endpoint_auth_signing_alg', 'must be HS256');
  }
}

/** RFC 6749 §3.1.2: absolute, without a fragment. */
function isRedirectUri(uri: string | undefined): boolean {
  return uri !== undefined && URL.canParse(uri) && !uri.includes('#');
}

function uriRefusal(param: string): Refusal {
  const message = `${param}: must be absolute, without a fragment.`;
  return new Refusal('invalid_authorization_redirect_uri', message);
}

function bad(param: string, message: string): Refusal {
  return new Refusal('bad_request', `${param}: ${message}.`);
}

function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== ''),
  );
}
