import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { OxdStoreError } from '../base/errors.js';
import type { OxdStore } from './oxd-store.js';
import { untilAborted } from '../base/until-aborted.js';

/** What {@link runOnce} agrees on between replicas. */
export interface OnceOptions<T> {
  readonly store: OxdStore;
  /** Key of the lock. */
  readonly key: string;
  /** How long the work may take at most, in milliseconds; the lock lives twice as long. */
  readonly deadline: number;
  /** The result, where another replica has already produced it. */
  readonly done: () => Promise<T | undefined>;
  /** Produces the result and stores it. Must end when the signal is aborted, at the deadline. */
  readonly work: (signal: AbortSignal) => Promise<T>;
  /** Gives the waiting and the work up, for instance at shutdown. */
  readonly signal?: AbortSignal;
}

const POLL = 100;

/**
 * Does a piece of work once among the replicas that share a store with `add`; the others wait for
 * its result. Without `add` it is simply done.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when another replica holds the lock for too long, or
 *   the work takes too long here
 */
export async function runOnce<T>(options: OnceOptions<T>): Promise<T> {
  const { store, key, deadline, done, signal } = options;
  if (!store.add) return (await done()) ?? inTime(options);
  const holder = randomUUID();
  const giveUp = Date.now() + 2 * deadline + POLL;
  while (!(await store.add(key, holder, 2 * deadline))) {
    const result = await done();
    if (result !== undefined) return result;
    if (Date.now() > giveUp) {
      throw new OxdStoreError('Another replica has held a lock in the store for too long.');
    }
    await pause(POLL, undefined, { signal });
  }
  try {
    return (await done()) ?? (await inTime(options));
  } finally {
    await release(store, key, holder);
  }
}

/** Work that went on after its lock has ended would be done by two at once. */
async function inTime<T>({ deadline, work, signal }: OnceOptions<T>): Promise<T> {
  const limit = new AbortController();
  const late = (): void => limit.abort(new OxdStoreError(`Not done within ${deadline} ms.`));
  const timer = setTimeout(late, deadline);
  const ending = signal ? AbortSignal.any([limit.signal, signal]) : limit.signal;
  try {
    return await untilAborted(ending, work(ending));
  } finally {
    clearTimeout(timer);
  }
}

/** A lock that cannot be released ends by itself: the result of the work must not be lost for it. */
async function release(store: OxdStore, key: string, holder: string): Promise<void> {
  const current = await store.get(key).catch(() => undefined);
  if (current === holder) await store.delete(key).catch(() => false);
}
