/**
 * Freezes plain objects and lists with everything in them; other objects, such as an instance with
 * state, stay as they are. Returns the same value.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value;
  for (const name of Object.keys(value)) {
    const inner = (value as Readonly<Record<string, unknown>>)[name];
    if (typeof inner === 'object') deepFreeze(inner);
  }
  return Object.freeze(value);
}
