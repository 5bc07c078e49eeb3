import type { IncomingMessage } from 'node:http';

/** Maximum length of a request body at every page and endpoint, in characters. */
export const BODY_LIMIT = 65_536;

/** Reads a request body; undefined when the body is longer than the limit. */
export async function readBody(
  request: IncomingMessage,
  limit = BODY_LIMIT,
): Promise<string | undefined> {
  let body = '';
  // The stream stays open after the limit: the error response uses the same connection.
  const chunks = request.setEncoding('utf8').iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    body += chunk;
    if (body.length > limit) return undefined;
  }
  return body;
}

/** Reads the fields of a form; empty when the body is longer than the limit. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(request, 16_384)) ?? '');
}
