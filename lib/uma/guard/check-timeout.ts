import { MAX_TIMER_DELAY, type OxdClock } from '../../base/clock.js';
import { isTransport, type OxdOptions } from '../../options/oxd.options.js';

/** A request was not decided in time, or something that this takes was not done in its own. */
export class CheckTimeoutError extends Error {
  override readonly name = 'CheckTimeoutError';
}

/** Of a transport of the application's own nothing is known; milliseconds. */
const UNKNOWN = 30_000;

/** Longest time that the check of one request may take, in milliseconds. */
export function checkLimit({ transport }: OxdOptions): number {
  return Math.min(2 * (isTransport(transport) ? UNKNOWN : transport.timeout), MAX_TIMER_DELAY);
}

/**
 * Does work with a limit.
 *
 * @param limit.milliseconds how long it may take
 * @param limit.late message of the error when it has taken longer
 * @param work is told with a `CheckTimeoutError` when the limit has passed
 */
export async function withTimeLimit<T>(
  { milliseconds, late }: { readonly milliseconds: number; readonly late: string },
  clock: OxdClock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController();
  const cancel = clock.after(milliseconds, () => ending.abort(new CheckTimeoutError(late)));
  try {
    return await work(ending.signal);
  } finally {
    cancel();
  }
}
