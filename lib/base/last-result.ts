/**
 * Returns a function that computes a value only if its argument differs from that of the last call. For
 * values that each request needs and that seldom differ.
 */
export function lastResult<A, V>(compute: (argument: A) => V): (argument: A) => V {
  let last: { readonly argument: A; readonly value: V } | undefined;
  return (argument) => {
    if (!last || last.argument !== argument) last = { argument, value: compute(argument) };
    return last.value;
  };
}
