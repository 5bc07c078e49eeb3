import { randomUUID } from 'node:crypto';
import type { OxdStore } from './oxd-store.js';

const LIFETIME = 60_000;

/**
 * Tries out what the library relies on: a value comes back as it was set, `delete` tells exactly
 * once that it was there, `add` keeps only the first value.
 *
 * @returns each wrong behaviour as `store: message`; rejects where the store does
 */
export async function probeStore(store: OxdStore): Promise<string[]> {
  const key = `probe:${randomUUID()}`;
  const value = { probe: key };
  await store.set(key, value, LIFETIME);
  if (!same(await store.get(key), value)) {
    return ['store: get must give back the value that set kept, or reject while the store is down'];
  }
  const deleted = [await store.delete(key), await store.delete(key)];
  if (!same(deleted, [true, false])) {
    return ['store: delete must answer true where the key was there and false where it was not'];
  }
  if (((await store.get(key)) ?? undefined) !== undefined) {
    return ['store: get must answer undefined once the key is deleted'];
  }
  return store.add ? probeAdd(store, key) : [];
}

async function probeAdd(store: OxdStore, key: string): Promise<string[]> {
  const added = [await store.add?.(key, 1, LIFETIME), await store.add?.(key, 2, LIFETIME)];
  const kept = await store.get(key);
  await store.delete(key);
  return same([...added, kept], [true, false, 1])
    ? []
    : ['store: add must answer true where it kept the value and false where there was one'];
}

function same(value: unknown, expected: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(expected);
}
