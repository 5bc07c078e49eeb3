/** Cookie of a request. */
export interface RequestCookie {
  readonly name: string;
  readonly value: string;
}

/** Names that can be repeated in a `Set-Cookie` header. */
const COOKIE_NAME = /^[\w.-]{1,256}$/;

/**
 * Returns the cookies of a `Cookie` header whose name begins with `prefix`. The header is untrusted
 * input: the number of steps is linear to its length, and other cookies are skipped.
 *
 * Only blanks and tabs are removed before a name: browsers let any subdomain set a cookie named with
 * other white space before `__Host-`, which would then be read as a `__Host-` cookie.
 *
 * @see RFC 6265 §4.2.1
 */
export function cookiesWithPrefix(prefix: string, header = ''): RequestCookie[] {
  return header.split(/;[ \t]*/).flatMap((pair) => {
    if (!pair.startsWith(prefix)) return [];
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals));
    return COOKIE_NAME.test(name) ? [{ name, value: pair.slice(equals + 1) }] : [];
  });
}
