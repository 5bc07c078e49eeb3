/** The `Warning` of an answer without a ticket (UMA Federated Authorization §4.2). */
export const AS_UNREACHABLE = '199 - "UMA Authorization Server Unreachable"';

/** What a challenge tells the client. */
export interface Challenge {
  /** The resource server, for people. */
  readonly realm: string;
  /** Issuer of the authorization server. */
  readonly as_uri: string;
  /** The permission ticket. */
  readonly ticket: string;
}

/** Visible ASCII and blanks: anything else could end the header or begin another. */
const PRINTABLE = /^[ -~]+$/;

/**
 * The value of a `WWW-Authenticate` header.
 *
 * @returns undefined where a part is empty or has characters that no header may carry
 * @see UMA 2.0 Grant §3.2.1; RFC 7235 §2.1
 */
export function umaChallenge({ realm, as_uri, ticket }: Challenge): string | undefined {
  const parts = Object.entries({ realm, as_uri, ticket });
  if (!parts.every(([, value]) => PRINTABLE.test(value))) return undefined;
  return `UMA ${parts.map(([name, value]) => `${name}="${escaped(value)}"`).join(', ')}`;
}

/** `Access-Control-Expose-Headers` that lets scripts of a browser read the challenge, too. */
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
