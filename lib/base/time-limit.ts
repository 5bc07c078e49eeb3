import type { Abortable } from './call-end.js';
import { SystemClock, type OxdClock } from './clock.js';
import { MAX_TIMER_DELAY } from './limits.js';
import { onAbort } from './until-aborted.js';

/** Source of timers; tests replace it instead of waiting. */
export type Timers = Pick<OxdClock, 'after'>;

/** Timers of this machine. */
export const SYSTEM_TIMERS: Timers = new SystemClock();

/** Time limit of some work, with the signal of its caller. */
export interface TimeLimit {
  readonly timers: Timers;
  /** Duration; a longer one than {@link MAX_TIMER_DELAY} is shortened. */
  readonly milliseconds: number;
  /** Reason of the end after the limit. */
  readonly error: () => Error;
  /** Signal of the caller, which ends the work earlier, with its own reason. */
  readonly signal?: Abortable;
}

/**
 * Starts a time limit.
 *
 * @param end receives the reason after the limit, or when the caller aborts
 * @returns function that clears the timer and the listener; call it when the work has ended
 * @throws the reason of the caller's signal if it is already aborted
 */
export function startTimeLimit(
  { timers, milliseconds, error, signal }: TimeLimit,
  end: (reason: unknown) => void,
): () => void {
  signal?.throwIfAborted();
  const delay = Math.min(milliseconds, MAX_TIMER_DELAY);
  const cancel = timers.after(delay, () => end(error()));
  if (!signal) return cancel;
  const stop = onAbort(signal, end);
  return () => {
    cancel();
    stop();
  };
}

/**
 * Runs work with a time limit. The work decides about its end: it may return a result after the limit,
 * or reject by `untilAborted()`.
 *
 * @param work receives a signal that is aborted after the limit, or when the caller aborts
 * @throws the reason of the caller's signal if it is already aborted
 */
export async function withTimeLimit<T>(
  limit: TimeLimit,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborter = new AbortController();
  const stop = startTimeLimit(limit, (reason) => aborter.abort(reason));
  try {
    return await work(aborter.signal);
  } finally {
    stop();
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
