import { setTimeout as pause } from 'node:timers/promises';
import { createClient, createSentinel } from 'redis';
import { OxdStoreError } from '../../lib/base/errors.js';
import { RedisStore, type RedisStoreOptions } from '../../lib/redis/redis-store.js';
import { freePort } from '../support/app.js';
import { ProxiedRedis } from './proxied-redis.js';
import type { RedisProxy } from './redis-proxy.js';
import { RedisServer } from './redis-server.js';
import { Sentinel } from './sentinel.js';

let proxied: ProxiedRedis;
let redis: RedisServer;
let proxy: RedisProxy;
let closing: (() => unknown)[];

beforeEach(async () => {
  proxied = await ProxiedRedis.start();
  ({ redis, proxy, closing } = proxied);
});
afterEach(() => proxied.close());

const open = (options: Partial<RedisStoreOptions> = {}): RedisStore =>
  proxied.open({ timeout: 300, ...options });

/** A second server, to which the proxy sends the next connections. */
async function secondServer(): Promise<RedisServer> {
  const other = await RedisServer.start();
  closing.unshift(() => other.close());
  return other;
}

/** The first value that is read. Another failure than an OxdStoreError ends the test. */
async function firstRead(store: RedisStore, key: string): Promise<unknown> {
  for (;;) {
    try {
      return await store.get(key);
    } catch (error) {
      if (!(error instanceof OxdStoreError)) throw error;
      await pause(10);
    }
  }
}

describe('a failover', () => {
  const clients: [string, () => RedisStoreOptions['redis']][] = [
    ['options', () => ({ url: proxy.url })],
    [
      'a client of the application',
      () => {
        const client = createClient({ url: proxy.url, disableOfflineQueue: true });
        closing.push(() => client.destroy());
        return client;
      },
    ],
  ];

  it.each(clients)(
    'to another port, with %s, is followed without a lost value',
    async (_, given) => {
      const store = open({ redis: given() });
      await store.set('site', 'kept');
      await store.set('login', 'kept', 60_000);
      await redis.stop();
      await expect(store.get('site')).rejects.toThrow(OxdStoreError);
      await expect(store.delete('login')).rejects.toThrow(OxdStoreError);
      const port = await freePort();
      await redis.start(port);
      proxy.target = { port };
      expect(await firstRead(store, 'site')).toBe('kept');
      expect([await store.delete('login'), await store.delete('login')]).toEqual([true, false]);
    },
  );

  it('after which the former primary is a replica needs one failed write', async () => {
    const store = open();
    await store.set('site', 'kept');
    await redis.query((client) => client.replicaOf('127.0.0.1', 1));
    proxy.target = (await secondServer()).client.socket;
    await expect(store.set('site', 'new')).rejects.toThrow('Redis rejected a command (READONLY).');
    await store.set('site', 'new');
    expect(await store.get('site')).toBe('new');
    expect(proxy.connections).toBe(2);
  });

  it('after which the old connection is silent needs one failed use', async () => {
    const store = open();
    await store.set('site', 'kept');
    proxy.target = (await secondServer()).client.socket;
    proxy.delay = Infinity;
    await expect(store.get('site')).rejects.toThrow('Redis did not respond within 300 ms.');
    proxy.delay = 0;
    await store.set('site', 'new');
    expect(proxy.connections).toBe(2);
    expect(proxy.open).toBe(1);
  });

  it('during which a new connection is silent is followed by another connection', async () => {
    const store = open({ redis: { url: proxy.url, socket: { connectTimeout: 300 } } });
    proxy.delay = Infinity;
    await expect(store.get('site')).rejects.toThrow('Redis did not respond within 300 ms.');
    proxy.delay = 0;
    expect(await firstRead(store, 'site')).toBeUndefined();
    expect(proxy.connections).toBe(2);
  });

  it('by Sentinel is followed with a client of createSentinel()', async () => {
    const sentinel = await Sentinel.start();
    closing.unshift(() => sentinel.close());
    const client = createSentinel({ name: sentinel.name, sentinelRootNodes: [sentinel.address] });
    const store = open({ redis: client, timeout: 2_000 });
    closing.push(() => client.destroy());
    await store.set('site', 'kept');
    await sentinel.replicated();
    await sentinel.stopPrimary();
    expect(await firstRead(store, 'site')).toBe('kept');
    await store.set('site', 'new');
    expect(await store.get('site')).toBe('new');
    await store.close();
  });
});
