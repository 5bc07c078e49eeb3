import { createHash } from 'node:crypto';
import { cookiesWithPrefix, type RequestCookie } from './cookie-header.js';
import type { JsonSeal } from './json-seal.js';

/** Options of {@link StateCookies}. */
export interface StateCookiesOptions {
  readonly seal: JsonSeal;
  /** Prefix of every cookie name. */
  readonly prefix: string;
  /** Adds `Secure`. */
  readonly secure: boolean;
}

/** Cookie of a state in the request of a browser. */
export interface StateCookie {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly issuedAt: number;
}

/** Content of a cookie. Small, of a size that does not depend on the request. */
interface SealedState {
  readonly state: string;
  readonly issuedAt: number;
}

interface OpenCookie extends RequestCookie {
  /** Content; undefined when the value does not decrypt. */
  readonly sealed: SealedState | undefined;
}

const MAX_COOKIES = 5;
/** Size limit of all cookies together: common proxies accept a `Cookie` header of 8 KiB. */
const MAX_COOKIE_BYTES = 3072;
/**
 * Limit of decryptions per request. A browser with more than 5 cookies did not get them from here.
 */
const MAX_DECRYPTIONS = 32;

/** Reads and writes the encrypted cookies of a browser, one per state. */
export class StateCookies {
  readonly #options: StateCookiesOptions;

  constructor(options: StateCookiesOptions) {
    this.#options = options;
  }

  /**
   * Returns `Set-Cookie` values: the new cookie, and removals of surplus cookies, so that at most 5
   * cookies and 3 kB remain. Cookies that do not decrypt are removed first, then the oldest
   * cookies.
   *
   * @param lifetime of the cookie, in milliseconds
   */
  async add(sealed: SealedState, lifetime: number, cookieHeader?: string): Promise<string[]> {
    const name = `${this.#options.prefix}${sealed.issuedAt}${suffixOf(sealed.state)}`;
    const value = await this.#options.seal.seal(sealed);
    const present = await this.openAll(cookiesWithPrefix(this.#options.prefix, cookieHeader));
    const surplus = surplusOf(present, { name, value });
    return [
      this.setCookie(name, value, lifetime),
      ...surplus.map((cookie) => this.removal(cookie.name)),
    ];
  }

  /** Returns true when the header has a cookie with the prefix, even if it does not decrypt. */
  hasAny(cookieHeader?: string): boolean {
    return cookiesWithPrefix(this.#options.prefix, cookieHeader).length > 0;
  }

  /** Returns the cookie that decrypts to `state`. */
  async find(state: string, cookieHeader?: string): Promise<StateCookie | undefined> {
    const suffix = suffixOf(state);
    const present = cookiesWithPrefix(this.#options.prefix, cookieHeader);
    const opened = await this.openAll(present.filter(({ name }) => name.endsWith(suffix)));
    const found = opened.find(({ sealed }) => sealed?.state === state);
    return found?.sealed && { name: found.name, issuedAt: found.sealed.issuedAt };
  }

  /** Returns the `Set-Cookie` value that removes a cookie. */
  removal(name: string): string {
    return this.setCookie(name, '', 0);
  }

  private openAll(cookies: readonly RequestCookie[]): Promise<OpenCookie[]> {
    const { seal, prefix } = this.#options;
    const newestFirst = cookies.toSorted(
      (a, b) => timeInName(b.name, prefix) - timeInName(a.name, prefix),
    );
    return Promise.all(
      newestFirst.map(async (cookie, index) => {
        const sealed = index < MAX_DECRYPTIONS ? await seal.open(cookie.value) : undefined;
        return { ...cookie, sealed: sealed as SealedState | undefined };
      }),
    );
  }

  private setCookie(name: string, value: string, lifetime: number): string {
    const secure = this.#options.secure ? '; Secure' : '';
    const maxAge = Math.floor(lifetime / 1000);
    return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  }
}

/** Returns the cookies to remove so that the remaining cookies and the new one fit the limits. */
function surplusOf(cookies: readonly OpenCookie[], added: RequestCookie): OpenCookie[] {
  const newestFirst = cookies.toSorted((a, b) => issuedAt(b) - issuedAt(a));
  let bytes = sizeOf(added);
  const first = newestFirst.findIndex((cookie, index) => {
    bytes += sizeOf(cookie);
    return index + 1 >= MAX_COOKIES || bytes > MAX_COOKIE_BYTES;
  });
  return first === -1 ? [] : newestFirst.slice(first);
}

/** Returns the issue time; 0, older than any other, for a cookie that does not decrypt. */
function issuedAt({ sealed }: OpenCookie): number {
  return sealed?.issuedAt ?? 0;
}

/** Time that the name of a cookie states; 0 without one. Foreign cookies can state any. */
function timeInName(name: string, prefix: string): number {
  return Number(/^\d{1,15}(?=\.)/.exec(name.slice(prefix.length))?.[0] ?? 0);
}

/** Returns the size in a `Cookie` header in bytes, with equals sign and separator. */
function sizeOf({ name, value }: RequestCookie): number {
  return name.length + value.length + 3;
}

/** Hashes the state, which is secret: the name of a cookie is not encrypted. */
function suffixOf(state: string): string {
  return `.${createHash('sha256').update(state).digest('base64url')}`;
}
