import { runOnce } from '../../store/distributed-lock.js';
import type { OxdStore } from '../../store/oxd-store.js';

/** Longest time that the resources of a client may be worked on at once, in milliseconds. */
const DEADLINE = 60_000;

/**
 * Works on the resources of a client on one replica at a time, where the store has `add`: the record
 * is read and written as a whole, and two writers would lose what one of them added.
 *
 * @param key `resourcesKey` of the client
 * @param work must end when the signal is aborted, at the deadline
 * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when the lock or the work takes too long
 */
export function lockResources<T>(
  store: OxdStore,
  key: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const done = (): Promise<undefined> => Promise.resolve(undefined);
  return runOnce({ store, key: `${key}:lock`, deadline: DEADLINE, done, work });
}
