import { MAX_TIMER_DELAY, type OxdClock } from '../../base/clock.js';
import { isTransport, type OxdOptions } from '../../options/oxd.options.js';

/** The decision, or one of its steps, exceeded its time limit. */
export class CheckTimeoutError extends Error {
  override readonly name = 'CheckTimeoutError';
}

/** Assumed timeout of a custom transport, in milliseconds. */
const CUSTOM_TRANSPORT_TIMEOUT = 30_000;

/** Time limit for the check of one request, in milliseconds: twice the timeout of the transport. */
export function checkLimit({ transport }: OxdOptions): number {
  return Math.min(
    2 * (isTransport(transport) ? CUSTOM_TRANSPORT_TIMEOUT : transport.timeout),
    MAX_TIMER_DELAY,
  );
}

/**
 * Runs work with a time limit.
 *
 * @param limit.milliseconds duration of the limit
 * @param limit.message message of the error after the limit
 * @param work receives a signal that is aborted with a `CheckTimeoutError` after the limit
 */
export async function withTimeLimit<T>(
  { milliseconds, message }: { readonly milliseconds: number; readonly message: string },
  clock: OxdClock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborter = new AbortController();
  const cancel = clock.after(milliseconds, () => aborter.abort(new CheckTimeoutError(message)));
  try {
    return await work(aborter.signal);
  } finally {
    cancel();
  }
}
