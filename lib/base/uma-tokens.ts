import { MAX_TICKET_LENGTH } from './limits.js';

/** Grant type of the request for an RPT (UMA 2.0 Grant §3.3.1). */
export const UMA_GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:uma-ticket';

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
