/** Headers of a request, with lower-case names, as in Node's `http`, Express and Fastify. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const PURPOSE_HEADERS = ['sec-purpose', 'purpose'];
const SPECULATIVE_PURPOSES = ['prefetch', 'prerender'];

/**
 * Returns true for a HEAD request, and for one that a browser sends before the user opens the page.
 */
export function isSpeculative(headers: RequestHeaders, method: string): boolean {
  if (method.toUpperCase() === 'HEAD') return true;
  return PURPOSE_HEADERS.flatMap((name) => headers[name] ?? [])
    .flatMap((value) => value.toLowerCase().split(/[;,\s]/))
    .some((token) => SPECULATIVE_PURPOSES.includes(token));
}
