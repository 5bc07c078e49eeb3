import { malformedParams } from './reply.js';
import { isJsonObject } from '../../base/json.js';

/** Reads a string. @throws {CommandFailure} malformed internal_error, like every reader in this file */
export function readString(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw malformedParams();
}

/** Reads a list of strings. */
export function readStrings(value: unknown): readonly string[] {
  return readList(value, readString);
}

/** Reads a list whose items `read` reads. */
export function readList<T>(value: unknown, read: (one: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw malformedParams();
  return value.map(read);
}

/** Reads an object of strings. */
export function readMap(value: unknown): Record<string, string> {
  const properties = Object.entries(readObject(value));
  return Object.fromEntries(properties.map(([name, one]) => [name, readString(one)]));
}

/** Reads an object. */
export function readObject(value: unknown): Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) throw malformedParams();
  return value;
}

/** Reads an optional value; null counts as absent. */
export function readOptional<T>(value: unknown, read: (one: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}
