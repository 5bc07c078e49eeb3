import { malformedParams } from './reply.js';
import { isJsonObject, textOf } from '../../base/json.js';

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

/** Strings of a parameter that {@link readMap} has read; none for another value. */
export function mapOf(value: unknown): Readonly<Record<string, string>> {
  return isJsonObject(value) ? (value as Readonly<Record<string, string>>) : {};
}

/** Reads a boolean or its string. */
export function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw malformedParams();
}

/** Reads a number or its string. */
export function readNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw malformedParams();
}

/** Scopes of a response, which are a list or a string (RFC 7662). */
export function scopesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(String);
  return textOf(value)?.split(' ') ?? [];
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
