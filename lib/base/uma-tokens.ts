/**
 * Longest RPT that is read from a request or sent to an authorization server, in characters. A JWT
 * grows with each permission: 60 of Keycloak take about 10000. Node accepts such a header only with
 * a larger `maxHeaderSize`.
 */
export const MAX_RPT_LENGTH = 16_384;

/** Longest permission ticket, in characters. A ticket of Keycloak grows with the request. */
export const MAX_TICKET_LENGTH = 16_384;

/**
 * Returns true for a permission ticket that can be sent in a header, a form and a URL: printable
 * ASCII, not blank, at most {@link MAX_TICKET_LENGTH} characters. Guard and client use the same check,
 * so that the client never rejects a ticket that the guard has sent.
 *
 * @see RFC 6749 Appendix A, VSCHAR
 */
export function isTicket(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > MAX_TICKET_LENGTH) return false;
  return /^[\x20-\x7e]+$/.test(value) && value.trim() !== '';
}
