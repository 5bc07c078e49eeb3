import type { OxdStore } from '../../lib/index.js';
import { RecordStore } from '../../lib/store/record-store.js';
import { SharedStore } from '../support/shared-store.js';

const KEY = 'resources:one';

interface Scopes {
  readonly scopes: string[];
}

const read = async (store: OxdStore, key: string) => (await store.get(key)) as Scopes;

let now: number;
let shared: SharedStore;
let records: RecordStore;

beforeEach(async () => {
  now = 0;
  shared = new SharedStore(() => now);
  records = new RecordStore(shared, () => now);
  await shared.set(KEY, { scopes: ['view'] });
});

describe('RecordStore', () => {
  it('reads a record once for 30 s, and again when the copy is 30 s old', async () => {
    expect(records.inMemory(KEY, read)).toBeUndefined();
    await records.record(KEY, read);
    now = 29_999;
    expect(await records.record(KEY, read)).toEqual({ scopes: ['view'] });
    expect(records.inMemory(KEY, read)).toEqual({ scopes: ['view'] });
    expect(shared.read).toEqual([KEY]);
    now = 30_000;
    expect(records.inMemory(KEY, read)).toBeUndefined();
    await records.record(KEY, read);
    expect(shared.read).toEqual([KEY, KEY]);
  });

  it('counts the age of a copy from the start of its read', async () => {
    const reading = records.record(KEY, read);
    now = 10_000;
    await reading;
    now = 30_000;
    expect(records.inMemory(KEY, read)).toBeUndefined();
  });

  it('does not trust a copy from the future, after the clock was set back', async () => {
    await records.record(KEY, read);
    now = -1;
    expect(records.inMemory(KEY, read)).toBeUndefined();
  });

  it('shares one read among concurrent callers', async () => {
    await Promise.all(Array.from({ length: 10 }, () => records.record(KEY, read)));
    expect(shared.read).toEqual([KEY]);
  });

  it('does not let a caller modify a copy, or the object of the store', async () => {
    const stored = { scopes: ['view'] };
    const own = new RecordStore(Object.assign(shared, { get: async () => stored }), () => now);
    const copy = await own.record(KEY, read);
    expect(() => copy.scopes.push('all')).toThrow('not extensible');
    expect(() => Object.assign(copy, { scopes: ['all'] })).toThrow('read only');
    stored.scopes.push('all');
    expect(own.inMemory(KEY, read)).toEqual({ scopes: ['view'] });
  });

  it.each([
    { name: 'set', change: () => records.set(KEY, { scopes: ['edit'] }) },
    { name: 'delete', change: () => records.delete(KEY) },
    { name: 'drop', change: async () => records.drop(KEY) },
  ])('drops the copy after $name', async ({ change }) => {
    await records.record(KEY, read);
    await change();
    expect(records.inMemory(KEY, read)).toBeUndefined();
  });

  it('drops the copy after a failed write, which may have taken effect', async () => {
    await records.record(KEY, read);
    const set = shared.set.bind(shared);
    shared.set = (key, value) => set(key, value).then(() => Promise.reject(new Error('late')));
    await expect(records.set(KEY, { scopes: ['edit'] })).rejects.toThrow('late');
    expect(await records.record(KEY, read)).toEqual({ scopes: ['edit'] });
  });

  it('keeps no copy of a read that began before a write of this process', async () => {
    const early = records.record(KEY, read);
    await records.set(KEY, { scopes: ['edit'] });
    await early;
    expect(await records.record(KEY, read)).toEqual({ scopes: ['edit'] });
  });

  it('keeps no copy of a failed read', async () => {
    shared.outage = new Error('down');
    await expect(records.record(KEY, read)).rejects.toThrow('down');
    shared.outage = undefined;
    expect(await records.record(KEY, read)).toEqual({ scopes: ['view'] });
  });

  it('returns no copy to another reader, whose record may have another form', async () => {
    await records.record(KEY, read);
    const count = async (store: OxdStore, key: string) => (await read(store, key)).scopes.length;
    expect(records.inMemory(KEY, count)).toBeUndefined();
    expect(await records.record(KEY, count)).toBe(1);
  });

  it('keeps the last 1000 copies', async () => {
    for (let index = 0; index < 1_000; index++) {
      await shared.set(`site:${index}`, { scopes: [] });
      await records.record(`site:${index}`, read);
    }
    expect(records.inMemory('site:0', read)).toBeDefined();
    await records.record(KEY, read);
    expect(records.inMemory('site:0', read)).toBeUndefined();
    expect(records.inMemory('site:1', read)).toBeDefined();
  });

  it('has add() only if the store has it', () => {
    expect('add' in records).toBe(true);
    const without = Object.assign(new SharedStore(() => now), { add: undefined });
    expect('add' in new RecordStore(without, () => now)).toBe(false);
  });
});
