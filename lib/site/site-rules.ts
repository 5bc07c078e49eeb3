import { clientProblems, problem, type SiteProblem } from './client-rules.js';
import { isReserved } from './rfc-names.js';
import { redirectUriProblem } from './redirect-uris.js';
import type { SiteMetadata } from './site-parameters.js';
import { printable } from '../base/errors.js';

/** Metadata that the provider sets, or that embedded sends only to some providers. */
const RESERVED_ATTRIBUTES =
  /^(?:client_id|client_secret|client_.*_at|registration_.*|claims_redirect_uris?)$/;

/** Methods that need no key beyond the secret that a registration returns. */
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'none'];

/** Site, and the id of its client if the client is given. */
export interface CheckedSite extends SiteMetadata {
  readonly client_id?: string;
}

/**
 * Returns the problems for which embedded rejects a site independently of the provider. A given client
 * needs no redirect URI, for an API without login.
 */
export function siteProblems(site: CheckedSite): SiteProblem[] {
  return [
    ...typeProblems(site),
    ...uriProblems(site),
    ...flowProblems(site),
    ...authenticationProblems(site),
    ...clientProblems(site),
    ...attributeProblems(site),
  ];
}

function typeProblems({ application_type: type = 'web' }: CheckedSite): SiteProblem[] {
  const isKnown = ['web', 'native'].includes(type);
  return isKnown ? [] : [problem('application_type', 'must be web or native')];
}

function uriProblems({
  application_type: type,
  authorization_redirect_uri: uri,
  client_id = '',
  redirect_uris = [],
  post_logout_redirect_uri,
  post_logout_redirect_uris = [],
}: CheckedSite): SiteProblem[] {
  const isNeeded = uri !== undefined || client_id.trim() === '';
  const login = { authorization_redirect_uri: isNeeded ? [uri] : [], redirect_uris };
  const logout = { post_logout_redirect_uri, post_logout_redirect_uris };
  const error = 'invalid_authorization_redirect_uri';
  return [
    ...firstProblems(login, (one) => fragmentProblem(one) ?? redirectUriProblem(one, type)).map(
      ([param, message]) => problem(param, message, error),
    ),
    ...firstProblems(logout, (one) => redirectUriProblem(one, type)).map(([param, message]) =>
      problem(param, message),
    ),
  ];
}

/** Returns the first problem of each parameter, which is a URI or a list of URIs. */
function firstProblems(
  params: Readonly<Record<string, unknown>>,
  check: (uri: unknown) => string | undefined,
): (readonly [param: string, message: string])[] {
  return Object.entries(params).flatMap(([param, uris]) => {
    const [message] = [uris || []].flat().flatMap((uri) => check(uri) ?? []);
    return message === undefined ? [] : [[param, message] as const];
  });
}

function flowProblems({
  response_types = ['code'],
  client_frontchannel_logout_uris = [],
}: SiteMetadata): SiteProblem[] {
  const isCode = response_types.join() === 'code';
  const codeOnly = 'must be ["code"]: the embedded transport supports no other response type';
  const singleUri = 'must contain one URI only: OpenID Connect registers no list';
  return [
    ...(isCode ? [] : [problem('response_types', codeOnly)]),
    ...(client_frontchannel_logout_uris.length > 1
      ? [problem('client_frontchannel_logout_uris', singleUri)]
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
  return Object.keys(custom_attributes)
    .filter((name) => isReserved(name) || RESERVED_ATTRIBUTES.test(name))
    .map((name) => problem('custom_attributes', `must not have ${printable(name)}`));
}

/** @see RFC 6749 §3.1.2 */
function fragmentProblem(uri: unknown): string | undefined {
  const isAbsolute = typeof uri === 'string' && URL.canParse(uri) && !uri.includes('#');
  return isAbsolute ? undefined : 'must be absolute, without a fragment';
}
