import { DEFAULT_SCOPE } from '../../site/site-parameters.js';
import type { ServerCommand, ServerContext } from './context.js';
import { operationErrorCode, isProviderDown, providerStatus } from './context.js';
import { checkAudience } from './id-token-check.js';
import { listOf, tokenReply, withOpenid } from './site-commands.js';
import { unexpected, CommandFailure } from './reply.js';
import { authorizationUrl } from './urls.js';
import type { ServerParams } from './request.js';
import type { GetAuthorizationUrlResult } from '../../commands/oidc.js';
import { textOf, withoutUndefined } from '../../base/json.js';

/** Longest state and nonce that oxd 4 stores; a longer one is unknown at the code exchange. */
const MAX_LENGTH_OF_REST = 50;

/** Nonce of a login whose own nonce was not stored: no ID token has it. */
const UNKNOWN_NONCE = 'not stored';

/** @see oxd command get_authorization_url */
export const getAuthorizationUrl: ServerCommand = async (context, params, site) => {
  const { oxd_id, acr_values, custom_parameters, state, nonce } = params;
  const requestParams = {
    oxd_id,
    custom_parameters,
    ...given({ state, nonce, redirect_uri: redirectUri(params) }),
    // oxd treats an empty list as absent.
    ...(Array.isArray(acr_values) && acr_values.length > 0 && { acr_values }),
    keep_state: false,
  };
  const login = await context.run('get_authorization_url', requestParams).catch(notRegistered);
  // The embedded transport never sends the scopes of a resource server to this endpoint; oxd does.
  const scope = listOf(params.scope) ?? site.scope ?? DEFAULT_SCOPE;
  await storeLogin(context, login);
  return { authorization_url: authorizationUrl(login.authorization_url, { ...params, scope }) };
};

async function storeLogin(
  context: ServerContext,
  { authorization_url, code_verifier = '', nonce = '' }: GetAuthorizationUrlResult,
): Promise<void> {
  const state = new URL(authorization_url).searchParams.get('state') ?? '';
  const isTooLong = (value: string): boolean => context.isRest && value.length > MAX_LENGTH_OF_REST;
  if (isTooLong(state)) return;
  const stored = isTooLong(nonce) ? UNKNOWN_NONCE : nonce;
  await context.options.records.storeLogin(state, { code_verifier, nonce: stored });
}

function redirectUri({ redirect_uri }: ServerParams): string | undefined {
  const uri = textOf(redirect_uri);
  if (uri !== undefined && !URL.canParse(uri)) throw new CommandFailure('invalid_redirect_uri');
  return uri;
}

function notRegistered(error: unknown): never {
  const code = 'redirect_uri_is_not_registered';
  throw operationErrorCode(error) === code ? new CommandFailure(code) : error;
}

/** Parameters that are strings and not blank. */
function given(params: ServerParams): ServerParams {
  return withoutUndefined(
    Object.fromEntries(Object.entries(params).map(([name, value]) => [name, textOf(value)])),
  );
}

/**
 * Like oxd, exchanges the code with the first registered redirect URI, and uses the state only in a
 * successful exchange.
 *
 * @see oxd command get_tokens_by_code
 */
export const getTokensByCode: ServerCommand = async (context, params, site) => {
  const { oxd_id, code, state } = params;
  const { records, release } = context.options;
  const login = await records.login(textOf(state) ?? '');
  if (!login || !textOf(code)) throw new CommandFailure('bad_request');
  const tokens = await context
    .run('get_tokens_by_code', { oxd_id, code, state, ...login })
    .catch((error: unknown) => {
      throw exchangeFailure(context, error);
    });
  checkAudience(release, tokens.id_token_claims);
  const { access_token, expires_in = -1, id_token, refresh_token = null } = tokens;
  if (expires_in === -1 && !context.since('3.1.4')) throw unexpected();
  await records.save({ oxd_id: site.oxd_id, id_token, access_token });
  await records.removeState(textOf(state) ?? '');
  const { id_token_claims: claims } = tokens;
  const id_token_claims = context.isRest ? claims : toStringClaims(claims);
  return { access_token, expires_in, id_token, refresh_token, id_token_claims };
};

/** @see oxd command get_access_token_by_refresh_token */
export const getAccessTokenByRefreshToken: ServerCommand = async (context, params) => {
  const { oxd_id, refresh_token, scope } = params;
  if (context.isRest && !textOf(refresh_token)) throw new CommandFailure('bad_request');
  const requestParams = { oxd_id, refresh_token, scope: withOpenid(scope) };
  return tokenReply(context, await context.run('get_access_token_by_refresh_token', requestParams));
};

/**
 * An invalid access token results in a success without claims.
 *
 * @see oxd command get_user_info
 */
export const getUserInfo: ServerCommand = async (context, { oxd_id, access_token }) => {
  const noTokens = { refresh_token: null, access_token: null };
  try {
    const { claims } = await context.run('get_user_info', { oxd_id, access_token });
    return { claims: toStringClaims(claims), ...noTokens };
  } catch (error) {
    if (operationErrorCode(error) === undefined || isProviderDown(error)) throw error;
    return { claims: {}, ...noTokens };
  }
};

/** @see oxd command introspect_access_token */
export const introspectAccessToken: ServerCommand = async (context, { oxd_id, access_token }) => {
  const found =
    textOf(access_token) === undefined
      ? { active: false }
      : await context
          .run('introspect_access_token', { oxd_id, access_token })
          .catch((error: unknown) => {
            throw introspectionFailure(context.since('3.1.4') ? providerStatus(error) : undefined);
          });
  const { active, scope, ...properties } = { ...found };
  const scopes = scope === undefined ? null : scope.split(' ');
  const none = Object.fromEntries(INTROSPECTION_PROPERTIES.map((name) => [name, null]));
  const named = context.since('3.1.4') ? { scopes: null, scope: scopes } : { scopes };
  return { active, ...none, ...properties, ...named };
};

const INTROSPECTION_PROPERTIES =
  'client_id username token_type exp iat sub aud iss jti acr_values'.split(' ');

function introspectionFailure(status: number | undefined): CommandFailure {
  return status === undefined || status < 400
    ? unexpected()
    : new CommandFailure(`http_status_${status}`);
}

/** Error codes of the embedded transport for a failed code exchange that every release has. */
const EXCHANGE_CODES = /^(no_(id|access)_token|invalid_nonce|invalid_access_token_bad_hash)$/;
const ID_TOKEN_CODES = /^(invalid_id_token|no_subject|key_id)/;

/** Error of oxd for a failed code exchange; 3.x has one error code for all invalid ID tokens. */
function exchangeFailure(context: ServerContext, error: unknown): CommandFailure {
  const code = operationErrorCode(error) ?? '';
  if (EXCHANGE_CODES.test(code)) return new CommandFailure(code);
  if (context.isRest && providerStatus(error) === 400) return new CommandFailure('bad_request');
  if (!ID_TOKEN_CODES.test(code)) return unexpected();
  return new CommandFailure(context.isRest ? code : 'invalid_id_token_unknown');
}

/** Claims in the format of oxd 3.x: each a list of strings, objects serialized as JSON. */
function toStringClaims(claims: Readonly<Record<string, unknown>>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, [value].flat().map(toStringClaim)]),
  );
}

function toStringClaim(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
