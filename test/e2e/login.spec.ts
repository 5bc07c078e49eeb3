import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { MemoryStore, OidcService } from '../../lib/index.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import { PLATFORMS, freePort, loggedIn, startApp, type TestApp } from '../support/app.js';
import { Browser, passSandbox, type Page } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';

let sandbox: Sandbox;
const isCallback = (url: string) => new URL(url).pathname === '/callback';

beforeAll(async () => {
  sandbox = await startSandbox({
    port: 0,
    clientsFile: false,
    quiet: true,
    onSecret: registerSecret,
  });
});
afterAll(() => sandbox.close());

const opened: { close(): Promise<void> }[] = [];

/** Closes the started resource after the test, even if the test fails. */
async function closed<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  opened.push(started);
  return started;
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** Logs in at the provider; returns the redirect to the callback. */
function toCallback(browser: Browser, app: TestApp, returnTo = '/', user = 'zoe'): Promise<Page> {
  const login = `${app.origin}/login?returnTo=${encodeURIComponent(returnTo)}`;
  return passSandbox(browser, login, { username: user }, isCallback);
}

/** Logs in at the provider; returns the callback URL without requesting it. */
async function callbackUrl(browser: Browser, app: TestApp, returnTo?: string): Promise<URL> {
  const { location = '' } = await toCallback(browser, app, returnTo);
  return new URL(location);
}

/** Sends headers that fetch() does not allow to set. */
async function sendForged(url: string, headers: Readonly<Record<string, string>>) {
  const sent = request(url, { headers }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const { location = '', 'set-cookie': cookies = [] } = answer.headers;
  return { location, cookies, html: await text(answer) };
}

const codeOf = (page: Page): unknown => (JSON.parse(page.html) as { error?: unknown }).error;

describe.each(['express', 'fastify', 'login-guard'] as const)('a login on %s', (platform) => {
  it.each([
    { name: 'no returnTo', query: '', path: '' },
    { name: 'a path', query: '?returnTo=/cart', path: '/cart' },
    { name: 'a path beneath baseUrl', query: '?returnTo=/shop/cart', path: '/cart' },
    { name: 'a foreign URL', query: '?returnTo=https://evil.example.com/shop', path: '' },
  ])('ends beneath baseUrl with $name', async ({ query, path }) => {
    const baseUrl = 'https://apps.example.com/shop';
    const options = { site: { op_host: sandbox.issuer }, baseUrl };
    const shop = await closed(startApp({ platform, options }));
    const page = await passSandbox(new Browser(), `${shop.origin}/login${query}`);
    expect(loggedIn(page.html).returnTo).toBe(baseUrl + path);
  });
});

describe.each(PLATFORMS)('a login on %s', (platform) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ platform, options: { site: { op_host: sandbox.issuer } } });
  });
  afterAll(() => app.close());

  it('provides profile and tokens of the user, and returns to the page that began it', async () => {
    const browser = new Browser();
    const page = await browser.follow(await toCallback(browser, app, '/album/7?page=2'));
    const { user, returnTo } = loggedIn(page.html);
    const zoe = sandbox.users.find(({ username }) => username === 'zoe');
    expect(returnTo).toBe(`${app.origin}/album/7?page=2`);
    expect(user.claims).toMatchObject({
      sub: user.sub,
      iss: sandbox.issuer,
      name: zoe?.claims.name,
    });
    expect(user.tokens.refresh_token).toBeDefined();
    expect(user.tokens.expires_at).toBeGreaterThan(Date.now() / 1000);
  });

  it('sends state, nonce and PKCE S256 to the provider', async () => {
    const { location = '', headers } = await new Browser().request(`${app.origin}/login`);
    const query = new URL(location).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      response_type: 'code',
      redirect_uri: `${app.origin}/callback`,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(query.get(name)?.length).toBeGreaterThanOrEqual(32);
    }
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^oxd\.login\.\d+\.[\w-]+=[\w.-]+; Path=\/; Max-Age=2400; HttpOnly; SameSite=Lax$/,
      ),
    ]);
  });

  it('works in two tabs at once', async () => {
    const browser = new Browser();
    const [first, second] = [
      await callbackUrl(browser, app, '/1'),
      await callbackUrl(browser, app, '/2'),
    ];
    const two = await browser.request(second.href);
    const one = await browser.request(first.href);
    expect([loggedIn(one.html).returnTo, loggedIn(two.html).returnTo]).toEqual([
      `${app.origin}/1`,
      `${app.origin}/2`,
    ]);
    expect(browser.cookieHeader(app.origin)).not.toContain('oxd.login');
  });

  it('leaves a small Cookie header after many abandoned logins', async () => {
    const browser = new Browser();
    const login = `${app.origin}/login?returnTo=/${'a'.repeat(1000)}`;
    await Promise.all(Array.from({ length: 12 }, () => browser.request(login)));
    expect(browser.cookieHeader(app.origin).length).toBeLessThan(4096);
    const page = await browser.request((await callbackUrl(browser, app, '/last')).href);
    expect(loggedIn(page.html).returnTo).toBe(`${app.origin}/last`);
    const left = browser.cookieHeader(app.origin);
    expect(left.match(/oxd\.login\./g)).toHaveLength(4);
    expect(left.length).toBeLessThan(3072);
  });

  it.each([
    ['another host', '//evil.com'],
    ['another origin', 'https://evil.com/'],
    ['a backslash', '/\\evil'],
    ['a tab', '/\t/evil'],
    ['more than 1024 characters', `/${'a'.repeat(1025)}`],
  ])('returns to the root when returnTo has %s', async (_, returnTo) => {
    const browser = new Browser();
    const page = await browser.request((await callbackUrl(browser, app, returnTo)).href);
    expect(loggedIn(page.html).returnTo).toBe(`${app.origin}/`);
  });

  it('ends at the configured origin, whatever the Host header is', async () => {
    const browser = new Browser();
    const forged = {
      host: 'evil.example.com',
      forwarded: 'host=evil.example.com;proto=https',
      'x-forwarded-host': 'evil.example.com',
      'x-forwarded-proto': 'https',
    };
    const seen = await sendForged(`${app.origin}/login?returnTo=/profile`, forged);
    browser.keepCookies(app.origin, seen.cookies);
    const asked = new URL(seen.location);
    registerSecret(asked.searchParams.get('state') ?? '');
    expect(asked.searchParams.get('redirect_uri')).toBe(`${app.origin}/callback`);
    const back = await passSandbox(browser, seen.location, {}, isCallback);
    const cookie = browser.cookieHeader(app.origin);
    const { html } = await sendForged(back.location ?? '', { ...forged, cookie });
    expect(loggedIn(html).returnTo).toBe(`${app.origin}/profile`);
  });

  it.each([
    ['/..//evil.com', '//evil.com'],
    ['/.//', '//'],
    ['/%2e%2e//', '//'],
    ['/a/..//', '//'],
  ])('returns to an absolute URL of the application for %s', async (returnTo, path) => {
    const browser = new Browser();
    const page = await browser.request((await callbackUrl(browser, app, returnTo)).href);
    expect(loggedIn(page.html).returnTo).toBe(app.origin + path);
  });

  describe('is rejected with 401 and', () => {
    async function rejectionOf(browser: Browser, url: URL | string, init?: RequestInit) {
      const page = await browser.request(url.toString(), init);
      return { status: page.status, code: codeOf(page), page };
    }

    it('OIDC_STATE_MISSING without state', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      url.searchParams.delete('state');
      expect(await rejectionOf(browser, url)).toMatchObject({
        status: 401,
        code: 'OIDC_STATE_MISSING',
      });
    });

    it('OIDC_STATE_MISSING with two states', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      url.searchParams.append('state', 'another');
      expect(await rejectionOf(browser, url)).toMatchObject({
        status: 401,
        code: 'OIDC_STATE_MISSING',
      });
    });

    it('OIDC_STATE_MISSING when a stolen callback is sent without its cookie', async () => {
      const url = await callbackUrl(new Browser(), app);
      const { status, code, page } = await rejectionOf(new Browser(), url);
      expect({ status, code }).toEqual({ status: 401, code: 'OIDC_STATE_MISSING' });
      expect(page.html).toContain('localhost and 127.0.0.1 share no cookies');
    });

    it('OIDC_STATE_UNKNOWN for the state of another browser, and both can still finish', async () => {
      const [mine, theirs] = [new Browser(), new Browser()];
      const [myUrl, theirUrl] = [await callbackUrl(mine, app), await callbackUrl(theirs, app)];
      expect(await rejectionOf(mine, theirUrl)).toMatchObject({
        status: 401,
        code: 'OIDC_STATE_UNKNOWN',
      });
      expect((await mine.request(myUrl.href)).status).toBe(200);
      expect((await theirs.request(theirUrl.href)).status).toBe(200);
    });

    it('OIDC_STATE_UNKNOWN for the cookie of another login under the name of this one', async () => {
      const [mine, attacker] = [new Browser(), new Browser()];
      const myUrl = await callbackUrl(mine, app);
      await callbackUrl(attacker, app);
      const cookieOf = (browser: Browser) =>
        browser
          .cookieHeader(app.origin)
          .split('; ')
          .find((pair) => pair.startsWith('oxd.login.')) ?? '';
      const planted = `${cookieOf(mine).split('=')[0]}=${cookieOf(attacker).split('=')[1]}`;
      const answer = await rejectionOf(new Browser(), myUrl, { headers: { cookie: planted } });
      expect(answer).toMatchObject({ status: 401, code: 'OIDC_STATE_UNKNOWN' });
    });

    it('OIDC_STATE_EXPIRED after its lifetime', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      app.advance(1_800_001);
      const answer = await rejectionOf(browser, url);
      expect(answer).toMatchObject({ status: 401, code: 'OIDC_STATE_EXPIRED' });
      expect(browser.cookieHeader(app.origin)).not.toContain('oxd.login');
    });

    it('OIDC_STATE_USED when the callback is replayed with its cookie', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      const cookie = browser.cookieHeader(app.origin);
      expect((await browser.request(url.href)).status).toBe(200);
      const answer = await rejectionOf(browser, url, { headers: { cookie } });
      expect(answer).toMatchObject({ status: 401, code: 'OIDC_STATE_USED' });
    });

    it('OIDC_STATE_USED for all but one of ten concurrent callbacks', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      const headers = { cookie: browser.cookieHeader(app.origin) };
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => new Browser().request(url.href, { headers })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(9);
    });

    it('OIDC_LOGIN_REFUSED when the user denies it, and the login is over', async () => {
      const browser = new Browser();
      const page = await passSandbox(browser, `${app.origin}/login`, { login: 'deny' });
      expect([page.status, codeOf(page)]).toEqual([401, 'OIDC_LOGIN_REFUSED']);
      expect(page.html).toContain('access_denied');
      expect(browser.cookieHeader(app.origin)).not.toContain('oxd.login');
    });

    it.each([
      ['OIDC_STATE_MISSING', 'without a state', async () => undefined],
      [
        'OIDC_STATE_UNKNOWN',
        'with the state of another browser',
        async () => (await callbackUrl(new Browser(), app)).searchParams.get('state'),
      ],
    ])('%s for an error of the provider %s', async (code, _, stateOf) => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      const denied = new URL('?error=access_denied', url);
      const state = await stateOf();
      if (state) denied.searchParams.set('state', state);
      expect(await rejectionOf(browser, denied)).toMatchObject({ status: 401, code });
      // The login is still pending: the callback did not belong to it.
      expect((await browser.request(url.href)).status).toBe(200);
    });

    it('OIDC_LOGIN_REFUSED when the callback has neither code nor error', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      url.searchParams.delete('code');
      expect(await rejectionOf(browser, url)).toMatchObject({
        status: 401,
        code: 'OIDC_LOGIN_REFUSED',
      });
    });
  });

  it.each([
    ['an invalid code', 'code', 'not-an-issued-code'],
    ['another issuer', 'iss', 'https://evil.example.com'],
  ])('is rejected with 502 for %s, and is over', async (_, name, value) => {
    const browser = new Browser();
    const url = await callbackUrl(browser, app);
    url.searchParams.set(name, value);
    const cookie = browser.cookieHeader(app.origin);
    const page = await browser.request(url.href);
    expect([page.status, codeOf(page)]).toEqual([502, 'OXD_COMMAND_FAILED']);
    expect(browser.cookieHeader(app.origin)).not.toContain('oxd.login');
    const again = await browser.request(url.href, { headers: { cookie } });
    expect(codeOf(again)).toBe('OIDC_STATE_USED');
  });
});

describe.each(PLATFORMS)('a speculative request on %s', (platform) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ platform, options: { site: { op_host: sandbox.issuer } } });
  });
  afterAll(() => app.close());

  const speculative: { name: string; init: RequestInit }[] = [
    { name: 'HEAD', init: { method: 'HEAD' } },
    { name: 'a prefetch', init: { headers: { 'sec-purpose': 'prefetch' } } },
    { name: 'a prerender', init: { headers: { 'sec-purpose': 'prefetch;prerender' } } },
    { name: 'an older prefetch', init: { headers: { purpose: 'prefetch' } } },
  ];

  it.each(speculative)('$name does not consume the callback', async ({ init }) => {
    const browser = new Browser();
    const url = await callbackUrl(browser, app);
    const early = await browser.request(url.href, init);
    expect([early.status, early.headers.get('cache-control')]).toEqual([503, 'no-store']);
    const page = await browser.request(url.href);
    expect([page.status, page.headers.get('cache-control')]).toEqual([200, 'no-store']);
    loggedIn(page.html);
  });

  it.each(speculative)('$name begins no login', async ({ init }) => {
    const browser = new Browser();
    const url = await callbackUrl(browser, app);
    for (let nth = 0; nth < 6; nth++) {
      const early = await browser.request(`${app.origin}/login`, init);
      expect([early.status, early.headers.get('cache-control')]).toEqual([503, 'no-store']);
      expect(early.headers.getSetCookie()).toEqual([]);
    }
    const page = await browser.request(`${app.origin}/login`);
    expect([page.status, page.headers.get('cache-control')]).toEqual([302, 'no-store']);
    loggedIn((await browser.request(url.href)).html);
  });
});

describe('a login through oxd-server', () => {
  let server: OxdServer;
  let app: TestApp;
  const commands: string[] = [];

  beforeAll(async () => {
    server = await OxdServer.start({
      allowInsecureRequests: true,
      onSecret: registerSecret,
      onCommand: (command) => commands.push(command),
    });
    const transport = { type: 'socket', port: server.port } as const;
    app = await startApp({ options: { transport, site: { op_host: sandbox.issuer } } });
  });
  afterAll(async () => {
    await app.close();
    await server.close();
  });
  beforeEach(() => commands.splice(0));

  it('requests no scope of the protection API', async () => {
    const scope = ['openid', 'profile', 'uma_protection'];
    const transport = { type: 'socket', port: server.port } as const;
    const other = await closed(
      startApp({ options: { transport, site: { op_host: sandbox.issuer, scope } } }),
    );
    const { location = '' } = await new Browser().request(`${other.origin}/login`);
    expect(new URL(location).searchParams.get('scope')).toBe('openid profile');
  });

  it.each([
    ['succeeds when iss of the callback is the issuer of the id_token', () => sandbox.issuer, 200],
    ['is rejected when iss is another issuer', () => 'https://evil.example.com', 502],
    ['is rejected when iss has an additional slash', () => `${sandbox.issuer}/`, 502],
  ])('%s', async (_, issuer, status) => {
    const browser = new Browser();
    const url = await callbackUrl(browser, app);
    url.searchParams.set('iss', issuer());
    const cookie = browser.cookieHeader(app.origin);
    const page = await browser.request(url.href);
    expect(page.status).toBe(status);
    if (status === 200) return void loggedIn(page.html);
    expect(codeOf(page)).toBe('OXD_COMMAND_FAILED');
    // Tokens of a rejected login must not be used.
    expect(commands).not.toContain('get_user_info');
    expect(codeOf(await browser.request(url.href, { headers: { cookie } }))).toBe(
      'OIDC_STATE_USED',
    );
  });
});

describe('a login', () => {
  it('has the same status without OxdExceptionFilter', async () => {
    const site = { op_host: sandbox.issuer };
    const app = await closed(startApp({ platform: 'passport', filter: false, options: { site } }));
    const page = await new Browser().request(`${app.origin}/callback?state=x&code=y`);
    expect(page.status).toBe(401);
    expect(page.html).toContain('no cookie of a login');
  });

  it('begun with an old secret can be finished until that secret is removed', async () => {
    const older = 'an older secret of 32 characters ..';
    const newer = 'a newer secret of 32 characters ..';
    const store = new MemoryStore();
    const authorization_redirect_uri = `http://localhost:${await freePort()}/callback`;
    const start = (secret: string[]) =>
      closed(
        startApp({
          options: { store, secret, site: { op_host: sandbox.issuer, authorization_redirect_uri } },
        }),
      );
    const before = await start([older]);
    const [one, two] = [new Browser(), new Browser()];
    const urls = [await callbackUrl(one, before), await callbackUrl(two, before)];
    const at = ({ origin }: TestApp, url?: URL) => `${origin}/callback${url?.search}`;

    const rotated = await start([newer, older]);
    expect((await one.request(at(rotated, urls[0]))).status).toBe(200);
    const removed = await start([newer]);
    expect(codeOf(await two.request(at(removed, urls[1])))).toBe('OIDC_STATE_UNKNOWN');
  });

  it('works as soon as a provider that was down at start-up is available', async () => {
    const port = await freePort();
    const app = await closed(
      startApp({ options: { site: { op_host: `http://localhost:${port}` } } }),
    );
    const browser = new Browser();
    const down = await browser.request(`${app.origin}/login`);
    expect([down.status, codeOf(down)]).toEqual([502, 'OXD_COMMAND_FAILED']);
    await closed(
      startSandbox({
        port,
        clientsFile: false,
        quiet: true,
        onSecret: registerSecret,
      }),
    );
    const page = await passSandbox(browser, `${app.origin}/login`);
    expect(loggedIn(page.html).user.sub).toBeDefined();
  });

  it('provides each of a hundred concurrent users their own claims and tokens', async () => {
    const users = Array.from({ length: 100 }, (_, nth) => ({
      username: `user${nth}`,
      password: 'sandbox',
      claims: { sub: `user-${nth}`, name: `User ${nth}` },
    }));
    const many = await closed(
      startSandbox({
        port: 0,
        clientsFile: false,
        quiet: true,
        users,
        onSecret: registerSecret,
      }),
    );
    const app = await closed(startApp({ options: { site: { op_host: many.issuer } } }));
    const logins = await Promise.all(
      users.map(async ({ username }) => {
        const page = await passSandbox(new Browser(), `${app.origin}/login?returnTo=/${username}`, {
          username,
        });
        return loggedIn(page.html);
      }),
    );
    const oidc = app.app.get(OidcService);
    for (const [nth, { user, returnTo }] of logins.entries()) {
      expect(user.sub).toBe(`user-${nth}`);
      expect(user.claims.name).toBe(`User ${nth}`);
      expect(returnTo).toBe(`${app.origin}/user${nth}`);
    }
    const infos = await Promise.all(
      logins.map(({ user }) => oidc.getUserInfo({ access_token: user.tokens.access_token })),
    );
    expect(infos.map(({ claims }) => claims.sub)).toEqual(users.map(({ claims }) => claims.sub));
    expect(new Set(logins.map(({ user }) => user.tokens.access_token)).size).toBe(100);
  }, 60_000);
});
