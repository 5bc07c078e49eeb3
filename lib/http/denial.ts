/** Denial by a guard, as an HTTP response. */
export interface Denial {
  readonly status: number;
  /** Error code, property `error` of the response body. */
  readonly error: string;
  /** Message for the client; the same for every cause, so that it discloses no internals. */
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** `Retry-After` after a failure that specifies none, in milliseconds. */
export const RETRY_DELAY = 5_000;

/** Header of every denial. */
export const NO_STORE = { 'Cache-Control': 'no-store' };

/**
 * Adds the challenge to an `Access-Control-Expose-Headers` value, so that browser scripts can read
 * it.
 */
export function exposeChallengeHeader(current: unknown): string {
  if (current === undefined) return 'WWW-Authenticate';
  const names = [current].flat().flatMap((value) => (typeof value === 'string' ? [value] : []));
  const all = names
    .join(',')
    .split(',')
    .map((name) => name.trim());
  const others = all.filter((name) => name !== '' && name.toLowerCase() !== 'www-authenticate');
  return [...others, 'WWW-Authenticate'].join(', ');
}
