import type { OxdClock } from './clock.js';
import { SingleFlight } from './single-flight.js';

/** Options of {@link RecentResults}. */
export interface RecentResultsOptions {
  /** Time that a result is retained, in milliseconds. */
  readonly lifetime: number;
  /** Maximum number of retained results; a further one replaces the oldest. */
  readonly max: number;
  readonly clock: OxdClock;
}

/**
 * One run per key at a time, whose result is shared by the callers of a short time afterwards. An
 * error is shared only by the callers that arrive during the run. Results stay in memory.
 */
export class RecentResults<T> {
  readonly #options: RecentResultsOptions;
  readonly #flights = new SingleFlight<T>();
  /** `#` instead of `private`, so that a printed service does not show results, such as tokens. */
  readonly #recent = new Map<string, { readonly result: T; readonly cancel: () => void }>();

  constructor(options: RecentResultsOptions) {
    this.#options = options;
  }

  /** Returns true while a result of this key is retained. */
  has(key: string): boolean {
    return this.#recent.has(key);
  }

  /** Returns the retained result of this key, or that of the current run, or starts `work`. */
  async run(key: string, work: () => Promise<T>): Promise<T> {
    const recent = this.#recent.get(key);
    if (recent) return recent.result;
    return this.#flights.run(key, async () => {
      const result = await work();
      this.#retain(key, result);
      return result;
    });
  }

  #retain(key: string, result: T): void {
    const { lifetime, max, clock } = this.#options;
    const [oldest] = this.#recent.keys();
    if (oldest !== undefined && this.#recent.size >= max) this.#remove(oldest);
    const cancel = clock.after(lifetime, () => this.#recent.delete(key));
    this.#recent.set(key, { result, cancel });
  }

  #remove(key: string): void {
    this.#recent.get(key)?.cancel();
    this.#recent.delete(key);
  }
}
