import { decodeProtectedHeader } from 'jose';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { MemoryStore, OidcService, type OxdModuleOptions } from '../../lib/index.js';
import { startChromium } from '../browser/chromium.js';
import {
  freePort,
  loggedIn,
  PLATFORMS,
  startApp,
  type LoggedIn,
  type Platform,
  type TestApp,
} from '../support/app.js';
import { closing } from '../support/closing.js';
import { registerCredentialsIn, registerSecret } from '../support/secrets.js';
import { Realm, type User } from './realm.js';

let chromium: Browser;
let realm: Realm;

beforeAll(async () => {
  chromium = await startChromium();
  realm = await Realm.create();
});

afterAll(async () => {
  await chromium?.close();
  await realm?.close();
});

type Options = Omit<OxdModuleOptions, 'site'> & { site?: Partial<OxdModuleOptions['site']> };

/** Starts an application that is the client `albums-web`. */
async function startClient(platform: Platform = 'express', site: object = {}): Promise<TestApp> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  await realm.changeClient('albums-web', {
    redirectUris: [`${origin}/callback`],
    attributes: { 'post.logout.redirect.uris': `${origin}/` },
  });
  const client = { client_id: 'albums-web', client_secret: realm.secretOf('albums-web') };
  return start(platform, port, { site: { ...client, ...site } });
}

/** Starts an application that registers itself. */
async function startUnregistered(options: Options, port: number): Promise<TestApp> {
  const initialAccessToken = await realm.initialAccessToken();
  return start('express', port, {
    transport: { type: 'embedded', allowInsecureRequests: true, initialAccessToken },
    ...options,
  });
}

async function start(platform: Platform, port: number, options: Options): Promise<TestApp> {
  const site = { op_host: realm.issuer, ...options.site };
  return closing(await startApp({ platform, port, options: { eager: true, ...options, site } }));
}

/** A browser without cookies. */
async function newPage(): Promise<Page> {
  const context = await chromium.newContext();
  closing({ close: () => closeContext(context) });
  const page = await context.newPage();
  page.on('request', (request) => registerCredentialsIn(request.url()));
  return page;
}

async function closeContext(context: BrowserContext): Promise<void> {
  (await context.cookies()).forEach(({ value }) => registerSecret(value));
  await context.close();
}

/** Fills in Keycloak's own login page. */
async function submitPassword(page: Page, user: User, password?: string): Promise<void> {
  await page.waitForURL(`${realm.issuer}/**`);
  await page.locator('#username').fill(user);
  await page.locator('#password').fill(password ?? realm.secretOf(user) ?? '');
  await page.locator('#kc-login').click();
}

/** Logs a user in and returns the response of the application's callback. */
async function logIn(page: Page, app: TestApp, user: User, query = ''): Promise<LoggedIn> {
  await page.goto(`${app.origin}/login${query}`);
  await submitPassword(page, user);
  return callbackOf(page, app);
}

async function callbackOf(page: Page, app: TestApp): Promise<LoggedIn> {
  await page.waitForURL(`${app.origin}/callback?**`);
  return loggedIn(await page.locator('body').innerText());
}

const ALICE = {
  name: 'Alice Archer',
  preferred_username: 'alice',
  email: 'alice@example.com',
  email_verified: true,
};

describe('a client with given credentials', () => {
  it.each(PLATFORMS)('on %s gets the user of a login', async (platform) => {
    const app = await startClient(platform);
    const { user, returnTo } = await logIn(await newPage(), app, 'alice', '?returnTo=/albums');
    expect(user.sub).toBe(await realm.userId('alice'));
    expect(user.claims).toMatchObject({ ...ALICE, iss: realm.issuer, aud: 'albums-web' });
    expect(new URL(returnTo, app.origin).href).toBe(`${app.origin}/albums`);
  });

  it('logs the user in after a wrong password', async () => {
    const app = await startClient();
    const page = await newPage();
    await page.goto(`${app.origin}/login`);
    await submitPassword(page, 'alice', 'a wrong password');
    await page.getByText('Invalid username or password.').waitFor();
    await submitPassword(page, 'alice');
    expect((await callbackOf(page, app)).user.claims.preferred_username).toBe('alice');
  });

  it('uses the session that the provider has, without a password', async () => {
    const app = await startClient();
    const page = await newPage();
    const first = await logIn(page, app, 'bob');
    await page.goto(`${app.origin}/login`);
    const second = await callbackOf(page, app);
    expect(second.user.sub).toBe(first.user.sub);
    expect(second.user.tokens.id_token).not.toBe(first.user.tokens.id_token);
  });

  it('refreshes the access token and reads userinfo with the new one', async () => {
    const app = await startClient();
    const { user } = await logIn(await newPage(), app, 'alice');
    const oidc = app.app.get(OidcService);
    const refresh_token = user.tokens.refresh_token ?? '';
    const refreshed = await oidc.getAccessTokenByRefreshToken({ refresh_token });
    [refreshed.access_token, refreshed.refresh_token].forEach((one) => registerSecret(one ?? ''));
    expect(refreshed.access_token).not.toBe(user.tokens.access_token);
    const { id_token } = user.tokens;
    const { claims } = await oidc.getUserInfo({ access_token: refreshed.access_token, id_token });
    expect(claims).toMatchObject({ ...ALICE, sub: user.sub });
  });

  it('sends parallel refreshes once: a provider that rotates tokens keeps the session', async () => {
    await realm.call('PUT', '', { revokeRefreshToken: true, refreshTokenMaxReuse: 0 });
    const app = await startClient();
    const { user } = await logIn(await newPage(), app, 'alice');
    const oidc = app.app.get(OidcService);
    const refresh = (refresh_token = '') => oidc.getAccessTokenByRefreshToken({ refresh_token });
    const [one, two] = await Promise.all([
      refresh(user.tokens.refresh_token),
      refresh(user.tokens.refresh_token),
    ]);
    [one.access_token, one.refresh_token].forEach((token) => registerSecret(token ?? ''));
    expect(two).toEqual(one);
    const next = await refresh(one.refresh_token);
    [next.access_token, next.refresh_token].forEach((token) => registerSecret(token ?? ''));
    expect(next.access_token).not.toBe(one.access_token);
    await realm.call('PUT', '', { revokeRefreshToken: false });
  });

  it('ends the session at the provider by a logout, and the next login needs the password', async () => {
    const app = await startClient();
    const page = await newPage();
    const { user } = await logIn(page, app, 'alice');
    const oidc = app.app.get(OidcService);
    const { uri } = await oidc.getLogoutUri({
      id_token_hint: user.tokens.id_token,
      post_logout_redirect_uri: `${app.origin}/`,
      state: 'logged-out',
    });
    await page.goto(uri);
    expect(page.url()).toBe(`${app.origin}/?state=logged-out`);
    const refresh_token = user.tokens.refresh_token ?? '';
    await expect(oidc.getAccessTokenByRefreshToken({ refresh_token })).rejects.toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      error: 'invalid_grant',
    });
    await expect(
      oidc.getUserInfo({ access_token: user.tokens.access_token, id_token: user.tokens.id_token }),
    ).rejects.toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    await page.goto(`${app.origin}/login`);
    await page.locator('#password').waitFor();
  });

  it('denies a login whose user is disabled before the callback', async () => {
    const app = await startClient();
    const page = await newPage();
    const path = await realm.user('carol');
    await page.goto(`${app.origin}/login`);
    const action = await page.locator('#kc-form-login').getAttribute('action');
    const form = { username: 'carol', password: realm.secretOf('carol') ?? '' };
    const submitted = await page.request.post(action ?? '', { form, maxRedirects: 0 });
    const callback = submitted.headers().location ?? '';
    expect(callback).toContain(`${app.origin}/callback?`);
    await realm.call('PUT', path, { enabled: false });
    expect((await page.goto(callback))?.status()).toBe(502);
    expect(await page.locator('body').innerText()).not.toContain('carol');
    await realm.call('PUT', path, { enabled: true });
  });

  it('accepts the logins before and after the key of the realm is rotated', async () => {
    const app = await startClient();
    const before = await logIn(await newPage(), app, 'alice');
    await realm.rotateKey();
    const after = await logIn(await newPage(), app, 'alice');
    const [one, two] = [before, after].map(({ user }) =>
      decodeProtectedHeader(user.tokens.id_token),
    );
    expect(after.user.sub).toBe(before.user.sub);
    expect(two?.kid).not.toBe(one?.kid);
  });

  it('reports login_required if the user has no session and no page may be shown', async () => {
    const app = await startClient();
    const oidc = app.app.get(OidcService);
    const { url, cookies } = await oidc.startLogin({ prompt: 'none' });
    const response = await fetch(url, { redirect: 'manual' });
    const callback = new URL(response.headers.get('location') ?? '');
    const cookie = cookies.map((line) => line.split(';')[0]).join('; ');
    await expect(oidc.finishLogin(callback.searchParams, cookie)).rejects.toMatchObject({
      code: 'OIDC_LOGIN_REFUSED',
      error: 'login_required',
    });
  });
});

describe('a client that registers itself', () => {
  it('registers once, logs a user in, and keeps its client over a restart', async () => {
    const store = new MemoryStore();
    const port = await freePort();
    const site = { client_name: 'albums of the test' };
    const first = await startUnregistered({ store, site }, port);
    const { user } = await logIn(await newPage(), first, 'alice');
    expect(user.claims).toMatchObject(ALICE);
    await first.close();

    const second = await startUnregistered({ store, site }, port);
    const again = await logIn(await newPage(), second, 'bob');
    expect(again.user.claims.aud).toBe(user.claims.aud);
    const clients = await realm.call<{ name?: string }[]>('GET', '/clients?max=-1');
    expect(clients.filter(({ name }) => name === site.client_name)).toHaveLength(1);
  });

  it('logs a user out and back to the application', async () => {
    const app = await startUnregistered({}, await freePort());
    const page = await newPage();
    const { user } = await logIn(page, app, 'alice');
    const { uri } = await app.app.get(OidcService).getLogoutUri({
      id_token_hint: user.tokens.id_token,
      post_logout_redirect_uri: `${app.origin}/`,
    });
    await page.goto(uri);
    expect(page.url()).toBe(`${app.origin}/`);
  });

  it('is rejected without a valid initial access token', async () => {
    const transport = { type: 'embedded', allowInsecureRequests: true } as const;
    const initialAccessToken = 'not-a-token-of-this-realm';
    const options = { transport: { ...transport, initialAccessToken } };
    await expect(start('express', await freePort(), options)).rejects.toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      error: 'invalid_token',
    });
  });
});
