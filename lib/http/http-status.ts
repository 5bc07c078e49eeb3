import { type OxdError } from '../base/errors.js';

/** Returns the HTTP status for an error of a handler or of the callback of a login. */
export function httpStatus({ code }: OxdError): number {
  if (code.startsWith('OIDC_')) return 401;
  if (code.startsWith('UMA_')) return code === 'UMA_INVALID_TICKET' ? 502 : 403;
  if (code.startsWith('OXD_TRANSPORT_') || code === 'OXD_STORE_UNAVAILABLE') return 503;
  return code.startsWith('OXD_COMMAND_') ? 502 : 500;
}
