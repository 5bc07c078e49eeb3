/** Properties of a JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Returns true for a JSON object: neither null nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns a copy without null, undefined and `__proto__`, which would set the prototype of the copy. */
export function withoutNulls(object: JsonObject): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(object)) {
    const value = object[name];
    if (value !== null && value !== undefined && name !== '__proto__') copy[name] = value;
  }
  return copy;
}
