import { OxdStoreError } from '../../lib/base/errors.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';
import { itAddsOnce, itKeepsTheContract } from '../support/store-contract.js';

itKeepsTheContract(() => new MemoryStore());
itAddsOnce(() => new MemoryStore());

let now = 0;
let store: MemoryStore;

beforeEach(() => {
  now = 1_000_000;
  store = new MemoryStore({ clock: () => now });
});

it('MemoryStore returns a value until its lifetime ends', async () => {
  await store.set('key', 'value', 1_000);
  now += 999;
  expect(await store.get('key')).toBe('value');
  now += 1;
  expect(await store.get('key')).toBeUndefined();
});

it('MemoryStore.delete() returns false for an expired value', async () => {
  await store.set('key', 'value', 1_000);
  now += 1_000;
  expect(await store.delete('key')).toBe(false);
});

it('MemoryStore.add() replaces an expired value', async () => {
  expect(await store.add('lock', 1, 1_000)).toBe(true);
  now += 999;
  expect(await store.add('lock', 2, 1_000)).toBe(false);
  now += 1;
  expect(await store.add('lock', 3, 1_000)).toBe(true);
  expect(await store.get('lock')).toBe(3);
});

it('MemoryStore retains a value without a lifetime', async () => {
  await store.set('key', 'value');
  now += 10 * 365 * 86_400_000;
  expect(await store.get('key')).toBe('value');
});

it.each([
  ['undefined', undefined],
  ['a function', () => 1],
  ['a bigint', 1n],
  ['a circular object', circularObject()],
])('MemoryStore rejects %s and retains the old value', async (_, value) => {
  await store.set('key', 'old');
  await expect(store.set('key', value)).rejects.toThrow(OxdStoreError);
  await expect(store.add('other', value, 1_000)).rejects.toThrow('Only JSON values');
  expect(await store.get('key')).toBe('old');
  expect(await store.get('other')).toBeUndefined();
});

describe('a full MemoryStore', () => {
  beforeEach(() => {
    store = new MemoryStore({ clock: () => now, maxEntries: 4 });
  });

  it('evicts the oldest entry that set wrote with a lifetime', async () => {
    await store.set('one', 1, 1_000);
    await store.set('two', 2, 9_000);
    await store.set('site', 3);
    await store.set('one', 'again', 1_000);
    await store.add('lock', 4, 1_000);
    await store.set('five', 5, 1_000);
    await store.set('six', 6);
    const values = ['one', 'two', 'site', 'lock', 'five', 'six'].map((key) => store.get(key));
    expect(await Promise.all(values)).toEqual([undefined, undefined, 3, 4, 5, 6]);
  });

  it('accepts locks while logins fill it', async () => {
    for (let login = 0; login < 50; login += 1) await store.set(`login:${login}`, login, 900_000);
    expect(await store.add('lock', 1, 1_000)).toBe(true);
    for (let login = 50; login < 99; login += 1) await store.set(`login:${login}`, login, 900_000);
    expect(await store.get('lock')).toBe(1);
    expect(await store.add('lock', 2, 1_000)).toBe(false);
    expect(await store.get('login:98')).toBe(98);
    expect(await store.get('login:95')).toBeUndefined();
  });

  it('rejects a value when no entry may be evicted, until a lock has expired', async () => {
    await Promise.all(['a', 'b', 'c'].map((key) => store.set(key, key)));
    await store.add('lock', 1, 1_000);
    await expect(store.set('login', 1, 1_000)).rejects.toThrow(OxdStoreError);
    await expect(store.add('other', 1, 1_000)).rejects.toThrow('full');
    await store.set('a', 'changed');
    now += 60_000;
    await store.set('login', 1, 1_000);
    expect(await store.get('a')).toBe('changed');
  });

  it('does not evict a value set again without a lifetime, or a lock under the key of a login', async () => {
    await store.set('site', 1, 1_000);
    await store.set('site', 2);
    await store.set('lock', 1, 1_000);
    await store.delete('lock');
    await store.add('lock', 2, 1_000);
    for (let login = 0; login < 9; login += 1) await store.set(`login:${login}`, login, 1_000);
    expect(await Promise.all([store.get('site'), store.get('lock')])).toEqual([2, 2]);
  });
});

it('MemoryStore drops expired entries at a write, once a minute', async () => {
  const counts = () => [store.size, store['evictable'].size];
  for (let index = 0; index < 400; index += 1) await store.set(`login:${index}`, index, 1_000);
  expect(counts()).toEqual([400, 400]);
  now += 59_999;
  await store.set('next', 'value', 1_000);
  expect(counts()).toEqual([401, 401]);
  now += 1;
  await store.set('next', 'value', 1_000);
  expect(counts()).toEqual([1, 1]);
});

function circularObject(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}
