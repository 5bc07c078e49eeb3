/** Run in progress. */
interface Run<T> {
  /** Undefined after the end: V8 keeps deleted entries of a busy `Map` until a full garbage collection. */
  promise: Promise<T> | undefined;
}

/**
 * One run per key at a time: callers that arrive during the run share its promise. Keys should be short,
 * because they stay in memory as long as a deleted entry.
 */
export class SingleFlight<T> {
  private readonly running = new Map<string, Run<T>>();

  /** Returns the promise of the run of this key that is in progress. */
  current(key: string): Promise<T> | undefined {
    return this.running.get(key)?.promise;
  }

  /** Returns the promise of the current run of this key, or starts `work`. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const current = this.running.get(key)?.promise;
    if (current) return current;
    const promise = work();
    const run: Run<T> = { promise };
    this.running.set(key, run);
    const stop = (): void => {
      run.promise = undefined;
      this.running.delete(key);
    };
    // Before the callers continue. Not `finally()`, which needs four more promises.
    promise.then(stop, stop);
    return promise;
  }
}
