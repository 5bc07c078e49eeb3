/** Error codes that oxd 4 replies to with status 400. */
const STATUS_400 = `bad_request invalid_nonce invalid_state invalid_oxd_id invalid_request
  invalid_op_host restricted_op_host invalid_authorization_oxd_id invalid_redirect_uri
  redirect_uri_is_not_registered redirect_uri_has_fragment_component invalid_client_id
  invalid_client_secret invalid_scope invalid_algorithm invalid_subject_type
  invalid_op_configuration_endpoint invalid_op_host_and_configuration_endpoint invalid_uma_request
  invalid_http_method invalid_path_parameter invalid_ticket_parameter
  invalid_claims_redirect_uri_parameter invalid_claim_token_or_claim_token_form
  http_method_not_unique invalid_scope_expression uma_protection_exists
  id_token_without_signature_not_allowed`;

/** Error codes that oxd 4 replies to with status 403. */
const STATUS_403 =
  'blank_access_token invalid_access_token inactive_access_token access_token_insufficient_scope';

const STATUS: ReadonlyMap<string, number> = new Map([
  ...STATUS_400.split(/\s+/).map((code): [string, number] => [code, 400]),
  ...STATUS_403.split(' ').map((code): [string, number] => [code, 403]),
]);

/** HTTP status by which oxd 4 reports an error code; 500 for every other code. */
export function statusOfError(code: string): number {
  return STATUS.get(code) ?? 500;
}
