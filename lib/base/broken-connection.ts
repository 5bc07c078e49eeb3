/** Codes of the system and of undici for a connection that ended without a response. */
export const CONNECTION_BREAKS: ReadonlySet<string> = new Set([
  ...['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT'],
]);
