import { isLoopback } from '../base/network-rules.js';

/** A reversed domain name: it has a dot, unlike every scheme of a browser (RFC 8252 §7.1). */
const PRIVATE_SCHEME = /^[a-z][a-z\d+-]*(?:\.[a-z\d+-]+)+:$/;

/** Addresses only: a name could lead to another machine (RFC 8252 §8.3). */
const LOOPBACK_ADDRESS = /^http:\/\/(127\.0\.0\.1|\[::1\])(?::\d{1,5})?(?=[/?]|$)/;

const WEB = 'must be an absolute http or https URL';
const NATIVE_ONLY = `${WEB}; a URI with a private scheme needs application_type: 'native'`;
const NATIVE =
  'must be an absolute https URL, an http URL on a loopback host, or a URI with a private scheme that ' +
  'has a dot, such as com.example.app:/callback';

/**
 * Checks a redirect URI against the type of its client.
 *
 * @param type parameter `application_type`; every value but `native` counts as `web`
 * @returns the problem, as a predicate without the value; undefined if there is none
 * @see OpenID Connect Registration §2; RFC 8252 §7
 */
export function redirectUriProblem(uri: unknown, type: unknown): string | undefined {
  const isNative = type === 'native';
  if (typeof uri !== 'string' || !URL.canParse(uri)) return isNative ? NATIVE : WEB;
  const { protocol } = new URL(uri);
  if (protocol === 'https:') return undefined;
  if (protocol === 'http:') return isNative && !isLoopback(uri) ? NATIVE : undefined;
  if (!isNative) return hasPrivateScheme(uri) ? NATIVE_ONLY : WEB;
  return hasPrivateScheme(uri) ? undefined : NATIVE;
}

/** Returns true for a URI whose scheme belongs to one native application. */
export function hasPrivateScheme(uri: string): boolean {
  return URL.canParse(uri) && PRIVATE_SCHEME.test(new URL(uri).protocol);
}

/**
 * Returns true for two URIs on a loopback address that differ in their port only: a native
 * application learns its port when it starts.
 *
 * @see RFC 8252 §7.3
 */
export function differsInPortOnly(one: string, other: string): boolean {
  const isLocal = [one, other].every((uri) => LOOPBACK_ADDRESS.test(uri) && URL.canParse(uri));
  return isLocal && withoutPort(one) === withoutPort(other);
}

function withoutPort(uri: string): string {
  return uri.replace(LOOPBACK_ADDRESS, '$1');
}
