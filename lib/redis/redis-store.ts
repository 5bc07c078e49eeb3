import type { RedisClientOptions } from 'redis';
import { OxdConfigurationError, OxdStoreError } from '../base/errors.js';
import { SYSTEM_TIMERS, withTimeLimit } from '../base/time-limit.js';
import { untilAborted } from '../base/until-aborted.js';
import { OxdStore, toJson } from '../store/oxd-store.js';
import { GivenConnection } from './given-connection.js';
import { OwnConnection } from './own-connection.js';
import type { RedisClient, RedisCommands, RedisConnection } from './redis-client.js';
import { toStoreError } from './redis-command.js';

export type {
  RedisClient,
  RedisCommandOptions,
  RedisCommands,
  RedisSetOptions,
} from './redis-client.js';

/** Options of {@link RedisStore}. */
export interface RedisStoreOptions {
  /**
   * Options of node-redis (`url`, `socket`, `password`), or a client. A client from options belongs
   * to the store: it reconnects automatically, and `reconnectStrategy` and `disableOfflineQueue`
   * have no effect. A client of the application reconnects as configured there; the store connects
   * it if it is not open at the first use, and never closes it.
   */
  readonly redis: RedisClientOptions | RedisClient;
  /** Prefix of each key in Redis; default `oxd:`. */
  readonly prefix?: string;
  /**
   * Time limit of each call, connecting included, in milliseconds; default 2000. The module applies
   * its own limit of 2000 as well, so that a longer one has no effect there.
   */
  readonly timeout?: number;
}

/**
 * Store in Redis, for several replicas. Connects at the first use, so that an application starts
 * while Redis is down. Every failure is an `OxdStoreError` whose message has the error code of Redis
 * or of the connection, but no key and no value. A failed call may have taken effect nevertheless.
 */
export class RedisStore extends OxdStore {
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  readonly #timeout: number;
  #isClosed = false;

  /** @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when `timeout` is not positive */
  constructor({ redis, prefix = 'oxd:', timeout = 2_000 }: RedisStoreOptions) {
    super();
    if (!(timeout > 0)) {
      throw new OxdConfigurationError(['store: timeout of RedisStore must be a positive number']);
    }
    this.#connection = isClient(redis)
      ? new GivenConnection(redis)
      : new OwnConnection(redis, timeout);
    this.#prefix = prefix;
    this.#timeout = timeout;
  }

  async get(key: string): Promise<unknown> {
    const value = await this.#run((redis) => redis.get(this.#prefix + key));
    return value === null ? undefined : parse(value);
  }

  async set(key: string, value: unknown, ttl?: number): Promise<void> {
    const json = toJson(value);
    const options = ttl === undefined ? {} : lifetime(ttl);
    await this.#run((redis) => redis.set(this.#prefix + key, json, options));
  }

  async delete(key: string): Promise<boolean> {
    return (await this.#run((redis) => redis.del(this.#prefix + key))) === 1;
  }

  override async add(key: string, value: unknown, ttl: number): Promise<boolean> {
    const json = toJson(value);
    const options = { ...lifetime(ttl), condition: 'NX' } as const;
    return (await this.#run((redis) => redis.set(this.#prefix + key, json, options))) === 'OK';
  }

  /** Closes the client that the store created. Calls in progress and later calls are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection.close();
  }

  async #run<T>(send: (redis: RedisCommands) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new OxdStoreError('The store is closed.');
    const milliseconds = this.#timeout;
    const error = () => new OxdStoreError(`Redis did not respond within ${milliseconds} ms.`);
    try {
      return await withTimeLimit({ timers: SYSTEM_TIMERS, milliseconds, error }, (signal) =>
        untilAborted(signal, this.#connection.use(signal, send)),
      );
    } catch (failure) {
      throw toStoreError(failure);
    }
  }
}

function isClient(redis: RedisClientOptions | RedisClient): redis is RedisClient {
  return 'withCommandOptions' in redis;
}

/** Redis accepts whole milliseconds only. */
function lifetime(ttl: number) {
  return { expiration: { type: 'PX', value: Math.ceil(ttl) } } as const;
}

function parse(value: unknown): unknown {
  try {
    return JSON.parse(value as string);
  } catch {
    // The error of JSON.parse is dropped: its message quotes the value.
    throw new OxdStoreError(
      'A value in Redis is not JSON. Check that no other application writes keys with this prefix.',
    );
  }
}
