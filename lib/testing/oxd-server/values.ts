import { malformedParams } from './reply.js';

/** @throws {WireRefusal} the malformed internal_error, as every reader here */
export function readText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw malformedParams();
}

/** A list of texts. */
export function readTexts(value: unknown): readonly string[] {
  return readList(value, readText);
}

/** A list of whatever `read` reads. */
export function readList<T>(value: unknown, read: (one: unknown) => T): readonly T[] {
  if (!Array.isArray(value)) throw malformedParams();
  return value.map(read);
}

/** An object of texts. */
export function readMap(value: unknown): Record<string, string> {
  const members = Object.entries(readObject(value));
  return Object.fromEntries(members.map(([name, one]) => [name, readText(one)]));
}

/** An object. */
export function readObject(value: unknown): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw malformedParams();
  return value;
}

/** What `read` reads; null is as good as absent. */
export function readOptional<T>(value: unknown, read: (one: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
