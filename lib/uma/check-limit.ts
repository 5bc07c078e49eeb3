import type { OxdClock } from '../clock.js';
import { isTransport, type OxdOptions } from '../oxd.options.js';

/** A request was not decided in time. */
export class LateCheckError extends Error {
  override readonly name = 'LateCheckError';
}

/** Of a transport of the application's own nothing is known; milliseconds. */
const UNKNOWN = 30_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/** Longest time that the check of one request may take, in milliseconds. */
export function checkLimit({ transport }: OxdOptions): number {
  return Math.min(2 * (isTransport(transport) ? UNKNOWN : transport.timeout), LONGEST_TIMER);
}

/**
 * Does the work for one request, however many resources it needs, with one limit.
 *
 * @param limit milliseconds
 * @param work is told with a `LateCheckError` when the limit has passed
 */
export async function withinLimit<T>(
  limit: number,
  clock: OxdClock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const late = (): void => ending.abort(new LateCheckError(`no decision in ${limit} ms`));
  const cancel = clock.after(limit, late);
  try {
    return await work(ending.signal);
  } finally {
    cancel();
  }
}
