/** Value that is available at once or later. A promise for each guarded request would cost time. */
export type Pending<T> = T | PromiseLike<T>;

/**
 * Applies a function to a value, at once if the value is available.
 *
 * @param failed called with the error of a value that is available later, not with an error of `apply`
 */
export function whenAvailable<T, R>(
  value: Pending<T>,
  apply: (value: T) => Pending<R>,
  failed?: (error: unknown) => Pending<R>,
): Pending<R> {
  // Repeats isPromiseLike(), because each guarded request comes here several times.
  const { then } = (value ?? {}) as { readonly then?: unknown };
  return typeof then === 'function'
    ? (value as PromiseLike<T>).then(apply, failed)
    : apply(value as T);
}

/** True for a promise, also of another implementation. */
export function isPromiseLike<T>(value: Pending<T>): value is PromiseLike<T> {
  const { then } = (value ?? {}) as { readonly then?: unknown };
  return typeof then === 'function';
}
