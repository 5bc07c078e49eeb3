import { inspect } from 'node:util';
import { createClient, RESP_TYPES } from 'redis';
import { OxdConfigurationError, OxdStoreError } from '../../lib/base/errors.js';
import { RedisStore, type RedisStoreOptions } from '../../lib/redis/redis-store.js';
import { freePort } from '../support/app.js';
import { registerSecret } from '../support/secrets.js';
import { ProxiedRedis } from './proxied-redis.js';
import type { RedisProxy } from './redis-proxy.js';
import type { RedisServer } from './redis-server.js';

const PASSWORD = 'password-of-this-redis';
const KEY = 'key-that-is-not-logged';
const VALUE = 'value-that-is-not-logged';
[PASSWORD, KEY, VALUE].forEach(registerSecret);

let proxied: ProxiedRedis;
let redis: RedisServer;
let proxy: RedisProxy;
let closing: (() => unknown)[];

beforeEach(async () => {
  proxied = await ProxiedRedis.start();
  ({ redis, proxy, closing } = proxied);
});
afterEach(() => proxied.close());

const open = (options?: Partial<RedisStoreOptions>): RedisStore => proxied.open(options);

/** A client of the application, without a listener for errors. */
function clientOf(options: object = {}) {
  const client = createClient({ url: proxy.url, disableOfflineQueue: true, ...options });
  closing.push(() => client.destroy());
  return client;
}

async function failureOf(use: Promise<unknown>): Promise<OxdStoreError> {
  const error = await use.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof OxdStoreError)) throw new Error('no OxdStoreError', { cause: error });
  return error;
}

describe('RedisStore', () => {
  it('connects at the first use, once for all uses', async () => {
    const store = open();
    expect(proxy.connections).toBe(0);
    await Promise.all(Array.from({ length: 20 }, () => store.get('key')));
    expect(proxy.connections).toBe(1);
  });

  it.each([
    { prefix: undefined, expected: 'oxd:key' },
    { prefix: 'shop:', expected: 'shop:key' },
    { prefix: '', expected: 'key' },
  ])('stores the key as $expected with the prefix $prefix', async ({ prefix, expected }) => {
    await open({ prefix }).set('key', 1);
    expect(await redis.query((client) => client.keys('*'))).toEqual([expected]);
  });

  it('rounds a lifetime up to whole milliseconds', async () => {
    const store = open();
    await store.set('set', 1, 59_999.5);
    expect(await store.add('add', 1, 59_999.5)).toBe(true);
    expect([await store.get('set'), await store.get('add')]).toEqual([1, 1]);
  });

  it.each([0, -1, NaN])('rejects the time limit %d', (timeout) => {
    expect(() => open({ timeout })).toThrow(OxdConfigurationError);
  });

  it('works with a client that maps replies to other types', async () => {
    await open().set('key', { a: 1 });
    const typeMapping = { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String };
    const client = clientOf({ commandOptions: { typeMapping } });
    const store = open({ redis: client });
    expect(await store.get('key')).toEqual({ a: 1 });
    expect(await store.delete('key')).toBe(true);
  });

  it('prints no password', () => {
    const store = open({ redis: { url: proxy.url, password: PASSWORD } });
    const printed = inspect(store, { depth: 10, showHidden: true }) + JSON.stringify(store);
    expect(printed).not.toContain(PASSWORD);
  });
});

describe('RedisStore and a client of the application', () => {
  it('connects a client that is not open', async () => {
    const client = clientOf();
    expect(await open({ redis: client }).get('key')).toBeUndefined();
    expect(client.isReady).toBe(true);
  });

  it('uses the connection of a client that is open', async () => {
    const client = await clientOf().connect();
    await open({ redis: client }).set('key', 1);
    expect(proxy.connections).toBe(1);
  });

  it('listens to errors, so that none ends the process', () => {
    const client = clientOf();
    expect(() => client.emit('error', new Error('no listener'))).toThrow('no listener');
    open({ redis: client });
    expect(client.emit('error', new Error('a listener'))).toBe(true);
  });

  it('leaves the client open when the store is closed', async () => {
    const client = clientOf();
    const store = open({ redis: client });
    await store.set('key', 1);
    await store.close();
    expect(await failureOf(store.get('key'))).toMatchObject({ message: 'The store is closed.' });
    expect(await client.get('oxd:key')).toBe('1');
  });

  it('does not open a client that the application closed', async () => {
    const client = createClient({ url: proxy.url });
    const store = open({ redis: client });
    await store.set('key', 1);
    client.destroy();
    await failureOf(store.get('key'));
    expect(client.isOpen).toBe(false);
  });
});

describe('RedisStore after close()', () => {
  it('has no connection, rejects every use and connects no more', async () => {
    const store = open();
    await store.set('key', 1);
    await store.close();
    await until(() => proxy.open === 0);
    await failureOf(store.get('key'));
    await failureOf(store.set('key', 2));
    expect(proxy.connections).toBe(1);
  });

  it('has no connection when close() is called while it connects', async () => {
    const store = open();
    const use = failureOf(store.get('key'));
    await store.close();
    await use;
    await until(() => proxy.open === 0);
    expect(proxy.connections).toBe(1);
  });

  it('may be closed twice, or before its first use', async () => {
    const store = open();
    await store.close();
    await store.close();
    expect(proxy.connections).toBe(0);
  });
});

describe('RedisStore in an outage', () => {
  const uses = (store: RedisStore) => [
    store.get(KEY),
    store.set(KEY, VALUE),
    store.set(KEY, VALUE, 60_000),
    store.delete(KEY),
    store.add(KEY, VALUE, 60_000),
  ];

  it('of a rejected connection names the error code', async () => {
    const store = open({ redis: { url: `redis://127.0.0.1:${await freePort()}` } });
    for (const use of uses(store)) await expectFailure(use, 'Redis is unavailable (ECONNREFUSED).');
  });

  it('of a Redis that does not respond ends each use at the time limit', async () => {
    proxy.delay = Infinity;
    const redis = { url: proxy.url, socket: { connectTimeout: 50 } };
    const store = open({ redis, timeout: 50 });
    for (const use of uses(store)) {
      await expectFailure(use, 'Redis did not respond within 50 ms.');
    }
  });

  it('of a wrong password names the error code', async () => {
    await redis.query((client) => client.configSet('requirepass', 'another password'));
    const store = open({ redis: { url: proxy.url, password: PASSWORD } });
    for (const use of uses(store))
      await expectFailure(use, 'Redis rejected a command (WRONGPASS).');
  });

  it('of a key with another type names the error code', async () => {
    await redis.query((client) => client.lPush(`oxd:${KEY}`, VALUE));
    await expectFailure(open().get(KEY), 'Redis rejected a command (WRONGTYPE).');
  });

  it('of a value that is no JSON does not quote the value', async () => {
    await redis.query((client) => client.set(`oxd:${KEY}`, VALUE));
    await expectFailure(open().get(KEY), /^A value in Redis is not JSON\./);
  });

  it('of a full Redis rejects writes, and reads and deletes values', async () => {
    const store = open();
    await store.set('site', 'kept');
    await store.set('login', 'kept', 60_000);
    await redis.fill();
    await expectFailure(store.set(KEY, VALUE), 'Redis rejected a command (OOM).');
    await expectFailure(store.set('site', VALUE), 'Redis rejected a command (OOM).');
    await expectFailure(store.add(KEY, VALUE, 60_000), 'Redis rejected a command (OOM).');
    expect(await store.get('site')).toBe('kept');
    expect([await store.delete('login'), await store.delete('login')]).toEqual([true, false]);
    await redis.empty();
    expect(await store.get(KEY)).toBeUndefined();
    expect(await store.add(KEY, VALUE, 60_000)).toBe(true);
  });

  it('waits for a slow Redis', async () => {
    proxy.delay = 20;
    const store = open({ timeout: 10_000 });
    await store.set('key', 1);
    expect([await store.get('key'), await store.delete('key')]).toEqual([1, true]);
  });

  it('uses a connection that became ready too late for the first call', async () => {
    proxy.delay = 80;
    const store = open({ timeout: 100 });
    await expectFailure(store.get('key'), 'Redis did not respond within 100 ms.');
    proxy.delay = 0;
    await store.set('key', 1);
    expect([await store.get('key'), proxy.connections]).toEqual([1, 1]);
  });

  async function expectFailure(use: Promise<unknown>, message: string | RegExp): Promise<void> {
    const error = await failureOf(use);
    expect(error.message).toMatch(message);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(
      new RegExp(`${KEY}|${VALUE}|${PASSWORD}`),
    );
  }
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
