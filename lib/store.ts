import { OxdStoreError } from './errors.js';

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

function full(): OxdStoreError {
  return new OxdStoreError(
    'The store in memory is full. Limit how often one address may begin a login.',
  );
}

interface Entry {
  readonly json: string;
  readonly expires: number;
}

/** Options of {@link MemoryStore}. */
export interface MemoryStoreOptions {
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /** Entries at most; one more is refused. Default 250000, some 250 MB of logins under way. */
  readonly maxEntries?: number;
}

/** Keeps everything in the memory of this process: for tests, and for state that may be lost. */
export class MemoryStore extends OxdStore {
  private readonly entries = new Map<string, Entry>();
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
    const json = toJson(value);
    this.sweep();
    if (this.entries.size >= this.maxEntries && !this.entries.has(key)) throw full();
    this.entries.set(key, { json, expires: ttl === undefined ? Infinity : this.clock() + ttl });
  }

  async delete(key: string): Promise<boolean> {
    const there = this.live(key) !== undefined;
    this.entries.delete(key);
    return there;
  }

  override async add(key: string, value: unknown, ttl: number): Promise<boolean> {
    if (this.live(key)) return false;
    await this.set(key, value, ttl);
    return true;
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
    for (const [key, entry] of this.entries) if (entry.expires <= now) this.entries.delete(key);
  }
}
