import { printable } from '../../base/errors.js';
import { statusOf } from '../requests/command-error.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { ProviderResponseError, OperationError } from '../requests/operation-error.js';
import { jsonOf, objectOf, textOf } from '../requests/json.js';

/** Error of an authorization server response: its status, error code and description. */
export function responseError({ status, text }: ProviderResponse): ProviderResponseError {
  const body = objectOf(jsonOf(text));
  return new ProviderResponseError(status, textOf(body?.error), textOf(body?.error_description));
}

/**
 * Error for a request that the authorization server did not execute. After a response the error
 * code is `http_status_NNN` of oxd, because the server's own code may have another meaning for the
 * command.
 *
 * @param message states which request failed, and what to change
 */
export function authorizationServerError(message: string, cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  const status = statusOf(cause) ?? 0;
  const code = status < 400 ? 'internal_error' : `http_status_${status}`;
  return new OperationError(code, `${message}${quotedCode(cause)}`, cause);
}

/** Error code of the server, which is more specific than the status. */
function quotedCode(cause: unknown): string {
  const { error } = Object(cause) as { error?: unknown };
  return typeof error === 'string' && error !== ''
    ? ` The server returned ${printable(error)}.`
    : '';
}
