import KeyvRedis, { createKeyv, createKeyvNonBlocking } from '@keyv/redis';
import { Keyv } from 'keyv';
import { OxdConfigurationError } from '../../lib/base/errors.js';
import { GuardedStore } from '../../lib/store/guarded-store.js';
import type { OxdStore } from '../../lib/store/oxd-store.js';
import { itKeepsTheContract } from '../support/store-contract.js';

/** No server listens at this address. */
const URL = 'redis://127.0.0.1:1';
const ITSELF = expect.stringMatching(/^store: this Keyv hides outages.*throwOnErrors: true/);
const ADAPTER = expect.stringMatching(/^store: the adapter .*KeyvRedis.*throwOnErrors: true/);

const PLAIN_MAP = expect.stringMatching(
  /^store: this Keyv stores its values in a Map.*MemoryStore/,
);

let warnings: string[];

beforeEach(() => {
  warnings = [];
});

/** Subclass of `Map` with a size limit, as in cache libraries. */
class LimitedMap extends Map<string, unknown> {}

function inMemory(): Keyv {
  return new Keyv({ store: new LimitedMap(), throwOnErrors: true });
}

function guarded(inner: OxdStore): GuardedStore {
  const warn = (message: string) => void warnings.push(message);
  return new GuardedStore(inner, { timeout: 100, log: { warn, error: warn } });
}

describe('a Keyv in memory', () => {
  itKeepsTheContract(() => guarded(inMemory()));

  it('has no add', () => {
    expect(typeof guarded(inMemory()).add).toBe('undefined');
  });
});

it.each<[string, () => object, unknown[]]>([
  ['a Keyv on a Map', () => new Keyv(), [PLAIN_MAP]],
  ['a Keyv on a Map that throws', () => new Keyv({ throwOnErrors: true }), [PLAIN_MAP]],
  ['a Keyv on a given Map', () => new Keyv({ store: new Map() }), [PLAIN_MAP]],
  ['a Keyv on a limited Map', () => new Keyv({ store: new LimitedMap() }), [ITSELF]],
  ['a Keyv on Redis without options', () => new Keyv(new KeyvRedis(URL)), [ITSELF, ADAPTER]],
  [
    'throwOnErrors at the adapter only',
    () => new Keyv(new KeyvRedis(URL, { throwOnErrors: true })),
    [ITSELF],
  ],
  [
    'throwOnErrors at the Keyv only',
    () => new Keyv(new KeyvRedis(URL), { throwOnErrors: true }),
    [ADAPTER],
  ],
  ['createKeyv() without options', () => createKeyv(URL), [ITSELF, ADAPTER]],
  [
    'createKeyv() with throwOnConnectError only',
    () => createKeyv(URL, { throwOnConnectError: true }),
    [ADAPTER],
  ],
  ['createKeyvNonBlocking()', () => createKeyvNonBlocking(URL), [ITSELF, ADAPTER]],
  [
    'an adapter without the option',
    () => new Keyv({ store: new ForeignAdapter(), throwOnErrors: true }),
    [ADAPTER],
  ],
  ['an adapter without a Keyv', () => new KeyvRedis(URL), [expect.stringContaining('new Keyv(')]],
])('the start fails and states the fix for %s', async (_, make, issues) => {
  const error = await guarded(make() as OxdStore)
    .probe()
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OxdConfigurationError);
  expect((error as OxdConfigurationError).issues).toEqual(issues);
});

it.each<[string, () => Keyv]>([
  [
    'Keyv and adapter',
    () => new Keyv(new KeyvRedis(URL, { throwOnErrors: true }), { throwOnErrors: true }),
  ],
  ['createKeyv()', () => createKeyv(URL, { throwOnErrors: true })],
])(
  'the start continues with a warning when Redis is down and throwOnErrors is set at %s',
  async (_, make) => {
    const keyv = make();
    const store = guarded(keyv);
    await store.probe();
    expect(warnings).toHaveLength(1);
    await expect(store.get('key')).rejects.toThrow('The store failed');
    await (keyv.store as KeyvRedis<unknown>).disconnect(true);
  },
);

it('an adapter with throwOnErrors of its class is accepted', async () => {
  const adapter = Object.assign(new ForeignAdapter(), { throwOnErrors: true });
  const store = guarded(new Keyv({ store: adapter, throwOnErrors: true }));
  await store.probe();
  expect(warnings).toEqual([]);
});

it('a Keyv whose adapter returns no boolean is rejected', async () => {
  const adapter = Object.assign(new ForeignAdapter(), {
    throwOnErrors: true,
    delete: async () => undefined,
  });
  const store = guarded(new Keyv({ store: adapter, throwOnErrors: true }));
  await expect(store.probe()).rejects.toThrow('store: delete must return');
});

/** Adapter of another author: stores strings, and has no option for errors. */
class ForeignAdapter {
  readonly opts = {};
  private readonly values = new Map<string, string>();

  async get(key: string): Promise<string | undefined> {
    return this.values.get(key);
  }

  async set(key: string, value: string): Promise<void> {
    this.values.set(key, value);
  }

  async delete(key: string): Promise<boolean> {
    return this.values.delete(key);
  }

  async clear(): Promise<void> {
    this.values.clear();
  }
}
