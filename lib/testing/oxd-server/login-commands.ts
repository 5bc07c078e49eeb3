import { DEFAULT_SCOPE } from '../../embedded/registration/registration-metadata.js';
import type { ServerCommand } from './context.js';
import { operationErrorCode, isProviderDown, providerStatus } from './context.js';
import { listOf, tokenReply, withOpenid } from './site-commands.js';
import { unexpected, CommandFailure } from './reply.js';
import { authorizationUrl, logoutUrl } from './urls.js';
import { textOf } from '../../base/json.js';

/** @see oxd command get_authorization_url */
export const getAuthorizationUrl: ServerCommand = async (context, params, site) => {
  const { oxd_id, acr_values, custom_parameters } = params;
  const requestParams = {
    oxd_id,
    custom_parameters,
    // oxd treats an empty list as absent.
    ...(Array.isArray(acr_values) && acr_values.length > 0 && { acr_values }),
  };
  const result = await context.run('get_authorization_url', requestParams);
  // The embedded transport never sends the scopes of a resource server to this endpoint; oxd does.
  const scope = listOf(params.scope) ?? site.scope ?? DEFAULT_SCOPE;
  const authorization_url = authorizationUrl(result.authorization_url, { ...params, scope });
  const state = new URL(authorization_url).searchParams.get('state');
  if (state) await context.options.records.storeState(state);
  return { authorization_url };
};

/** @see oxd command get_tokens_by_code */
export const getTokensByCode: ServerCommand = async (context, { oxd_id, code, state }, site) => {
  const { store, records, stateLifetime } = context.options;
  const tokens = await store
    .undoOnFailure(stateLifetime, () => context.run('get_tokens_by_code', { oxd_id, code, state }))
    .catch((error: unknown) => {
      throw exchangeFailure(operationErrorCode(error));
    });
  const { access_token, expires_in = -1, id_token, refresh_token = null } = tokens;
  if (expires_in === -1 && !context.since('3.1.4')) throw unexpected();
  await records.save({ oxd_id: site.oxd_id, id_token });
  await records.removeState(textOf(state) ?? '');
  const id_token_claims = toStringClaims(tokens.id_token_claims);
  return { access_token, expires_in, id_token, refresh_token, id_token_claims };
};

/** @see oxd command get_access_token_by_refresh_token */
export const getAccessTokenByRefreshToken: ServerCommand = async (context, params) => {
  const { oxd_id, refresh_token, scope } = params;
  const requestParams = { oxd_id, refresh_token, scope: withOpenid(scope) };
  return tokenReply(await context.run('get_access_token_by_refresh_token', requestParams));
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

/** @see oxd command get_logout_uri */
export const getLogoutUri: ServerCommand = async (context, params, site) => {
  const hint = textOf(params.id_token_hint) ?? site.id_token;
  const isCurrent = context.since('3.1.4');
  if (!isCurrent && hint === undefined) throw unexpected();
  const redirectUri = textOf(params.post_logout_redirect_uri);
  return {
    uri: logoutUrl(await endSessionEndpoint(context, site.oxd_id), [
      ['id_token_hint', isCurrent ? undefined : hint],
      [
        'post_logout_redirect_uri',
        redirectUri ?? (isCurrent ? site.post_logout_redirect_uri : undefined),
      ],
      ['state', textOf(params.state)],
      ['session_state', textOf(params.session_state)],
    ]),
  };
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

async function endSessionEndpoint(
  context: Parameters<ServerCommand>[0],
  oxd_id: string,
): Promise<string> {
  try {
    const { uri } = await context.run('get_logout_uri', { oxd_id });
    const url = new URL(uri);
    for (const name of ['client_id', 'post_logout_redirect_uri']) url.searchParams.delete(name);
    return url.href;
  } catch (error) {
    if (operationErrorCode(error) !== 'no_end_session_endpoint_at_op') throw error;
    throw new CommandFailure('no_end_session_endpoint_at_op');
  }
}

/** Error of oxd 3.x for a failed code exchange, by the error code of the embedded transport. */
function exchangeFailure(code = ''): CommandFailure {
  if (/^(no_(id|access)_token|invalid_nonce|invalid_access_token_bad_hash)$/.test(code))
    return new CommandFailure(code);
  return /^(invalid_id_token|no_subject|key_id)/.test(code)
    ? new CommandFailure('invalid_id_token_unknown')
    : unexpected();
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
