/** JSON object with properties of unknown types. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Parses JSON; returns undefined if `text` is not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Returns `value` if it is a JSON object. A property that is null counts as omitted. */
export function objectOf(value: unknown): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const properties = Object.entries(value as JsonObject);
  const present = properties.filter(([, property]) => property !== null);
  return present.length < properties.length ? Object.fromEntries(present) : (value as JsonObject);
}

/** Returns `value` if it is a list of strings, else undefined. */
export function textsOf(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
  return isList ? (value as string[]) : undefined;
}

/** Returns `value` if it is a string with more than white space, else undefined. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
