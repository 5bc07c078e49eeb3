import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { Strategy } from 'passport';
import type { AliasedParams } from '../commands/aliases.js';
import type { GetAuthorizationUrlParams } from '../commands/oidc.js';
import { OxdConfigurationError, OxdError, withCookies } from '../base/errors.js';
import { httpStatus } from '../http/http-status.js';
import { OxdOptions } from '../options/oxd.options.js';
import { hasPrivateScheme } from '../site/redirect-uris.js';
import { OidcService } from './oidc.service.js';
import { PassportEntry } from './passport-entry.js';
import { isSpeculative } from './speculative.js';
import type { OxdUserProfile } from './user-profile.js';

/** Request of Express, with the properties that the strategy reads. */
export interface LoginRequest extends IncomingMessage {
  /** URL that the browser requested; routers of Express shorten `url`. */
  readonly originalUrl?: string;
  /** Response to the request; receives the cookies of the login. */
  readonly res?: ServerResponse;
}

/** Result of `getAuthenticateOptions()` of a `LoginGuard`. */
export interface LoginAuthenticateOptions
  extends
    Pick<
      GetAuthorizationUrlParams,
      'acr_values' | 'prompt' | 'hd' | 'custom_parameters' | 'params'
    >,
    AliasedParams<'get_authorization_url'> {
  /** Scopes; default `site.scope`. Not readonly, because `scope` of Passport's options is not. */
  readonly scope?: string[];
  /**
   * Address to return to after the login; default the query parameter `returnTo` of the login
   * route.
   */
  readonly returnTo?: string;
}

/**
 * Passport strategy for the authorization code flow. Add it to the providers of a module that
 * imports `OxdModule`, and put `LoginGuard` on the login route and on the route of
 * `authorization_redirect_uri`. While the application runs, the strategy is registered in Passport
 * under the option `name`, so that `AuthGuard('oxd')` works too. Works on Express only: on another
 * HTTP adapter start-up fails; call `OidcService.startLogin()` and `finishLogin()` there.
 *
 * A subclass with its own dependencies passes the first two parameters to `super()`.
 */
@Injectable()
export class OidcStrategy extends Strategy {
  /** Name in Passport: the option `name`. */
  override readonly name: string;
  private readonly callbackPath: string;

  /**
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the `OxdModule` already has a
   *   strategy, or its site no redirect URI on http or https
   */
  constructor(
    private readonly oidc: OidcService,
    options: OxdOptions,
  ) {
    super();
    this.name = options.name;
    const { authorization_redirect_uri: uri } = options.site;
    if (uri === undefined) throw new OxdConfigurationError([NO_REDIRECT_URI]);
    if (hasPrivateScheme(uri)) throw new OxdConfigurationError([NO_CALLBACK]);
    this.callbackPath = new URL(uri).pathname;
    oidc.useStrategy(new PassportEntry(this, OidcStrategy));
  }

  /**
   * Maps the user of the provider to the user of the application. Override this method to look up
   * the user in a database. The result becomes `request.user`; a falsy result rejects the login
   * with 401.
   */
  validate(user: OxdUserProfile, _request: LoginRequest): unknown {
    return user;
  }

  /**
   * Begins a login, or finishes it when the request is the callback. A HEAD or speculative request
   * does neither and fails with `ServiceUnavailableException`. Called by Passport.
   */
  override authenticate(request: LoginRequest, options: LoginAuthenticateOptions = {}): void {
    this.run(request, options)
      .catch((error: unknown) => this.reportFailure(request, error))
      .catch((error: unknown) => this.error(error));
  }

  private async run(request: LoginRequest, options: LoginAuthenticateOptions): Promise<void> {
    forbidStorage(request);
    if (isSpeculative(request.headers, request.method ?? 'GET')) {
      throw new ServiceUnavailableException(SPECULATIVE);
    }
    const { pathname, searchParams } = new URL(`http://app${request.originalUrl ?? request.url}`);
    const hasResult = searchParams.has('code') || searchParams.has('error');
    if (pathname === this.callbackPath || (hasResult && searchParams.has('state'))) {
      return this.finish(request, searchParams);
    }
    return this.start(request, {
      ...options,
      returnTo: options.returnTo ?? searchParams.get('returnTo') ?? undefined,
    });
  }

  private async start(request: LoginRequest, options: LoginAuthenticateOptions): Promise<void> {
    const { scope, acr_values, prompt, hd, params, returnTo } = options;
    const { custom_parameters, custom_params } = options;
    const { url, cookies } = await this.oidc.startLogin({
      ...{ scope, acr_values, prompt, hd, custom_parameters, params, returnTo },
      ...(custom_params && { custom_params }),
      cookies: request.headers.cookie,
    });
    setCookies(request, cookies);
    this.redirect(url);
  }

  private async finish(request: LoginRequest, query: URLSearchParams): Promise<void> {
    const login = await this.oidc.finishLogin(query, request.headers.cookie);
    setCookies(request, login.cookies);
    const user = await this.validate(login.user, request);
    if (user) this.success(user, { returnTo: login.returnTo });
    else this.fail(401);
  }

  /**
   * Adds an HTTP status to the error, which Nest responds with if there is no `OxdExceptionFilter`.
   */
  private reportFailure(request: LoginRequest, error: unknown): void {
    if (!(error instanceof OxdError)) return this.error(error);
    setCookies(request, error.cookies ?? []);
    const httpError = withCookies(error, []);
    const status = httpStatus(error);
    const properties = { status, statusCode: status, expose: status < 500 };
    for (const [name, value] of Object.entries(properties)) {
      Object.defineProperty(httpError, name, { value, configurable: true });
    }
    this.error(httpError);
  }
}

const NO_REDIRECT_URI =
  'OidcStrategy: requires site.authorization_redirect_uri; set it, or remove the strategy of an API ' +
  'without login';

const NO_CALLBACK =
  'OidcStrategy: requires an http or https redirect URI; with a private scheme call ' +
  'OidcService.startLogin() and finishLogin()';

const SPECULATIVE = 'A HEAD or speculative request neither begins nor finishes a login.';

/** Replaces a `Cache-Control` of middleware: no cache may store a state, a cookie or a user. */
function forbidStorage({ res }: LoginRequest): void {
  if (!res?.headersSent) res?.setHeader('Cache-Control', 'no-store');
}

function setCookies(request: LoginRequest, cookies: readonly string[]): void {
  // The application may have responded already, for instance because of a request timeout.
  if (request.res?.headersSent) return;
  for (const cookie of cookies) request.res?.appendHeader('Set-Cookie', cookie);
}
