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

interface Given {
  readonly strategy?: Type<OidcStrategy>;
  readonly controllers?: Type[];
  readonly providers?: Provider[];
  readonly middleware?: TestAppOptions['middleware'];
}

async function start(given: Given): Promise<TestApp> {
  const options = { site: { op_host: sandbox.issuer } };
  return (app = await startApp({ platform: 'passport', options, ...given }));
}

/** Logs in up to the callback, which the browser has not opened. */
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
  const asked: [user: OxdUserProfile, request: LoginRequest][] = [];

  function validatingWith(answer: () => unknown): Type<OidcStrategy> {
    @Injectable()
    class OwnStrategy extends OidcStrategy {
      override validate(user: OxdUserProfile, request: LoginRequest): unknown {
        asked.push([user, request]);
        return answer();
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

  beforeEach(() => asked.splice(0));

  it.each([
    ['at once', () => ({ id: 7 })],
    ['later', async () => ({ id: 7 })],
  ])('decides who request.user is: %s', async (_, answer) => {
    const { origin } = await start({ strategy: validatingWith(answer), controllers: [Login] });
    const page = await passSandbox(new Browser(), `${origin}/login?returnTo=/profile`);
    const authInfo = { returnTo: `${origin}/profile` };
    expect(JSON.parse(page.html)).toEqual({ user: { id: 7 }, authInfo });
    const [[user, request]] = asked as [[OxdUserProfile, LoginRequest]];
    expect(user).toMatchObject({ sub: 'user-zoe', claims: { iss: sandbox.issuer } });
    expect(request.originalUrl).toMatch(/^\/callback\?code=/);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['false', () => false, 401],
    ['null', () => null, 401],
    ['nothing', () => undefined, 401],
    ['a promise of false', async () => false, 401],
    ['a promise of null', async () => null, 401],
    [
      'an error that names a status',
      () => {
        throw new ForbiddenException();
      },
      403,
    ],
    ['a failure', () => Promise.reject(new Error('the database is down')), 500],
  ])('lets nobody in with %s, and the login is over', async (_, answer, status) => {
    const running = await start({ strategy: validatingWith(answer), controllers: [Login] });
    const browser = new Browser();
    const url = await callbackUrl(browser, running);
    const cookie = browser.cookieHeader(running.origin);
    const page = await browser.request(url);
    expect(page.status).toBe(status);
    expect(browser.cookieHeader(running.origin)).not.toContain('oxd.login');
    const again = await browser.request(url, { headers: { cookie } });
    expect(JSON.parse(again.html)).toMatchObject({ error: 'OIDC_STATE_USED' });
    expect(asked).toHaveLength(1);
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

  /** Sets what a middleware for static pages would set. */
  const cachable = (_: unknown, response: ServerResponse, next: () => void): void => {
    response.setHeader('Cache-Control', 'public, max-age=86400');
    next();
  };

  it('must not be stored, whatever a middleware has set', async () => {
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

  class AskingGuard extends Guard {
    override getAuthenticateOptions(): LoginAuthenticateOptions {
      return options;
    }
  }

  @Controller()
  class Login {
    @Get('login')
    @UseGuards(AskingGuard)
    login(): void {}

    @Get('callback')
    @UseGuards(AskingGuard)
    callback(@Req() { authInfo }: { authInfo: unknown }) {
      return authInfo;
    }
  }

  it('says what to ask the provider for, and where to return to', async () => {
    const { origin } = await start({ controllers: [Login] });
    const browser = new Browser();
    const asked = await browser.request(`${origin}/login?returnTo=/from-the-query`);
    const query = new URL(asked.location ?? '').searchParams;
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
    const page = await passSandbox(browser, asked);
    expect(JSON.parse(page.html)).toEqual({ returnTo: `${origin}/from-the-guard` });
  });
});

describe('LoginGuard', () => {
  /** Resolves once so many callers have arrived: their requests are under way at once. */
  function barrier(count: number): () => Promise<void> {
    const waiting: (() => void)[] = [];
    return () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === count) for (const go of waiting) go();
      });
  }

  it('gives each of two logins at once its own user', async () => {
    const together = barrier(2);
    @Injectable()
    class Meeting extends OidcStrategy {
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
    const running = await start({ strategy: Meeting, controllers: [Login] });
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

  it('runs a subclass and a strategy with their own services', async () => {
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

  it('denies a strategy that passes', async () => {
    @Injectable()
    class Passing extends OidcStrategy {
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
    const { origin } = await start({ strategy: Passing, controllers: [Login] });
    expect((await new Browser().request(`${origin}/login`)).status).toBe(401);
  });
});
