import { createHash, hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { cookiesWithPrefix, type RequestCookie } from './cookie-header.js';
import { LoginStateError, withCookies } from './errors.js';
import type { OxdStore } from './store.js';

/** What a {@link BrowserTransaction} needs. Times in milliseconds. */
export interface BrowserTransactionOptions {
  /** Part of cookie name, key and record key: one purpose never opens the other's cookies. */
  readonly purpose: 'login';
  /** The first seals, all open. */
  readonly secret: readonly string[];
  readonly store: OxdStore;
  /** How long the user may take. */
  readonly lifetime: number;
  /** Whether the application's own address is https: cookies are Secure and `__Host-` then. */
  readonly secure: boolean;
  readonly clock?: () => number;
}

/** What is sealed into the cookie. */
export interface TransactionPayload {
  readonly state: string;
  readonly oxd_id: string;
  readonly returnTo: string;
}

interface Sealed extends TransactionPayload {
  readonly issuedAt: number;
}

interface OpenCookie {
  readonly name: string;
  readonly sealed: Sealed;
}

/** Cookie and record outlive the state, so that a late user is told "expired", not "unknown". */
const GRACE = 600_000;
const MAX_COOKIES = 5;

/**
 * Binds what comes back from a provider to the browser that was sent there: a sealed cookie per
 * state in the browser, and a record of the state in the store that is taken exactly once.
 */
export class BrowserTransaction {
  private readonly keys: readonly Uint8Array[];
  private readonly prefix: string;
  private readonly clock: () => number;

  constructor(private readonly options: BrowserTransactionOptions) {
    const info = `nestjs-oxd ${options.purpose} cookie`;
    this.keys = options.secret.map(
      (secret) => new Uint8Array(hkdfSync('sha256', secret, '', info, 32)),
    );
    this.prefix = `${options.secure ? '__Host-' : ''}oxd.${options.purpose}.`;
    this.clock = options.clock ?? Date.now;
  }

  /**
   * Remembers a state and seals it for this browser.
   *
   * @param cookieHeader the request's `Cookie` header
   * @returns `Set-Cookie` values: the new cookie, and removals of the oldest beyond five
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   */
  async begin(payload: TransactionPayload, cookieHeader?: string): Promise<string[]> {
    const issuedAt = this.clock();
    const lifetime = this.options.lifetime + GRACE;
    const jwe = await this.seal({ ...payload, issuedAt });
    const open = await this.openAll(cookieHeader);
    await this.options.store.set(
      this.recordKey(payload.state),
      { oxd_id: payload.oxd_id },
      lifetime,
    );
    open.sort((a, b) => a.sealed.issuedAt - b.sealed.issuedAt);
    const surplus = open.slice(0, Math.max(0, open.length - MAX_COOKIES + 1));
    return [
      this.setCookie(`${this.prefix}${issuedAt}.${digest(payload.state)}`, jwe, lifetime),
      ...surplus.map(({ name }) => this.setCookie(name, '', 0)),
    ];
  }

  /**
   * Takes what belongs to a state, once. After that the transaction is over, whatever follows.
   *
   * @returns what was sealed, and `Set-Cookie` values that remove the cookie
   * @throws {LoginStateError} OIDC_STATE_MISSING, _UNKNOWN, _EXPIRED, _USED
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE; the transaction may then be tried again
   */
  async take(
    state: string | undefined,
    cookieHeader?: string,
  ): Promise<{ payload: TransactionPayload; cookies: string[] }> {
    if (!state) throw new LoginStateError('OIDC_STATE_MISSING', TEXTS.noState);
    if (this.candidates(cookieHeader).length === 0) {
      throw new LoginStateError('OIDC_STATE_MISSING', TEXTS.noCookie);
    }
    const cookie = (await this.openAll(cookieHeader)).find(({ sealed }) => sealed.state === state);
    if (!cookie) throw new LoginStateError('OIDC_STATE_UNKNOWN', TEXTS.unknown);
    const cookies = [this.setCookie(cookie.name, '', 0)];
    if (this.clock() - cookie.sealed.issuedAt > this.options.lifetime) {
      throw withCookies(new LoginStateError('OIDC_STATE_EXPIRED', TEXTS.expired), cookies);
    }
    if (!(await this.takeRecord(cookie.sealed))) {
      throw withCookies(new LoginStateError('OIDC_STATE_USED', TEXTS.used), cookies);
    }
    return { payload: cookie.sealed, cookies };
  }

  private async takeRecord({ state, oxd_id }: Sealed): Promise<boolean> {
    const key = this.recordKey(state);
    const record = (await this.options.store.get(key)) as { oxd_id?: unknown } | undefined;
    return record?.oxd_id === oxd_id && (await this.options.store.delete(key)) === true;
  }

  private recordKey(state: string): string {
    return `${this.options.purpose}:${digest(state)}`;
  }

  private seal(payload: Sealed): Promise<string> {
    const [key = new Uint8Array()] = this.keys;
    return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(key);
  }

  private async openAll(cookieHeader: string | undefined): Promise<OpenCookie[]> {
    const opened = await Promise.all(
      this.candidates(cookieHeader).map(async ({ name, value }) => {
        const sealed = await this.open(value);
        return sealed && { name, sealed };
      }),
    );
    return opened.filter((cookie) => cookie !== undefined);
  }

  private async open(jwe: string): Promise<Sealed | undefined> {
    for (const key of this.keys) {
      const opened = await compactDecrypt(jwe, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      }).catch(() => undefined);
      if (opened) return JSON.parse(new TextDecoder().decode(opened.plaintext)) as Sealed;
    }
    return undefined;
  }

  private candidates(cookieHeader = ''): RequestCookie[] {
    return cookiesWithPrefix(cookieHeader, this.prefix);
  }

  private setCookie(name: string, value: string, lifetime: number): string {
    const secure = this.options.secure ? '; Secure' : '';
    const maxAge = Math.floor(lifetime / 1000);
    return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`;
  }
}

const TEXTS = {
  noState:
    'The callback carries no state: it does not answer a login. Start again at the login page.',
  noCookie:
    'This browser has no login under way: it was finished before, or its cookie is missing. Start ' +
    'again at the login page, with cookies allowed and under the host name of ' +
    'authorization_redirect_uri: localhost and 127.0.0.1 share no cookies.',
  unknown: 'This login was not begun in this browser, or its secret was removed. Start again.',
  expired: 'The login took too long. Start again at the login page.',
  used:
    'This login is over: its callback was used already, or it was begun by a process that does ' +
    'not share this store. Start again at the login page.',
} as const;

function digest(state: string): string {
  return createHash('sha256').update(state).digest('base64url');
}
