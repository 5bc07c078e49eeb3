/** Commands that only read, or at most leave an unused state or ticket behind. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'get_rp',
  'get_user_info',
  'get_authorization_url',
  'get_logout_uri',
  'introspect_access_token',
  'introspect_rpt',
  'uma_rs_check_access',
  'uma_rp_get_claims_gathering_url',
]);

/**
 * Returns true for a command that may be sent again when a reused connection closes instead of
 * delivering a reply: the server may have closed it while it was idle.
 */
export function isRepeatable(command: string): boolean {
  return REPEATABLE.has(command);
}
