import { REGISTRATION_ROWS } from '../site/site-parameters.js';
import { HIDDEN, printedWith } from '../base/printed-object.js';

/** Options that have secrets, checked or not. */
interface Printable {
  readonly site?: object;
  readonly transport?: object;
  readonly store?: unknown;
}

const SITE_SECRETS = REGISTRATION_ROWS.filter(([, { secret }]) => secret);

/** Hides the secrets of option `site` when the object is printed; returns the same object. */
export function printedSite<T extends object>(site: T): T {
  return printedWith(site, Object.fromEntries(SITE_SECRETS.map(([name]) => [name, HIDDEN])));
}

/** Hides the secrets of option `transport` when the object is printed; returns the same object. */
export function printedTransport<T extends object>(transport: T): T {
  const { proxy, url } = transport as { readonly proxy?: unknown; readonly url?: unknown };
  const urls = { proxy: withoutUser(proxy), url: withoutUser(url) };
  const printed = { initialAccessToken: HIDDEN, key: HIDDEN, ...urls };
  return printedWith(transport, printed);
}

/** Hides the secrets of options, and the values of a store; returns the same object. */
export function printedOptions<T extends Printable>(options: T): T {
  const { store } = options;
  return printedWith(options, {
    secret: HIDDEN,
    store: typeof store === 'string' ? store : HIDDEN,
  });
}

/** Options that may be accessors of a class, which a copy of the own properties lacks. */
const NAMES = [
  ...['site', 'transport', 'secret', 'store', 'eager', 'login', 'uma', 'bearer', 'name', 'baseUrl'],
];

/**
 * Returns a copy of options, not checked yet, whose secrets are hidden when it is printed. A value that
 * is no object is returned as it is: the validation reports it.
 */
export function printedModuleOptions<T extends Printable>(options: T): T {
  if (Object(options) !== options) return options;
  const { site, transport } = options;
  const given = NAMES.filter((name) => name in options);
  return printedOptions({
    ...options,
    ...Object.fromEntries(given.map((name) => [name, options[name as keyof T]])),
    ...(isPlain(site) && { site: printedSite({ ...site }) }),
    ...(isPlain(transport) && { transport: printedTransport({ ...transport }) }),
  });
}

/** Replaces user name and password of a URL. */
function withoutUser(url: unknown): unknown {
  if (typeof url !== 'string') return url;
  if (!URL.canParse(url)) return HIDDEN;
  const { protocol, host, username, password } = new URL(url);
  return username + password === '' ? url : `${protocol}//${HIDDEN}@${host}`;
}

function isPlain(value: object | undefined): value is Record<string, unknown> {
  return Object(value) === value && Object.getPrototypeOf(value) === Object.prototype;
}
