import type { Abortable } from './call-end.js';

/** Receives the reason of an early end. */
type End = (reason: unknown) => void;

/**
 * Calls a function once when a signal is aborted.
 *
 * @returns function that removes the listener
 */
export function onAbort(signal: Abortable | undefined, end: End): () => void {
  if (!signal) return () => undefined;
  const abort = (): void => end(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  return () => signal.removeEventListener('abort', abort);
}

/**
 * Waits for a promise until an earlier end; the work behind the promise continues, because other
 * callers may wait for the same promise.
 *
 * @param listen receives the function that ends the wait; returns a function that stops to listen
 * @throws the reason of the end
 */
export function untilEnded<T>(work: Promise<T>, listen: (end: End) => () => void): Promise<T> {
  // Not `Promise.race`, which needs two more promises: every guarded request waits here.
  return new Promise((resolve, reject) => {
    const stop = listen(reject);
    work.then(
      (result) => {
        stop();
        resolve(result);
      },
      (error: unknown) => {
        stop();
        reject(error as Error);
      },
    );
  });
}

/**
 * Waits for a promise until a signal is aborted, see {@link untilEnded}.
 *
 * @throws the reason of the signal
 */
export function untilAborted<T>(signal: Abortable | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  return untilEnded(work, (end) => {
    if (signal.aborted) end(signal.reason);
    return onAbort(signal, end);
  });
}
