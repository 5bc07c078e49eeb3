/** Run of a key; `promise` is undefined when none is in progress. */
interface Run<T> {
  promise: Promise<T> | undefined;
}

/** Ends of runs after which ended ones are deleted. */
const MAX_ENDED = 1000;

/**
 * One run per key at a time: callers that arrive during the run share its promise. Keys must be short
 * and no secrets, because up to 1000 of them stay in memory after the end of their run: in a busy `Map`
 * whose entries are deleted at once, V8 would keep them until a full garbage collection.
 */
export class SingleFlight<T> {
  private readonly runs = new Map<string, Run<T>>();
  /** Runs that have ended since {@link deleteEnded}. */
  private ended = 0;

  /** Returns the promise of the run of this key that is in progress. */
  current(key: string): Promise<T> | undefined {
    return this.runs.get(key)?.promise;
  }

  /** Returns the promise of the current run of this key, or starts `work`. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const current = this.runs.get(key)?.promise;
    if (current) return current;
    const promise = work();
    const run = this.runs.get(key) ?? this.added(key);
    run.promise = promise;
    const stop = (): void => {
      run.promise = undefined;
      this.ended += 1;
      if (this.ended > MAX_ENDED) this.deleteEnded();
    };
    // Before the callers continue. Not `finally()`, which needs four more promises.
    promise.then(stop, stop);
    return promise;
  }

  private added(key: string): Run<T> {
    const run: Run<T> = { promise: undefined };
    this.runs.set(key, run);
    return run;
  }

  private deleteEnded(): void {
    this.ended = 0;
    for (const [key, { promise }] of this.runs) if (!promise) this.runs.delete(key);
  }
}
