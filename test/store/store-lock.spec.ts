import { OxdStoreError } from '../../lib/errors.js';
import { once } from '../../lib/store-lock.js';
import { MemoryStore } from '../../lib/store.js';

const never = (): Promise<undefined> => Promise.resolve(undefined);
const hanging = (): Promise<string> => new Promise(() => undefined);

describe('work that is done once', () => {
  it('is done by one of many at once, and the others get its result', async () => {
    const store = new MemoryStore();
    let result: string | undefined;
    let runs = 0;
    const ask = () =>
      once({
        ...{ store, key: 'lock', deadline: 1_000 },
        done: async () => result,
        work: async () => {
          runs += 1;
          await new Promise(setImmediate);
          return (result = 'done');
        },
      });
    expect(await Promise.all([ask(), ask(), ask()])).toEqual(['done', 'done', 'done']);
    expect(runs).toBe(1);
  });

  it('ends at its deadline, before its lock does', async () => {
    const store = new MemoryStore();
    let signal: AbortSignal | undefined;
    const work = (ending: AbortSignal): Promise<string> => {
      signal = ending;
      return hanging();
    };
    const options = { store, key: 'lock', deadline: 20, done: never, work };
    await expect(once(options)).rejects.toThrow(OxdStoreError);
    expect(signal?.aborted).toBe(true);
    expect(await store.add('lock', 'another', 1_000)).toBe(true);
  });

  it('ends at its deadline in a store without add(), too', async () => {
    const memory = new MemoryStore();
    const store = {
      get: (key: string) => memory.get(key),
      set: (key: string, value: unknown) => memory.set(key, value),
      delete: (key: string) => memory.delete(key),
    };
    const options = { store, key: 'lock', deadline: 20, done: never, work: hanging };
    await expect(once(options)).rejects.toThrow(OxdStoreError);
  });

  it.each([
    ['while it is waited for', true],
    ['while it is done', false],
  ])('is given up at shutdown %s', async (_, held) => {
    const store = new MemoryStore();
    if (held) await store.add('lock', 'another replica', 60_000);
    const ending = new AbortController();
    const { signal } = ending;
    const running = once({
      ...{ store, key: 'lock', deadline: 60_000, done: never, work: hanging, signal },
    });
    setImmediate(() => ending.abort(new Error('shutdown')));
    await expect(running).rejects.toThrow(held ? /abort/i : 'shutdown');
  });
});
