import type { RegisteredSite } from '../../embedded/registration/site-record.js';
import { textOf } from '../../base/json.js';
import type { ServerCommand, ServerContext } from './context.js';
import { CommandFailure, unexpected } from './reply.js';
import { knownSite } from './rest-token-check.js';
import type { ProtectedResource } from './protected-resource.js';
import type { ServerSite } from './store.js';

/**
 * Returns the record of a site with its secrets, or a list of the sites that were registered since the
 * start.
 *
 * @see oxd command get_rp
 */
export const getRp: ServerCommand = async (context, { oxd_id: given, list }) => {
  if (list === true) return { node: await listed(context) };
  const oxd_id = textOf(given);
  if (oxd_id === undefined) throw context.isRest ? new CommandFailure('bad_request') : unexpected();
  const site = await siteOf(context, oxd_id);
  if (!site) return { node: null };
  const record = await context.options.servers.site(oxd_id);
  const properties = context.isRest ? restProperties(record) : legacyProperties(site, record);
  return { node: { ...recordOf(site, record), ...properties } };
};

/** In 3.1 an unknown site has no record. @throws {CommandFailure} invalid_oxd_id in oxd 4 */
function siteOf(context: ServerContext, oxd_id: string): Promise<ServerSite | undefined> {
  return context.isRest ? knownSite(context, oxd_id) : context.options.records.site(oxd_id);
}

async function listed(context: ServerContext): Promise<readonly object[]> {
  const sites = await context.options.records.list();
  return Promise.all(
    sites.map(async ({ oxd_id, client_name }) => {
      const { site } = await context.options.servers.site(oxd_id);
      return { oxd_id, client_name: site.client_name ?? client_name ?? null };
    }),
  );
}

function recordOf(
  { oxd_id, op_host, client_name, id_token, access_token, resources }: ServerSite,
  { op_host: given, op_discovery_path, op_configuration_endpoint, site, client }: RegisteredSite,
) {
  const { redirect_uris, claims_redirect_uri, scope, grant_types, contacts, acr_values } = site;
  return {
    oxd_id,
    op_host: op_host ?? given,
    op_discovery_path,
    op_configuration_endpoint,
    id_token,
    access_token,
    application_type: 'web',
    redirect_uris,
    claims_redirect_uri,
    response_types: site.response_types ?? ['code'],
    client_id: client.client_id,
    client_secret: client.client_secret,
    client_registration_access_token: client.registration_access_token,
    client_registration_client_uri: client.registration_client_uri,
    client_id_issued_at: milliseconds(client.client_id_issued_at),
    client_secret_expires_at: milliseconds(client.client_secret_expires_at),
    client_name: site.client_name ?? client_name,
    ...{ scope, grant_types, contacts, acr_values },
    ui_locales: site.ui_locales ?? ['en'],
    claims_locales: site.claims_locales,
    uma_protected_resources: resources?.map(resourceOf),
  };
}

function resourceOf({ scope_expression, scopes, ...resource }: ProtectedResource): object {
  if (scope_expression === undefined) return { ...resource, scopes };
  return { ...resource, scope_expressions: [scope_expression] };
}

/** Properties of a record of oxd 4 that were not set at the registration. */
const REST_DEFAULTS = {
  access_token_as_jwt: false,
  rpt_as_jwt: false,
  front_channel_logout_session_required: false,
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims: false,
  require_auth_time: false,
  sync_client_from_op: false,
  sync_client_period_in_seconds: 86_400,
  allow_spontaneous_scopes: false,
};

/** Properties of a record that only oxd 4 has. */
function restProperties({ oxd_id, site }: RegisteredSite): object {
  const { authorization_redirect_uri, post_logout_redirect_uris: logout_redirect_uris } = site;
  const set = Object.entries(site).filter(([name]) => name in REST_DEFAULTS);
  return {
    redirect_uri: authorization_redirect_uri,
    logout_redirect_uris,
    custom_attributes: { ...site.custom_attributes, oxd_id },
    ...REST_DEFAULTS,
    ...Object.fromEntries(set),
  };
}

/** Properties of a record that only 3.1 has. */
function legacyProperties(
  { setup_oxd_id, setup_client_id }: ServerSite,
  { site }: RegisteredSite,
): object {
  const { authorization_redirect_uri, post_logout_redirect_uri: logout_redirect_uri } = site;
  return { authorization_redirect_uri, logout_redirect_uri, setup_oxd_id, setup_client_id };
}

/** Time in milliseconds; the record of oxd has none for 0. */
function milliseconds(seconds = 0): number | undefined {
  return seconds === 0 ? undefined : seconds * 1000;
}
