import { textOf } from '../../base/json.js';
import { operationErrorCode, isProviderDown, providerStatus } from './context.js';
import type { ServerCommand, ServerContext } from './context.js';
import { CommandFailure, unexpected } from './reply.js';
import type { ServerParams } from './request.js';
import {
  AUTH_METHODS,
  clientToken,
  hasClient,
  listOf,
  siteRecord,
  tokenReply,
} from './site-commands.js';

const DISCOVERY = '/.well-known/openid-configuration';
const ALGORITHMS = /^(none|(HS|RS|ES|PS)(256|384|512))$/;

/** Grants that oxd 4 knows; it sends null for another one. */
const GRANTS = new Set([
  ...['authorization_code', 'implicit', 'password', 'client_credentials', 'refresh_token'],
  'urn:ietf:params:oauth:grant-type:uma-ticket',
]);

/** Parameters that oxd 4 does not have. */
const REMOVED = [
  'trusted_client',
  'post_logout_redirect_uri',
  'protection_access_token',
  'authorization_oxd_id',
];

/**
 * Registers a site; in oxd 4 the reply contains the credentials of its client.
 *
 * @see oxd command register_site
 */
export const registerRestSite: ServerCommand = async (context, params) => {
  checkRegistration(params);
  const site = registration(params);
  const op_host = await issuerAt(context, site);
  const registered = await context.run('register_site', site).catch((error: unknown) => {
    throw registrationFailure(error);
  });
  const { oxd_id, client_registration_access_token, client_registration_client_uri } = registered;
  const client_name = textOf(params.client_name) ?? `oxd client for rp: ${oxd_id}`;
  await context.options.records.add({ oxd_id, op_host, client_name, ...siteRecord(site) });
  const initiate = textOf(params.initiate_login_uri);
  return {
    oxd_id,
    op_host,
    client_id: registered.client_id,
    client_name,
    client_secret: registered.client_secret ?? null,
    client_registration_access_token: client_registration_access_token ?? null,
    client_registration_client_uri: client_registration_client_uri ?? null,
    client_id_issued_at: registered.client_id_issued_at ?? 0,
    client_secret_expires_at: registered.client_secret_expires_at ?? 0,
    // oxd appends the blank to the name.
    'initiate_login_uri ': initiate === undefined ? null : `${initiate}/${oxd_id}`,
  };
};

/**
 * oxd 4 reports every failure as `internal_error`.
 *
 * @see oxd command update_site
 */
export const updateRestSite: ServerCommand = async (context, params, site) => {
  const [authorization_redirect_uri] = listOf(params.redirect_uris) ?? [];
  const known = Object.entries(params).filter(([name]) => !REMOVED.includes(name));
  const changes = { ...Object.fromEntries(known), authorization_redirect_uri };
  await context.run('update_site', changes);
  const { oxd_id } = site;
  const scope = listOf(params.scope);
  if (scope) await context.options.records.save({ oxd_id, scope });
  return { oxd_id };
};

/** @see oxd command get_client_token */
export const getRestClientToken: ServerCommand = async (context, params) => {
  if (!textOf(params.op_host) && !textOf(params.op_configuration_endpoint))
    throw params.op_host === undefined ? unexpected() : unreachable(context);
  const tokens = await clientToken(context, located(params)).catch((error: unknown) => {
    const isDown = operationErrorCode(error) === 'no_connect_discovery_response';
    throw isDown && isProviderDown(error) ? unreachable(context) : unexpected();
  });
  return tokenReply(context, tokens);
};

/** Error of oxd when the provider of a registration or a client token does not respond. */
function unreachable(context: ServerContext): CommandFailure {
  return context.since('4.5') ? new CommandFailure('no_connect_discovery_response') : unexpected();
}

/** Checks of oxd 4 itself, in its order. @throws {CommandFailure} for the first problem */
function checkRegistration(params: ServerParams): void {
  const endpoint = textOf(params.op_configuration_endpoint);
  if (endpoint === undefined && !textOf(params.op_host))
    throw new CommandFailure('invalid_op_host_and_configuration_endpoint');
  if (endpoint !== undefined && !endpoint.includes(DISCOVERY))
    throw new CommandFailure('invalid_op_configuration_endpoint');
  const uris = listOf(params.redirect_uris) ?? [];
  if (uris.length === 0 || !uris.every((uri) => URL.canParse(uri)))
    throw new CommandFailure('invalid_redirect_uri');
  if (uris.some((uri) => uri.includes('#')))
    throw new CommandFailure('redirect_uri_has_fragment_component');
  checkClient(params);
}

function checkClient(params: ServerParams): void {
  const hasId = textOf(params.client_id) !== undefined;
  if (hasId !== (textOf(params.client_secret) !== undefined))
    throw new CommandFailure(hasId ? 'invalid_client_secret' : 'invalid_client_id');
  const algorithm = textOf(params.client_token_endpoint_auth_signing_alg);
  if (algorithm !== undefined && !ALGORITHMS.test(algorithm))
    throw new CommandFailure('invalid_algorithm');
  if (!hasId && !grantsOf(params).every((grant) => GRANTS.has(grant))) throw unexpected();
}

/** Registration for the embedded transport. */
function registration(params: ServerParams): ServerParams {
  const { client_token_endpoint_auth_method: method, ...others } = located(params);
  const known = Object.entries(others).filter(([name]) => !REMOVED.includes(name));
  return {
    ...Object.fromEntries(known),
    authorization_redirect_uri: listOf(params.redirect_uris)?.[0],
    ...(!hasClient(params) && { grant_types: grantsOf(params) }),
    // oxd ignores an unknown method.
    ...(AUTH_METHODS.has(textOf(method) ?? '') && { client_token_endpoint_auth_method: method }),
  };
}

/** Grants of the client; oxd 4 has no other default than `client_credentials`, which it always adds. */
function grantsOf({ grant_types }: ServerParams): readonly string[] {
  return [...new Set([...(listOf(grant_types) ?? []), 'client_credentials'])];
}

/** Adds the `op_host` that the URL of a discovery document implies. */
function located(params: ServerParams): ServerParams {
  const endpoint = textOf(params.op_configuration_endpoint);
  if (textOf(params.op_host) !== undefined || endpoint === undefined) return params;
  return { ...params, op_host: endpoint.slice(0, Math.max(0, endpoint.lastIndexOf(DISCOVERY))) };
}

async function issuerAt(context: ServerContext, site: ServerParams): Promise<string> {
  const { op_host, op_discovery_path, op_configuration_endpoint } = site;
  const address = {
    op_host: textOf(op_host) ?? '',
    op_discovery_path: textOf(op_discovery_path),
    op_configuration_endpoint: textOf(op_configuration_endpoint),
  };
  return context.options.servers.issuerAt('register_site', address).catch((error: unknown) => {
    const isInvalid = operationErrorCode(error) !== 'no_connect_discovery_response';
    throw isInvalid || isProviderDown(error) ? unreachable(context) : withoutRegistration();
  });
}

/** Error of oxd for a provider without registration; also for one whose discovery is unusable. */
function withoutRegistration(): CommandFailure {
  return new CommandFailure('invalid_request', undefined, { httpStatus: 500 });
}

/** Error codes of the embedded transport that oxd 4 has, too. */
const REGISTRATION_CODES =
  /^(invalid_algorithm|invalid_subject_type|no_client_(id|secret)_returned|invalid_scope)$/;

function registrationFailure(error: unknown): CommandFailure {
  const code = operationErrorCode(error) ?? '';
  const hasResponse = providerStatus(error) !== undefined;
  if (hasResponse) return new CommandFailure('no_client_id_returned');
  if (isProviderDown(error)) return unexpected();
  if (code === 'invalid_request') return withoutRegistration();
  return REGISTRATION_CODES.test(code) ? new CommandFailure(code) : unexpected();
}
