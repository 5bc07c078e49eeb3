import { Injectable, Logger } from '@nestjs/common';
import { BrowserTransaction } from '../transaction/browser-transaction.js';
import { OxdClock } from '../base/clock.js';
import { LimitedLog } from '../base/limited-log.js';
import type { GetAuthorizationUrlParams } from '../commands/oidc.js';
import type { AliasedParams, GivenParams } from '../commands/aliases.js';
import type { Result } from '../commands/command.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';
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
import { hasPrivateScheme } from '../site/redirect-uris.js';
import { readCallback, type CallbackParams, type LoginCallback } from './callback-params.js';
import { LoginExchange } from './login-exchange.js';
import { loginScope } from './login-scope.js';
import { OidcCommands } from './oidc-commands.js';
import { resolveReturnTo } from '../transaction/return-to.js';
import { sharedRefreshes } from './shared-refreshes.js';
import { isSpeculative, type RequestHeaders } from './speculative.js';
import type { StrategyEntry } from './strategy-entry.js';
import { userProfile, type OxdUserProfile } from './user-profile.js';

/**
 * Parameters of {@link OidcService.startLogin}: cookies of the request, authorization parameters.
 */
export interface StartLoginParams
  extends
    Omit<
      GetAuthorizationUrlParams,
      | 'oxd_id'
      | 'authorization_oxd_id'
      | 'protection_access_token'
      | 'state'
      | 'scope'
      | 'keep_state'
    >,
    AliasedParams<'get_authorization_url'> {
  /**
   * Scopes to request; default `site.scope`. `openid` is added; `uma_protection` and `oxd` are
   * removed.
   */
  readonly scope?: readonly string[];
  /** The request's `Cookie` header. */
  readonly cookies?: string;
  /**
   * Path or URL of the application to return to after the login, at most 1024 characters; default
   * `baseUrl`.
   */
  readonly returnTo?: string;
}

/** Redirect that begins a login. */
export interface StartedLogin {
  /** URL of the provider to redirect the browser to. */
  readonly url: string;
  /** `Set-Cookie` values to send with the redirect. */
  readonly cookies: string[];
}

/** Result of a successful login. */
export interface FinishedLogin {
  /** User who logged in; store the profile in the session. */
  readonly user: OxdUserProfile;
  /** Absolute URL of the application to redirect the browser to. */
  readonly returnTo: string;
  /** `Set-Cookie` values to send with the redirect: they remove the cookie of the login. */
  readonly cookies: string[];
}

/** Service for OpenID Connect login, with the oxd commands for sites and users, one method each. */
@Injectable()
export class OidcService extends OidcCommands {
  private readonly log: LimitedLog;
  private readonly logins: BrowserTransaction;
  private readonly baseUrl: string;
  /** `#` instead of `private`, so that a printed service does not show the secret. */
  readonly #options: OxdOptions;
  /** Not enumerable: a strategy refers to its service, and the service must remain printable. */
  #strategy: StrategyEntry | undefined;
  readonly #exchange: LoginExchange;

  constructor(
    client: OxdClient,
    private readonly clock: OxdClock,
    options: OxdOptions,
    store: OxdStore,
  ) {
    super(client, clock, sharedRefreshes(options, store, clock));
    const logger = new Logger(logContext(OidcService.name, options));
    this.log = new LimitedLog((line) => logger.warn(line), clock);
    this.#options = options;
    this.#exchange = new LoginExchange(this, options);
    this.baseUrl = options.baseUrl;
    const { authorization_redirect_uri: uri = options.baseUrl } = options.site;
    const { protocol } = new URL(hasPrivateScheme(uri) ? options.baseUrl : uri);
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

  /** @internal Passport strategy of this module; undefined without one. */
  get strategy(): StrategyEntry | undefined {
    return this.#strategy;
  }

  /**
   * A method instead of a setter: tools that trace providers wrap this service in a `Proxy`, on which a
   * setter cannot use private fields.
   *
   * @internal
   */
  useStrategy(strategy: StrategyEntry): void {
    if (this.#strategy) throw new OxdConfigurationError([SECOND_STRATEGY]);
    this.#strategy = strategy;
  }

  /**
   * Returns the URL to redirect a browser to for a login. Applications call {@link startLogin}, which
   * also binds the login to the browser.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the site of the module has no
   *   redirect URI
   * @throws {OxdCommandError} OXD_COMMAND_FAILED
   * @see oxd 3.1 get_authorization_url; OpenID Connect Core §3.1.2.1
   */
  async getAuthorizationUrl(
    params: GivenParams<'get_authorization_url'> = {},
    options?: ExecuteOptions,
  ): Promise<Result<'get_authorization_url'>> {
    const isApi = this.#options.site.authorization_redirect_uri === undefined;
    if (isApi && params.oxd_id === undefined) throw new OxdConfigurationError([NO_LOGIN]);
    return this.client.execute('get_authorization_url', params, options);
  }

  /**
   * Begins a login: redirect the browser to `url` of the result and set its `cookies`. The request
   * always has a `scope`: that of the call, else `site.scope`, else `openid profile email`.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the site has no redirect URI
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, for instance when the provider is unavailable
   * @throws {OxdTransportError} when oxd-server is unreachable or does not respond
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   * @see OpenID Connect Core §3.1.2; oxd 3.1 get_authorization_url
   */
  async startLogin(login: StartLoginParams = {}): Promise<StartedLogin> {
    const { cookies, returnTo, ...params } = login;
    const scope = loginScope(params.scope, this.#options.site.scope);
    const request = { ...params, scope, keep_state: false };
    const { authorization_url: url, ...result } = await this.getAuthorizationUrl(request);
    // Values for `get_tokens_by_code`; none through oxd, which stores them itself.
    const { code_verifier, nonce, redirect_uri, min_auth_time } = result;
    const secrets = { code_verifier, nonce, redirect_uri, min_auth_time };
    const { searchParams } = new URL(url);
    const state = searchParams.get('state');
    if (!state) {
      throw new OxdCommandError('The authorization URL has no state parameter.', {
        error: 'no_state',
      });
    }
    const oxd_id = await this.client.oxdId();
    // oxd accepts each nonce that it generated, also that of another login.
    const sent_nonce = searchParams.get('nonce') ?? undefined;
    const stored = { ...secrets, sent_nonce };
    const transaction = { state, oxd_id, returnTo: this.returnTo(returnTo), params: stored };
    return { url, cookies: await this.logins.begin(transaction, cookies) };
  }

  /**
   * Finishes a login: checks that this browser began the login, consumes its state, exchanges the
   * code and requests userinfo (see option `login.userinfo`). If the login is over, the error has
   * `cookies`: set them to remove the cookie of the login.
   *
   * @param callbackParams query parameters of the callback
   * @param cookies the request's `Cookie` header
   * @throws {LoginStateError} OIDC_STATE_MISSING, OIDC_STATE_UNKNOWN, OIDC_STATE_EXPIRED,
   *   OIDC_STATE_USED
   * @throws {LoginRefusedError} OIDC_LOGIN_REFUSED when the callback has an error or no code
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when code, id_token or userinfo response is
   *   invalid
   * @throws {OxdTransportError} when oxd-server is unreachable or does not respond
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   * @see OpenID Connect Core §3.1.2.5 to §3.1.3.7, §5.3.4; RFC 9207
   */
  async finishLogin(callbackParams: CallbackParams, cookies?: string): Promise<FinishedLogin> {
    const callback = readCallback(callbackParams);
    const taken = await this.logins.take(callback.state, cookies, () => this.client.oxdId());
    const { oxd_id, state, returnTo, params = {} } = taken.transaction;
    const { sent_nonce, ...stored } = params;
    try {
      const code = authorizationCode(callback);
      const { iss } = callback;
      const exchanged = { ...stored, oxd_id, state, code, ...(iss !== undefined && { iss }) };
      const { tokens, claims } = await this.#exchange.run(exchanged, sent_nonce);
      const user = userProfile(tokens, claims, this.clock.now());
      return { user, returnTo: this.returnTo(returnTo), cookies: taken.cookies };
    } catch (error) {
      throw error instanceof OxdError ? withCookies(error, taken.cookies) : error;
    }
  }

  /**
   * Returns true for a request that must neither begin nor finish a login: a HEAD request, or one
   * with `prefetch` or `prerender` in the header `Sec-Purpose` or `Purpose`. Browsers and link
   * scanners send such requests before the user opens the page; the request would consume the
   * login. Respond with 503 and `Cache-Control: no-store`.
   *
   * @param headers the request's headers, with lower-case names
   * @param method the request's method
   * @see RFC 9110 §9.2.1
   */
  isSpeculative(headers: RequestHeaders, method: string): boolean {
    return isSpeculative(headers, method);
  }

  private returnTo(returnTo: string | undefined): string {
    const { url, safe } = resolveReturnTo(returnTo, this.baseUrl);
    if (!safe) this.log.log(`Ignored a returnTo: not a URL beneath ${this.baseUrl}, or too long.`);
    return url;
  }
}

const NO_LOGIN =
  'site.authorization_redirect_uri: is missing; a login requires it, in the options and at the provider';

const SECOND_STRATEGY =
  'OidcStrategy: an OxdModule has one strategy; remove the second OidcStrategy or subclass from ' +
  'the providers, and export the first from its module';

/** @throws {LoginRefusedError} when the callback has an error or no code */
function authorizationCode({ error, error_description, code }: LoginCallback): string {
  if (error) throw new LoginRefusedError({ error, error_description });
  if (!code) throw new LoginRefusedError({ error: 'invalid_response' });
  return code;
}
