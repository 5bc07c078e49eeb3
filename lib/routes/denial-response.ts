import { HttpException } from '@nestjs/common';
import { exposeChallengeHeader, type Denial } from '../http/denial.js';

/** Methods of Nest's HTTP adapters that set headers on Express and Fastify. */
interface Headers {
  setHeader(response: unknown, name: string, value: string): unknown;
  getHeader?(response: unknown, name: string): unknown;
}

/**
 * Sets the headers of a denial on the response and returns the exception with its status and body.
 */
export function denialResponse(
  { status: statusCode, error, message, headers }: Denial,
  response: unknown,
  adapter: Headers,
): HttpException {
  for (const [name, value] of Object.entries(headers)) adapter.setHeader(response, name, value);
  if ('WWW-Authenticate' in headers) {
    const name = 'Access-Control-Expose-Headers';
    adapter.setHeader(response, name, exposeChallengeHeader(adapter.getHeader?.(response, name)));
  }
  return withoutTrace(() => new HttpException({ statusCode, error, message }, statusCode));
}

/**
 * Creates an error without a stack trace, which would take a tenth of the time of a denial; every client
 * can cause one, and the log states its reason.
 */
function withoutTrace<E extends Error>(create: () => E): E {
  const { stackTraceLimit } = Error;
  // `Reflect.set`, because the property is read-only in processes with frozen intrinsics.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return create();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}
