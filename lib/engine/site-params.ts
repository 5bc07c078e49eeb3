import type { RegisterSiteParams, SiteMetadata } from '../commands/registration.js';
import { METADATA } from './params.js';
import { Refusal } from './refusal.js';
import type { ClientRecord } from './site-record.js';
import type { NewSite } from './sites.js';

/** What of the params describes the site itself. */
export function siteMetadata(params: SiteMetadata): SiteMetadata {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name in METADATA));
}

/**
 * The site that the params of `register_site` describe, with the client they bring.
 *
 * @throws {Refusal} `invalid_client_id` or `invalid_client_secret` for half a client
 */
export function newSite(params: RegisterSiteParams): NewSite {
  const { op_host, op_discovery_path, op_configuration_endpoint } = params;
  const address = { op_host, op_discovery_path, op_configuration_endpoint };
  return { ...address, site: siteMetadata(params), given: givenClient(params) };
}

/** Half of one is refused, as oxd 4.x does: oxd 3.x registers another client and says nothing. */
function givenClient(params: RegisterSiteParams): ClientRecord | undefined {
  const { client_id = '', client_secret = '' } = params;
  const { client_registration_access_token: token, client_registration_client_uri: uri } = params;
  if ([client_id, client_secret, token, uri].every(isBlank)) return undefined;
  if (isBlank(client_id)) throw missing('client_id');
  if (isBlank(client_secret)) throw missing('client_secret');
  return {
    client_id,
    client_secret,
    registration_access_token: token,
    registration_client_uri: uri,
    token_endpoint_auth_method: params.client_token_endpoint_auth_method,
    token_endpoint_auth_signing_alg: params.client_token_endpoint_auth_signing_alg,
    id_token_signed_response_alg: params.id_token_signed_response_alg,
    userinfo_signed_response_alg: params.user_info_signed_response_alg,
  };
}

function isBlank(text = ''): boolean {
  return text.trim() === '';
}

function missing(name: 'client_id' | 'client_secret'): Refusal {
  const message = `${name}: must not be empty. client_id and client_secret go together.`;
  return new Refusal(`invalid_${name}`, message);
}
