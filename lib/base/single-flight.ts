/** Run in progress. */
interface Run<T> {
  readonly key: string;
  readonly promise: Promise<T>;
}

/**
 * Characters at the end of a key that the map is indexed by. V8 keeps deleted entries of a busy `Map`
 * alive for long: so few characters are a copy, which does not keep a long token alive.
 */
const INDEXED = 12;

/** One run per key at a time: callers that arrive during the run share its promise. */
export class SingleFlight<T> {
  private readonly running = new Map<string, Run<T>[]>();

  /** Returns the promise of the run of this key that is in progress. */
  current(key: string): Promise<T> | undefined {
    return this.running.get(key.slice(-INDEXED))?.find((run) => run.key === key)?.promise;
  }

  /** Returns the promise of the current run of this key, or starts `work`. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const current = this.current(key);
    if (current) return current;
    const promise = work();
    const run = { key, promise };
    const index = key.slice(-INDEXED);
    const runs = this.running.get(index) ?? [];
    if (runs.push(run) === 1) this.running.set(index, runs);
    const stop = (): void => {
      runs.splice(runs.indexOf(run), 1);
      if (runs.length === 0) this.running.delete(index);
    };
    // Before the callers continue. Not `finally()`, which needs four more promises.
    promise.then(stop, stop);
    return promise;
  }
}
