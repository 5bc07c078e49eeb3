import { RedisStore, type RedisStoreOptions } from '../../lib/redis/redis-store.js';
import { RedisProxy } from './redis-proxy.js';
import { RedisServer } from './redis-server.js';

/** Redis server behind a proxy, with the stores and clients of one test. */
export class ProxiedRedis {
  /** Functions that {@link close} calls, the last one first. */
  readonly closing: (() => unknown)[];

  private constructor(
    readonly redis: RedisServer,
    readonly proxy: RedisProxy,
  ) {
    this.closing = [() => redis.close(), () => proxy.close()];
  }

  static async start(): Promise<ProxiedRedis> {
    const redis = await RedisServer.start();
    return new ProxiedRedis(redis, await RedisProxy.start(redis.client.socket));
  }

  /** Opens a store that reaches Redis through the proxy. */
  open(options: Partial<RedisStoreOptions> = {}): RedisStore {
    const store = new RedisStore({ redis: { url: this.proxy.url }, ...options });
    this.closing.push(() => store.close());
    return store;
  }

  async close(): Promise<void> {
    this.redis.resume();
    for (const close of this.closing.toReversed()) await close();
  }
}
