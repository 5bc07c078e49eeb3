import KeyvRedis, { createClient as createClient5, createKeyv } from '@keyv/redis';
import { Keyv } from 'keyv';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'redis';
import { OxdStoreError } from '../../lib/base/errors.js';
import {
  RedisStore,
  type RedisClient,
  type RedisStoreOptions,
} from '../../lib/redis/redis-store.js';
import { GuardedStore } from '../../lib/store/guarded-store.js';
import type { OxdStore } from '../../lib/store/oxd-store.js';
import { itAddsOnce, itKeepsTheContract } from '../support/store-contract.js';
import { RedisServer } from './redis-server.js';

const LIMIT = 500;

interface Opened {
  readonly store: OxdStore;
  readonly close: () => Promise<void>;
}

let redis: RedisServer;
let opened: Opened[];
let warnings: string[];

beforeEach(async () => {
  opened = [];
  warnings = [];
  redis = await RedisServer.start();
});

afterEach(async () => {
  redis.resume();
  for (const { close } of opened) await close();
  await redis.close();
});

const THROW = { throwOnErrors: true };
const OFFLINE = { disableOfflineQueue: true };

type Make = () => Opened;

const REDIS_STORES: [string, Make][] = [
  ['RedisStore with options', () => redisStore(redis.client)],
  [
    'RedisStore with a client of node-redis 6',
    () => withClient(createClient({ ...redis.client, ...OFFLINE })),
  ],
  [
    'RedisStore with a client of node-redis 5 that queues commands',
    () => withClient(createClient5(redis.client)),
  ],
];

const STORES: [string, Make][] = [
  ...REDIS_STORES,
  ['Keyv', () => keyv(new Keyv(new KeyvRedis(redis.client, THROW), THROW))],
  [
    'Keyv without an offline queue',
    () => {
      const client = { ...redis.client, ...OFFLINE };
      return keyv(new Keyv(new KeyvRedis(client, THROW), { ...THROW, namespace: 'oxd' }));
    },
  ],
  ['createKeyv', () => keyv(createKeyv(redis.client, { ...THROW, namespace: 'oxd' }))],
];

function redisStore(client: RedisStoreOptions['redis']): Opened {
  const store = new RedisStore({ redis: client, timeout: LIMIT });
  return { store, close: () => store.close() };
}

function withClient(client: RedisClient & { destroy(): void }): Opened {
  const close = async () => (client.isOpen ? client.destroy() : undefined);
  return { store: redisStore(client).store, close };
}

function keyv(store: Keyv): Opened {
  return { store, close: () => (store.store as KeyvRedis<unknown>).disconnect(true) };
}

describe.each(STORES)('%s', (_, make) => {
  const open = (timeout?: number): GuardedStore => guarded(make, timeout);

  itKeepsTheContract(() => open());

  it('passes the probe and leaves nothing behind', async () => {
    await open().probe();
    expect(warnings).toEqual([]);
    expect(await keys()).toEqual([]);
  });

  it('stores a value with the requested lifetime in milliseconds', async () => {
    const store = open();
    await store.set('login', 'value', 60_000);
    await store.set('site', 'value');
    const lifetimes = await Promise.all((await keys()).map(lifetime));
    expect(lifetimes.sort((a, b) => a - b)).toEqual([-1, expect.closeTo(60_000, -4)]);
  });

  it('returns a value no longer than its lifetime', async () => {
    const store = open();
    await store.set('login', 'value', 60_000);
    expect(await store.get('login')).toBe('value');
    await endLifetimes();
    expect(await store.get('login')).toBeUndefined();
    expect(await store.delete('login')).toBe(false);
  });

  it('shares values between replicas, of which exactly one deletes a value', async () => {
    const replicas = Array.from({ length: 8 }, () => open());
    await replicas[0]?.set('login', { state: 1 }, 60_000);
    const read = await Promise.all(replicas.map((replica) => replica.get('login')));
    expect(read).toEqual(Array(8).fill({ state: 1 }));
    const deleted = await Promise.all(replicas.map((replica) => replica.delete('login')));
    expect(deleted.filter(Boolean)).toEqual([true]);
  });

  describe.each<[string, () => Promise<void> | void, () => Promise<void> | void]>([
    ['is stopped', () => redis.stop(), () => redis.start()],
    ['hangs', () => redis.pause(), () => redis.resume()],
  ])('while Redis %s', (_name, fail, recover) => {
    it('every use fails, and the values are unchanged afterwards', async () => {
      const before = open();
      await before.set('site', { oxd_id: 'a' });
      await before.set('login', { state: 1 }, 60_000);
      const store = open(LIMIT);
      await until(() => works(store));
      await fail();
      await expectOutage(store);
      await recover();
      await until(() => works(store));
      expect(await store.get('site')).toEqual({ oxd_id: 'a' });
      expect(await store.get('login')).toEqual({ state: 1 });
      expect(await store.delete('login')).toBe(true);
      expect(await store.delete('login')).toBe(false);
    });

    it('the application starts with a warning, and the store works once Redis does', async () => {
      await fail();
      const store = open(LIMIT);
      await store.probe();
      expect(warnings).toEqual([expect.stringContaining('The store is unavailable')]);
      await expectOutage(store);
      await recover();
      await until(() => works(store));
      await store.set('site', 1);
      expect(await store.get('site')).toBe(1);
    });
  });

  it('no value reads as missing while Redis stops and starts under use', async () => {
    await open().set('site', 'kept');
    const store = open(LIMIT);
    await until(() => works(store));
    const answers = new Set<unknown>();
    let over = false;
    const readers = Array.from({ length: 10 }, async () => {
      while (!over) {
        const answer = await store.get('site').catch((error: unknown) => error);
        answers.add(answer instanceof OxdStoreError ? 'outage' : answer);
        await pause(1);
      }
    });
    for (let round = 0; round < 3; round += 1) {
      await until(() => works(store));
      await redis.stop();
      await until(async () => !(await works(store)));
      await redis.start();
    }
    await until(() => works(store));
    over = true;
    await Promise.all(readers);
    expect(answers).toEqual(new Set(['kept', 'outage']));
  });
});

describe.each(REDIS_STORES)('%s', (_, make) => {
  const open = (): GuardedStore => guarded(make);

  itAddsOnce(() => open());

  it('has one winner among 20 replicas that add', async () => {
    const replicas = Array.from({ length: 20 }, () => open());
    const answers = await Promise.all(
      replicas.map(async (replica, index) => replica.add?.('lock', index, 60_000)),
    );
    expect(answers.filter(Boolean)).toEqual([true]);
    expect(await open().get('lock')).toBe(answers.indexOf(true));
  });

  it('adds again once the lifetime is over', async () => {
    const store = open();
    expect(await store.add?.('lock', 1, 60_000)).toBe(true);
    expect(await Promise.all((await keys()).map(lifetime))).toEqual([expect.closeTo(60_000, -4)]);
    expect(await store.add?.('lock', 2, 60_000)).toBe(false);
    await endLifetimes();
    expect(await store.add?.('lock', 3, 60_000)).toBe(true);
    expect(await store.get('lock')).toBe(3);
  });

  it('does not execute rejected operations later, after Redis was stopped', async () => {
    const store = open();
    await store.set('login', 'kept', 60_000);
    await redis.stop();
    await expect(store.add?.('lock', 1, 60_000)).rejects.toThrow(OxdStoreError);
    await expect(store.delete('login')).rejects.toThrow(OxdStoreError);
    await redis.start();
    await until(() => works(store));
    expect(await store.get('lock')).toBeUndefined();
    expect(await store.get('login')).toBe('kept');
  });
});

function guarded(make: Make, timeout?: number): GuardedStore {
  const made = make();
  opened.push(made);
  const warn = (message: string) => void warnings.push(message);
  return new GuardedStore(made.store, { timeout, log: { warn, error: warn } });
}

/** Expects every use to fail. */
async function expectOutage(store: GuardedStore): Promise<void> {
  const uses = [
    () => store.get('site'),
    () => store.get('missing'),
    () => store.set('other', 1),
    () => store.delete('taken'),
  ];
  for (const use of uses) await expect(use()).rejects.toThrow(OxdStoreError);
}

async function works(store: OxdStore): Promise<boolean> {
  return store.get('anything').then(
    () => true,
    () => false,
  );
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(10);
}

function keys(): Promise<string[]> {
  return redis.query((client) => client.keys('*'));
}

function lifetime(key: string): Promise<number> {
  return redis.query((client) => client.pTTL(key));
}

/** As if the lifetime of every value were over. */
async function endLifetimes(): Promise<void> {
  const names = await keys();
  await redis.query((client) => Promise.all(names.map((key) => client.pExpire(key, 1))));
  await until(async () => (await keys()).length === 0);
}
