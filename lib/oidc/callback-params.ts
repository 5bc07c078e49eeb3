/** Query of the callback: parsed by the platform, or as `URLSearchParams`. */
export type CallbackParams = URLSearchParams | Readonly<Record<string, unknown>>;

/**
 * One parameter of the callback. One that is repeated, and so ambiguous, is none (RFC 6749 §3.1).
 */
export function callbackParam(params: CallbackParams, name: string): string | undefined {
  if (params instanceof URLSearchParams) {
    const [value, ...more] = params.getAll(name);
    return more.length === 0 ? value : undefined;
  }
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}
