/**
 * Error codes of oxd 4. A response with another code is that of the provider or of the authorization
 * server, which oxd passes on in the same form as its own.
 *
 * @see oxd ErrorResponseCode
 */
const CODES: ReadonlySet<string> = new Set(
  `access_token_insufficient_scope algorithm_not_supported at_hash_not_found
  authorization_oxd_id_not_found bad_request bad_request_invalid_target_uri bad_request_no_issuer
  bad_request_no_oxd_host bad_request_no_resource blank_access_token c_hash_not_found
  failed_to_get_discovery failed_to_get_issuer failed_to_get_request_uri
  failed_to_verify_subject_identifier http_method_not_unique inactive_access_token internal_error
  id_token_without_signature_not_allowed invalid_access_token invalid_access_token_bad_hash
  invalid_acr_values invalid_algorithm invalid_allowed_op_host_url
  invalid_authorization_code_bad_hash invalid_authorization_oxd_id
  invalid_claim_token_or_claim_token_form invalid_claims_redirect_uri_parameter invalid_client_id
  invalid_client_secret invalid_http_method invalid_id_token_issued_at
  invalid_introspection_response invalid_issuer_discovered invalid_nonce
  invalid_op_configuration_endpoint invalid_op_host invalid_op_host_and_configuration_endpoint
  invalid_oxd_id invalid_path_parameter invalid_redirect_uri invalid_registration_client_url
  invalid_request invalid_rpt_parameter invalid_scope invalid_scope_expression invalid_state
  invalid_state_bad_hash invalid_subject_identifier invalid_subject_type invalid_ticket_parameter
  invalid_uma_request invalid_uma_scope_parameter jwks_generation_disable key_id_not_found
  no_access_token no_client_id_returned no_client_secret_returned no_connect_discovery_response
  no_end_session_endpoint_at_op no_id_token no_subject_identifier no_uma_discovery_response
  oxd_access_denied parameter_out_of_bound redirect_uri_has_fragment_component
  redirect_uri_is_not_registered remove_site_failed request_object_not_found restricted_op_host
  s_hash_not_found ssl_handshake_error uma_protection_exists unsupported_operation`.split(/\s+/),
);

/** Codes of ID tokens, and those that the transport sets. */
const PATTERN = /^(?:invalid_id_token_\w+|http_status_\d{3}|blank_protection_access_token)$/;

/** Returns true for an error code that oxd 4, or the transport, has set itself. */
export function isOxd4Code(code: string): boolean {
  return CODES.has(code) || PATTERN.test(code);
}
