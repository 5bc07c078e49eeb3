import { isTicket } from '../../base/uma-tokens.js';

/** The UMA challenge of a `WWW-Authenticate` header. */
export interface ParsedChallenge {
  readonly realm?: string;
  /** Issuer of the authorization server, as the sender names it: not to be trusted. */
  readonly as_uri?: string;
  /** Permission ticket; its characters were checked with `isTicket`. */
  readonly ticket?: string;
}

interface Challenge {
  readonly scheme: string;
  /** Undefined for a challenge with a token68 instead of parameters. */
  readonly params?: Map<string, string>;
}

/** Maximum length of a header, in characters: room for a ticket and other challenges. */
const MAX_HEADER_LENGTH = 65_536;

/**
 * Reads the UMA challenge among those of a `WWW-Authenticate` header, in linear time.
 *
 * @returns undefined if the header has no UMA challenge or several, repeats a parameter, is
 *   malformed or is longer than 65536 characters
 * @see RFC 7235 §4.1; UMA 2.0 Grant §3.2.1
 */
export function parseChallenge(header: string): ParsedChallenge | undefined {
  if (header.length > MAX_HEADER_LENGTH) return undefined;
  const [one, ...more] = challenges(new Scanner(header)).filter(
    ({ scheme }) => scheme.toLowerCase() === 'uma',
  );
  if (!one?.params || more.length > 0) return undefined;
  const { realm, as_uri, ticket } = Object.fromEntries(one.params);
  return ticket === undefined || isTicket(ticket) ? { realm, as_uri, ticket } : undefined;
}

/** Every challenge; an empty list if one is malformed, because the rest may then be forged. */
function challenges(scan: Scanner): Challenge[] {
  const found: Challenge[] = [];
  while (scan.skip(' \t,')) {
    const name = scan.token();
    const scheme = name !== '' && !scan.isAssigned() ? readScheme(scan, name) : undefined;
    const added = scheme ? found.push(scheme) > 0 : addParam(scan, name, found.at(-1));
    if (!added) return [];
  }
  return found;
}

function readScheme(scan: Scanner, scheme: string): Challenge {
  return scan.token68() ? { scheme } : { scheme, params: new Map() };
}

function addParam(scan: Scanner, name: string, challenge: Challenge | undefined): boolean {
  const key = name.toLowerCase();
  const value = scan.value();
  const params = challenge?.params;
  if (name === '' || value === undefined || !params || params.has(key)) return false;
  params.set(key, value);
  return true;
}

const TOKEN = /[\w!#$%&'*+.^`|~-]/;
const TOKEN68 = /[\w.~+/-]/;
const BLANK = /[ \t]/;

/** Reads the header one character at a time; steps back over one run of characters at most. */
class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Skips these characters; false at the end of the header. */
  skip(characters: string): boolean {
    while (this.next !== '' && characters.includes(this.next)) this.at++;
    return this.next !== '';
  }

  token(): string {
    return this.run(TOKEN);
  }

  /** True if `=` follows: the token just read is the name of a parameter. */
  isAssigned(): boolean {
    const { at } = this;
    const isAssigned = this.equals();
    this.at = at;
    return isAssigned;
  }

  /** Skips a token68, which replaces parameters (RFC 7235 §2.1); false if there is none. */
  token68(): boolean {
    const { at } = this;
    const isFound = this.run(BLANK) !== '' && this.run(TOKEN68) !== '';
    this.run(/=/);
    if (isFound && this.isEnd()) return true;
    this.at = at;
    return false;
  }

  /** Reads `=` and the value of a parameter. */
  value(): string | undefined {
    if (!this.equals()) return undefined;
    const value = this.next === '"' ? this.quoted() : this.run(TOKEN) || undefined;
    return this.isEnd() ? value : undefined;
  }

  private get next(): string {
    return this.text.charAt(this.at);
  }

  private run(kind: RegExp): string {
    const { at } = this;
    while (kind.test(this.next)) this.at++;
    return this.text.slice(at, this.at);
  }

  private equals(): boolean {
    this.run(BLANK);
    if (this.next !== '=') return false;
    this.at++;
    this.run(BLANK);
    return true;
  }

  private quoted(): string | undefined {
    let value = '';
    for (this.at++; this.next !== '"'; this.at++) {
      if (this.next === '\\') this.at++;
      if (this.next === '') return undefined;
      value += this.next;
    }
    this.at++;
    return value;
  }

  private isEnd(): boolean {
    this.run(BLANK);
    return this.next === '' || this.next === ',';
  }
}
