import { HIDDEN, printedWith } from '../base/printed-object.js';
import type { RpRecord } from '../commands/rp-record.js';

/** Properties that are no secrets; unknown properties are hidden, too. */
const PRINTED: ReadonlySet<string> = new Set([
  ...['oxd_id', 'op_host', 'op_discovery_path', 'op_configuration_endpoint'],
  ...['client_id', 'client_name', 'client_id_issued_at', 'client_secret_expires_at'],
  ...['client_registration_client_uri', 'client_jwks_uri', 'sector_identifier_uri'],
  ...['authorization_redirect_uri', 'redirect_uris', 'claims_redirect_uri'],
  ...['logout_redirect_uri', 'logout_redirect_uris', 'front_channel_logout_uri'],
  ...['application_type', 'response_types', 'grant_types', 'scope', 'acr_values'],
  ...['ui_locales', 'claims_locales', 'contacts'],
  ...['token_endpoint_auth_method', 'token_endpoint_auth_signing_alg'],
  ...['setup_oxd_id', 'setup_client_id', 'uma_protected_resources'],
]);

/** Hides every property of a record that may be a secret when the record is printed. */
export function withoutPrintedSecrets(record: RpRecord): RpRecord {
  const names = Object.keys(record).filter((name) => !PRINTED.has(name));
  return printedWith({ ...record }, Object.fromEntries(names.map((name) => [name, HIDDEN])));
}
