import { SystemClock, type OxdClock } from './clock.js';
import { MAX_TIMER_DELAY } from './limits.js';

/** Source of timers; tests replace it instead of waiting. */
export type Timers = Pick<OxdClock, 'after'>;

/** Timers of this machine. */
export const SYSTEM_TIMERS: Timers = new SystemClock();

/** Time limit of {@link withTimeLimit}. */
export interface TimeLimit {
  readonly timers: Timers;
  /** Duration; a longer one than {@link MAX_TIMER_DELAY} is shortened. */
  readonly milliseconds: number;
  /** Error that the signal is aborted with after the limit. */
  readonly error: () => Error;
  /** Signal of the caller, which ends the work earlier. */
  readonly signal?: AbortSignal;
}

/**
 * Runs work with a time limit.
 *
 * @param work receives a signal that is aborted after the limit, or when the caller aborts
 * @throws the reason of the caller's signal if it is already aborted
 */
export async function withTimeLimit<T>(
  { timers, milliseconds, error, signal }: TimeLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const limit = new AbortController();
  const abort = (): void => limit.abort(signal?.reason);
  const delay = Math.min(milliseconds, MAX_TIMER_DELAY);
  const cancel = timers.after(delay, () => limit.abort(error()));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await work(limit.signal);
  } finally {
    cancel();
    signal?.removeEventListener('abort', abort);
  }
}

/**
 * Shortest time before a deadline at which a request is still sent, in milliseconds: a tenth of its
 * time limit, at least 100 ms, at most half of the limit. A request sent later would be executed
 * after its caller received an error.
 */
export function minimumTime(timeout: number): number {
  return Math.min(Math.max(timeout / 10, 100), timeout / 2);
}
