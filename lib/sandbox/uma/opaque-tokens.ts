import { createHash, randomBytes } from 'node:crypto';
import type { OxdStore } from '../../store/oxd-store.js';

/** Options of {@link OpaqueTokens}. */
export interface OpaqueTokensOptions {
  readonly store: OxdStore;
  /** Kind of value that the tokens refer to; prefix of their keys in the store. */
  readonly kind: string;
  /** Lifetime of a token, in milliseconds. */
  readonly lifetime: number;
  /** Called with every issued token. */
  readonly onSecret: (value: string) => void;
}

/**
 * Random strings of 256 bits that refer to stored values with a lifetime: permission tickets,
 * persisted claims tokens. The store contains only their hashes.
 */
export class OpaqueTokens<T> {
  constructor(private readonly options: OpaqueTokensOptions) {}

  /** Stores a value and returns a new token for it. */
  async issue(value: T): Promise<string> {
    const { store, lifetime, onSecret } = this.options;
    const handle = randomBytes(32).toString('base64url');
    onSecret(handle);
    await store.set(this.key(handle), value, lifetime);
    return handle;
  }

  /** Returns the value of a token; undefined when the token is unknown, consumed or expired. */
  async find(handle: string): Promise<T | undefined> {
    return (await this.options.store.get(this.key(handle))) as T | undefined;
  }

  /** Consumes a token and returns its value; of concurrent callers only one receives it. */
  async take(handle: string): Promise<T | undefined> {
    const value = await this.find(handle);
    const taken = await this.options.store.delete(this.key(handle));
    return taken ? value : undefined;
  }

  private key(handle: string): string {
    return `${this.options.kind}:${createHash('sha256').update(handle).digest('base64url')}`;
  }
}
