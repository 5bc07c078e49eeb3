/** `Warning` header of a response without a ticket (UMA Federated Authorization §4.2). */
export const AS_UNREACHABLE = '199 - "UMA Authorization Server Unreachable"';

/** Parameters of a UMA challenge. */
export interface Challenge {
  /** Name of the resource server, for people. */
  readonly realm: string;
  /** Issuer of the authorization server. */
  readonly as_uri: string;
  /** Permission ticket. */
  readonly ticket: string;
}

/** Visible ASCII and blanks: other characters could end the header or begin another. */
const PRINTABLE = /^[ -~]+$/;

/**
 * Builds the value of a `WWW-Authenticate` header.
 *
 * @returns undefined if a parameter is empty or has characters that are invalid in a header
 * @see UMA 2.0 Grant §3.2.1; RFC 7235 §2.1
 */
export function umaChallenge({ realm, as_uri, ticket }: Challenge): string | undefined {
  const parts = Object.entries({ realm, as_uri, ticket });
  if (!parts.every(([, value]) => PRINTABLE.test(value))) return undefined;
  return `UMA ${parts.map(([name, value]) => `${name}="${escaped(value)}"`).join(', ')}`;
}

/**
 * Adds the challenge to an `Access-Control-Expose-Headers` value, so that browser scripts can read
 * it.
 */
export function exposeChallengeHeader(current: unknown): string {
  const names = [current].flat().flatMap((value) => (typeof value === 'string' ? [value] : []));
  const all = names
    .join(',')
    .split(',')
    .map((name) => name.trim());
  const others = all.filter((name) => name !== '' && name.toLowerCase() !== 'www-authenticate');
  return [...others, 'WWW-Authenticate'].join(', ');
}

function escaped(value: string): string {
  return value.replace(/["\\]/g, '\\$&');
}
