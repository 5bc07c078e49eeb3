import { inspect } from 'node:util';
import { OxdConfigurationError, OxdStoreError } from '../../lib/base/errors.js';
import { GuardedStore } from '../../lib/store/guarded-store.js';
import { MemoryStore, OxdStore } from '../../lib/store/oxd-store.js';
import { registerSecret } from '../support/secrets.js';
import { itAddsOnce, itKeepsTheContract } from '../support/store-contract.js';

const SECRET = 'Zx81-secret-that-was-kept';
const KEY = 'login:of-somebody';

let warnings: string[];

beforeEach(() => {
  registerSecret(SECRET);
  warnings = [];
});

const log = {
  warn: (message: string) => void warnings.push(message),
  error: (message: string) => void warnings.push(message),
};

/** A store of the user's own that can be told to fail, to hang and to answer wrongly. */
class TestStore extends OxdStore {
  readonly calls: string[] = [];
  readonly lifetimes: (number | undefined)[] = [];
  down?: () => never | Promise<never>;
  answers: Partial<Record<'get' | 'set' | 'delete', (answer: unknown) => unknown>> = {};
  private readonly memory = new MemoryStore();

  get(key: string): Promise<unknown> {
    return this.answer('get', () => this.memory.get(key));
  }

  set(key: string, value: unknown, ttl?: number): Promise<unknown> {
    this.lifetimes.push(ttl);
    return this.answer('set', () => this.memory.set(key, value, ttl));
  }

  delete(key: string): Promise<boolean> {
    return this.answer('delete', () => this.memory.delete(key)) as Promise<boolean>;
  }

  private answer(call: 'get' | 'set' | 'delete', work: () => Promise<unknown>): Promise<unknown> {
    this.calls.push(call);
    if (this.down) return this.down();
    const change = this.answers[call] ?? ((answer: unknown) => answer);
    return work().then(change);
  }
}

function guarded(inner: OxdStore, timeout?: number): GuardedStore {
  return new GuardedStore(inner, { log, timeout });
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

describe.each(USES)('%s', (call, use) => {
  it.each([
    ['rejects', () => Promise.reject(new Error(`cannot ${call} ${KEY} ${SECRET}`))],
    [
      'throws at once',
      () => {
        throw new Error(`cannot ${call} ${KEY} ${SECRET}`);
      },
    ],
    [
      'rejects with an error that carries the command',
      () =>
        Promise.reject(Object.assign(new Error('down'), { args: [KEY, SECRET], code: 'EDOWN' })),
    ],
    ['rejects with a cause', () => Promise.reject(new Error('down', { cause: SECRET }))],
    [
      'rejects with an OxdStoreError',
      () => Promise.reject(new OxdStoreError('down', { cause: { SECRET } })),
    ],
    ['rejects with several errors', () => Promise.reject(new AggregateError([SECRET], ''))],
    ['rejects with text', () => Promise.reject(SECRET as unknown as Error)],
    ['rejects with nothing', () => Promise.reject(undefined as unknown as Error)],
  ])('is an OxdStoreError without keys and values where the store %s', async (_, down) => {
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

  it('is an OxdStoreError within the time limit where the store hangs', async () => {
    const inner = new TestStore();
    const store = guarded(inner, 20);
    await store.probe();
    inner.down = hang;
    expect((await expectOutage(use(store))).message).toContain('no answer within 20 ms');
  });

  it('is refused until a store that was down at start passes its probe', async () => {
    const inner = new TestStore();
    inner.down = () => Promise.reject(new Error('connection refused'));
    const store = guarded(inner);
    await store.probe();
    expect(warnings).toEqual([expect.stringContaining('connection refused')]);
    await expectOutage(use(store));

    inner.down = undefined;
    inner.answers = { delete: () => undefined };
    expect((await expectOutage(use(store))).message).toContain('store: delete must answer');

    inner.answers = {};
    inner.calls.length = 0;
    await use(store);
    expect(inner.calls.slice(0, 2)).toEqual(['set', 'get']);
    inner.calls.length = 0;
    await use(store);
    expect(inner.calls).toEqual([call]);
  });
});

it('quotes no value of a store that cannot read it', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  inner.answers = { get: () => JSON.parse('{"pin":"s3cr3t"') as unknown };
  const error = await expectOutage(store.get(KEY));
  expect(inspect(error)).not.toContain('s3cr3t');
  expect(error.message).toContain('not JSON');
});

it('says what kind of failure it was', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  inner.down = () => Promise.reject(Object.assign(new Error(''), { code: 'ECONNREFUSED' }));
  const error = await expectOutage(store.get(KEY));
  expect(error.message).toBe('The store failed (probe): ECONNREFUSED');
  expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
});

it('a store that hangs at start is a warning within the time limit', async () => {
  const inner = new TestStore();
  inner.down = hang;
  await guarded(inner, 20).probe();
  expect(warnings).toEqual([expect.stringContaining('no answer within 20 ms')]);
});

it('a store that comes back is probed once for all who wait for it', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  expect(await Promise.all([store.get('a'), store.get('b'), store.get('c')])).toEqual(
    Array(3).fill(undefined),
  );
  expect(inner.calls.filter((call) => call === 'set')).toHaveLength(1);
});

it('the key of the probe would end by itself and is deleted', async () => {
  const inner = new TestStore();
  await guarded(inner).probe();
  expect(inner.lifetimes).toEqual([60_000]);
  expect(inner.calls).toEqual(['set', 'get', 'delete', 'delete', 'get']);
});

it.each<[string, TestStore['answers'], RegExp]>([
  ['get gives nothing back', { get: () => undefined }, /^store: get must give back/],
  ['get gives text back', { get: (value) => JSON.stringify(value) }, /^store: get must give back/],
  ['get rejects nothing and set hides it', { set: () => true, get: () => null }, /^store: get/],
  ['delete answers nothing', { delete: () => undefined }, /^store: delete must answer true/],
  ['delete answers a number', { delete: Number }, /^store: delete must answer true/],
  ['delete is always true', { delete: () => true }, /^store: delete must answer true/],
  ['delete is always false', { delete: () => false }, /^store: delete must answer true/],
  ['get still knows a deleted key', { get: (value) => value ?? 1 }, /^store: get must/],
])('a store is refused at start where %s', async (_, answers, issue) => {
  const inner = new TestStore();
  inner.answers = answers;
  const error = await guarded(inner)
    .probe()
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OxdConfigurationError);
  expect((error as OxdConfigurationError).issues).toEqual([expect.stringMatching(issue)]);
  expect(warnings).toEqual([]);
});

it.each([
  ['is always true', () => true],
  ['is always false', () => false],
  ['answers nothing', () => undefined],
])('a store is refused at start where add %s', async (_, answer) => {
  const inner = Object.assign(new TestStore(), {
    add: async () => answer() as unknown as boolean,
  });
  await expect(guarded(inner).probe()).rejects.toThrow('store: add must answer');
});

it.each([
  ['set answers false', { set: () => false }, (store: OxdStore) => store.set(KEY, 1)],
  ['delete answers nothing', { delete: () => undefined }, (store: OxdStore) => store.delete(KEY)],
  ['delete answers 1', { delete: () => 1 }, (store: OxdStore) => store.delete(KEY)],
])('is an outage where %s once it runs', async (_, answers, use) => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  inner.answers = answers;
  await expectOutage(use(store));
});

it('null is not there', async () => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  inner.answers = { get: () => null };
  expect(await store.get(KEY)).toBeUndefined();
});

it('has add only where the store has it', () => {
  expect(typeof guarded(new TestStore()).add).toBe('undefined');
  expect(typeof guarded(new MemoryStore()).add).toBe('function');
});

it.each([
  [0.2, 1],
  [0, 1],
  [-5, 1],
  [1_500.4, 1_501],
  [undefined, undefined],
])('passes a lifetime of %s ms on as %s', async (ttl, passed) => {
  const inner = new TestStore();
  const store = guarded(inner);
  await store.probe();
  await store.set(KEY, 1, ttl);
  expect(inner.lifetimes.at(-1)).toBe(passed);
});

it.each([NaN, Infinity])('refuses a lifetime of %s', async (ttl) => {
  await expectOutage(guarded(new TestStore()).set(KEY, 1, ttl));
});
