/** One promise per key while it runs: who asks meanwhile gets the same outcome. */
export class SingleFlight<T> {
  private readonly running = new Map<string, Promise<T>>();

  /** Joins the run of this key, or starts `work`. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const current = this.running.get(key);
    if (current) return current;
    const started = work().finally(() => this.running.delete(key));
    this.running.set(key, started);
    return started;
  }
}
