/** Query parameters of the callback: as the platform parsed them, or as `URLSearchParams`. */
export type CallbackParams = URLSearchParams | Readonly<Record<string, unknown>>;

/**
 * Returns one parameter of the callback; undefined when the parameter is missing or repeated, which
 * makes it ambiguous.
 *
 * @see RFC 6749 §3.1
 */
export function callbackParam(params: CallbackParams, name: string): string | undefined {
  if (params instanceof URLSearchParams) {
    const [value, ...more] = params.getAll(name);
    return more.length === 0 ? value : undefined;
  }
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
