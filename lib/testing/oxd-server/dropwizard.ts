import { randomBytes } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { HttpsReply } from '../https/https-answer.js';

/** Ends a request before its command is executed, with this reply. */
export class HttpsRejection extends Error {
  override readonly name = 'HttpsRejection';

  constructor(readonly reply: HttpsReply) {
    super(`HTTP ${reply.status}`);
  }
}

/** Reply with a JSON value. */
export function jsonReply(status: number, value: unknown): HttpsReply {
  return textReply(status, JSON.stringify(value));
}

/** Reply with a text, which oxd labels as JSON. */
export function textReply(status: number, body: string): HttpsReply {
  return { status, contentType: 'application/json', body };
}

/** Reply of Dropwizard, the web framework of oxd, with an error status. */
export function statusReply(status: number, message = nameOf(status)): HttpsReply {
  return jsonReply(status, { code: status, message });
}

/** Reply of Dropwizard after an unexpected error. */
export function genericReply(): HttpsReply {
  const id = randomBytes(8).toString('hex');
  return statusReply(
    500,
    `There was an error processing your request. It has been logged (ID ${id}).`,
  );
}

/** Reply of Jetty, the web server of oxd, to a request that it does not pass on. */
export function jettyReply(status: number, reason: string, contentType: string): HttpsReply {
  const body = `<h1>Bad Message ${status}</h1><pre>reason: ${reason}</pre>`;
  return { status, contentType, body };
}

function nameOf(status: number): string {
  return `HTTP ${status} ${STATUS_CODES[status] ?? ''}`;
}
