import { randomUUID } from 'node:crypto';
import type { OxdStore } from './oxd-store.js';

const LIFETIME = 60_000;

/**
 * Checks the behaviour of a store that the library relies on: `get` returns the value that was set,
 * `delete` returns true exactly once, `add` stores only the first value.
 *
 * @returns the wrong behaviour as `store: message`; rejects with the error of the store
 */
export async function probeStore(store: OxdStore): Promise<string[]> {
  const key = `probe:${randomUUID()}`;
  const value = { probe: key };
  await store.set(key, value, LIFETIME);
  if (!same(await store.get(key), value)) {
    return [
      'store: get must return the value that set stored, or reject while the store is unavailable',
    ];
  }
  const deleted = [await store.delete(key), await store.delete(key)];
  if (!same(deleted, [true, false])) {
    return ['store: delete must return true if the key existed and false if it did not'];
  }
  if (((await store.get(key)) ?? undefined) !== undefined) {
    return ['store: get must return undefined once the key is deleted'];
  }
  return store.add ? probeAdd(store, key) : [];
}

async function probeAdd(store: OxdStore, key: string): Promise<string[]> {
  const added = [await store.add?.(key, 1, LIFETIME), await store.add?.(key, 2, LIFETIME)];
  const stored = await store.get(key);
  await store.delete(key);
  return same([...added, stored], [true, false, 1])
    ? []
    : ['store: add must return true if it stored the value and false if the key existed'];
}

function same(value: unknown, expected: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(expected);
}
