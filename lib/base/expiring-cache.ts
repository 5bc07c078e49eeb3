/** Time in which a cached value may be used, in milliseconds since 1970. */
export interface Lifetime {
  /** Time of the request for the value; an earlier clock ends the lifetime, too. */
  readonly from: number;
  /** First time at which the value has expired. */
  readonly until: number;
}

/** Limits of a cache. */
export interface CacheLimits {
  /** Maximum time that a value is used, in milliseconds. */
  readonly ttl: number;
  /** Maximum number of values. */
  readonly max: number;
}

/**
 * Cache of a limited number of values; a further one replaces the least recently used. A use changes the
 * order only while the cache is more than half full. The lifetime of a value is compared with the clock at
 * each use.
 */
export class ExpiringCache<T extends Lifetime> {
  // `#` instead of `private`, so that a printed object does not show the values.
  readonly #values = new Map<string, T>();

  /** @param clock current time in milliseconds since 1970 */
  constructor(
    private readonly max: number,
    private readonly clock: () => number,
  ) {}

  /** Returns the value of a key; undefined if it is missing or expired. */
  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (!value) return undefined;
    const now = this.clock();
    if (now < value.from || now >= value.until) {
      this.#values.delete(key);
      return undefined;
    }
    // The first key of the map is the least recently used. Changed only above half of `max`, because each
    // change costs time, and the order matters for a full cache only.
    if (this.#values.size > this.max / 2) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  set(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size <= this.max) return;
    for (const oldest of this.#values.keys()) {
      this.#values.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
