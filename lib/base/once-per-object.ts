/**
 * Returns a function that computes a value once for each object. Values end together with their
 * objects.
 */
export function oncePerObject<K extends object, V>(compute: (object: K) => V): (object: K) => V {
  const values = new WeakMap<K, { readonly value: V }>();
  return function valueOf(object) {
    const known = values.get(object);
    if (known) return known.value;
    const value = compute(object);
    values.set(object, { value });
    return value;
  };
}
