import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { Browser, passSandbox } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';
import { SampleApp } from './sample-app.js';

let sandbox: Sandbox;

beforeAll(async () => {
  const quiet = { clientsFile: false, quiet: true } as const;
  sandbox = await startSandbox({ port: 0, ...quiet, onSecret: registerSecret });
});

afterAll(() => sandbox.close());

describe.each(['01-login', '02-protect-an-api'])('the session cookie of sample %s', (sample) => {
  it.each([
    { name: 'is Secure with an https redirect URI', origin: 'https://app.example.com' },
    { name: 'is not Secure with an http redirect URI', origin: 'http://localhost:1' },
  ])('$name, behind a proxy', async ({ origin }) => {
    const app = await SampleApp.start(environment(`${origin}/callback`), sample);
    try {
      const [cookie = ''] = await logIn(app, origin);
      expect(cookie).toContain('HttpOnly');
      expect(cookie).toContain('SameSite=Lax');
      expect(cookie.includes('; Secure')).toBe(origin.startsWith('https:'));
    } finally {
      await app.close();
    }
  });
});

/** Logs in as a browser does through a proxy. @returns the session cookies of the response */
async function logIn(app: SampleApp, origin: string): Promise<string[]> {
  const proxied = { 'x-forwarded-proto': new URL(origin).protocol.slice(0, -1) };
  const browser = new Browser();
  const begun = await browser.request(`${app.origin}/login`, { headers: proxied });
  const atCallback = (url: string) => url.startsWith(`${origin}/callback`);
  const { location = '' } = await passSandbox(browser, begun, {}, atCallback);
  const { pathname, search } = new URL(location);
  const cookie = browser.cookieHeader(app.origin.replace('http:', 'https:'));
  const response = await fetch(app.origin + pathname + search, {
    headers: { ...proxied, cookie },
    redirect: 'manual',
  });
  expect(response.status).toBe(302);
  const sessions = response.headers.getSetCookie().filter((one) => /^sample[^=]*\.sid=/.test(one));
  sessions.forEach((one) => registerSecret(/=([^;]*)/.exec(one)?.[1] ?? ''));
  return sessions;
}

function environment(redirectUri: string): Record<string, string> {
  return {
    OXD_OP_HOST: sandbox.issuer,
    OXD_AUTHORIZATION_REDIRECT_URI: redirectUri,
    OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true',
    // Sample 02 registers its albums at start-up.
    OXD_SCOPE: 'openid profile uma_protection',
    OXD_GRANT_TYPES:
      'authorization_code client_credentials urn:ietf:params:oauth:grant-type:uma-ticket',
  };
}
