import { printable } from '../../base/errors.js';
import { statusOf } from '../requests/command-error.js';
import type { OpAnswer } from '../requests/provider-http.js';
import { OpAnswerError, Refusal } from '../requests/operation-error.js';
import { jsonOf, objectOf, textOf } from '../requests/json.js';

/** What an answer of the authorization server says beside its status. */
export function answerError({ status, text }: OpAnswer): OpAnswerError {
  const body = objectOf(jsonOf(text));
  return new OpAnswerError(status, textOf(body?.error), textOf(body?.error_description));
}

/**
 * The refusal for a request that the authorization server did not carry out. Where it answered, oxd's
 * word `http_status_NNN` is used: the server's own could mean something else to the command.
 *
 * @param message what was asked of it, and what to change
 */
export function umaRefusal(message: string, cause: unknown): Refusal {
  if (cause instanceof Refusal) return cause;
  const status = statusOf(cause) ?? 0;
  const word = status < 400 ? 'internal_error' : `http_status_${status}`;
  return new Refusal(word, `${message}${quoted(cause)}`, cause);
}

/** The server's own word, which says more than its status. */
function quoted(cause: unknown): string {
  const { error } = Object(cause) as { error?: unknown };
  return typeof error === 'string' && error !== '' ? ` It said: ${printable(error)}.` : '';
}
