import { clientProblems, isClientDetail, problem, type SiteProblem } from './client-rules.js';
import type { SiteMetadata } from './site-metadata.js';
import { printable } from '../base/errors.js';

/** What a site says of itself, under the names of RFC 7591 §2 and OpenID Connect Registration §2. */
export const OWN_MEMBERS = [
  'redirect_uris',
  'post_logout_redirect_uris',
  'response_types',
  'grant_types',
  'scope',
  'default_acr_values',
  'client_name',
  'jwks_uri',
  'token_endpoint_auth_method',
  'token_endpoint_auth_signing_alg',
  'request_uris',
  'frontchannel_logout_uri',
  'sector_identifier_uri',
  'contacts',
] as const;

/** What a provider decides on, or goes to some alone. */
const NOT_CUSTOM =
  /^(?:client_id|client_secret|client_.*_at|registration_.*|application_type|claims_redirect_uris?)$/;

/** The methods that need nothing but what a registration returns. */
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'none'];

/** Everything for which the embedded engine would never register a site, whatever its provider. */
export function siteProblems(site: SiteMetadata): SiteProblem[] {
  return [
    ...uriProblems(site),
    ...flowProblems(site),
    ...authenticationProblems(site),
    ...clientProblems(site),
    ...attributeProblems(site),
  ];
}

function uriProblems({
  authorization_redirect_uri,
  redirect_uris = [],
  post_logout_redirect_uri,
  post_logout_redirect_uris = [],
}: SiteMetadata): SiteProblem[] {
  const wrong = [
    ...(isRedirectUri(authorization_redirect_uri) ? [] : ['authorization_redirect_uri']),
    ...(redirect_uris.every(isRedirectUri) ? [] : ['redirect_uris']),
  ];
  const word = 'invalid_authorization_redirect_uri';
  const logout = { post_logout_redirect_uri, post_logout_redirect_uris };
  return [
    ...wrong.map((param) => problem(param, 'must be absolute, without a fragment', word)),
    ...Object.entries(logout)
      .filter(([, uris]) => ![uris || []].flat().every((uri) => URL.canParse(uri)))
      .map(([param]) => problem(param, 'must be absolute')),
  ];
}

function flowProblems({
  response_types = ['code'],
  client_frontchannel_logout_uris = [],
}: SiteMetadata): SiteProblem[] {
  const isCode = response_types.join() === 'code';
  const only = 'must be ["code"], the only one the embedded transport does';
  const one = 'must be one; OpenID Connect knows no list';
  return [
    ...(isCode ? [] : [problem('response_types', only)]),
    ...(client_frontchannel_logout_uris.length > 1
      ? [problem('client_frontchannel_logout_uris', one)]
      : []),
  ];
}

function authenticationProblems({
  client_token_endpoint_auth_method: method,
  client_token_endpoint_auth_signing_alg: alg,
}: SiteMetadata): SiteProblem[] {
  if (method !== undefined && !AUTH_METHODS.includes(method)) {
    const message = `must be one of ${AUTH_METHODS.join(', ')}`;
    return [problem('client_token_endpoint_auth_method', message)];
  }
  return method === 'client_secret_jwt' && alg !== undefined && alg !== 'HS256'
    ? [problem('client_token_endpoint_auth_signing_alg', 'must be HS256')]
    : [];
}

function attributeProblems({ custom_attributes = {} }: SiteMetadata): SiteProblem[] {
  const taken: readonly string[] = OWN_MEMBERS;
  return Object.keys(custom_attributes)
    .filter((name) => taken.includes(name) || isClientDetail(name) || NOT_CUSTOM.test(name))
    .map((name) => problem('custom_attributes', `must not have ${printable(name)}`));
}

/** RFC 6749 §3.1.2: absolute, without a fragment. */
function isRedirectUri(uri: string | undefined): boolean {
  return uri !== undefined && URL.canParse(uri) && !uri.includes('#');
}
