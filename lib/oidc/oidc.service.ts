import { Injectable, Logger } from '@nestjs/common';
import { BrowserTransaction } from '../transaction/browser-transaction.js';
import { OxdClock } from '../base/clock.js';
import type { GetAuthorizationUrlParams } from '../commands/oidc.js';
import { OxdClient } from '../oxd-client/oxd-client.js';
import {
  LoginRefusedError,
  OxdCommandError,
  OxdConfigurationError,
  OxdError,
  withCookies,
} from '../base/errors.js';
import { logContext } from '../options/log-context.js';
import { OxdOptions } from '../options/oxd.options.js';
import { siteFingerprint } from '../options/site-fingerprint.js';
import { OxdStore } from '../store/oxd-store.js';
import { callbackParam, type CallbackParams } from './callback-params.js';
import { LoginExchange } from './login-exchange.js';
import { loginScope } from './login-scope.js';
import { OidcCommands } from './oidc-commands.js';
import { resolveReturnTo } from '../transaction/return-to.js';
import { isSpeculative, type RequestHeaders } from './speculative.js';
import type { StrategyEntry } from './strategy-entry.js';
import { userProfile, type OxdUserProfile } from './user-profile.js';

/** What {@link OidcService.startLogin} takes: the request's cookies and authorization params. */
export interface StartLoginParams extends Omit<
  GetAuthorizationUrlParams,
  'oxd_id' | 'protection_access_token' | 'state' | 'scope'
> {
  /** Scopes to request; default `site.scope`. `openid` is added, protection scopes are removed. */
  readonly scope?: readonly string[];
  /** The request's `Cookie` header. */
  readonly cookies?: string;
  /** Where to go after the login: a path or URL of the application, at most 1024 characters. */
  readonly returnTo?: string;
}

/** Where to send the browser for a login. */
export interface StartedLogin {
  /** Redirect the browser to it. */
  readonly url: string;
  /** `Set-Cookie` values to send with the redirect. */
  readonly cookies: string[];
}

/** A login that succeeded. */
export interface FinishedLogin {
  /** Who logged in; keep it in the session. */
  readonly user: OxdUserProfile;
  /** Absolute URL of the application to redirect the browser to. */
  readonly returnTo: string;
  /** `Set-Cookie` values to send with the redirect: they remove the login's cookie. */
  readonly cookies: string[];
}

/** OpenID Connect login, and the oxd commands of sites and users, one method each. */
@Injectable()
export class OidcService extends OidcCommands {
  private readonly log: Logger;
  private readonly logins: BrowserTransaction;
  private readonly origin: string;
  /** Private to the runtime, too: whatever prints the service must not print the secret. */
  readonly #options: OxdOptions;
  /** A strategy refers to its service: not enumerable, so that the service can be printed. */
  #strategy: StrategyEntry | undefined;
  readonly #exchange: LoginExchange;

  constructor(
    client: OxdClient,
    private readonly clock: OxdClock,
    options: OxdOptions,
    store: OxdStore,
  ) {
    super(client);
    this.log = new Logger(logContext(OidcService.name, options));
    this.#options = options;
    this.#exchange = new LoginExchange(this, options);
    const { origin, protocol } = new URL(options.site.authorization_redirect_uri);
    this.origin = origin;
    this.logins = new BrowserTransaction({
      purpose: 'login',
      name: options.name,
      fingerprint: siteFingerprint(options),
      secret: options.secret,
      store,
      lifetime: options.login.stateLifetime,
      secure: protocol === 'https:',
      clock: clock.now,
    });
  }

  /** @internal Passport strategy of this module, which sets it; undefined without one. */
  get strategy(): StrategyEntry | undefined {
    return this.#strategy;
  }

  /** @internal */
  set strategy(strategy: StrategyEntry | undefined) {
    if (this.#strategy) throw new OxdConfigurationError([SECOND_STRATEGY]);
    this.#strategy = strategy;
  }

  /**
   * Begins a login: redirect the browser to `url` and send `cookies` along. `scope` is always
   * requested: that of the call, else `site.scope`, else `openid profile email`; with `openid`, never
   * `uma_protection` or `oxd`.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when the provider is not to be had
   * @throws {OxdTransportError} when oxd-server was not reached or did not answer
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   * @see OpenID Connect Core §3.1.2, oxd command get_authorization_url
   */
  async startLogin(login: StartLoginParams = {}): Promise<StartedLogin> {
    const { cookies, returnTo = '/', ...params } = login;
    const scope = loginScope(params.scope, this.#options.site.scope);
    const { authorization_url: url } = await this.getAuthorizationUrl({ ...params, scope });
    const state = new URL(url).searchParams.get('state');
    if (!state) {
      throw new OxdCommandError('The authorization URL carries no state.', { error: 'no_state' });
    }
    const oxd_id = await this.client.oxdId();
    const transaction = { state, oxd_id, returnTo: this.returnTo(returnTo) };
    return { url, cookies: await this.logins.begin(transaction, cookies) };
  }

  /**
   * Finishes a login: checks that this browser began it, takes its state once, exchanges the code
   * and requests userinfo (option `login.userinfo`). Errors carry `cookies` to send where the login is over.
   *
   * @param params query of the callback
   * @param cookies the request's `Cookie` header
   * @throws {LoginStateError} OIDC_STATE_MISSING, _UNKNOWN, _EXPIRED, _USED
   * @throws {LoginRefusedError} OIDC_LOGIN_REFUSED when the provider said no
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when code, id_token or userinfo are not good
   * @throws {OxdTransportError} when oxd-server was not reached or did not answer
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   * @see OpenID Connect Core §3.1.2.5 to §3.1.3.7, §5.3.4; RFC 9207
   */
  async finishLogin(params: CallbackParams, cookies?: string): Promise<FinishedLogin> {
    const taken = await this.logins.take(callbackParam(params, 'state'), cookies, () =>
      this.client.oxdId(),
    );
    const { oxd_id, state, returnTo } = taken.transaction;
    try {
      const code = answeredCode(params);
      const iss = callbackParam(params, 'iss');
      const exchanged = { oxd_id, state, code, ...(iss !== undefined && { iss }) };
      const { tokens, claims } = await this.#exchange.run(exchanged);
      const user = userProfile(tokens, claims, this.clock.now());
      return { user, returnTo: this.returnTo(returnTo), cookies: taken.cookies };
    } catch (error) {
      throw error instanceof OxdError ? withCookies(error, taken.cookies) : error;
    }
  }

  /**
   * Reports a request that must neither begin nor finish a login: HEAD, or `prefetch` or `prerender`
   * in the header `Sec-Purpose` or `Purpose`. A browser or a link scanner sends such a request
   * before the user does, and it would consume the login. Respond with 503 and
   * `Cache-Control: no-store`.
   *
   * @param headers the request's headers, with lower-case names
   * @param method the request's method
   * @see RFC 9110 §9.2.1
   */
  isSpeculative(headers: RequestHeaders, method: string): boolean {
    return isSpeculative(headers, method);
  }

  private returnTo(returnTo: string): string {
    const { url, safe } = resolveReturnTo(returnTo, this.origin);
    if (!safe) this.log.warn(`A returnTo was not a short URL of ${this.origin}; using its root.`);
    return url;
  }
}

const SECOND_STRATEGY =
  'OidcStrategy: an OxdModule has one strategy; remove the second OidcStrategy or subclass from ' +
  'the providers, and export the first from its module';

/** @throws {LoginRefusedError} where the provider sent an error, or no code */
function answeredCode(params: CallbackParams): string {
  const error = callbackParam(params, 'error');
  if (error) {
    throw new LoginRefusedError({
      error,
      error_description: callbackParam(params, 'error_description'),
    });
  }
  const code = callbackParam(params, 'code');
  if (!code) throw new LoginRefusedError({ error: 'invalid_response' });
  return code;
}
