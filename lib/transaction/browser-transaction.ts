import { LOGIN_GRACE_PERIOD } from '../base/limits.js';
import { createHash } from 'node:crypto';
import { JsonSeal } from './json-seal.js';
import { LoginStateError, withCookies } from '../base/errors.js';
import { StateCookies } from './state-cookies.js';
import type { OxdStore } from '../store/oxd-store.js';

/** Options of {@link BrowserTransaction}. Times in milliseconds. */
export interface BrowserTransactionOptions {
  /** Purpose of the redirect; part of cookie name, cookie key and store key. */
  readonly purpose: 'login';
  /** Name of the module; first part of the cookie name. */
  readonly name: string;
  /** Fingerprint of the site; part of the cookie key, and compared with the record. */
  readonly fingerprint: string;
  /** Secrets: the first encrypts cookies, every secret decrypts them. */
  readonly secret: readonly string[];
  readonly store: OxdStore;
  /** Time limit for the user to return from the provider. */
  readonly lifetime: number;
  /**
   * Makes cookies `Secure`, with the prefix `__Host-`: true if the application is served over
   * https.
   */
  readonly secure: boolean;
  readonly clock?: () => number;
}

/** Redirect of one browser to a provider. */
export interface Transaction {
  readonly state: string;
  /** Site that began the transaction. */
  readonly oxd_id: string;
  readonly returnTo: string;
  /** Parameters of the command that ends the redirect, such as a PKCE verifier; default none. */
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Transaction that {@link BrowserTransaction.take} has ended. */
export interface TakenTransaction {
  readonly transaction: Transaction;
  /** `Set-Cookie` values that remove the cookie of the transaction. */
  readonly cookies: string[];
}

/** Record in the store; its key is made of the purpose and a hash of the state. */
interface TransactionRecord extends Omit<Transaction, 'state'> {
  readonly fingerprint: string;
}

/** Length limit of a cookie, in characters: browsers need not store longer ones (RFC 6265 §6.1). */
const MAX_COOKIE_LENGTH = 4096;

/**
 * Binds the callback of a provider to the browser that was redirected to the provider: with one
 * encrypted cookie per state in the browser, and one record per state in the store, which is taken
 * exactly once.
 */
export class BrowserTransaction {
  // `#` instead of `private`, so that a printed service does not show the secret.
  readonly #options: BrowserTransactionOptions;
  readonly #cookies: StateCookies;
  readonly #clock: () => number;

  constructor(options: BrowserTransactionOptions) {
    this.#options = options;
    const { purpose, name, fingerprint, secret, secure, clock = Date.now } = options;
    this.#cookies = new StateCookies({
      seal: new JsonSeal(secret, `nestjs-oxd ${purpose} cookie ${fingerprint}`, MAX_COOKIE_LENGTH),
      prefix: `${secure ? '__Host-' : ''}${name}.${purpose}.`,
      secure,
    });
    this.#clock = clock;
  }

  /**
   * Stores a transaction and binds it to this browser.
   *
   * @param cookieHeader the request's `Cookie` header
   * @returns `Set-Cookie` values: the new cookie, and removals of surplus cookies
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   */
  async begin({ state, ...transaction }: Transaction, cookieHeader?: string): Promise<string[]> {
    const lifetime = this.#options.lifetime + LOGIN_GRACE_PERIOD;
    const sealed = { state, issuedAt: this.#clock() };
    const cookies = await this.#cookies.add(sealed, lifetime, cookieHeader);
    const { fingerprint, store } = this.#options;
    const record: TransactionRecord = { fingerprint, ...transaction };
    await store.set(this.recordKey(state), record, lifetime);
    return cookies;
  }

  /**
   * Takes the transaction of a state, exactly once: further calls with the same state fail. Does
   * not change a transaction of another site, which the module of that site can still finish.
   *
   * @param currentOxdId returns the `oxd_id` of this module; not called for a transaction of
   *   another site
   * @throws {LoginStateError} OIDC_STATE_MISSING, OIDC_STATE_UNKNOWN, OIDC_STATE_EXPIRED,
   *   OIDC_STATE_USED
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE; the same state may then be tried again
   */
  async take(
    state: string | undefined,
    cookieHeader: string | undefined,
    currentOxdId: () => Promise<string>,
  ): Promise<TakenTransaction> {
    if (!state) throw new LoginStateError('OIDC_STATE_MISSING', MESSAGES.noState);
    const cookie = await this.#cookies.find(state, cookieHeader);
    if (!cookie) throw this.noCookie(cookieHeader);
    const cookies = [this.#cookies.removal(cookie.name)];
    try {
      // Negated, so that an age that is not a number is over, too.
      if (!(this.#clock() - cookie.issuedAt <= this.#options.lifetime)) {
        throw new LoginStateError('OIDC_STATE_EXPIRED', MESSAGES.expired);
      }
      return { transaction: await this.takeRecord(state, currentOxdId), cookies };
    } catch (error) {
      throw isOver(error) ? withCookies(error, cookies) : error;
    }
  }

  private noCookie(cookieHeader: string | undefined): LoginStateError {
    return this.#cookies.hasAny(cookieHeader)
      ? new LoginStateError('OIDC_STATE_UNKNOWN', MESSAGES.unknown)
      : new LoginStateError('OIDC_STATE_MISSING', MESSAGES.noCookie);
  }

  private async takeRecord(
    state: string,
    currentOxdId: () => Promise<string>,
  ): Promise<Transaction> {
    const { store } = this.#options;
    const key = this.recordKey(state);
    const record = (await store.get(key)) as TransactionRecord | undefined;
    if (!record) throw new LoginStateError('OIDC_STATE_USED', MESSAGES.used);
    const { fingerprint, ...transaction } = record;
    if (fingerprint !== this.#options.fingerprint) {
      throw new LoginStateError('OIDC_STATE_UNKNOWN', MESSAGES.unknown);
    }
    if (transaction.oxd_id !== (await currentOxdId())) {
      throw new LoginStateError('OIDC_STATE_EXPIRED', MESSAGES.registeredAgain);
    }
    if ((await store.delete(key)) === true) return { state, ...transaction };
    throw new LoginStateError('OIDC_STATE_USED', MESSAGES.used);
  }

  /** Hashes the state, which is secret: keys of a store are less protected than its values. */
  private recordKey(state: string): string {
    return `${this.#options.purpose}:${createHash('sha256').update(state).digest('base64url')}`;
  }
}

/** True for errors that end the transaction: its cookie is to be removed. */
function isOver(error: unknown): error is LoginStateError {
  return error instanceof LoginStateError && error.code !== 'OIDC_STATE_UNKNOWN';
}

const MESSAGES = {
  noState:
    'The callback has no state parameter: it belongs to no login. Start again at the login page.',
  noCookie:
    'This browser has no cookie of a login: the login is finished, or the cookie is missing. ' +
    'Start again at the login page, with cookies enabled and under the host name of ' +
    'authorization_redirect_uri: localhost and 127.0.0.1 share no cookies.',
  unknown:
    'This login was begun in another browser or at another site, or the secret that encrypted ' +
    'its cookie was removed. Start again at the login page.',
  expired: 'The login took too long. Start again at the login page.',
  registeredAgain:
    'The site was registered again after this login began, or another replica has its own site: ' +
    'replicas must share one store. Start again at the login page.',
  used:
    'This login is over: its callback was already used, or the login was begun by a process with ' +
    'another store. Start again at the login page.',
} as const;
