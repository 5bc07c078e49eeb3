import { isTicket } from '../uma-tokens.js';

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

/**
 * Reads the one UMA challenge among those of a `WWW-Authenticate` header, in linear time.
 *
 * @returns undefined where there is none or more than one, where a parameter comes twice, or where
 *   the header is malformed
 * @see RFC 7235 §4.1; UMA 2.0 Grant §3.2.1
 */
export function parseChallenge(header: string): ParsedChallenge | undefined {
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

const TOKEN = /[\w!#$%&'*+.^`|~-]*/y;
const TOKEN68 = /[ \t]+[\w.~+/-]+=*[ \t]*(?=,|$)/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"[ \t]*(?=,|$)/y;
const PLAIN = /[\w!#$%&'*+.^`|~-]+[ \t]*(?=,|$)/y;

/** Moves along the text; none of its expressions can match one run in two ways. */
class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  /** Passes over these characters; false at the end. */
  skip(characters: string): boolean {
    while (this.at < this.text.length && characters.includes(this.text.charAt(this.at))) this.at++;
    return this.at < this.text.length;
  }

  token(): string {
    return this.match(TOKEN)?.[0] ?? '';
  }

  /** Whether `=` and a value follow: what was read is the name of a parameter. */
  isAssigned(): boolean {
    const { at } = this;
    const assigned = this.match(EQUALS) !== undefined;
    this.at = at;
    return assigned;
  }

  token68(): boolean {
    return this.match(TOKEN68) !== undefined;
  }

  /** The value of a parameter, its `=` included. */
  value(): string | undefined {
    if (!this.match(EQUALS)) return undefined;
    const quoted = this.match(QUOTED)?.[1];
    if (quoted !== undefined) return quoted.replace(/\\([^])/g, '$1');
    return this.match(PLAIN)?.[0].trim();
  }

  private match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (found) this.at = expression.lastIndex;
    return found ?? undefined;
  }
}
