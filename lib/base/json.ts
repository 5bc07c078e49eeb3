/** JSON object with properties of unknown types. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses JSON; returns undefined if `text` is not JSON. An error of the parser would quote `text`. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Returns true for a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns `value` if it is a JSON object. A property that is null counts as omitted. */
export function objectOf(value: unknown): JsonObject | undefined {
  // Repeats isJsonObject(), because each introspection comes here several times.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const object = value as JsonObject;
  for (const name of Object.keys(object)) {
    if (object[name] === null) return withoutUndefined(object);
  }
  return object;
}

/** Returns true for a string with at least one character. */
export function isNonEmptyString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Returns `value` if it is a string with more than white space, else undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** Returns true for a list of strings. */
export function isStringList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Returns `value` if it is a list of strings, else undefined. */
export function stringsOf(value: unknown): readonly string[] | undefined {
  return isStringList(value) ? value : undefined;
}

/**
 * Returns a copy without properties that are undefined or null, and without `__proto__`, which would
 * set the prototype of the copy.
 */
export function withoutUndefined<T extends object>(object: T): T {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(object)) {
    const value = (object as JsonObject)[name];
    if (value !== null && value !== undefined && name !== '__proto__') copy[name] = value;
  }
  return copy as T;
}
