import type { TokenEndpointResponse } from 'openid-client';
import type { ClientTokenResult } from '../../commands/registration.js';
import type { ClientRecord } from './site-record.js';
import { withoutUndefined } from '../../base/json.js';

/** A client in the form of the results of `register_site` and `setup_client`. */
export function clientResult(client: ClientRecord) {
  return {
    client_id: client.client_id,
    client_secret: client.client_secret,
    client_registration_access_token: client.registration_access_token,
    client_registration_client_uri: client.registration_client_uri,
    client_id_issued_at: client.client_id_issued_at ?? 0,
    client_secret_expires_at: client.client_secret_expires_at ?? 0,
  };
}

/** Result of a client credentials grant. */
export function clientTokenResult(tokens: TokenEndpointResponse): ClientTokenResult {
  const { access_token, expires_in, refresh_token, scope } = tokens;
  return withoutUndefined({ access_token, expires_in, refresh_token, scope });
}
