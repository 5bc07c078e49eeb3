import { isTicket } from '../../base/uma-tokens.js';

/** The UMA challenge of a `WWW-Authenticate` header. */
export interface ParsedChallenge {
  readonly realm?: string;
  /** Issuer of the authorization server, as the other side names it: not to be trusted. */
  readonly as_uri?: string;
  /** The permission ticket, see `isTicket`. */
  readonly ticket?: string;
}

interface Found {
  readonly scheme: string;
  /** Undefined for a challenge that carries one text instead of parameters. */
  readonly params?: Map<string, string>;
}

/** Longest header that is read, in characters: room for a ticket and other challenges. */
const MAX_HEADER_LENGTH = 65_536;

/**
 * Reads the one UMA challenge among those of a `WWW-Authenticate` header, in linear time.
 *
 * @returns undefined if there is none or more than one, if a parameter comes twice, or if the header
 *   is malformed or longer than 65536 characters
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

/** Every challenge; none where one of them is malformed, since the next may then be invented. */
function challenges(scan: Scanner): Found[] {
  const found: Found[] = [];
  while (scan.skip(' \t,')) {
    const name = scan.token();
    const scheme = name !== '' && !scan.isAssigned() ? readScheme(scan, name) : undefined;
    const added = scheme ? found.push(scheme) > 0 : addParam(scan, name, found.at(-1));
    if (!added) return [];
  }
  return found;
}

function readScheme(scan: Scanner, scheme: string): Found {
  return scan.token68() ? { scheme } : { scheme, params: new Map() };
}

function addParam(scan: Scanner, name: string, challenge: Found | undefined): boolean {
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

/** Moves along the text one character at a time; goes back only over one run of characters. */
class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Passes over these characters; false at the end. */
  skip(characters: string): boolean {
    while (this.next !== '' && characters.includes(this.next)) this.at++;
    return this.next !== '';
  }

  token(): string {
    return this.run(TOKEN);
  }

  /** True if `=` and a value follow: the last token is the name of a parameter. */
  isAssigned(): boolean {
    const { at } = this;
    const isAssigned = this.equals();
    this.at = at;
    return isAssigned;
  }

  /** Passes over a string that stands instead of parameters; false if there is none. */
  token68(): boolean {
    const { at } = this;
    const isFound = this.run(BLANK) !== '' && this.run(TOKEN68) !== '';
    this.run(/=/);
    if (isFound && this.isEnd()) return true;
    this.at = at;
    return false;
  }

  /** The value of a parameter, its `=` included. */
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
