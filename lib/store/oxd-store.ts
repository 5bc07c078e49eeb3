import { OxdStoreError } from '../base/errors.js';

/**
 * Store for state that outlives a request: registrations, pending logins, tokens of the client.
 * Pass a `Keyv` instance with `throwOnErrors`, or a custom class. Every method must reject during
 * an outage: if `get` returned undefined instead, the application would register its site again.
 */
export abstract class OxdStore {
  /** Returns the value of `key`; undefined if the key is missing or the value has expired. */
  abstract get(key: string): Promise<unknown>;

  /**
   * Stores a JSON value.
   *
   * @param ttl lifetime in milliseconds; default unlimited
   */
  abstract set(key: string, value: unknown, ttl?: number): Promise<unknown>;

  /**
   * Deletes `key`.
   *
   * @returns true if the key existed; of several concurrent calls exactly one returns true
   */
  abstract delete(key: string): Promise<boolean>;

  /**
   * Stores a value only if `key` is missing. Optional: several replicas need `add` to share one
   * registration.
   *
   * @param ttl lifetime in milliseconds
   * @returns true if the value was stored
   */
  add?(key: string, value: unknown, ttl: number): Promise<boolean>;
}

/**
 * Returns the JSON string of a value.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when the value is not JSON: undefined, a function,
 *   a bigint or a circular object
 * @internal
 */
export function toJson(value: unknown): string {
  try {
    const json = JSON.stringify(value) as string | undefined;
    if (json !== undefined) return json;
  } catch {
    // Reported below, because the error could quote the value.
  }
  throw new OxdStoreError('Only JSON values can be stored.');
}

interface Entry {
  readonly json: string;
  readonly expires: number;
}

const IN_MEMORY_FULL = 'The store in memory is full: no entry may be evicted. Raise maxEntries.';

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Returns the current time in milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /**
   * Maximum number of entries; default 250000, about 250 MB of pending logins. A further entry
   * replaces the oldest entry that `set` wrote with a lifetime; if none exists, the write fails
   * with OxdStoreError.
   */
  readonly maxEntries?: number;
}

/** Store in the memory of this process: for tests, and for state that may be lost. */
export class MemoryStore extends OxdStore {
  /** `#` instead of `private`, so that a printed store does not show its values. */
  readonly #entries = new Map<string, Entry>();
  /** Keys of entries that `set` wrote with a lifetime, oldest first; these may be evicted. */
  private readonly evictable = new Set<string>();
  private readonly clock: () => number;
  private readonly maxEntries: number;
  private nextSweep = 0;

  constructor(options: MemoryStoreOptions = {}) {
    super();
    this.clock = options.clock ?? Date.now;
    this.maxEntries = options.maxEntries ?? 250_000;
  }

  /** @internal Number of entries, expired ones included. */
  get size(): number {
    return this.#entries.size;
  }

  async get(key: string): Promise<unknown> {
    const entry = this.live(key);
    return entry && JSON.parse(entry.json);
  }

  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    this.write(key, value, ttl);
    if (ttl !== undefined) this.evictable.add(key);
  }

  async delete(key: string): Promise<boolean> {
    const existed = this.live(key) !== undefined;
    this.remove(key);
    return existed;
  }

  override async add(key: string, value: unknown, ttl: number): Promise<boolean> {
    if (this.live(key)) return false;
    // Not evictable: new logins must not end a lock.
    this.write(key, value, ttl);
    return true;
  }

  private write(key: string, value: unknown, ttl = Infinity): void {
    const json = toJson(value);
    this.sweep();
    if (!this.#entries.has(key)) this.makeRoom();
    this.evictable.delete(key);
    this.#entries.set(key, { json, expires: this.clock() + ttl });
  }

  private makeRoom(): void {
    if (this.#entries.size < this.maxEntries) return;
    const [oldest] = this.evictable;
    if (oldest === undefined) throw new OxdStoreError(IN_MEMORY_FULL);
    this.remove(oldest);
  }

  private remove(key: string): void {
    this.#entries.delete(key);
    this.evictable.delete(key);
  }

  private live(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    return entry && entry.expires > this.clock() ? entry : undefined;
  }

  /** Removes expired entries, such as abandoned logins, at most once a minute. */
  private sweep(): void {
    const now = this.clock();
    if (now < this.nextSweep) return;
    this.nextSweep = now + 60_000;
    for (const [key, entry] of this.#entries) if (entry.expires <= now) this.remove(key);
  }
}
