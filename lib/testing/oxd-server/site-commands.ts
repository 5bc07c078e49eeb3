import { DEFAULT_SCOPE } from '../../site/site-parameters.js';
import type { ServerCommand, ServerContext } from './context.js';
import { operationErrorCode, isProviderDown } from './context.js';
import { checkNewSite } from './token-check.js';
import { unexpected, CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import type { ServerSite } from './store.js';
import type { ClientTokenResult } from '../../commands/registration.js';
import { textOf } from '../../base/json.js';

export const AUTH_METHODS = new Set(
  'client_secret_basic client_secret_post client_secret_jwt private_key_jwt none'.split(' '),
);
const ALGORITHMS = /^(none|(HS|RS|ES)(256|384|512))$/;

/** @see oxd command register_site */
export const registerSite: ServerCommand = async (context, params) => {
  const site = registration(params);
  const { oxd_id, op_host } = await withDiscoveryErrors(() => context.run('register_site', site));
  // Like oxd, stores the site before checking the token.
  await context.options.records.add({ oxd_id, ...siteRecord(params) });
  await checkNewSite(context, params, oxd_id);
  return { oxd_id, op_host };
};

/** @see oxd command setup_client */
export const setupClient: ServerCommand = async (context, params) => {
  const metadata = registration(withOwnScopes(context, params));
  const result = await withDiscoveryErrors(() => context.run('setup_client', metadata));
  const { oxd_id, op_host, client_id, setup_client_oxd_id: setup_oxd_id = '' } = result;
  const { records } = context.options;
  const site = siteRecord(metadata);
  await records.add({ ...site, oxd_id, setup_oxd_id, setup_client_id: client_id });
  await records.add({ ...site, oxd_id: setup_oxd_id, isSetup: true });
  const credentials = {
    client_id,
    client_secret: result.client_secret,
    client_registration_access_token: result.client_registration_access_token ?? null,
    client_registration_client_uri: result.client_registration_client_uri ?? null,
    client_id_issued_at: result.client_id_issued_at ?? 0,
    client_secret_expires_at: result.client_secret_expires_at ?? 0,
  };
  if (!context.since('3.1.2')) return { oxd_id, op_host, ...credentials };
  const { client_id_of_oxd_id = null } = result;
  return {
    oxd_id,
    client_id_of_oxd_id,
    op_host,
    setup_client_oxd_id: setup_oxd_id,
    ...credentials,
  };
};

/** @see oxd command update_site */
export const updateSite: ServerCommand = async (context, params, site) => {
  if (site.unchangeable) throw new CommandFailure('invalid_registration_client_url');
  // oxd sends the named parameters only. Gluu keeps the redirect URIs that an update omits.
  const hasRedirectUris = params.redirect_uris !== undefined;
  if (context.options.strictUpdates && !hasRedirectUris) throw unexpected();
  const { client_secret_expires_at: _, ...known } = params;
  await context.run('update_site', known);
  const scope = listOf(params.scope);
  if (scope) await context.options.records.save({ oxd_id: site.oxd_id, scope });
  return { oxd_id: site.oxd_id };
};

/** @see oxd command remove_site */
export const removeSite: ServerCommand = async (context, _params, { oxd_id }) => {
  await context.run('remove_site', { oxd_id });
  await context.options.records.remove(oxd_id);
  return { oxd_id };
};

/** @see oxd command get_client_token */
export const getClientToken: ServerCommand = async (context, params) => {
  if (!textOf(params.op_host)) throw new CommandFailure('invalid_op_host');
  const tokens = await clientToken(context, params).catch((error: unknown) => {
    throw discoveryFailed(error) && isProviderDown(error)
      ? new CommandFailure('no_connect_discovery_response')
      : unexpected();
  });
  return tokenReply(context, tokens);
};

/**
 * Data of a token reply.
 *
 * @throws {CommandFailure} internal_error without a lifetime, and in oxd 4 without scopes, as in oxd
 */
export function tokenReply(context: ServerContext, tokens: ClientTokenResult): object {
  const { access_token, expires_in, refresh_token = null, scope = null } = tokens;
  if (expires_in === undefined || (context.isRest && scope === null)) throw unexpected();
  const scopes = context.isRest ? scope?.split(' ') : scope;
  return { scope: scopes, access_token, expires_in, refresh_token };
}

/** Requested scopes with `openid`, which oxd always adds. */
export function withOpenid(scope: ServerParams[string]): string[] {
  return [...new Set(['openid', ...(Array.isArray(scope) ? scope : [])])];
}

export function clientToken(context: ServerContext, params: ServerParams) {
  const { authentication_method: _, algorithm: __, key_id: ___, ...known } = params;
  return context.run('get_client_token', { ...known, scope: withOpenid(params.scope) });
}

/** Parameters for the registration. @throws {CommandFailure} when a check of oxd itself fails */
function registration(params: ServerParams): ServerParams {
  if (!params.op_host) throw new CommandFailure('invalid_op_host');
  if (!URL.canParse(textOf(params.authorization_redirect_uri) ?? ''))
    throw new CommandFailure('invalid_authorization_redirect_uri');
  const alg = textOf(params.client_token_endpoint_auth_signing_alg);
  if (alg && !ALGORITHMS.test(alg)) throw new CommandFailure('invalid_algorithm');
  // oxd uses every other value as the address of a provider and fails in discovery.
  if (!/^https?:\/\//i.test(textOf(params.op_host) ?? ''))
    throw new CommandFailure('no_connect_discovery_response');
  const { client_token_endpoint_auth_method: method, trusted_client: _, ...known } = params;
  const usable = AUTH_METHODS.has(textOf(method) ?? '');
  return { ...withClient(known), ...(usable && { client_token_endpoint_auth_method: method }) };
}

/** Drops incomplete client credentials: oxd then registers a new client. */
function withClient(params: ServerParams): ServerParams {
  if (hasClient(params)) return params;
  const {
    client_id: _,
    client_secret: __,
    client_registration_access_token: ___,
    client_registration_client_uri: ____,
    ...rest
  } = params;
  return rest;
}

export function hasClient(params: ServerParams): boolean {
  return Boolean(textOf(params.client_id) && textOf(params.client_secret));
}

/** Adds the scopes of protection tokens, with which 3.1.4 registers the site and its setup client. */
function withOwnScopes(context: ServerContext, params: ServerParams): ServerParams {
  if (!context.since('3.1.4')) return params;
  const scope = listOf(params.scope) ?? DEFAULT_SCOPE;
  return { ...params, scope: [...new Set([...scope, 'uma_protection', 'oxd'])] };
}

/** List of strings; undefined when the value is empty or not a list. */
export function listOf(value: ServerParams[string]): readonly string[] | undefined {
  return Array.isArray(value) && value.length > 0 ? (value as readonly string[]) : undefined;
}

export function siteRecord(params: ServerParams): Omit<ServerSite, 'oxd_id'> {
  return {
    scope: listOf(params.scope) ?? DEFAULT_SCOPE,
    post_logout_redirect_uri: textOf(params.post_logout_redirect_uri),
    unchangeable: hasClient(params) && !textOf(params.client_registration_client_uri),
  };
}

/** Maps failures to those of oxd, which accepts any response as a discovery document. */
async function withDiscoveryErrors<T>(register: () => Promise<T>): Promise<T> {
  try {
    return await register();
  } catch (error) {
    if (!discoveryFailed(error)) throw unexpected();
    throw new CommandFailure(
      isProviderDown(error) ? 'no_connect_discovery_response' : 'invalid_uma_request',
    );
  }
}

function discoveryFailed(error: unknown): boolean {
  const code = operationErrorCode(error);
  // A provider without a registration endpoint: oxd returns the same misleading error code.
  if (code === 'invalid_request' && !isProviderDown(error)) return true;
  return code === 'no_connect_discovery_response';
}
