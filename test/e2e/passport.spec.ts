import type { ServerResponse } from 'node:http';
import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Req,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type Provider,
  type Type,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { OidcService, OxdOptions, OxdUser, type OxdUserProfile } from '../../lib/index.js';
import {
  LoginGuard,
  OidcStrategy,
  type LoginAuthenticateOptions,
  type LoginRequest,
} from '../../lib/oidc/passport.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { Browser, passSandbox } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';

let sandbox: Sandbox;
let app: TestApp | undefined;

beforeAll(async () => {
  const onSecret = registerSecret;
  sandbox = await startSandbox({ port: 0, clientsFile: false, quiet: true, onSecret });
});
afterAll(() => sandbox.close());
afterEach(() => app?.close());

interface AppParts {
  readonly strategy?: Type<OidcStrategy>;
  readonly controllers?: Type[];
  readonly providers?: Provider[];
  readonly middleware?: TestAppOptions['middleware'];
}

async function start(parts: AppParts): Promise<TestApp> {
  const options = { site: { op_host: sandbox.issuer } };
  return (app = await startApp({ platform: 'passport', options, ...parts }));
}

/** Logs in at the provider; returns the callback URL without requesting it. */
async function callbackUrl(
  browser: Browser,
  { origin }: TestApp,
  username = 'zoe',
): Promise<string> {
  const isCallback = (url: string) => url.startsWith(`${origin}/callback`);
  const { location = '' } = await passSandbox(browser, `${origin}/login`, { username }, isCallback);
  return location;
}

interface AuthenticatingGuard extends CanActivate {
  getAuthenticateOptions(context: ExecutionContext): unknown;
}

const GUARDS: { guard: string; Guard: Type<AuthenticatingGuard> }[] = [
  { guard: 'LoginGuard', Guard: LoginGuard },
  { guard: 'AuthGuard', Guard: AuthGuard('oxd') },
];

describe.each(GUARDS)('validate() of a custom strategy behind $guard', ({ Guard }) => {
  const calls: [user: OxdUserProfile, request: LoginRequest][] = [];

  function validatingWith(result: () => unknown): Type<OidcStrategy> {
    @Injectable()
    class OwnStrategy extends OidcStrategy {
      override validate(user: OxdUserProfile, request: LoginRequest): unknown {
        calls.push([user, request]);
        return result();
      }
    }
    return OwnStrategy;
  }

  @Controller()
  class Login {
    @Get(['login', 'callback'])
    @UseGuards(Guard)
    login(@OxdUser() user: unknown, @Req() { authInfo }: { authInfo: unknown }) {
      return { user, authInfo };
    }
  }

  beforeEach(() => calls.splice(0));

  it.each([
    ['synchronously', () => ({ id: 7 })],
    ['with a promise', async () => ({ id: 7 })],
  ])('sets request.user %s', async (_, result) => {
    const { origin } = await start({ strategy: validatingWith(result), controllers: [Login] });
    const page = await passSandbox(new Browser(), `${origin}/login?returnTo=/profile`);
    const authInfo = { returnTo: `${origin}/profile` };
    expect(JSON.parse(page.html)).toEqual({ user: { id: 7 }, authInfo });
    const [[user, request]] = calls as [[OxdUserProfile, LoginRequest]];
    expect(user).toMatchObject({ sub: 'user-zoe', claims: { iss: sandbox.issuer } });
    expect(request.originalUrl).toMatch(/^\/callback\?code=/);
    expect(calls).toHaveLength(1);
  });

  it.each([
    ['false', () => false, 401],
    ['null', () => null, 401],
    ['undefined', () => undefined, 401],
    ['a promise of false', async () => false, 401],
    ['a promise of null', async () => null, 401],
    [
      'an error with a status',
      () => {
        throw new ForbiddenException();
      },
      403,
    ],
    ['an error without a status', () => Promise.reject(new Error('the database is down')), 500],
  ])('denies access with %s, and the login is over', async (_, result, status) => {
    const running = await start({ strategy: validatingWith(result), controllers: [Login] });
    const browser = new Browser();
    const url = await callbackUrl(browser, running);
    const cookie = browser.cookieHeader(running.origin);
    const page = await browser.request(url);
    expect(page.status).toBe(status);
    expect(browser.cookieHeader(running.origin)).not.toContain('oxd.login');
    const again = await browser.request(url, { headers: { cookie } });
    expect(JSON.parse(again.html)).toMatchObject({ error: 'OIDC_STATE_USED' });
    expect(calls).toHaveLength(1);
  });
});

describe.each(GUARDS)('a response behind $guard', ({ Guard }) => {
  @Controller()
  class Login {
    @Get(['login', 'callback'])
    @UseGuards(Guard)
    login(@OxdUser() { sub }: OxdUserProfile) {
      return { sub };
    }
  }

  /** Middleware that allows caching, as for static pages. */
  const cachable = (_: unknown, response: ServerResponse, next: () => void): void => {
    response.setHeader('Cache-Control', 'public, max-age=86400');
    next();
  };

  it('must not be stored, whatever Cache-Control a middleware has set', async () => {
    const running = await start({ controllers: [Login], middleware: cachable });
    const browser = new Browser();
    const url = await callbackUrl(browser, running);
    const pages = [
      await browser.request(`${running.origin}/login`),
      await browser.request(url),
      await browser.request(url),
    ];
    expect(pages.map(({ status, headers }) => [status, headers.get('cache-control')])).toEqual([
      [302, 'no-store'],
      [200, 'no-store'],
      [401, 'no-store'],
    ]);
  });
});

describe.each(GUARDS)('getAuthenticateOptions() of a subclass of $guard', ({ Guard }) => {
  const options: LoginAuthenticateOptions = {
    scope: ['openid', 'email'],
    acr_values: ['basic', 'urn:x:2fa'],
    prompt: 'login',
    hd: 'example.com',
    custom_parameters: { one: 'v w' },
    params: { login_hint: 'zoe', max_age: '60' },
    returnTo: '/from-the-guard',
  };

  let given = options;
  beforeEach(() => {
    given = options;
  });

  class ParameterGuard extends Guard {
    override getAuthenticateOptions(): LoginAuthenticateOptions {
      return given;
    }
  }

  @Controller()
  class Login {
    @Get('login')
    @UseGuards(ParameterGuard)
    login(): void {}

    @Get('callback')
    @UseGuards(ParameterGuard)
    callback(@Req() { authInfo }: { authInfo: unknown }) {
      return authInfo;
    }
  }

  it('sets the parameters of the login and the address to return to', async () => {
    const { origin } = await start({ controllers: [Login] });
    const browser = new Browser();
    const redirect = await browser.request(`${origin}/login?returnTo=/from-the-query`);
    const query = new URL(redirect.location ?? '').searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      scope: 'openid email',
      acr_values: 'basic urn:x:2fa',
      prompt: 'login',
      hd: 'example.com',
      custom_response_headers: '[{"one":"v w"}]',
      login_hint: 'zoe',
      max_age: '60',
      redirect_uri: `${origin}/callback`,
    });
    const page = await passSandbox(browser, redirect);
    expect(JSON.parse(page.html)).toEqual({ returnTo: `${origin}/from-the-guard` });
  });

  it('accepts custom_params for custom_parameters', async () => {
    given = { custom_params: { one: 'v w' } };
    const { origin } = await start({ controllers: [Login] });
    const { location = '' } = await new Browser().request(`${origin}/login`);
    const { searchParams } = new URL(location);
    expect(searchParams.get('custom_response_headers')).toBe('[{"one":"v w"}]');
  });
});

describe('LoginGuard', () => {
  /** Returns a function whose calls resolve together, at call number `count`. */
  function barrier(count: number): () => Promise<void> {
    const waiting: (() => void)[] = [];
    return () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === count) for (const go of waiting) go();
      });
  }

  it('provides each of two concurrent logins its own user', async () => {
    const together = barrier(2);
    @Injectable()
    class WaitingStrategy extends OidcStrategy {
      override async validate({ sub }: OxdUserProfile): Promise<object> {
        await together();
        return { sub };
      }
    }
    @Controller()
    class Login {
      @Get(['login', 'callback'])
      @UseGuards(LoginGuard)
      login(@OxdUser() user: unknown) {
        return user;
      }
    }
    const running = await start({ strategy: WaitingStrategy, controllers: [Login] });
    const users = ['zoe', 'amara'];
    const pages = await Promise.all(
      users.map(async (user) => {
        const browser = new Browser();
        return browser.request(await callbackUrl(browser, running, user));
      }),
    );
    expect(pages.map(({ html }) => JSON.parse(html) as unknown)).toEqual(
      users.map((user) => ({ sub: `user-${user}` })),
    );
  });

  it('accepts a subclass and a strategy with their own dependencies', async () => {
    @Injectable()
    class Users {
      readonly visits: string[] = [];
    }
    @Injectable()
    class OwnStrategy extends OidcStrategy {
      constructor(
        oidc: OidcService,
        options: OxdOptions,
        private readonly users: Users,
      ) {
        super(oidc, options);
      }

      override validate({ sub }: OxdUserProfile): unknown {
        this.users.visits.push(sub);
        return { visits: this.users.visits.length };
      }
    }
    @Injectable()
    class OwnGuard extends LoginGuard {
      constructor(
        oidc: OidcService,
        private readonly users: Users,
      ) {
        super(oidc);
      }

      override async getAuthenticateOptions(): Promise<LoginAuthenticateOptions> {
        return { returnTo: `/visits/${this.users.visits.length}` };
      }
    }
    @Controller()
    class Login {
      @Get(['login', 'callback'])
      @UseGuards(OwnGuard)
      login(@OxdUser() user: unknown, @Req() { authInfo }: { authInfo: unknown }) {
        return { user, authInfo };
      }
    }
    const given = { strategy: OwnStrategy, providers: [Users], controllers: [Login] };
    const { origin } = await start(given);
    const page = await passSandbox(new Browser(), `${origin}/login`);
    const authInfo = { returnTo: `${origin}/visits/0` };
    expect(JSON.parse(page.html)).toEqual({ user: { visits: 1 }, authInfo });
  });

  it('denies access when the strategy calls pass()', async () => {
    @Injectable()
    class PassingStrategy extends OidcStrategy {
      override authenticate(): void {
        this.pass();
      }
    }
    @Controller()
    class Login {
      @Get('login')
      @UseGuards(LoginGuard)
      login() {
        return 'open';
      }
    }
    const { origin } = await start({ strategy: PassingStrategy, controllers: [Login] });
    expect((await new Browser().request(`${origin}/login`)).status).toBe(401);
  });
});
