import { isJsonObject, parseJson } from '../../base/json.js';
import type { HttpsReply } from '../https/https-answer.js';
import { genericReply, statusReply, textReply } from './dropwizard.js';
import { CommandFailure } from './reply.js';

/**
 * Reply of oxd 4 that has its own HTTP status and body, instead of the result or the error of a
 * command: the response of another server, or a failure of the web framework of oxd. Thrown by a
 * command, or returned as its result.
 */
export class ExactReply extends CommandFailure {
  constructor(readonly reply: HttpsReply) {
    super('internal_error');
  }
}

/** Reply to a request whose processing failed outside its command. */
export function frameworkFailure(): ExactReply {
  return new ExactReply(genericReply());
}

/** Response of another server inside a message of the web framework of oxd. */
export function wrapped(status: number, text: string): ExactReply {
  return new ExactReply(statusReply(status, text));
}

/** Response of another server as it is. */
export function bare(status: number, text: string): ExactReply {
  const reply = textReply(status, text);
  return new ExactReply(
    isJsonObject(parseJson(text)) ? reply : { ...reply, contentType: 'text/html' },
  );
}

/** Reply of oxd 4 when a server responds with an empty body. */
export function nullReply(): ExactReply {
  return new ExactReply(textReply(200, 'null'));
}
