import { createServer } from 'node:net';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import {
  Controller,
  Get,
  Inject,
  Query,
  Req,
  Res,
  UseGuards,
  type INestApplication,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OidcService,
  OxdClock,
  OxdExceptionFilter,
  OxdModule,
  OxdUser,
  type OxdModuleOptions,
  type OxdUserProfile,
} from '../../lib/index.js';
import { LoginGuard, OidcStrategy } from '../../lib/oidc/passport.js';
import { registerSecret } from './secrets.js';

/** Ways to put a login into an application. */
export const PLATFORMS = ['express', 'fastify', 'passport', 'login-guard'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** Response of `/callback` of the test application. */
export interface LoggedIn {
  readonly user: OxdUserProfile;
  readonly returnTo: string;
}

interface RequestLike {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly authInfo?: { readonly returnTo: string };
}

@Controller()
class ServiceController {
  constructor(
    private readonly oidc: OidcService,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  @Get('login')
  async login(
    @Req() request: RequestLike,
    @Res() response: unknown,
    @Query('returnTo') returnTo?: string,
  ) {
    if (this.isHandled(request, response)) return;
    const { url, cookies } = await this.oidc.startLogin({
      cookies: request.headers.cookie,
      returnTo,
    });
    this.setCookies(response, cookies);
    this.host.httpAdapter.redirect(response, 302, url);
  }

  @Get('callback')
  async callback(@Req() request: RequestLike, @Res() response: unknown, @Query() query: object) {
    if (this.isHandled(request, response)) return;
    const { cookies, ...loggedIn } = await this.oidc.finishLogin(
      { ...query },
      request.headers.cookie,
    );
    this.setCookies(response, cookies);
    this.host.httpAdapter.reply(response, loggedIn, 200);
  }

  /** As in the README: a speculative request neither begins nor finishes a login. */
  private isHandled({ headers, method }: RequestLike, response: unknown): boolean {
    const { httpAdapter } = this.host;
    httpAdapter.setHeader(response, 'cache-control', 'no-store');
    const speculative = this.oidc.isSpeculative(headers, method);
    if (speculative) httpAdapter.reply(response, undefined, 503);
    return speculative;
  }

  private setCookies(response: unknown, cookies: readonly string[]): void {
    for (const cookie of cookies)
      this.host.httpAdapter.appendHeader?.(response, 'set-cookie', cookie);
  }
}

@Controller()
class PassportController {
  @Get('login')
  @UseGuards(AuthGuard('oxd'))
  login(): void {}

  @Get('callback')
  @UseGuards(AuthGuard('oxd'))
  callback(@Req() request: RequestLike, @OxdUser() user: OxdUserProfile): LoggedIn {
    return { user, returnTo: request.authInfo?.returnTo ?? '' };
  }
}

@Controller()
class LoginGuardController {
  @Get('login')
  @UseGuards(LoginGuard)
  login(): void {}

  @Get('callback')
  @UseGuards(LoginGuard)
  callback(@Req() request: RequestLike, @OxdUser() user: OxdUserProfile): LoggedIn {
    return { user, returnTo: request.authInfo?.returnTo ?? '' };
  }
}

const CONTROLLERS: Record<Platform, Type> = {
  express: ServiceController,
  fastify: ServiceController,
  passport: PassportController,
  'login-guard': LoginGuardController,
};

/** A running test application. */
export interface TestApp {
  readonly origin: string;
  readonly app: INestApplication;
  /** Moves the application's clock, in milliseconds. */
  advance(milliseconds: number): void;
  close(): Promise<void>;
}

export interface TestAppOptions {
  readonly platform?: Platform;
  readonly port?: number;
  /** Options beside redirect URIs and store. */
  readonly options: Omit<OxdModuleOptions, 'site'> & { site: Partial<OxdModuleOptions['site']> };
  /** False omits {@link OxdExceptionFilter}. */
  readonly filter?: boolean;
  readonly controllers?: Type[];
  /** Strategy on the platforms `passport` and `login-guard`. */
  readonly strategy?: Type<OidcStrategy>;
  /** Further providers, which the strategy may inject. */
  readonly providers?: Provider[];
  /** Runs before every route. */
  readonly middleware?: (request: unknown, response: ServerResponse, next: () => void) => void;
}

/** Starts an application with a login on a real port. */
export async function startApp(given: TestAppOptions): Promise<TestApp> {
  const { platform = 'express', port = await freePort(), filter = true, controllers } = given;
  const { strategy = OidcStrategy, providers = [] } = given;
  const origin = `http://localhost:${port}`;
  let offset = 0;
  const { site, ...options } = given.options;
  const module = await Test.createTestingModule({
    imports: [
      OxdModule.forRoot({
        secret: 'a test secret of more than 32 characters',
        store: new MemoryStore(),
        transport: { type: 'embedded', allowInsecureRequests: true },
        ...options,
        site: {
          op_host: '',
          authorization_redirect_uri: `${origin}/callback`,
          post_logout_redirect_uri: `${origin}/`,
          grant_types: ['authorization_code', 'refresh_token'],
          ...site,
        },
      }),
    ],
    controllers: controllers ?? [CONTROLLERS[platform]],
    providers: [
      ...(platform === 'passport' || platform === 'login-guard' ? [strategy] : []),
      ...providers,
      ...(filter ? [{ provide: APP_FILTER, useClass: OxdExceptionFilter }] : []),
    ],
  })
    .overrideProvider(OxdClock)
    .useValue(
      new (class extends OxdClock {
        readonly now = (): number => Date.now() + offset;
      })(),
    )
    .compile();
  const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  const app = module.createNestApplication(adapter, { logger: ['warn', 'error'] });
  if (given.middleware) app.use(given.middleware);
  await app.listen(port);
  return {
    origin,
    app,
    advance: (milliseconds) => void (offset += milliseconds),
    close: () => app.close(),
  };
}

/**
 * Returns a port that is free now. The port is below those that systems assign to servers without a port
 * (Linux: from 32768), so that no server of a suite in another process takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  const port = randomInt(20_000, 32_768);
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
  } catch {
    return freePort();
  }
  server.close();
  await once(server, 'close');
  return port;
}

/** Reads the JSON of `/callback`, whose tokens must never be printed. */
export function loggedIn(html: string): LoggedIn {
  const answer = JSON.parse(html) as LoggedIn;
  const { access_token, id_token, refresh_token } = answer.user.tokens;
  [access_token, id_token, refresh_token].forEach((token) => token && registerSecret(token));
  return answer;
}
