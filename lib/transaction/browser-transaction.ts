import { createHash } from 'node:crypto';
import { CookieSeal } from './cookie-seal.js';
import { LoginStateError, withCookies } from '../base/errors.js';
import { StateCookies, type StateCookie } from './state-cookies.js';
import type { OxdStore } from '../store/oxd-store.js';

/** Dependencies of a {@link BrowserTransaction}. Times in milliseconds. */
export interface BrowserTransactionOptions {
  /** Part of cookie name, key and record key: no purpose opens the cookies of another. */
  readonly purpose: 'login';
  /** Name of the module: first part of the cookie name. */
  readonly name: string;
  /** Fingerprint of the site: part of the cookie key, and compared with the record. */
  readonly fingerprint: string;
  /** The first encrypts, every one decrypts. */
  readonly secret: readonly string[];
  readonly store: OxdStore;
  /** Time that the user has. */
  readonly lifetime: number;
  /** True when the application's own address is https: cookies are then Secure and `__Host-`. */
  readonly secure: boolean;
  readonly clock?: () => number;
}

/** Redirect of one browser to a provider. */
export interface Transaction {
  readonly state: string;
  /** Site that began it. */
  readonly oxd_id: string;
  readonly returnTo: string;
}

/** Transaction that {@link BrowserTransaction.take} has ended. */
export interface TakenTransaction {
  readonly transaction: Transaction;
  /** `Set-Cookie` values that remove its cookie. */
  readonly cookies: string[];
}

/** Record in the store, under purpose and hash of the state. */
interface TransactionRecord extends Omit<Transaction, 'state'> {
  readonly fingerprint: string;
}

/** Cookie and record outlive the state, so that a late user gets EXPIRED instead of UNKNOWN. */
const GRACE_PERIOD = 600_000;

/**
 * Binds the callback of a provider to the browser that was sent there: one encrypted cookie per
 * state in the browser, and one record per state in the store that is taken exactly once.
 */
export class BrowserTransaction {
  // Private to the runtime, too: whatever prints a service must not print the secret.
  readonly #options: BrowserTransactionOptions;
  readonly #cookies: StateCookies;
  readonly #clock: () => number;

  constructor(options: BrowserTransactionOptions) {
    this.#options = options;
    const { purpose, name, fingerprint, secret, secure, clock = Date.now } = options;
    this.#cookies = new StateCookies({
      seal: new CookieSeal(secret, `nestjs-oxd ${purpose} cookie ${fingerprint}`),
      prefix: `${secure ? '__Host-' : ''}${name}.${purpose}.`,
      secure,
    });
    this.#clock = clock;
  }

  /**
   * Stores a transaction and binds it to this browser.
   *
   * @param cookieHeader the request's `Cookie` header
   * @returns `Set-Cookie` values: the new cookie, and removals of cookies that are too many
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   */
  async begin({ state, ...transaction }: Transaction, cookieHeader?: string): Promise<string[]> {
    const lifetime = this.#options.lifetime + GRACE_PERIOD;
    const sealed = { state, issuedAt: this.#clock() };
    const cookies = await this.#cookies.add(sealed, lifetime, cookieHeader);
    const { fingerprint, store } = this.#options;
    const record: TransactionRecord = { fingerprint, ...transaction };
    await store.set(this.recordKey(state), record, lifetime);
    return cookies;
  }

  /**
   * Takes the transaction of a state, once. After that it is over, whatever follows. A transaction
   * of another site is not touched: the module of that site can still finish it.
   *
   * @param currentOxdId returns the site of this module; called only for a transaction of its own
   * @throws {LoginStateError} OIDC_STATE_MISSING, _UNKNOWN, _EXPIRED, _USED
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE; the transaction may then be tried again
   */
  async take(
    state: string | undefined,
    cookieHeader: string | undefined,
    currentOxdId: () => Promise<string>,
  ): Promise<TakenTransaction> {
    if (!state) throw new LoginStateError('OIDC_STATE_MISSING', MESSAGES.noState);
    const cookie = await this.cookieOf(state, cookieHeader);
    const cookies = [this.#cookies.removal(cookie.name)];
    try {
      this.checkTime(cookie);
      return { transaction: await this.takeRecord(state, currentOxdId), cookies };
    } catch (error) {
      throw isOver(error) ? withCookies(error, cookies) : error;
    }
  }

  /** @throws {LoginStateError} OIDC_STATE_MISSING, OIDC_STATE_UNKNOWN */
  private async cookieOf(state: string, cookieHeader: string | undefined): Promise<StateCookie> {
    const cookie = await this.#cookies.find(state, cookieHeader);
    if (cookie) return cookie;
    throw this.#cookies.hasAny(cookieHeader)
      ? new LoginStateError('OIDC_STATE_UNKNOWN', MESSAGES.unknown)
      : new LoginStateError('OIDC_STATE_MISSING', MESSAGES.noCookie);
  }

  private checkTime({ issuedAt }: StateCookie): void {
    if (this.#clock() - issuedAt <= this.#options.lifetime) return;
    throw new LoginStateError('OIDC_STATE_EXPIRED', MESSAGES.expired);
  }

  private async takeRecord(
    state: string,
    currentOxdId: () => Promise<string>,
  ): Promise<Transaction> {
    const { store } = this.#options;
    const key = this.recordKey(state);
    const record = (await store.get(key)) as TransactionRecord | undefined;
    if (!record) throw new LoginStateError('OIDC_STATE_USED', MESSAGES.used);
    const { fingerprint, oxd_id, returnTo } = record;
    if (fingerprint !== this.#options.fingerprint) {
      throw new LoginStateError('OIDC_STATE_UNKNOWN', MESSAGES.unknown);
    }
    if (oxd_id !== (await currentOxdId())) {
      throw new LoginStateError('OIDC_STATE_EXPIRED', MESSAGES.registeredAgain);
    }
    if ((await store.delete(key)) === true) return { state, oxd_id, returnTo };
    throw new LoginStateError('OIDC_STATE_USED', MESSAGES.used);
  }

  /** States are secret: more people may see the keys of a store than its values. */
  private recordKey(state: string): string {
    return `${this.#options.purpose}:${createHash('sha256').update(state).digest('base64url')}`;
  }
}

/** True for errors after which the cookie of this module is of no use. */
function isOver(error: unknown): error is LoginStateError {
  return error instanceof LoginStateError && error.code !== 'OIDC_STATE_UNKNOWN';
}

const MESSAGES = {
  noState:
    'The callback carries no state: it does not answer a login. Start again at the login page.',
  noCookie:
    'This browser has no login under way: it was finished before, or its cookie is missing. Start ' +
    'again at the login page, with cookies allowed and under the host name of ' +
    'authorization_redirect_uri: localhost and 127.0.0.1 share no cookies.',
  unknown:
    'This login was not begun in this browser, was begun at another site, or its secret was ' +
    'removed. Start again at the login page.',
  expired: 'The login took too long. Start again at the login page.',
  registeredAgain:
    'The site was registered again after this login began. Start again at the login page.',
  used:
    'This login is over: its callback was used already, or it was begun by a process that does ' +
    'not share this store. Start again at the login page.',
} as const;
