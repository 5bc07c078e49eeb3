import { OxdStore } from './oxd-store.js';

/** Reads a record from a store and checks it. */
export type ReadRecord<T> = (store: OxdStore, key: string) => Promise<T>;

interface Copy {
  readonly record: unknown;
  /** Reader of the record, which determines its type. */
  readonly read: ReadRecord<unknown>;
  /** Start of the read, in milliseconds since 1970. */
  readonly readAt: number;
}

interface CurrentRead {
  readonly read: ReadRecord<unknown>;
  readonly record: Promise<unknown>;
}

/** Age at which a copy is read again, in milliseconds. */
const MAX_AGE = 30_000;
/** Maximum number of copies; a further copy replaces the one that was read first. */
const MAX_COPIES = 1_000;

/**
 * Wrapper of a store that keeps copies of records in memory, so that a command that runs for each
 * request reads nothing. A write of this process drops the copy; a write of another replica is seen
 * when the copy is 30 s old. Copies are frozen, because all callers share them.
 */
export class RecordStore extends OxdStore {
  /** `#` instead of `private`, because a printed store may show its values. */
  readonly #inner: OxdStore;
  readonly #copies = new Map<string, Copy>();
  readonly #reads = new Map<string, CurrentRead>();

  /** @param clock current time in milliseconds since 1970 */
  constructor(
    inner: OxdStore,
    private readonly clock: () => number,
  ) {
    super();
    this.#inner = inner;
    // Locks only: no record is written with add().
    if (inner.add) this.add = inner.add.bind(inner);
  }

  get(key: string): Promise<unknown> {
    return this.#inner.get(key);
  }

  set(key: string, value: unknown, ttl?: number): Promise<unknown> {
    return this.written(key, this.#inner.set(key, value, ttl));
  }

  delete(key: string): Promise<boolean> {
    return this.written(key, this.#inner.delete(key));
  }

  /** Returns the copy of a record; undefined if there is none, or if it is too old. */
  inMemory<T>(key: string, read: ReadRecord<T>): T | undefined {
    const copy = this.#copies.get(key);
    if (copy?.read !== read) return undefined;
    const age = this.clock() - copy.readAt;
    // This cast is safe: the same function has read the record. The clock may have been set back.
    return age >= 0 && age < MAX_AGE ? (copy.record as T) : undefined;
  }

  /** Returns the copy of a record, or reads the record; see {@link read}. */
  async record<T>(key: string, read: ReadRecord<T>): Promise<T> {
    return this.inMemory(key, read) ?? this.read(key, read);
  }

  /** Reads a record and keeps a copy. Callers that arrive during a read share it. */
  read<T>(key: string, read: ReadRecord<T>): Promise<T> {
    const current = this.#reads.get(key);
    // This cast is safe: the same function reads the record.
    if (current?.read === read) return current.record as Promise<T>;
    return this.readAgain(key, read);
  }

  /** Reads a record and keeps a copy; never shares a read that began before. */
  readAgain<T>(key: string, read: ReadRecord<T>): Promise<T> {
    const readAt = this.clock();
    // A record that was written or dropped during the read may be an older one.
    const isCurrent = (): boolean => this.#reads.get(key)?.record === record;
    const record = read(this.#inner, key)
      .then((stored) => {
        const copy = deepFreeze(structuredClone(stored));
        if (isCurrent()) this.keep(key, { record: copy, read, readAt });
        return copy;
      })
      .finally(() => {
        if (isCurrent()) this.#reads.delete(key);
      });
    this.#reads.set(key, { read, record });
    return record;
  }

  /** Drops the copy of a record, because it may differ from the stored record. */
  drop(key: string): void {
    this.#copies.delete(key);
    this.#reads.delete(key);
  }

  private keep(key: string, copy: Copy): void {
    this.#copies.delete(key);
    this.#copies.set(key, copy);
    const [first] = this.#copies.keys();
    if (first !== undefined && this.#copies.size > MAX_COPIES) this.#copies.delete(first);
  }

  /** Drops the copy after a write, also a failed one, which may have taken effect. */
  private async written<T>(key: string, write: Promise<T>): Promise<T> {
    try {
      return await write;
    } finally {
      this.drop(key);
    }
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
