import { inspect } from 'node:util';
import { OxdConfigurationError, OxdStoreError } from '../../lib/base/errors.js';
import { GuardedStore } from '../../lib/store/guarded-store.js';
import { MemoryStore, OxdStore } from '../../lib/store/oxd-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { registerSecret } from '../support/secrets.js';
import { itAddsOnce, itKeepsTheContract } from '../support/store-contract.js';

const SECRET = 'Zx81-secret-of-a-login';
const KEY = 'login:of-alice';

let warnings: string[];
let timers: ManualClock;

beforeEach(() => {
  registerSecret(SECRET);
  timers = new ManualClock();
  warnings = [];
});

const log = {
  warn: (message: string) => void warnings.push(message),
  error: (message: string) => void warnings.push(message),
};

/** Custom store that can fail, hang and return wrong results. */
class TestStore extends OxdStore {
  readonly calls: string[] = [];
  readonly lifetimes: (number | undefined)[] = [];
  down?: () => never | Promise<never>;
  results: Partial<Record<'get' | 'set' | 'delete', (result: unknown) => unknown>> = {};
  private readonly memory = new MemoryStore();

  get(key: string): Promise<unknown> {
    return this.run('get', () => this.memory.get(key));
  }

  set(key: string, value: unknown, ttl?: number): Promise<unknown> {
    this.lifetimes.push(ttl);
    return this.run('set', () => this.memory.set(key, value, ttl));
  }

  delete(key: string): Promise<boolean> {
    return this.run('delete', () => this.memory.delete(key)) as Promise<boolean>;
  }

  private run(call: 'get' | 'set' | 'delete', work: () => Promise<unknown>): Promise<unknown> {
    this.calls.push(call);
    if (this.down) return this.down();
    const change = this.results[call] ?? ((result: unknown) => result);
    return work().then(change);
  }
}

function guarded(inner: OxdStore): GuardedStore {
  return new GuardedStore(inner, { log, timers });
}

async function expectOutage(call: Promise<unknown>): Promise<OxdStoreError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OxdStoreError);
  return error as OxdStoreError;
}

const hang = (): Promise<never> => new Promise<never>(() => undefined);

itKeepsTheContract(() => guarded(new MemoryStore()));
itAddsOnce(() => guarded(new MemoryStore()));

const USES: [string, (store: OxdStore) => Promise<unknown>][] = [
  ['get', (store) => store.get(KEY)],
  ['set', (store) => store.set(KEY, SECRET, 1_000)],
  ['delete', (store) => store.delete(KEY)],
];

describe.each(USES)('GuardedStore.%s()', (call, use) => {
  it.each([
    ['rejects', () => Promise.reject(new Error(`cannot ${call} ${KEY} ${SECRET}`))],
    [
      'throws',
      () => {
        throw new Error(`cannot ${call} ${KEY} ${SECRET}`);
      },
    ],
    [
      'rejects with an error that contains the command',
      () =>
        Promise.reject(Object.assign(new Error('down'), { args: [KEY, SECRET], code: 'EDOWN' })),
    ],
    ['rejects with a cause', () => Promise.reject(new Error('down', { cause: SECRET }))],
    [
      'rejects with an OxdStoreError',
      () => Promise.reject(new OxdStoreError('down', { cause: { SECRET } })),
    ],
    ['rejects with several errors', () => Promise.reject(new AggregateError([SECRET], ''))],
    ['rejects with a string', () => Promise.reject(SECRET as unknown as Error)],
    ['rejects with undefined', () => Promise.reject(undefined as unknown as Error)],
  ])('rejects without keys and values when the store %s', async (_, down) => {
    const inner = new TestStore();
    const store = guarded(inner);
    await store.probe();
    inner.down = down;
    const error = await expectOutage(use(store));
    expect(error.code).toBe('OXD_STORE_UNAVAILABLE');
    expect(error.message).toContain(`(${call})`);
    const printed = inspect(error, { depth: null, showHidden: true });
    expect(printed).not.toContain(SECRET);
    expect(printed.replaceAll(import.meta.filename, '')).not.toContain(KEY);
  });

  it('rejects within the time limit when the store hangs', async () => {
    const inner = new TestStore();
    const store = guarded(inner);
    await store.probe();
    inner.down = hang;
    const outage = expectOutage(use(store));
    expect(timers.waiting).toEqual([2_000]);
    await timers.advance(2_000);
    expect((await outage).message).toContain('no result within 2000 ms');
    expect(timers.waiting).toEqual([]);
  });

  it('leaves no timer behind when the store responds', async () => {
    const store = guarded(new TestStore());
    await store.probe();
    await use(store);
    expect(timers.waiting).toEqual([]);
  });

  it('rejects until a store that was unavailable at start passes its probe', async () => {
    const inner = new TestStore();
    inner.down = () => Promise.reject(new Error('connection refused'));
    const store = guarded(inner);
    await store.probe();
    expect(warnings).toEqual([expect.stringContaining('connection refused')]);
    await expectOutage(use(store));

    inner.down = undefined;
    inner.results = { delete: () => undefined };
    expect((await expectOutage(use(store))).message).toContain('store: delete must return');

    inner.results = {};
    inner.calls.length = 0;
    await use(store);
    expect(inner.calls.slice(0, 2)).toEqual(['set', 'get']);
    inner.calls.length = 0;
    await use(store);
    expect(inner.calls).toEqual([call]);
  });
});

it('GuardedStore quotes no stored value that is not JSON', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  inner.results = { get: () => JSON.parse('{"pin":"s3cr3t"') as unknown };
  const error = await expectOutage(store.get(KEY));
  expect(inspect(error)).not.toContain('s3cr3t');
  expect(error.message).toContain('not JSON');
});

it('GuardedStore reports the code of an error without a message', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  inner.down = () => Promise.reject(Object.assign(new Error(''), { code: 'ECONNREFUSED' }));
  const error = await expectOutage(store.get(KEY));
  expect(error.message).toBe('The store failed (probe): ECONNREFUSED');
  expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
});

it('GuardedStore logs a warning within the time limit when the store hangs at start', async () => {
  const inner = new TestStore();
  inner.down = hang;
  const probed = guarded(inner).probe();
  await timers.advance(2_000);
  await probed;
  expect(warnings).toEqual([expect.stringContaining('no result within 2000 ms')]);
});

it('GuardedStore probes the store once for concurrent calls', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  expect(await Promise.all([store.get('a'), store.get('b'), store.get('c')])).toEqual(
    Array(3).fill(undefined),
  );
  expect(inner.calls.filter((call) => call === 'set')).toHaveLength(1);
});

it('GuardedStore deletes the key of its probe, which has a lifetime', async () => {
  const inner = new TestStore();
  await guarded(inner).probe();
  expect(inner.lifetimes).toEqual([60_000]);
  expect(inner.calls).toEqual(['set', 'get', 'delete', 'delete', 'get']);
});

it.each<[string, TestStore['results'], RegExp]>([
  ['get returns undefined', { get: () => undefined }, /^store: get must return the value/],
  [
    'get returns a string',
    { get: (value) => JSON.stringify(value) },
    /^store: get must return the/,
  ],
  ['get returns null', { set: () => true, get: () => null }, /^store: get must return the value/],
  ['delete returns undefined', { delete: () => undefined }, /^store: delete must return true/],
  ['delete returns a number', { delete: Number }, /^store: delete must return true/],
  ['delete always returns true', { delete: () => true }, /^store: delete must return true/],
  ['delete always returns false', { delete: () => false }, /^store: delete must return true/],
  [
    'get returns a deleted key',
    { get: (value) => value ?? 1 },
    /^store: get must return undefined/,
  ],
])('GuardedStore rejects a store at start when %s', async (_, results, issue) => {
  const inner = new TestStore();
  inner.results = results;
  const error = await guarded(inner)
    .probe()
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OxdConfigurationError);
  expect((error as OxdConfigurationError).issues).toEqual([expect.stringMatching(issue)]);
  expect(warnings).toEqual([]);
});

it.each([
  ['true', () => true],
  ['false', () => false],
  ['undefined', () => undefined],
])('GuardedStore rejects a store at start when add always returns %s', async (_, result) => {
  const inner = Object.assign(new TestStore(), {
    add: async () => result() as unknown as boolean,
  });
  await expect(guarded(inner).probe()).rejects.toThrow('store: add must return');
});

it.each([
  ['set returns false', { set: () => false }, (store: OxdStore) => store.set(KEY, 1)],
  ['delete returns undefined', { delete: () => undefined }, (store: OxdStore) => store.delete(KEY)],
  ['delete returns 1', { delete: () => 1 }, (store: OxdStore) => store.delete(KEY)],
])('GuardedStore rejects when %s after the start', async (_, results, use) => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  inner.results = results;
  await expectOutage(use(store));
});

it('GuardedStore returns undefined for null', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  inner.results = { get: () => null };
  expect(await store.get(KEY)).toBeUndefined();
});

it('GuardedStore has add only if the store has it', () => {
  expect(typeof guarded(new TestStore()).add).toBe('undefined');
  expect(typeof guarded(new MemoryStore()).add).toBe('function');
});

it.each([
  [0.2, 1],
  [0, 1],
  [-5, 1],
  [1_500.4, 1_501],
  [undefined, undefined],
])('GuardedStore passes a lifetime of %s ms to the store as %s', async (ttl, passed) => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  await store.set(KEY, 1, ttl);
  expect(inner.lifetimes.at(-1)).toBe(passed);
});

it.each([NaN, Infinity])('GuardedStore rejects a lifetime of %s', async (ttl) => {
  await expectOutage(guarded(new TestStore()).set(KEY, 1, ttl));
});
