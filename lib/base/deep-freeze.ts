/**
 * Freezes plain objects and lists with everything in them; other objects, such as an instance with
 * state, stay as they are. Returns the same value.
 */
export function deepFreeze<T>(value: T): T {
  const isPlain =
    Array.isArray(value) || (value && Object.getPrototypeOf(value) === Object.prototype);
  if (!isPlain) return value;
  for (const inner of Object.values(value as object)) deepFreeze(inner);
  return Object.freeze(value);
}
