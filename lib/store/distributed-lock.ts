import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { OxdStoreError } from '../base/errors.js';
import type { OxdStore } from './oxd-store.js';
import { SYSTEM_TIMERS, withTimeLimit } from '../base/time-limit.js';
import { untilAborted } from '../base/until-aborted.js';

/** Options of {@link runOnce}; key and deadline are the same in every replica. */
export interface OnceOptions<T> {
  readonly store: OxdStore;
  /** Key of the lock. */
  readonly key: string;
  /** Time limit of the work, in milliseconds; the lock lives twice as long. */
  readonly deadline: number;
  /** Returns the result if another replica has already stored it. */
  readonly done: () => Promise<T | undefined>;
  /** Produces and stores the result. Must stop when the signal is aborted. */
  readonly work: (signal: AbortSignal) => Promise<T>;
  /** Aborts the waiting and the work, for instance at shutdown. */
  readonly signal?: AbortSignal;
}

/** Time between two attempts to take the lock, in milliseconds. */
const POLL_INTERVAL = 100;

/**
 * Runs `work` in one of the replicas that share a store; the other replicas wait for the result. In
 * a store without `add`, each replica runs `work`.
 *
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when another replica holds the lock for too long,
 *   or the work exceeds its time limit
 */
export async function runOnce<T>(options: OnceOptions<T>): Promise<T> {
  const { store, key, deadline, done, signal } = options;
  if (!store.add) return (await done()) ?? withinDeadline(options);
  const holder = randomUUID();
  const end = Date.now() + 2 * deadline + POLL_INTERVAL;
  while (!(await store.add(key, holder, 2 * deadline))) {
    const result = await done();
    if (result !== undefined) return result;
    if (Date.now() > end) {
      throw new OxdStoreError('Another replica has held a lock in the store for too long.');
    }
    await pause(POLL_INTERVAL, undefined, { signal });
  }
  try {
    return (await done()) ?? (await withinDeadline(options));
  } finally {
    await release(store, key, holder);
  }
}

/** Ends the work before its lock expires, so that no two replicas do the work at once. */
async function withinDeadline<T>({ deadline, work, signal }: OnceOptions<T>): Promise<T> {
  const error = () => new OxdStoreError(`Not done within ${deadline} ms.`);
  const limit = { timers: SYSTEM_TIMERS, milliseconds: deadline, error, signal };
  return withTimeLimit(limit, (ending) => untilAborted(ending, work(ending)));
}

/** Releases the lock. Ignores errors, because the lock expires and the result must not be lost. */
async function release(store: OxdStore, key: string, holder: string): Promise<void> {
  const current = await store.get(key).catch(() => undefined);
  if (current === holder) await store.delete(key).catch(() => false);
}
