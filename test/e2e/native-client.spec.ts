import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OxdCommandError, OxdConfigurationError, OxdModule } from '../../lib/index.js';
import { OidcStrategy } from '../../lib/oidc/passport.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { Browser, passSandbox } from '../support/browser.js';
import { cookieHeader, startService, type StartedService } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';

const PRIVATE = 'com.example.app:/callback';
const LOOPBACK = 'http://127.0.0.1:3000/callback';
const baseUrl = 'http://127.0.0.1:3000';
const secret = 'a test secret of more than 32 characters';

let sandbox: Sandbox;
const services: StartedService[] = [];

beforeAll(async () => {
  const quiet = { clientsFile: false, quiet: true, onSecret: registerSecret } as const;
  sandbox = await startSandbox({ port: 0, ...quiet });
});
afterEach(async () => {
  for (const service of services.splice(0)) await service.close();
});
afterAll(() => sandbox.close());

async function nativeApp(authorization_redirect_uri: string, more: object = {}, root = baseUrl) {
  const site = { op_host: sandbox.issuer, authorization_redirect_uri };
  const service = await startService({
    site: { ...site, application_type: 'native', ...more },
    baseUrl: root,
  });
  services.push(service);
  return service.oidc;
}

/** Logs in at the sandbox, and returns the URI to which it redirects and the cookies of the login. */
async function redirected(
  oidc: StartedService['oidc'],
  redirect_uri: string,
): Promise<{ readonly location: URL; readonly cookies: string[] }> {
  const { url, cookies } = await oidc.startLogin({ redirect_uri });
  const atApp = (to: string): boolean => to.startsWith(redirect_uri);
  const page = await passSandbox(new Browser(), url, { username: 'zoe' }, atApp);
  return { location: new URL(page.location ?? ''), cookies };
}

describe('a native client', () => {
  it.each([
    ['a private scheme', PRIVATE, PRIVATE],
    ['a loopback address', LOOPBACK, LOOPBACK],
    ['another port of a loopback address', LOOPBACK, 'http://127.0.0.1:51004/callback'],
    ['a port of a loopback address without one', 'http://[::1]/cb', 'http://[::1]:51004/cb'],
  ])('logs in with %s', async (_name, registered, redirect_uri) => {
    const oidc = await nativeApp(registered);
    const { location, cookies } = await redirected(oidc, redirect_uri);
    expect(location.href.startsWith(redirect_uri)).toBe(true);
    const login = await oidc.finishLogin(location.searchParams, cookieHeader(cookies));
    expect(login.user.sub).toBe('user-zoe');
    expect(login.returnTo).toBe(`${baseUrl}/`);
  });

  it.each([
    ['http', baseUrl, false],
    ['https', 'https://app.example.com', true],
  ])(
    'with a private scheme receives its cookie by %s of baseUrl',
    async (_name, root, isSecure) => {
      const oidc = await nativeApp(PRIVATE, {}, root);
      const { cookies } = await oidc.startLogin();
      expect(cookies).toHaveLength(1);
      expect([cookies.join().startsWith('__Host-'), cookies.join().includes('; Secure')]).toEqual([
        isSecure,
        isSecure,
      ]);
    },
  );

  it.each([
    ['another path', 'http://127.0.0.1:51004/other'],
    ['another loopback address', 'http://[::1]:51004/callback'],
    ['a name of the loopback address', 'http://localhost:3000/callback'],
    ['a user name', 'http://user@127.0.0.1:51004/callback'],
    ['another host', 'http://127.0.0.1.example.com:3000/callback'],
    ['no port number', 'http://127.0.0.1:99999/callback'],
  ])('begins no login with %s', async (_name, redirect_uri) => {
    const oidc = await nativeApp(LOOPBACK);
    const rejected = oidc.startLogin({ redirect_uri });
    await expect(rejected).rejects.toMatchObject({ error: 'redirect_uri_is_not_registered' });
  });

  it('is the only one that may use another port', async () => {
    const oidc = await nativeApp(LOOPBACK, { application_type: 'web' });
    const rejected = oidc.startLogin({ redirect_uri: 'http://127.0.0.1:51004/callback' });
    await expect(rejected).rejects.toBeInstanceOf(OxdCommandError);
  });

  it('with a private scheme has no OidcStrategy', async () => {
    const site = { op_host: sandbox.issuer, authorization_redirect_uri: PRIVATE };
    const transport = { type: 'embedded', allowInsecureRequests: true } as const;
    const options = { site: { ...site, application_type: 'native' as const }, baseUrl, secret };
    @Module({ imports: [OxdModule.forRoot({ ...options, transport })], providers: [OidcStrategy] })
    class Native {}
    const compiled = Test.createTestingModule({ imports: [Native] }).compile();
    await expect(compiled).rejects.toBeInstanceOf(OxdConfigurationError);
    await expect(compiled).rejects.toThrow('requires an http or https redirect URI');
  });
});
