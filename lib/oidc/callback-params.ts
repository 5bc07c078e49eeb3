/** Query parameters of the callback: as the platform parsed them, or as `URLSearchParams`. */
export type CallbackParams = URLSearchParams | Readonly<Record<string, unknown>>;

const NAMES = ['state', 'code', 'iss', 'error', 'error_description'] as const;

/** Parameters of a callback that a login reads. */
export type LoginCallback = { readonly [name in (typeof NAMES)[number]]?: string };

/**
 * Reads a callback. A repeated parameter is ambiguous and counts as missing.
 *
 * @see RFC 6749 §3.1
 */
export function readCallback(params: CallbackParams): LoginCallback {
  const callback: { -readonly [name in keyof LoginCallback]: string } = {};
  for (const name of NAMES) {
    const values =
      params instanceof URLSearchParams
        ? params.getAll(name)
        : [Object.hasOwn(params, name) ? params[name] : undefined];
    const [value] = values;
    if (typeof value === 'string' && values.length === 1) callback[name] = value;
  }
  return callback;
}
