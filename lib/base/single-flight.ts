/** One run per key at a time: callers that arrive during the run share its promise. */
export class SingleFlight<T> {
  private readonly running = new Map<string, Promise<T>>();

  /** Returns the promise of the run of this key that is in progress. */
  current(key: string): Promise<T> | undefined {
    return this.running.get(key);
  }

  /** Returns the promise of the current run of this key, or starts `work`. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const current = this.running.get(key);
    if (current) return current;
    const started = work();
    this.running.set(key, started);
    const stop = (): void => void this.running.delete(key);
    // Before the callers continue. Not `finally()`, which needs four more promises.
    started.then(stop, stop);
    return started;
  }
}
