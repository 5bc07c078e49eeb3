import type { RpRecord, RpResource } from '../../commands/rp-record.js';
import type { Operation } from '../context/operation-context.js';
import { resourcesKey } from '../registration/resources-key.js';
import { logoutUris, type RegisteredSite } from '../registration/site-record.js';
import { readResources, type ProtectedResource } from '../resources/resource-record.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Returns the stored record of a site with the property names of oxd. Sends no request.
 *
 * @see oxd command get_rp
 */
export const getRp: Operation<'get_rp'> = async (context, { oxd_id }) => {
  const site = await context.runtime.sites.find(oxd_id);
  const { resources } = await readResources(context.store, resourcesKey(site));
  const uma_protected_resources = resources.length > 0 ? resources.map(toRpResource) : undefined;
  return { node: withoutUndefined({ ...recordOf(site), uma_protected_resources }) };
};

function recordOf({ oxd_id, site, client, ...address }: RegisteredSite): RpRecord {
  const { op_host, op_discovery_path, op_configuration_endpoint } = address;
  const {
    post_logout_redirect_uri: _,
    post_logout_redirect_uris: __,
    client_sector_identifier_uri: sector_identifier_uri,
    client_token_endpoint_auth_method: token_endpoint_auth_method,
    client_token_endpoint_auth_signing_alg: token_endpoint_auth_signing_alg,
    client_frontchannel_logout_uris: front_channel_logout_uri,
    ...same
  } = site;
  const [logout_redirect_uri] = logoutUris(site);
  return {
    ...same,
    ...{ oxd_id, op_host, op_discovery_path, op_configuration_endpoint },
    ...{ logout_redirect_uri, logout_redirect_uris: logoutUris(site) },
    ...{ sector_identifier_uri, front_channel_logout_uri },
    ...{ token_endpoint_auth_method, token_endpoint_auth_signing_alg },
    ...clientOf(client),
  };
}

/** oxd stores these times in milliseconds. */
function clientOf(client: RegisteredSite['client']) {
  const { client_id, client_secret, client_id_issued_at, client_secret_expires_at } = client;
  return {
    client_id,
    client_secret,
    client_registration_access_token: client.registration_access_token,
    client_registration_client_uri: client.registration_client_uri,
    client_id_issued_at: client_id_issued_at && client_id_issued_at * 1000,
    client_secret_expires_at: client_secret_expires_at && client_secret_expires_at * 1000,
  };
}

function toRpResource(resource: ProtectedResource): RpResource {
  const { id, path, http_methods, scopes, ticketScopes, scope_expression } = resource;
  return withoutUndefined({
    ...{ id, path, http_methods, ticketScopes },
    scopes: scope_expression ? undefined : scopes,
    scope_expressions: scope_expression && [JSON.stringify(scope_expression)],
  });
}
