import {
  Controller,
  ForbiddenException,
  Get,
  Injectable,
  Req,
  UseGuards,
  type Type,
} from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { OxdUser, type OxdUserProfile } from '../../lib/index.js';
import {
  OidcStrategy,
  type LoginAuthenticateOptions,
  type LoginRequest,
} from '../../lib/oidc/oidc.strategy.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { startApp, type TestApp } from '../support/app.js';
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
}

async function start(given: Given): Promise<TestApp> {
  const options = { site: { op_host: sandbox.issuer } };
  return (app = await startApp({ platform: 'passport', options, ...given }));
}

/** Logs in up to the callback, which the browser has not opened. */
async function callbackUrl(browser: Browser, { origin }: TestApp): Promise<string> {
  const isCallback = (url: string) => url.startsWith(`${origin}/callback`);
  const { location = '' } = await passSandbox(browser, `${origin}/login`, {}, isCallback);
  return location;
}

describe('validate() of a strategy of your own', () => {
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
    @UseGuards(AuthGuard('oxd'))
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

describe('getAuthenticateOptions() of a guard of your own', () => {
  const options: LoginAuthenticateOptions = {
    scope: ['openid', 'email'],
    acr_values: ['basic', 'urn:x:2fa'],
    prompt: 'login',
    hd: 'example.com',
    custom_parameters: { one: 'v w' },
    params: { login_hint: 'zoe', max_age: '60' },
    returnTo: '/from-the-guard',
  };

  class AskingGuard extends AuthGuard('oxd') {
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
