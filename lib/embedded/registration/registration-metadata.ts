import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';
import { keySet } from '../../site/client-rules.js';
import { withRfcNames } from '../../site/rfc-names.js';
import { DEFAULT_SCOPE, type SiteMetadata } from '../../site/site-parameters.js';
import { siteProblems, type CheckedSite } from '../../site/site-rules.js';
import { supportedSecretMethod } from './client-configuration.js';
import { OperationError } from '../requests/operation-error.js';
import type { Provider } from '../provider/provider.js';
import { PAT_SCOPE, scopeFor, type DiscoveredServer } from './scopes.js';
import { logoutUris, redirectUris } from './site-record.js';

/** Additional grants of a site with the scope `uma_protection` and without `grant_types`. */
const UMA_GRANTS = ['client_credentials', UMA_GRANT_TYPE];

/**
 * Body of a registration request.
 *
 * @throws {OperationError} `bad_request` if the site sets no authentication method and discovery lists
 *   neither `client_secret_basic` nor `client_secret_post`
 * @see RFC 7591 §2, OpenID Connect Registration §2
 */
export function clientMetadata(
  site: SiteMetadata,
  server: DiscoveredServer,
): Record<string, unknown> {
  return defined({
    ...site.custom_attributes,
    ...withRfcNames(site),
    ...derivedParameters(site, server),
    ...claimsRedirectUris(site, server),
  });
}

/** Registration parameters whose value is not that of the site parameter with the same meaning. */
function derivedParameters(site: SiteMetadata, server: DiscoveredServer): Record<string, unknown> {
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
    jwks: site.jwks && keySet(site.jwks),
    token_endpoint_auth_method:
      site.client_token_endpoint_auth_method ?? defaultAuthMethod(server.provider),
    frontchannel_logout_uri: site.client_frontchannel_logout_uris?.[0],
  };
}

/** Authentication method to register: Glewlwyd returns a secret only if the method needs one. */
function defaultAuthMethod(provider: Provider): string {
  const method = supportedSecretMethod(provider);
  if (method !== undefined) return method;
  const message =
    'The OpenID Provider supports neither client_secret_basic nor client_secret_post. Set ' +
    'site.client_token_endpoint_auth_method to client_secret_jwt or none if it supports one of them.';
  throw new OperationError('bad_request', message);
}

/** Returns true if the registration of a site depends on UMA discovery. */
export function dependsOnUma({ claims_redirect_uri = [] }: SiteMetadata): boolean {
  return claims_redirect_uri.length > 0;
}

/**
 * Claims redirect URIs in the spellings of UMA and Gluu, for authorization servers that gather
 * claims.
 */
function claimsRedirectUris(
  { claims_redirect_uri: uris = [] }: SiteMetadata,
  { provider, uma, rejections }: DiscoveredServer,
): Record<string, unknown> {
  if (uris.length === 0) return {};
  if (uma?.claims_interaction_endpoint) {
    return { claims_redirect_uris: uris, claims_redirect_uri: uris };
  }
  const { issuer: server } = provider.metadata;
  const why = 'UMA discovery has no claims_interaction_endpoint.';
  rejections.warn({ server, what: 'claims_redirect_uri' }, why);
  return {};
}

/**
 * A resource server needs the client credentials grant for its PAT, and at Keycloak the UMA grant.
 */
function defaultGrants({ scope = [] }: SiteMetadata, { metadata }: Provider): string[] {
  const login = ['authorization_code'];
  if (!scope.includes(PAT_SCOPE)) return login;
  const known = metadata.grant_types_supported ?? ['client_credentials'];
  return [...login, ...UMA_GRANTS.filter((grant) => known.includes(grant))];
}

/**
 * Rejects parameters that no provider accepts, before a request is sent.
 *
 * @throws {OperationError} the message names the parameter
 */
export function checkSite(site: CheckedSite): void {
  const [problem] = siteProblems(site);
  if (problem) throw new OperationError(problem.error, `${problem.param}: ${problem.message}.`);
}

function defined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && value !== ''),
  );
}
