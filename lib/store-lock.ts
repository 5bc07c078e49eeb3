import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { OxdStoreError } from './errors.js';
import type { OxdStore } from './store.js';

/** What {@link once} agrees on between replicas. */
export interface OnceOptions<T> {
  readonly store: OxdStore;
  /** Key of the lock. */
  readonly key: string;
  /** How long the work may take at most, in milliseconds; the lock lives twice as long. */
  readonly deadline: number;
  /** The result, where another replica has already produced it. */
  readonly done: () => Promise<T | undefined>;
  /** Produces the result and stores it. */
  readonly work: () => Promise<T>;
}

const POLL = 100;

/**
 * Does a piece of work once among the replicas that share a store with `add`; the others wait for
 * its result. Without `add` it is simply done.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when another replica holds the lock for too long
 */
export async function once<T>({ store, key, deadline, done, work }: OnceOptions<T>): Promise<T> {
  if (!store.add) return (await done()) ?? work();
  const holder = randomUUID();
  const giveUp = Date.now() + 2 * deadline + POLL;
  while (!(await store.add(key, holder, 2 * deadline))) {
    const result = await done();
    if (result !== undefined) return result;
    if (Date.now() > giveUp) {
      throw new OxdStoreError('Another replica has held a lock in the store for too long.');
    }
    await pause(POLL);
  }
  try {
    return (await done()) ?? (await work());
  } finally {
    await release(store, key, holder);
  }
}

/** A lock that cannot be released ends by itself: the result of the work must not be lost for it. */
async function release(store: OxdStore, key: string, holder: string): Promise<void> {
  const current = await store.get(key).catch(() => undefined);
  if (current === holder) await store.delete(key).catch(() => false);
}
