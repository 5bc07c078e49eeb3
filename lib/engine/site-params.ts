import type { RegisterSiteParams, SiteMetadata } from '../commands/registration.js';
import { METADATA } from './params.js';
import type { ClientRecord } from './site-record.js';
import type { NewSite } from './sites.js';

/** What of the params describes the site itself. */
export function siteMetadata(params: SiteMetadata): SiteMetadata {
  return Object.fromEntries(Object.entries(params).filter(([name]) => name in METADATA));
}

/** The site that the params of `register_site` describe, with the client they bring. */
export function newSite(params: RegisterSiteParams): NewSite {
  const { op_host, op_discovery_path } = params;
  return { op_host, op_discovery_path, site: siteMetadata(params), given: givenClient(params) };
}

/** oxd 3.x registers where one of the two is missing. */
function givenClient(params: RegisterSiteParams): ClientRecord | undefined {
  const { client_id, client_secret } = params;
  if (!client_id || !client_secret) return undefined;
  return {
    client_id,
    client_secret,
    registration_access_token: params.client_registration_access_token,
    registration_client_uri: params.client_registration_client_uri,
    token_endpoint_auth_method: params.client_token_endpoint_auth_method,
    token_endpoint_auth_signing_alg: params.client_token_endpoint_auth_signing_alg,
  };
}
