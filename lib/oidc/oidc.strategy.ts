import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { Strategy } from 'passport';
import type { GetAuthorizationUrlParams } from '../commands/oidc.js';
import { OxdError, withCookies } from '../base/errors.js';
import { httpStatus } from '../http/http-status.js';
import { OxdOptions } from '../options/oxd.options.js';
import { OidcService } from './oidc.service.js';
import { PassportEntry } from './passport-entry.js';
import { isSpeculative } from './speculative.js';
import type { OxdUserProfile } from './user-profile.js';

/** The request as the strategy needs it: that of Express. */
export interface LoginRequest extends IncomingMessage {
  /** The URL as the browser asked for it, whatever router it went through. */
  readonly originalUrl?: string;
  /** The response to it, which gets the cookies of the login. */
  readonly res?: ServerResponse;
}

/** Result of `getAuthenticateOptions()` of a `LoginGuard`. */
export interface LoginAuthenticateOptions extends Pick<
  GetAuthorizationUrlParams,
  'acr_values' | 'prompt' | 'hd' | 'custom_parameters' | 'params'
> {
  /** Scopes; default those of the registration. Not readonly, for Passport's own is not either. */
  readonly scope?: string[];
  /** Where to go after the login; default the query parameter `returnTo` of the login page. */
  readonly returnTo?: string;
}

/**
 * Passport strategy for the code flow. Add it to the providers of a module that imports
 * `OxdModule`, and use `LoginGuard` on the login route and on the route of
 * `authorization_redirect_uri`. While the application runs, Passport has it under the option
 * `name`, for `AuthGuard('oxd')`. For Express only: with another HTTP adapter start-up fails; call
 * `OidcService.startLogin()` and `finishLogin()` there.
 *
 * A subclass with its own services passes the first two parameters to `super()`.
 */
@Injectable()
export class OidcStrategy extends Strategy {
  /** Name in Passport: the option `name`. */
  override readonly name: string;
  private readonly callbackPath: string;

  /**
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the `OxdModule` has a strategy
   *   already
   */
  constructor(
    private readonly oidc: OidcService,
    options: OxdOptions,
  ) {
    super();
    this.name = options.name;
    this.callbackPath = new URL(options.site.authorization_redirect_uri).pathname;
    oidc.strategy = new PassportEntry(this, OidcStrategy);
  }

  /**
   * Decides who a login makes: override it to look the user up in your own database. What it
   * returns becomes `request.user`; false or null refuses the login with 401.
   */
  validate(user: OxdUserProfile, _request: LoginRequest): unknown {
    return user;
  }

  /**
   * Called by Passport: begins a login, or finishes it on the way back. A HEAD or speculative
   * request does neither and is a `ServiceUnavailableException`: the user's own request follows.
   */
  override authenticate(request: LoginRequest, options: LoginAuthenticateOptions = {}): void {
    this.run(request, options)
      .catch((error: unknown) => this.refuse(request, error))
      .catch((error: unknown) => this.error(error));
  }

  private async run(request: LoginRequest, options: LoginAuthenticateOptions): Promise<void> {
    forbidStorage(request);
    if (isSpeculative(request.headers, request.method ?? 'GET')) {
      throw new ServiceUnavailableException(SPECULATIVE);
    }
    const { pathname, searchParams } = new URL(`http://app${request.originalUrl ?? request.url}`);
    const answers = searchParams.has('code') || searchParams.has('error');
    if (pathname === this.callbackPath || (answers && searchParams.has('state'))) {
      return this.finish(request, searchParams);
    }
    return this.start(request, {
      ...options,
      returnTo: options.returnTo ?? searchParams.get('returnTo') ?? undefined,
    });
  }

  private async start(request: LoginRequest, options: LoginAuthenticateOptions): Promise<void> {
    const { scope, acr_values, prompt, hd, custom_parameters, params, returnTo } = options;
    const { url, cookies } = await this.oidc.startLogin({
      ...{ scope, acr_values, prompt, hd, custom_parameters, params, returnTo },
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

  /** Without `OxdExceptionFilter`, Nest answers with the status that an error of this form names. */
  private refuse(request: LoginRequest, error: unknown): void {
    if (!(error instanceof OxdError)) return this.error(error);
    setCookies(request, error.cookies ?? []);
    const refusal = withCookies(error, []);
    const status = httpStatus(error);
    const members = { status, statusCode: status, expose: status < 500 };
    for (const [name, value] of Object.entries(members)) {
      Object.defineProperty(refusal, name, { value, configurable: true });
    }
    this.error(refusal);
  }
}

const SPECULATIVE = 'A HEAD or speculative request neither begins nor finishes a login.';

/** Replaces what a middleware has set: no cache may store a state, a cookie or a user. */
function forbidStorage({ res }: LoginRequest): void {
  if (!res?.headersSent) res?.setHeader('Cache-Control', 'no-store');
}

function setCookies(request: LoginRequest, cookies: readonly string[]): void {
  // Somebody may have answered already, for instance because it took too long.
  if (request.res?.headersSent) return;
  for (const cookie of cookies) request.res?.appendHeader('Set-Cookie', cookie);
}
