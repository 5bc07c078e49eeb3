import { runOnce } from '../../store/distributed-lock.js';
import type { OxdStore } from '../../store/oxd-store.js';

/** Time limit of one change to the resources of a client, in milliseconds. */
const DEADLINE = 60_000;

/**
 * Changes the resources of a client on one replica at a time, if the store has `add`. The record is
 * read and written as a whole: of two concurrent writers, the last would delete the changes of the
 * first.
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
