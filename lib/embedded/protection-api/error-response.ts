import { printable } from '../../base/errors.js';
import { statusOf } from '../requests/command-error.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { ProviderResponseError, OperationError } from '../requests/operation-error.js';
import { jsonOf, objectOf, textOf } from '../requests/json.js';

/** What an answer of the authorization server says beside its status. */
export function answerError({ status, text }: ProviderResponse): ProviderResponseError {
  const body = objectOf(jsonOf(text));
  return new ProviderResponseError(status, textOf(body?.error), textOf(body?.error_description));
}

/**
 * The refusal for a request that the authorization server did not carry out. Where it answered, oxd's
 * word `http_status_NNN` is used: the server's own could mean something else to the command.
 *
 * @param message what was asked of it, and what to change
 */
export function authorizationServerError(message: string, cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  const status = statusOf(cause) ?? 0;
  const word = status < 400 ? 'internal_error' : `http_status_${status}`;
  return new OperationError(word, `${message}${quoted(cause)}`, cause);
}

/** The server's own word, which says more than its status. */
function quoted(cause: unknown): string {
  const { error } = Object(cause) as { error?: unknown };
  return typeof error === 'string' && error !== '' ? ` It said: ${printable(error)}.` : '';
}
