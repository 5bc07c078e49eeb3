import { CLIENT_DETAILS } from './client-rules.js';

/** JSON type of each parameter that describes a site. */
export const SITE_PARAMETERS = {
  ...CLIENT_DETAILS,
  authorization_redirect_uri: 'text',
  redirect_uris: 'texts',
  post_logout_redirect_uri: 'text',
  post_logout_redirect_uris: 'texts',
  response_types: 'texts',
  grant_types: 'texts',
  scope: 'texts',
  acr_values: 'texts',
  client_name: 'text',
  client_jwks_uri: 'text',
  client_token_endpoint_auth_method: 'text',
  client_token_endpoint_auth_signing_alg: 'text',
  client_request_uris: 'texts',
  client_frontchannel_logout_uris: 'texts',
  client_sector_identifier_uri: 'text',
  contacts: 'texts',
  ui_locales: 'texts',
  claims_locales: 'texts',
  claims_redirect_uri: 'texts',
} as const;
