/**
 * Error codes of OAuth 2.0, OpenID Connect, UMA 2.0 and oxd. They are public, so a value that a client
 * sent is no secret if it is one of them.
 *
 * @see RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7591 §3.2.2, RFC 8628 §3.5, OpenID Connect Core
 *   §3.1.2.6, UMA 2.0 Grant §3.3.6, UMA Federated Authorization §4.3
 */
const KNOWN_CODES: ReadonlySet<string> = new Set([
  ...['invalid_request', 'invalid_client', 'invalid_grant', 'invalid_scope', 'invalid_token'],
  ...['unauthorized_client', 'unsupported_grant_type', 'unsupported_response_type'],
  ...['access_denied', 'server_error', 'temporarily_unavailable', 'insufficient_scope'],
  ...['invalid_redirect_uri', 'invalid_client_metadata', 'invalid_software_statement'],
  ...['unapproved_software_statement', 'authorization_pending', 'slow_down', 'expired_token'],
  ...['interaction_required', 'login_required', 'consent_required', 'account_selection_required'],
  ...['invalid_request_uri', 'invalid_request_object', 'request_not_supported'],
  ...['request_uri_not_supported', 'registration_not_supported'],
  ...['need_info', 'request_denied', 'request_submitted', 'invalid_ticket', 'expired_ticket'],
  ...['invalid_resource_id', 'not_authorized', 'not_found', 'not_supported'],
  ...['bad_request', 'internal_error', 'invalid_oxd_id', 'unsupported_operation'],
]);

/** True for an error code of a specification or of oxd. */
export function isKnownErrorCode(text: string): boolean {
  return KNOWN_CODES.has(text) || /^http_status_[45]\d\d$/.test(text);
}
