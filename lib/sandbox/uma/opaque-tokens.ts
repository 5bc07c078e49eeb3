import { createHash, randomBytes } from 'node:crypto';
import type { OxdStore } from '../../store/oxd-store.js';

/** Options of {@link OpaqueTokens}. */
export interface HandlesOptions {
  readonly store: OxdStore;
  /** What they stand for: prefix of their keys in the store. */
  readonly kind: string;
  /** In milliseconds. */
  readonly lifetime: number;
  /** Called with every one that is issued. */
  readonly onSecret: (value: string) => void;
}

/**
 * Random strings of 256 bits that stand for something the server remembers for a while: tickets,
 * persisted claims tokens. The store sees their hash alone.
 */
export class OpaqueTokens<T> {
  constructor(private readonly options: HandlesOptions) {}

  /** A new one that stands for `value`. */
  async issue(value: T): Promise<string> {
    const { store, lifetime, onSecret } = this.options;
    const handle = randomBytes(32).toString('base64url');
    onSecret(handle);
    await store.set(this.key(handle), value, lifetime);
    return handle;
  }

  /** What it stands for; undefined where it was never issued, was taken or is too old. */
  async find(handle: string): Promise<T | undefined> {
    return (await this.options.store.get(this.key(handle))) as T | undefined;
  }

  /** What it stands for, for one caller alone: it is spent. */
  async take(handle: string): Promise<T | undefined> {
    const value = await this.find(handle);
    const taken = await this.options.store.delete(this.key(handle));
    return taken ? value : undefined;
  }

  private key(handle: string): string {
    return `${this.options.kind}:${createHash('sha256').update(handle).digest('base64url')}`;
  }
}
