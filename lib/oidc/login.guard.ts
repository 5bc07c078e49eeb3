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
 * Logs the user in with the `OidcStrategy` of the `OxdModule` that the module of the controller
 * imports. Put the guard on the login route, which redirects to the provider, and on the route of
 * `authorization_redirect_uri`: there `request.user` is the user and `request.authInfo.returnTo`
 * the address to redirect to. Works on Express only; start-up fails when the module has no
 * `OidcStrategy`.
 */
@Injectable()
export class LoginGuard implements CanActivate, OnModuleInit {
  constructor(private readonly oidc: OidcService) {}

  /**
   * Checks that the module has a strategy. Called by Nest.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the module has no `OidcStrategy`
   */
  onModuleInit(): void {
    this.strategy();
  }

  /**
   * Starts the login, or finishes it and sets `request.user`. Called by Nest.
   *
   * @throws {UnauthorizedException} when `validate()` of the strategy rejects the user
   * @throws {ServiceUnavailableException} when the request is a HEAD request or speculative
   * @throws {OxdError} the errors of `OidcService.startLogin()` and `finishLogin()`
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') throw new UnauthorizedException();
    const http = context.switchToHttp();
    const request = http.getRequest<AuthenticatedRequest>();
    const options = (await this.getAuthenticateOptions(context)) ?? {};
    // One copy per request, because Passport stores the callbacks of a request in the strategy.
    const strategy = Object.create(this.strategy()) as Strategy;
    const attempt = { strategy, request, response: http.getResponse<ServerResponse>(), options };
    const { user, info } = await authenticate(attempt);
    request.authInfo = info;
    if (!user) throw new UnauthorizedException();
    request.user = user;
    return true;
  }

  /**
   * Returns the parameters of the login and the address to return to. Override this method to set
   * them. Default undefined: the options of the site, and the query parameter `returnTo` of the
   * login route.
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

/** Resolves or rejects with the result of the strategy; never settles after a redirect. */
function authenticate({ strategy, request, response, options }: Attempt) {
  return new Promise<{ user?: unknown; info?: unknown }>((resolve, reject) => {
    const settle = (error?: unknown, user?: unknown, info?: unknown): void => {
      if (error) reject(error);
      else resolve({ user, info });
    };
    const middleware = passport.authenticate(strategy, options, settle) as Middleware;
    // `next` without an error means that the strategy called pass(): no user is authenticated.
    middleware(request, response, (error) => settle(error));
  });
}

const NO_STRATEGY =
  'OidcStrategy: LoginGuard requires a strategy; add OidcStrategy, or a subclass, to the ' +
  'providers of a module that imports the same OxdModule';
