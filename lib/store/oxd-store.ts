import { OxdStoreError } from '../base/errors.js';

/**
 * Where state lives that must outlast a request: registrations, logins under way, tokens of the
 * client itself. A `Keyv` instance fits (with `throwOnErrors`); so does a class of your own.
 * An outage must reject: a store that answers "not there" while it is down opens doors.
 */
export abstract class OxdStore {
  /** The value under `key`, or undefined where there is none or it has expired. */
  abstract get(key: string): Promise<unknown>;

  /**
   * Keeps a JSON value.
   *
   * @param ttl lifetime in milliseconds; without it the value stays
   */
  abstract set(key: string, value: unknown, ttl?: number): Promise<unknown>;

  /**
   * Removes `key`.
   *
   * @returns whether it was there: true for exactly one of several callers
   */
  abstract delete(key: string): Promise<boolean>;

  /**
   * Keeps a value only where there is none: lets several replicas agree on one registration.
   *
   * @param ttl lifetime in milliseconds
   * @returns whether the value was kept
   */
  add?(key: string, value: unknown, ttl: number): Promise<boolean>;
}

/**
 * The JSON text of a value.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when it has none (undefined, circular, a bigint)
 * @internal
 */
export function toJson(value: unknown): string {
  const json = attempt(() => JSON.stringify(value) as string | undefined);
  if (json === undefined) throw new OxdStoreError('Only JSON values can be stored.');
  return json;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

interface Entry {
  readonly json: string;
  readonly expires: number;
}

const IN_MEMORY_FULL =
  'The store in memory is full of values without a lifetime and locks. Raise maxEntries.';

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /**
   * Number of entries at most; default 250000, some 250 MB of logins under way. One more replaces the
   * oldest entry that `set` wrote with a lifetime; without such an entry it is rejected.
   */
  readonly maxEntries?: number;
}

/** Keeps everything in the memory of this process: for tests, and for state that may be lost. */
export class MemoryStore extends OxdStore {
  private readonly entries = new Map<string, Entry>();
  /** Keys of the entries that may be evicted, oldest first: those of `set` with a lifetime. */
  private readonly evictable = new Set<string>();
  private readonly clock: () => number;
  private readonly maxEntries: number;
  private nextSweep = 0;

  constructor(options: MemoryStoreOptions = {}) {
    super();
    this.clock = options.clock ?? Date.now;
    this.maxEntries = options.maxEntries ?? 250_000;
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
    const there = this.live(key) !== undefined;
    this.forget(key);
    return there;
  }

  override async add(key: string, value: unknown, ttl: number): Promise<boolean> {
    if (this.live(key)) return false;
    // A lock must not end because others begin a login.
    this.write(key, value, ttl);
    return true;
  }

  private write(key: string, value: unknown, ttl = Infinity): void {
    const json = toJson(value);
    this.sweep();
    if (!this.entries.has(key)) this.makeRoom();
    this.evictable.delete(key);
    this.entries.set(key, { json, expires: this.clock() + ttl });
  }

  private makeRoom(): void {
    if (this.entries.size < this.maxEntries) return;
    const [oldest] = this.evictable;
    if (oldest === undefined) throw new OxdStoreError(IN_MEMORY_FULL);
    this.forget(oldest);
  }

  private forget(key: string): void {
    this.entries.delete(key);
    this.evictable.delete(key);
  }

  private live(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    return entry && entry.expires > this.clock() ? entry : undefined;
  }

  /** Once a minute: logins that nobody finished must not pile up. */
  private sweep(): void {
    const now = this.clock();
    if (now < this.nextSweep) return;
    this.nextSweep = now + 60_000;
    for (const [key, entry] of this.entries) if (entry.expires <= now) this.forget(key);
  }
}
