import { OxdStoreError } from '../../lib/base/errors.js';
import { runOnce } from '../../lib/store/distributed-lock.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';

const notDone = (): Promise<undefined> => Promise.resolve(undefined);
const hanging = (): Promise<string> => new Promise(() => undefined);

/** Store that records every lock. */
class LockStore extends MemoryStore {
  readonly locks: { readonly value: unknown; readonly ttl: number }[] = [];

  override add(key: string, value: unknown, ttl: number): Promise<boolean> {
    this.locks.push({ value, ttl });
    return super.add(key, value, ttl);
  }
}

describe('runOnce', () => {
  it('runs the work of one of many concurrent calls and returns its result to all', async () => {
    const store = new MemoryStore();
    let result: string | undefined;
    let runs = 0;
    const run = () =>
      runOnce({
        ...{ store, key: 'lock', deadline: 1_000 },
        done: async () => result,
        work: async () => {
          runs += 1;
          await new Promise(setImmediate);
          return (result = 'done');
        },
      });
    expect(await Promise.all([run(), run(), run()])).toEqual(['done', 'done', 'done']);
    expect(runs).toBe(1);
  });

  it('ends the work at its deadline, before the lock expires', async () => {
    const store = new MemoryStore();
    let signal: AbortSignal | undefined;
    const work = (ending: AbortSignal): Promise<string> => {
      signal = ending;
      return hanging();
    };
    const options = { store, key: 'lock', deadline: 20, done: notDone, work };
    await expect(runOnce(options)).rejects.toThrow(OxdStoreError);
    expect(signal?.aborted).toBe(true);
    expect(await store.add('lock', 'another', 1_000)).toBe(true);
  });

  it('ends the work at its deadline in a store without add(), too', async () => {
    const memory = new MemoryStore();
    const store = {
      get: (key: string) => memory.get(key),
      set: (key: string, value: unknown) => memory.set(key, value),
      delete: (key: string) => memory.delete(key),
    };
    const options = { store, key: 'lock', deadline: 20, done: notDone, work: hanging };
    await expect(runOnce(options)).rejects.toThrow(OxdStoreError);
  });

  it.each([
    { name: 'the waiting for another replica', held: true },
    { name: 'the work', held: false },
  ])('aborts $name at shutdown', async ({ held }) => {
    const store = new MemoryStore();
    if (held) await store.add('lock', 'another replica', 60_000);
    const ending = new AbortController();
    const { signal } = ending;
    const running = runOnce({
      ...{ store, key: 'lock', deadline: 60_000, done: notDone, work: hanging, signal },
    });
    setImmediate(() => ending.abort(new Error('shutdown')));
    await expect(running).rejects.toThrow(held ? /abort/i : 'shutdown');
  });
});

describe('the lock of runOnce', () => {
  const options = { key: 'lock', deadline: 1_000, done: notDone };

  it('lives twice as long as the deadline of the work and has a unique value', async () => {
    const store = new LockStore();
    const held: unknown[] = [];
    const work = async () => held.push(await store.get('lock'));
    await runOnce({ store, ...options, work });
    await runOnce({ store, ...options, work });
    expect(store.locks.map(({ ttl }) => ttl)).toEqual([2_000, 2_000]);
    expect(store.locks.map(({ value }) => value)).toEqual(held);
    expect(new Set(held).size).toBe(2);
  });

  const outcomes = [
    { name: 'succeeded', outcome: () => Promise.resolve('done') },
    { name: 'failed', outcome: () => Promise.reject(new Error('failed')) },
  ];

  it.each(outcomes)('is released when the work has $name', async ({ outcome: work }) => {
    const store = new MemoryStore();
    await runOnce({ store, ...options, work }).catch(() => undefined);
    expect(await store.get('lock')).toBeUndefined();
  });

  it.each(outcomes)('of another replica stays when the work has $name', async ({ outcome }) => {
    const store = new MemoryStore();
    const work = async (): Promise<string> => {
      // The lock has expired, and another replica has taken it.
      await store.delete('lock');
      await store.add('lock', 'another replica', 60_000);
      return outcome();
    };
    await runOnce({ store, ...options, work }).catch(() => undefined);
    expect(await store.get('lock')).toBe('another replica');
  });

  it.each(['get', 'delete'] as const)(
    'that cannot be released because %s fails does not change the result',
    async (call) => {
      const store = new MemoryStore();
      const work = async (): Promise<string> => {
        store[call] = () => Promise.reject<never>(new OxdStoreError('down'));
        return 'done';
      };
      expect(await runOnce({ store, ...options, work })).toBe('done');
    },
  );
});
