/** Longest delay of a timer, in milliseconds; Node.js replaces a longer one by 1 ms. */
export const MAX_TIMER_DELAY = 2 ** 31 - 1;

/**
 * Tolerated difference between the clock of this machine and that of a server, in seconds. It applies
 * to the earliest time of a token (`nbf`) and to id_tokens, never to the expiry of an RPT.
 */
export const CLOCK_TOLERANCE = 30;

/**
 * Time that cookies and records of a login outlive its state, in milliseconds, so that a late user gets
 * EXPIRED instead of UNKNOWN.
 */
export const LOGIN_GRACE_PERIOD = 600_000;

/**
 * Longest RPT that is read from a request or sent to an authorization server, in characters. A JWT
 * grows with each permission: 60 of Keycloak take about 10000. Node accepts such a header only with
 * a larger `maxHeaderSize`.
 */
export const MAX_RPT_LENGTH = 16_384;

/** Longest permission ticket, in characters. A ticket of Keycloak grows with the request. */
export const MAX_TICKET_LENGTH = 16_384;
