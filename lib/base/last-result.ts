/**
 * Returns a function that computes a value again only for another argument than that of the last call. For
 * values that are computed for each request and seldom differ.
 */
export function lastResult<A, V>(compute: (argument: A) => V): (argument: A) => V {
  let last: { readonly argument: A; readonly value: V } | undefined;
  return (argument) => {
    if (!last || last.argument !== argument) last = { argument, value: compute(argument) };
    return last.value;
  };
}
