import type { IncomingMessage } from 'node:http';

/** Longest body that any page or endpoint of the sandbox reads, in characters. */
export const BODY_LIMIT = 65_536;

/** The text of a body; undefined where it is too long to be one of ours. */
export async function readBody(
  request: IncomingMessage,
  limit = BODY_LIMIT,
): Promise<string | undefined> {
  let body = '';
  // Left open: the answer that refuses the body goes the same way.
  const chunks = request.setEncoding('utf8').iterator({ destroyOnReturn: false });
  for await (const chunk of chunks) {
    body += chunk;
    if (body.length > limit) return undefined;
  }
  return body;
}

/** The fields of a form; nothing of a body that is too long to be one of ours. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  return new URLSearchParams((await readBody(request, 16_384)) ?? '');
}
