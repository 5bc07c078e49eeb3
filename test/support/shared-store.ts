import { OxdStore } from '../../lib/index.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';

/** A write to the store. */
export interface Written {
  readonly key: string;
  readonly value: unknown;
  readonly ttl?: number;
}

/** Store that several replicas share, in the memory of the test; records every call. */
export class SharedStore extends OxdStore {
  readonly written: Written[] = [];
  /** Keys of all reads. */
  readonly read: string[] = [];
  /** Error of every read while it is set, as in an outage. */
  outage: Error | undefined;
  private readonly memory: MemoryStore;

  /** @param clock current time in milliseconds since 1970, of the lifetimes */
  constructor(clock: () => number) {
    super();
    this.memory = new MemoryStore({ clock });
  }

  /** Writes under keys with this prefix. */
  writtenTo(prefix: string): readonly Written[] {
    return this.written.filter(({ key }) => key.startsWith(prefix));
  }

  async get(key: string): Promise<unknown> {
    this.read.push(key);
    if (this.outage) throw this.outage;
    return this.memory.get(key);
  }

  set(key: string, value: unknown, ttl?: number): Promise<unknown> {
    this.written.push({ key, value, ttl });
    return this.memory.set(key, value, ttl);
  }

  delete(key: string): Promise<boolean> {
    return this.memory.delete(key);
  }

  override add(key: string, value: unknown, ttl: number): Promise<boolean> {
    this.written.push({ key, value, ttl });
    return this.memory.add(key, value, ttl);
  }
}
