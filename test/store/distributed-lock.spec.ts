import { OxdStoreError } from '../../lib/base/errors.js';
import { runOnce } from '../../lib/store/distributed-lock.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';

const never = (): Promise<undefined> => Promise.resolve(undefined);
const hanging = (): Promise<string> => new Promise(() => undefined);

/** A store that tells every lock taken in it. */
class LockStore extends MemoryStore {
  readonly locks: { readonly value: unknown; readonly ttl: number }[] = [];

  override add(key: string, value: unknown, ttl: number): Promise<boolean> {
    this.locks.push({ value, ttl });
    return super.add(key, value, ttl);
  }
}

describe('work that is done once', () => {
  it('is done by one of many at once, and the others get its result', async () => {
    const store = new MemoryStore();
    let result: string | undefined;
    let runs = 0;
    const ask = () =>
      runOnce({
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
    await expect(runOnce(options)).rejects.toThrow(OxdStoreError);
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
    await expect(runOnce(options)).rejects.toThrow(OxdStoreError);
  });

  it.each([
    ['while it is waited for', true],
    ['while it is done', false],
  ])('is given up at shutdown %s', async (_, held) => {
    const store = new MemoryStore();
    if (held) await store.add('lock', 'another replica', 60_000);
    const ending = new AbortController();
    const { signal } = ending;
    const running = runOnce({
      ...{ store, key: 'lock', deadline: 60_000, done: never, work: hanging, signal },
    });
    setImmediate(() => ending.abort(new Error('shutdown')));
    await expect(running).rejects.toThrow(held ? /abort/i : 'shutdown');
  });
});

describe('the lock of work that is done once', () => {
  const options = { key: 'lock', deadline: 1_000, done: never };

  it('lives twice as long as the work may take, and holds a value of its own', async () => {
    const store = new LockStore();
    const held: unknown[] = [];
    const work = async () => held.push(await store.get('lock'));
    await runOnce({ store, ...options, work });
    await runOnce({ store, ...options, work });
    expect(store.locks.map(({ ttl }) => ttl)).toEqual([2_000, 2_000]);
    expect(store.locks.map(({ value }) => value)).toEqual(held);
    expect(new Set(held).size).toBe(2);
  });

  it.each([
    ['succeeded', () => Promise.resolve('done')],
    ['failed', () => Promise.reject(new Error('failed'))],
  ])('is released when the work has %s', async (_, work) => {
    const store = new MemoryStore();
    await runOnce({ store, ...options, work }).catch(() => undefined);
    expect(await store.get('lock')).toBeUndefined();
  });

  it.each([
    ['succeeded', () => Promise.resolve('done')],
    ['failed', () => Promise.reject(new Error('failed'))],
  ])("stays where it is another's by the time the work has %s", async (_, outcome) => {
    const store = new MemoryStore();
    const work = async (): Promise<string> => {
      // Ours has ended, and another replica holds one now.
      await store.delete('lock');
      await store.add('lock', 'another replica', 60_000);
      return outcome();
    };
    await runOnce({ store, ...options, work }).catch(() => undefined);
    expect(await store.get('lock')).toBe('another replica');
  });

  it.each(['get', 'delete'] as const)(
    'that cannot be released, because %s fails, does not cost the result',
    async (call) => {
      const store = new MemoryStore();
      const work = async (): Promise<string> => {
        store[call] = () => Promise.reject(new OxdStoreError('down'));
        return 'done';
      };
      expect(await runOnce({ store, ...options, work })).toBe('done');
    },
  );
});
