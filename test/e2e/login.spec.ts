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

/** Started for one test, and closed after it, also when that fails. */
async function closed<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  opened.push(started);
  return started;
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** Goes to the provider and answers there, up to the redirect to the callback. */
function toCallback(browser: Browser, app: TestApp, returnTo = '/', user = 'zoe'): Promise<Page> {
  const login = `${app.origin}/login?returnTo=${encodeURIComponent(returnTo)}`;
  return passSandbox(browser, login, { username: user }, isCallback);
}

/** The callback URL that the provider has sent this browser to, not yet requested. */
async function callbackUrl(browser: Browser, app: TestApp, returnTo?: string): Promise<URL> {
  const { location = '' } = await toCallback(browser, app, returnTo);
  return new URL(location);
}

/** A request with headers that a browser does not let anybody set. */
async function sendForged(url: string, headers: Readonly<Record<string, string>>) {
  const sent = request(url, { headers }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const { location = '', 'set-cookie': cookies = [] } = answer.headers;
  return { location, cookies, html: await text(answer) };
}

const codeOf = (page: Page): unknown => (JSON.parse(page.html) as { error?: unknown }).error;

describe.each(PLATFORMS)('a login on %s', (platform) => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp({ platform, options: { site: { op_host: sandbox.issuer } } });
  });
  afterAll(() => app.close());

  it('tells who the user is, with tokens, and returns to where it began', async () => {
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

  it('asks the provider with state, nonce and PKCE S256', async () => {
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

  it('goes on in two tabs side by side', async () => {
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

  it('leaves a small Cookie header after many logins that were not finished', async () => {
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
    ['over 1024 characters', `/${'a'.repeat(1025)}`],
  ])('returns to the root instead of %s', async (_, returnTo) => {
    const browser = new Browser();
    const page = await browser.request((await callbackUrl(browser, app, returnTo)).href);
    expect(loggedIn(page.html).returnTo).toBe(`${app.origin}/`);
  });

  it('ends at the configured origin, whatever host the request names', async () => {
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
  ])('returns to an absolute URL of the application for %j', async (returnTo, path) => {
    const browser = new Browser();
    const page = await browser.request((await callbackUrl(browser, app, returnTo)).href);
    expect(loggedIn(page.html).returnTo).toBe(app.origin + path);
  });

  describe('is refused with 401 and', () => {
    async function refusal(browser: Browser, url: URL | string, init?: RequestInit) {
      const page = await browser.request(url.toString(), init);
      return { status: page.status, code: codeOf(page), page };
    }

    it('OIDC_STATE_MISSING without state', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      url.searchParams.delete('state');
      expect(await refusal(browser, url)).toMatchObject({
        status: 401,
        code: 'OIDC_STATE_MISSING',
      });
    });

    it('OIDC_STATE_MISSING with two states', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      url.searchParams.append('state', 'another');
      expect(await refusal(browser, url)).toMatchObject({
        status: 401,
        code: 'OIDC_STATE_MISSING',
      });
    });

    it('OIDC_STATE_MISSING when a stolen callback comes without its cookie', async () => {
      const url = await callbackUrl(new Browser(), app);
      const { status, code, page } = await refusal(new Browser(), url);
      expect({ status, code }).toEqual({ status: 401, code: 'OIDC_STATE_MISSING' });
      expect(page.html).toContain('localhost and 127.0.0.1 share no cookies');
    });

    it("OIDC_STATE_UNKNOWN for another browser's state, and both can still finish theirs", async () => {
      const [mine, theirs] = [new Browser(), new Browser()];
      const [myUrl, theirUrl] = [await callbackUrl(mine, app), await callbackUrl(theirs, app)];
      expect(await refusal(mine, theirUrl)).toMatchObject({
        status: 401,
        code: 'OIDC_STATE_UNKNOWN',
      });
      expect((await mine.request(myUrl.href)).status).toBe(200);
      expect((await theirs.request(theirUrl.href)).status).toBe(200);
    });

    it('OIDC_STATE_UNKNOWN for a cookie of another login planted under the name of this one', async () => {
      const [mine, attacker] = [new Browser(), new Browser()];
      const myUrl = await callbackUrl(mine, app);
      await callbackUrl(attacker, app);
      const cookieOf = (browser: Browser) =>
        browser
          .cookieHeader(app.origin)
          .split('; ')
          .find((pair) => pair.startsWith('oxd.login.')) ?? '';
      const planted = `${cookieOf(mine).split('=')[0]}=${cookieOf(attacker).split('=')[1]}`;
      const answer = await refusal(new Browser(), myUrl, { headers: { cookie: planted } });
      expect(answer).toMatchObject({ status: 401, code: 'OIDC_STATE_UNKNOWN' });
    });

    it('OIDC_STATE_EXPIRED after its lifetime', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      app.advance(1_800_001);
      const answer = await refusal(browser, url);
      expect(answer).toMatchObject({ status: 401, code: 'OIDC_STATE_EXPIRED' });
      expect(browser.cookieHeader(app.origin)).not.toContain('oxd.login');
    });

    it('OIDC_STATE_USED when its callback is replayed with the cookie', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      const cookie = browser.cookieHeader(app.origin);
      expect((await browser.request(url.href)).status).toBe(200);
      const answer = await refusal(browser, url, { headers: { cookie } });
      expect(answer).toMatchObject({ status: 401, code: 'OIDC_STATE_USED' });
    });

    it('OIDC_STATE_USED for all but one of ten callbacks at once', async () => {
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
        "with another browser's state",
        async () => (await callbackUrl(new Browser(), app)).searchParams.get('state'),
      ],
    ])('%s for an error of the provider %s', async (code, _, stateOf) => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      const denied = new URL('?error=access_denied', url);
      const state = await stateOf();
      if (state) denied.searchParams.set('state', state);
      expect(await refusal(browser, denied)).toMatchObject({ status: 401, code });
      // What does not belong to the login has not ended it either.
      expect((await browser.request(url.href)).status).toBe(200);
    });

    it('OIDC_LOGIN_REFUSED when the answer has neither code nor error', async () => {
      const browser = new Browser();
      const url = await callbackUrl(browser, app);
      url.searchParams.delete('code');
      expect(await refusal(browser, url)).toMatchObject({
        status: 401,
        code: 'OIDC_LOGIN_REFUSED',
      });
    });
  });

  it.each([
    ['a code that is not good', 'code', 'not-a-code-of-anybody'],
    ['another issuer', 'iss', 'https://evil.example.com'],
  ])('is refused with 502 for %s, and is over then', async (_, name, value) => {
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

  it.each(speculative)('$name does not use up the callback', async ({ init }) => {
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

describe('a login over oxd-server', () => {
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
    ['ends well where the callback names the issuer of the id_token', () => sandbox.issuer, 200],
    ['is refused where it names another', () => 'https://evil.example.com', 502],
    ['is refused where it names the issuer with a slash', () => `${sandbox.issuer}/`, 502],
  ])('%s', async (_, issuer, status) => {
    const browser = new Browser();
    const url = await callbackUrl(browser, app);
    url.searchParams.set('iss', issuer());
    const cookie = browser.cookieHeader(app.origin);
    const page = await browser.request(url.href);
    expect(page.status).toBe(status);
    if (status === 200) return void loggedIn(page.html);
    expect(codeOf(page)).toBe('OXD_COMMAND_FAILED');
    // The tokens of a login that is not good are not used.
    expect(commands).not.toContain('get_user_info');
    expect(codeOf(await browser.request(url.href, { headers: { cookie } }))).toBe(
      'OIDC_STATE_USED',
    );
  });
});

describe('a login', () => {
  it('answers with the right status without the filter, too', async () => {
    const site = { op_host: sandbox.issuer };
    const app = await closed(startApp({ platform: 'passport', filter: false, options: { site } }));
    const page = await new Browser().request(`${app.origin}/callback?state=x&code=y`);
    expect(page.status).toBe(401);
    expect(page.html).toContain('no login under way');
  });

  it('begun with an old secret is finished after the rotation, not after its removal', async () => {
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

  it('works as soon as a provider that was down at start-up is back', async () => {
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

  it('gives each of a hundred users at once their own claims and tokens', async () => {
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
