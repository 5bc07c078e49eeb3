/** A JSON object whose members nobody has looked at yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The value that a body is the JSON text of; undefined where it is none. */
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

/** `value` where it is a list of strings. */
export function textsOf(value: unknown): readonly string[] | undefined {
  const isList = Array.isArray(value) && value.every((one) => typeof one === 'string');
  return isList ? (value as string[]) : undefined;
}

/** `value` where it is a string with something in it. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
