import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import type { OxdServer } from '../../lib/testing/testing.js';
import { environmentOf, SAMPLE_TRANSPORTS, startPeer, type OxdPeer } from '../support/oxd-peers.js';
import { registerCredentialsIn, registerSecret, secretsIn } from '../support/secrets.js';
import { startChromium } from './chromium.js';
import { DESKTOP, expectToFit, PHONE } from './expect-to-fit.js';
import { freePort, SampleApp } from './sample-app.js';

const MINUTE = 60_000;

let chromium: Browser;
const contexts: BrowserContext[] = [];

beforeAll(async () => {
  chromium = await startChromium();
});

afterAll(() => chromium?.close());

afterEach(async () => {
  for (const context of contexts.splice(0)) {
    await registerCookies(context);
    await context.close();
  }
});

describe.each(SAMPLE_TRANSPORTS)('over %s', (transport) => {
  let sandbox: Sandbox;
  let oxd: OxdServer | undefined;
  let app: SampleApp;

  beforeAll(async () => {
    sandbox = await startProvider(0);
    oxd = transport === 'embedded' ? undefined : await startPeer(transport);
    app = await SampleApp.start(environment(sandbox.issuer, transport, oxd));
  });

  afterAll(async () => {
    await app?.close();
    await oxd?.close();
    await sandbox?.close();
  });

  it('a user logs in, refreshes the token, logs out and logs in again', async () => {
    const page = await newUser();
    await page.goto(app.origin);
    const link = page.getByRole('link', { name: 'Log in' });
    expect(await link.getAttribute('href')).toBe('/login');
    await link.click();
    await logIn(page, 'Zoë Nováková');
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');

    for (const minutes of [2, 4]) {
      const before = await expiryOf(page);
      await app.setAhead(minutes * MINUTE);
      await page.getByRole('button', { name: 'Refresh the token' }).click();
      await expectText(page, 'The access token was renewed.');
      expect((await expiryOf(page)) - before).toBeGreaterThanOrEqual(2 * MINUTE);
    }
    await app.setAhead(0);

    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL(`${app.origin}/`);
    await expectText(page, 'Log in at your OpenID Provider');
    await page.goto(`${app.origin}/profile`);
    await logIn(page, 'Ελένη Παπαδοπούλου');
    await expectProfile(page, 'Ελένη Παπαδοπούλου', 'eleni@example.com');
  });

  it('a user needs only the keyboard', async () => {
    const page = await newUser();
    await page.goto(app.origin);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    // Keys before the page has set the focus would go to another element.
    await page.locator('input[type=password]:focus').waitFor();
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Tab');
    await page.keyboard.type('sandbox');
    await page.keyboard.press('Enter');
    await page.locator('button:focus', { hasText: 'Allow' }).waitFor();
    await page.keyboard.press('Enter');
    await expectProfile(page, 'Ελένη Παπαδοπούλου', 'eleni@example.com');

    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expectText(page, 'The access token was renewed.');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${app.origin}/`);
    await expectText(page, 'Log in at your OpenID Provider');
  });

  it.each([
    ['phone', PHONE],
    ['desktop', DESKTOP],
  ])('every page of a login and a logout fits a %s', async (_name, viewport) => {
    const page = await newUser({ viewport });
    const fits = async (name: string, text: string) => {
      await expectText(page, text);
      await expectToFit(page, `${transport}-${name}`);
    };
    await page.goto(app.origin);
    await fits('home', 'Log in at your OpenID Provider');
    await page.goto(`${app.origin}/nowhere`);
    await fits('error', 'There is nothing here');
    await page.getByRole('link', { name: 'Log in again' }).click();
    await fits('sandbox-login', 'Who are you?');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await fits('sandbox-wrong-password', 'Wrong password');
    await enterPassword(page, "Amara Okafor-O'Neill");
    await fits('sandbox-consent', 'Allow access?');
    await page.getByRole('button', { name: 'Allow' }).click();
    await fits('profile', 'Claims of the provider');
    await page.getByRole('button', { name: 'Refresh the token' }).click();
    await fits('profile-refreshed', 'The access token was renewed.');
    await page.goto(app.origin);
    await fits('home-logged-in', 'You are logged in as');
    await page.goto(`${app.origin}/profile`);
    // The page submits itself: an answer without content leaves it there to be looked at.
    await page.route('**/session/end/confirm', (route) => route.fulfill({ status: 204 }));
    await page.getByRole('button', { name: 'Log out' }).click();
    await fits('sandbox-logging-out', 'Logging out');
    await page.unroute('**/session/end/confirm');
    await page.goto(`${sandbox.issuer}/session/end`);
    await fits('sandbox-logout', 'Log out?');
    await page.getByRole('button', { name: 'Log out' }).click();
    await fits('sandbox-logged-out', 'You can close this page.');
    await page.goto(`${sandbox.issuer}/auth?client_id=nobody`);
    await fits('sandbox-error', 'This did not work');
  });

  it('a user without JavaScript logs in, and logs out by a button more', async () => {
    const page = await newUser({ javaScriptEnabled: false });
    await page.goto(`${app.origin}/profile`);
    await logIn(page, 'Zoë Nováková');
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(`${app.origin}/`);
    await page.goto(`${app.origin}/profile`);
    await page.waitForURL(/\/interaction\//);
  });

  it('the claim updated_at is shown as a date', async () => {
    const page = await newUser();
    await page.goto(`${app.origin}/profile`);
    await logIn(page, 'Zoë Nováková');
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
    const row = page.locator('div', { has: page.getByText('updated_at', { exact: true }) });
    expect(await row.last().locator('dd').innerText()).toBe('2025-01-01 00:00:00 UTC');
  });

  it('a claim full of markup is shown as it is', async () => {
    const page = await newUser();
    await page.goto(`${app.origin}/profile`);
    await logIn(page, "Amara Okafor-O'Neill");
    await expectProfile(page, "Amara Okafor-O'Neill", 'amara+oidc@example.com');
    await expectText(page, '<b>Amara</b> & "friends"');
  });

  it('two tabs that log in at once both end logged in', async () => {
    const first = await newUser();
    const second = await first.context().newPage();
    await first.goto(`${app.origin}/login`);
    await second.goto(`${app.origin}/login`);
    await logIn(first, 'Zoë Nováková');
    await logIn(second, 'Zoë Nováková');
    await expectProfile(first, 'Zoë Nováková', 'zoe@example.com');
    await expectProfile(second, 'Zoë Nováková', 'zoe@example.com');
  });

  it('every login has its own session id', async () => {
    const page = await newUser();
    const ids = new Set<string | undefined>();
    for (let times = 0; times < 2; times++) {
      await page.goto(`${app.origin}/login`);
      if (times === 0) await logIn(page, 'Zoë Nováková');
      await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
      const cookies = await page.context().cookies(app.origin);
      ids.add(cookies.find(({ name }) => name === 'sample-01.sid')?.value);
    }
    expect(ids.size).toBe(2);
  });

  it('a login returns to the page where it began, and never to another site', async () => {
    const page = await newUser();
    await page.goto(`${app.origin}/login?returnTo=/profile?refreshed`);
    await logIn(page, 'Zoë Nováková');
    await expectText(page, 'The access token was renewed.');
    expect(page.url()).toBe(`${app.origin}/profile?refreshed`);
    await page.goto(`${app.origin}/login?returnTo=//evil.example/`);
    expect(page.url()).toBe(`${app.origin}/`);
  });

  it('a callback that is opened a second time is rejected', async () => {
    const page = await newUser();
    const { url, cookies } = await catchCallback(page);
    await page.goto(url);
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
    await expectErrorPage(page, url, 'This browser has no login in progress');
    await page.context().addCookies(cookies);
    await expectErrorPage(page, url, 'This login was used already');
  });

  it('a callback without the cookie of its login is rejected', async () => {
    const page = await newUser();
    const { url } = await catchCallback(page);
    await page.context().clearCookies();
    await expectErrorPage(page, url, 'This browser has no login in progress');
  });

  it("a callback with another browser's state is rejected", async () => {
    const { url } = await catchCallback(await newUser());
    const victim = await newUser();
    await victim.goto(`${app.origin}/login`);
    await victim.waitForURL(/\/interaction\//);
    await expectErrorPage(victim, url, 'This login began in another browser');
    await victim.goto(`${app.origin}/`);
    await expectText(victim, 'Log in at your OpenID Provider');
  });

  it('a login that exceeds the lifetime of its state is rejected', async () => {
    const page = await newUser();
    const { url } = await catchCallback(page);
    await app.setAhead(31 * MINUTE);
    await expectErrorPage(page, url, 'The login took too long');
    await app.setAhead(0);
  });

  it.each(['Cancel', 'Deny'])('a user who presses %s can log in after all', async (button) => {
    const page = await newUser();
    await page.goto(`${app.origin}/login`);
    if (button === 'Deny') await enterPassword(page, 'Zoë Nováková');
    await page.getByRole('button', { name: button }).click();
    await expectText(page, 'You did not allow the login');
    await page.getByRole('link', { name: 'Log in again' }).click();
    if (button === 'Deny') await page.getByRole('button', { name: 'Allow' }).click();
    else await logIn(page, 'Zoë Nováková');
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
  });

  it('a form of another site neither refreshes nor logs out', async () => {
    const page = await newUser();
    await page.goto(`${app.origin}/profile`);
    await logIn(page, 'Zoë Nováková');
    for (const path of ['/refresh', '/logout']) {
      const answer = await page.request.post(app.origin + path, {
        headers: { origin: 'https://evil.example' },
      });
      expect(answer.status()).toBe(403);
    }
    await page.goto(`${app.origin}/profile`);
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
  });

  it('a user whose session ended at the provider can log in again', async () => {
    const page = await newUser();
    await page.goto(`${app.origin}/profile`);
    await logIn(page, 'Zoë Nováková');
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
    const elsewhere = await page.context().newPage();
    await elsewhere.goto(`${sandbox.issuer}/session/end`);
    await elsewhere.getByRole('button', { name: 'Log out' }).click();
    await elsewhere.waitForURL(/\/session\/end\/success/);

    const answer = page.waitForResponse(`${app.origin}/refresh`);
    await page.getByRole('button', { name: 'Refresh the token' }).click();
    expect((await answer).status()).toBe(401);
    await page.getByRole('heading', { level: 1, name: 'Please log in again' }).waitFor();
    await expectText(page, 'The provider no longer renews this login.');
    expect(secretsIn(await page.content())).toEqual([]);
    const link = page.getByRole('link', { name: 'Log in again' });
    expect(await link.getAttribute('href')).toBe('/login');
    await link.click();
    await logIn(page, 'Ελένη Παπαδοπούλου');
    await expectProfile(page, 'Ελένη Παπαδοπούλου', 'eleni@example.com');
    await page.getByRole('button', { name: 'Refresh the token' }).click();
    await expectText(page, 'The access token was renewed.');
  });

  it.each(['/refresh', '/logout'])('the address %s leads back to the home page', async (path) => {
    const page = await newUser();
    await page.goto(app.origin + path);
    expect(page.url()).toBe(`${app.origin}/`);
    await expectText(page, 'Log in at your OpenID Provider');
  });

  it('an unknown URL shows an error page', async () => {
    const page = await newUser();
    await expectErrorPage(page, `${app.origin}/nowhere`, 'There is nothing here', 404);
  });

  it('a provider that was down at start is used once it is up', async () => {
    const port = await freePort();
    const server = transport === 'embedded' ? undefined : await startPeer(transport);
    const early = await SampleApp.start(environment(`http://localhost:${port}`, transport, server));
    const page = await newUser();
    const login = `${early.origin}/login?returnTo=/profile`;
    await expectErrorPage(page, login, 'The provider failed', 502);
    const late = await startProvider(port);
    await page.getByRole('link', { name: 'Log in again' }).click();
    await logIn(page, 'Zoë Nováková');
    await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
    await early.close();
    await late.close();
    await server?.close();
  });

  it('the application has printed no secret', () => {
    expect(secretsIn(app.output)).toEqual([]);
  });

  /** Logs in up to the callback, which the browser does not open. */
  async function catchCallback(page: Page) {
    await page.goto(`${app.origin}/login`);
    await enterPassword(page, 'Zoë Nováková');
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    const allow = { form: { decision: 'allow' }, maxRedirects: 0 };
    const allowed = await page.request.post(page.url(), allow);
    const resumed = await page.request.get(allowed.headers().location ?? '', { maxRedirects: 0 });
    const url = resumed.headers().location ?? '';
    expect(url).toContain(`${app.origin}/callback?code=`);
    registerCredentialsIn(url);
    await registerCookies(page.context());
    return { url, cookies: await page.context().cookies(app.origin) };
  }
});

it('over socket, an oxd-server that was down is used once it is up', async () => {
  const sandbox = await startProvider(0);
  const port = await freePort();
  const app = await SampleApp.start(environment(sandbox.issuer, 'socket 3.1.4', { port }));
  const page = await newUser();
  const login = `${app.origin}/login`;
  await expectErrorPage(page, login, 'oxd-server does not respond', 503);
  const oxd = await startPeer('socket 3.1.4', { port });
  await page.getByRole('link', { name: 'Log in again' }).click();
  await logIn(page, 'Zoë Nováková');
  await expectProfile(page, 'Zoë Nováková', 'zoe@example.com');
  await app.close();
  await oxd.close();
  await sandbox.close();
});

/** A new browser context, without cookies. */
async function newUser(options?: BrowserContextOptions): Promise<Page> {
  const context = await chromium.newContext(options);
  context.setDefaultTimeout(10_000);
  contexts.push(context);
  // States and codes of the sample, which runs in its own process.
  context.on('request', (request) => registerCredentialsIn(request.url()));
  return context.newPage();
}

function startProvider(port: number): Promise<Sandbox> {
  return startSandbox({ port, clientsFile: false, quiet: true, onSecret: registerSecret });
}

function environment(
  issuer: string,
  transport: OxdPeer | 'embedded',
  oxd?: Parameters<typeof environmentOf>[1],
): Record<string, string> {
  const site = { OXD_OP_HOST: issuer };
  if (!oxd || transport === 'embedded') {
    return { ...site, OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: 'true' };
  }
  return { ...site, ...environmentOf(transport, oxd) };
}

async function logIn(page: Page, name: string): Promise<void> {
  await enterPassword(page, name);
  const allow = page.getByRole('button', { name: 'Allow' });
  // A second login of this browser at the provider has nothing left to allow.
  const next = page.waitForURL((url) => !url.pathname.startsWith('/interaction/'));
  await Promise.race([allow.waitFor().then(() => allow.click()), next]);
  await next;
}

async function enterPassword(page: Page, name: string): Promise<void> {
  await page.getByRole('radio', { name }).check();
  await page.getByLabel('Password').fill('sandbox');
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function expectProfile(page: Page, name: string, email: string): Promise<void> {
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await expectText(page, email);
  expect(new URL(page.url()).pathname).toBe('/profile');
  expect(secretsIn(await page.content())).toEqual([]);
}

/** Expiry of the access token on the profile page, in milliseconds since 1970. */
async function expiryOf(page: Page): Promise<number> {
  const row = page.locator('div', { has: page.getByText('access token until', { exact: true }) });
  return Date.parse((await row.last().locator('time').getAttribute('datetime')) ?? '');
}

async function expectErrorPage(page: Page, url: string, title: string, status = 401) {
  const answer = await page.goto(url);
  expect(answer?.status()).toBe(status);
  await page.getByRole('heading', { level: 1, name: title }).waitFor();
  expect(await page.getByRole('link', { name: 'Log in again' }).count()).toBe(1);
}

async function expectText(page: Page, text: string): Promise<void> {
  await page.getByText(text).first().waitFor();
}

async function registerCookies(context: BrowserContext): Promise<void> {
  for (const { value } of await context.cookies()) registerSecret(value);
}
