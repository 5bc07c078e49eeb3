import KeyvRedis from '@keyv/redis';
import { Keyv } from 'keyv';
import type { OxdStore } from '../../lib/index.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { loggedIn, startApp, type TestApp } from '../support/app.js';
import { Browser, passSandbox, type Page } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';
import { RedisServer } from './redis-server.js';

const redirectUri = 'http://localhost:47123/callback';
const isCallback = (url: string) => new URL(url).pathname === '/callback';
const unavailable = [503, 'OXD_STORE_UNAVAILABLE'];

let sandbox: Sandbox;
let redis: RedisServer;
const opened: (() => unknown)[] = [];

beforeAll(async () => {
  sandbox = await startSandbox({
    port: 0,
    clientsFile: false,
    quiet: true,
    onSecret: registerSecret,
  });
});
afterAll(() => sandbox.close());
beforeEach(async () => {
  redis = await RedisServer.start();
});
afterEach(async () => {
  redis.resume();
  for (const close of opened.splice(0).toReversed()) await close();
  await redis.close();
});

function redisStore(): OxdStore {
  const store = new RedisStore({ redis: redis.client });
  opened.push(() => store.close());
  return store;
}

function keyvStore(throwOnErrors = true): OxdStore {
  const client = { ...redis.client, disableOfflineQueue: true };
  const store = new Keyv(new KeyvRedis(client, { throwOnErrors }), {
    namespace: 'oxd',
    throwOnErrors,
  });
  store.on('error', () => undefined);
  opened.push(() => store.disconnect().catch(() => undefined));
  return store;
}

/** A replica: all of them have one redirect URI, as behind a load balancer. */
async function replica(store: OxdStore): Promise<TestApp> {
  const site = { op_host: sandbox.issuer, authorization_redirect_uri: redirectUri };
  const app = await startApp({ options: { store, site } });
  opened.push(() => app.close());
  return app;
}

function answer(page: Page): unknown[] {
  return [page.status, (JSON.parse(page.html) as { error?: string }).error];
}

async function toCallback(browser: Browser, app: TestApp): Promise<URLSearchParams> {
  const { location = '' } = await passSandbox(browser, `${app.origin}/login`, {}, isCallback);
  return new URL(location).searchParams;
}

const callback = (browser: Browser, app: TestApp, query: URLSearchParams) =>
  browser.request(`${app.origin}/callback?${query.toString()}`);

async function clientOf(app: TestApp): Promise<string | null> {
  const { location = '' } = await new Browser().request(`${app.origin}/login`);
  return new URL(location).searchParams.get('client_id');
}

describe.each([
  ['RedisStore', redisStore],
  ['Keyv', keyvStore],
])('with a Redis behind %s', (_, open) => {
  it('a login that one replica began is finished by another, once', async () => {
    const one = await replica(open());
    await clientOf(one);
    const two = await replica(open());
    const browser = new Browser();
    const query = await toCallback(browser, one);
    const cookie = browser.cookieHeader(two.origin);
    const page = await callback(browser, two, query);
    expect(loggedIn(page.html).user.claims.iss).toBe(sandbox.issuer);
    browser.keepCookies(one.origin, [`${cookie}; Path=/`]);
    expect(answer(await callback(browser, one, query))).toEqual([401, 'OIDC_STATE_USED']);
  });

  it.each([
    ['down', () => redis.stop(), () => redis.start()],
    ['hung', async () => redis.pause(), async () => redis.resume()],
  ])(
    'that is %s, every login fails and nothing is registered; logins work again afterwards',
    async (_state, fail, recover) => {
      const app = await replica(open());
      const client = await clientOf(app);
      const browser = new Browser();
      const query = await toCallback(browser, app);
      await fail();
      expect(answer(await callback(browser, app, query))).toEqual(unavailable);
      expect(answer(await browser.request(`${app.origin}/login`))).toEqual(unavailable);
      await recover();
      const page = await eventually(() => callback(browser, app, query));
      expect(loggedIn(page.html).user.sub).toBeDefined();
      expect(await clientOf(app)).toBe(client);
    },
  );

  it('that is down at start, the application starts and works as soon as Redis is up', async () => {
    await redis.stop();
    const app = await replica(open());
    expect(answer(await new Browser().request(`${app.origin}/login`))).toEqual(unavailable);
    await redis.start();
    const page = await eventually(() => new Browser().request(`${app.origin}/login`));
    expect(page.status).toBe(302);
  });
});

/** A client connects again by itself, in its own time. */
async function eventually(request: () => Promise<Page>): Promise<Page> {
  const giveUp = Date.now() + 15_000;
  let page = await request();
  while (page.status === 503 && Date.now() < giveUp) page = await request();
  return page;
}

it('replicas that start at once with RedisStore register one client', async () => {
  const replicas = await Promise.all([1, 2, 3].map(() => replica(redisStore())));
  const clients = await Promise.all(replicas.map(clientOf));
  expect(new Set(clients).size).toBe(1);
});

it('a Keyv that hides outages is rejected at start', async () => {
  await expect(replica(keyvStore(false))).rejects.toThrow(/throwOnErrors/);
});
