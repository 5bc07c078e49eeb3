import {
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';
import type { GetAuthorizationUrlParams, LoginSecrets } from '../../commands/oidc.js';
import { DEFAULT_SCOPE } from '../../site/site-parameters.js';
import type { Operation, OperationContext } from '../context/operation-context.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { OperationError } from '../requests/operation-error.js';
import { checkUnused, storeLogin } from '../login/pending-login.js';
import { withoutUndefined } from '../../base/json.js';
import { userScope } from '../registration/scopes.js';
import { differsInPortOnly } from '../../site/redirect-uris.js';
import { redirectUris, type RegisteredSite } from '../registration/site-record.js';

/** Parameters that `params` must not contain: they identify the client or protect the login. */
const RESERVED = [
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
];

/**
 * Begins a login: returns an authorization URL with state, nonce and PKCE S256; with
 * `keep_state: false` also the secrets of the login, which are then not stored.
 *
 * @see oxd command get_authorization_url; OpenID Connect Core §3.1.2.1, RFC 7636 §4
 */
export const getAuthorizationUrl: Operation<'get_authorization_url'> = async (context, params) => {
  const record = await context.site(params.oxd_id);
  const { oxd_id, client } = record;
  const redirect_uri = redirectUri(record, params);
  checkParams(params);
  const configuration = clientConfiguration(context, {
    provider: await context.provider(record),
    client,
  });
  const { state = randomState(), nonce = randomNonce() } = params;
  const max_age = maxAge(record, params);
  const code_verifier = randomPKCECodeVerifier();
  const url = buildAuthorizationUrl(configuration, {
    ...optional(record, params),
    ...(max_age !== undefined && { max_age: String(max_age) }),
    response_type: 'code',
    redirect_uri,
    scope: userScope(params.scope) || userScope(record.site.scope) || userScope(DEFAULT_SCOPE),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(code_verifier),
    code_challenge_method: 'S256',
  });
  context.checkBrowserUrl(url.href);
  const min_auth_time = max_age === undefined ? undefined : minAuthTime(context, max_age);
  const login: LoginSecrets = { code_verifier, nonce, redirect_uri, min_auth_time };
  if (params.keep_state === false) return { authorization_url: url.href, ...login };
  if (params.state !== undefined) await checkUnused(context, state);
  await storeLogin(context, state, { oxd_id, ...login });
  return { authorization_url: url.href };
};

function optional(
  { site }: RegisteredSite,
  given: GetAuthorizationUrlParams,
): Record<string, string> {
  const { acr_values = site.acr_values ?? [], prompt, hd, custom_parameters, params } = given;
  const custom = Object.entries(custom_parameters ?? {}).map(([name, value]) => ({
    [name]: value,
  }));
  const own = withoutUndefined({
    acr_values: acr_values.join(' ').trim() || undefined,
    prompt,
    hd,
    custom_response_headers: custom.length > 0 ? JSON.stringify(custom) : undefined,
  });
  return { ...params, ...(own as Record<string, string>) };
}

/**
 * Value of `max_age`. Always sent, because the provider may ignore a registered `default_max_age`.
 */
function maxAge(
  { site }: RegisteredSite,
  { params }: GetAuthorizationUrlParams,
): number | undefined {
  const requested = params?.max_age;
  return requested === undefined ? site.default_max_age : Number(requested);
}

/** Earliest time of the authentication, in seconds since 1970. */
function minAuthTime({ runtime }: OperationContext, max_age: number): number {
  return Math.max(0, runtime.clock() / 1000 - max_age);
}

function redirectUri(
  { site }: RegisteredSite,
  { redirect_uri }: GetAuthorizationUrlParams,
): string {
  const registered = redirectUris(site);
  const uri = redirect_uri ?? registered[0];
  const isNative = site.application_type === 'native';
  const isRegistered = (one: string): boolean =>
    one === uri || (isNative && uri !== undefined && differsInPortOnly(one, uri));
  if (uri !== undefined && registered.some(isRegistered)) return uri;
  const message = 'redirect_uri: is not registered. Add it to redirect_uris of the site.';
  throw new OperationError('redirect_uri_is_not_registered', message);
}

function checkParams({ params = {}, response_types = ['code'], state }: GetAuthorizationUrlParams) {
  const reserved = Object.keys(params).find((name) => RESERVED.includes(name));
  if (reserved) {
    throw new OperationError('bad_request', `params: must not have ${reserved}.`);
  }
  if (params.max_age !== undefined && !/^\d+$/.test(params.max_age)) {
    throw new OperationError('bad_request', 'params: max_age must be a number of seconds.');
  }
  if (response_types.join() !== 'code') {
    throw new OperationError(
      'bad_request',
      'response_types: must be ["code"], the only one supported.',
    );
  }
  if (state?.trim() === '') throw new OperationError('bad_request', 'state: must not be empty.');
}
