import type { ServerResponse } from 'node:http';
import {
  Injectable,
  UnauthorizedException,
  type CanActivate,
  type ExecutionContext,
  type OnModuleInit,
} from '@nestjs/common';
import passport, { type Strategy } from 'passport';
import { OxdConfigurationError } from '../base/errors.js';
import { OidcService } from './oidc.service.js';
import type { LoginAuthenticateOptions, LoginRequest } from './oidc.strategy.js';
import { PassportEntry } from './passport-entry.js';

/**
 * Logs the user in with the `OidcStrategy` of the `OxdModule` that the guarded controller's module
 * imports. Use it on the login route and on the route of `authorization_redirect_uri`: the first
 * redirects to the provider; on the second, `request.user` is the user and
 * `request.authInfo.returnTo` the address to redirect to. A login that fails is an
 * `UnauthorizedException` or the error of `OidcService.finishLogin()`. For Express only.
 *
 * Start-up fails when the module has no `OidcStrategy`.
 */
@Injectable()
export class LoginGuard implements CanActivate, OnModuleInit {
  constructor(private readonly oidc: OidcService) {}

  /**
   * Called by Nest.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the module has no `OidcStrategy`
   */
  onModuleInit(): void {
    this.strategy();
  }

  /**
   * Called by Nest.
   *
   * @throws {UnauthorizedException} when `validate()` of the strategy rejects the user
   * @throws {ServiceUnavailableException} for a HEAD or speculative request
   * @throws {OxdError} as `OidcService.startLogin()` and `finishLogin()`
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') throw new UnauthorizedException();
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const options = (await this.getAuthenticateOptions(context)) ?? {};
    // A copy for each request: Passport assigns the callbacks of a request to the strategy.
    const strategy = Object.create(this.strategy()) as Strategy;
    const attempt = { strategy, request, response: http.getResponse<ServerResponse>(), options };
    const { user, info } = await authenticate(attempt);
    request.authInfo = info;
    if (!user) throw new UnauthorizedException();
    request.user = user;
    return true;
  }

  /**
   * Parameters of the login, and where to return to; override it to set them. By default the
   * options of the site, and the query parameter `returnTo` of the login route.
   */
  getAuthenticateOptions(
    _context: ExecutionContext,
  ): LoginAuthenticateOptions | Promise<LoginAuthenticateOptions> | undefined {
    return undefined;
  }

  private strategy(): Strategy {
    const { strategy } = this.oidc;
    if (strategy instanceof PassportEntry) return strategy.strategy;
    throw new OxdConfigurationError([NO_STRATEGY]);
  }
}

interface AuthenticatedRequest extends LoginRequest {
  user?: unknown;
  authInfo?: unknown;
}

interface Attempt {
  readonly strategy: Strategy;
  readonly request: AuthenticatedRequest;
  readonly response: ServerResponse;
  readonly options: LoginAuthenticateOptions;
}

type Middleware = (
  request: AuthenticatedRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** Settles once the strategy has decided; after a redirect the request is over and it never does. */
function authenticate({ strategy, request, response, options }: Attempt) {
  return new Promise<{ user?: unknown; info?: unknown }>((resolve, reject) => {
    const settle = (error?: unknown, user?: unknown, info?: unknown): void => {
      if (error) reject(error);
      else resolve({ user, info });
    };
    const middleware = passport.authenticate(strategy, options, settle) as Middleware;
    // A strategy that passes has authenticated no user.
    middleware(request, response, (error) => settle(error));
  });
}

const NO_STRATEGY =
  'OidcStrategy: LoginGuard needs it; add OidcStrategy, or a subclass, to the providers of a ' +
  'module that imports the same OxdModule';
