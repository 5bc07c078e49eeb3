import { printable } from '../../base/errors.js';
import { statusOf } from '../requests/command-error.js';
import { OperationError } from '../requests/operation-error.js';
import type { RejectedRequest } from './advice.js';
import { textOf } from '../../base/json.js';

/**
 * Error for a request that the authorization server did not execute. After a response the error
 * code is `http_status_NNN` of oxd, because the server's own code may have another meaning for the
 * command.
 *
 * @param failure sentence that names the failed request
 * @param adviceFor returns what to configure
 */
export function authorizationServerError(
  failure: string,
  cause: unknown,
  adviceFor: (rejected: RejectedRequest) => string,
): OperationError {
  if (cause instanceof OperationError) return cause;
  const status = statusOf(cause) ?? 0;
  const error = codeOf(cause);
  const code = status < 400 ? 'internal_error' : `http_status_${status}`;
  const sentences = [failure, adviceFor({ status, error }), quoted(error)];
  return new OperationError(code, sentences.filter(Boolean).join(' '), cause);
}

/** Error code of the server, which is more specific than the status. */
function codeOf(cause: unknown): string | undefined {
  const { error } = Object(cause) as { error?: unknown };
  return textOf(error);
}

/** Sentence with the error code of the server; empty if the code was masked. */
function quoted(error: string | undefined): string {
  const code = printable(error ?? '');
  return code === '' || code.includes('…') ? '' : `The server returned ${code}.`;
}
