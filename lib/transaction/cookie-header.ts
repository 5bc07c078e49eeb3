/** Cookie of a request. */
export interface RequestCookie {
  readonly name: string;
  readonly value: string;
}

/**
 * Returns the cookies of a `Cookie` header whose name begins with `prefix`. The number of steps is
 * linear to the length of the header, and other cookies are skipped, because the header is
 * untrusted input.
 *
 * @see RFC 6265 §4.2.1
 */
export function cookiesWithPrefix(header: string, prefix: string): RequestCookie[] {
  return header.split(';').flatMap((pair) => {
    const start = indexAfterBlanks(pair);
    const equals = pair.startsWith(prefix, start) ? pair.indexOf('=', start) : -1;
    if (equals === -1) return [];
    return {
      name: trimBlanks(pair.slice(start, equals)),
      value: trimBlanks(pair.slice(equals + 1)),
    };
  });
}

/**
 * Removes blanks and tabs only. trim() removes further white space: browsers let any subdomain set
 * a cookie named with such white space before `__Host-`, which would then be read as a `__Host-`
 * cookie.
 */
function trimBlanks(text: string): string {
  const start = indexAfterBlanks(text);
  let end = text.length;
  while (end > start && isBlank(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function indexAfterBlanks(text: string): number {
  let index = 0;
  while (isBlank(text, index)) index += 1;
  return index;
}

function isBlank(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 0x20 || code === 0x09;
}
