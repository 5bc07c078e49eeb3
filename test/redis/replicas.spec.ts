import { OidcService } from '../../lib/index.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { startApp, type TestApp } from '../support/app.js';
import { FakeOp } from '../support/fake-op.js';
import { registerSecret } from '../support/secrets.js';
import { RedisServer } from './redis-server.js';

const REFRESH_TOKEN = 'refresh-token-of-one-session';
registerSecret(REFRESH_TOKEN);

let op: FakeOp;
let redis: RedisServer;
let closing: (() => unknown)[];

beforeEach(async () => {
  op = await FakeOp.start();
  redis = await RedisServer.start();
  closing = [() => redis.close(), () => op.close()];
});
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
});

/** One of several processes of an application, all with one address. */
async function replica(): Promise<TestApp> {
  const store = new RedisStore({ redis: redis.client });
  closing.push(() => store.close());
  const site = {
    op_host: op.issuer,
    authorization_redirect_uri: 'http://localhost:47125/callback',
    post_logout_redirect_uri: 'http://localhost:47125/',
  };
  const app = await startApp({ options: { store, site } });
  closing.push(() => app.close());
  return app;
}

describe('replicas with one Redis', () => {
  it('register one client with one request, however many logins begin at once', async () => {
    const replicas = await Promise.all([replica(), replica(), replica()]);
    const logins = replicas.flatMap(({ app }) =>
      Array.from({ length: 10 }, () => app.get(OidcService).startLogin()),
    );
    const clients = (await Promise.all(logins)).map(({ url }) => clientOf(url));
    expect(new Set(clients).size).toBe(1);
    expect(op.seen('register')).toHaveLength(1);
  });

  it('register nothing again after Redis was stopped, and finish the logins from before', async () => {
    const [one, two] = [await replica(), await replica()];
    const { url, cookies } = await one.app.get(OidcService).startLogin();
    await redis.stop();
    const outage = { code: 'OXD_STORE_UNAVAILABLE' };
    await expect(one.app.get(OidcService).startLogin()).rejects.toMatchObject(outage);
    await expect(finish(two, url, cookies)).rejects.toMatchObject(outage);
    await redis.start();
    expect((await finish(two, url, cookies)).user.sub).toBe('alice');
    const used = { code: 'OIDC_STATE_USED' };
    await expect(finish(one, url, cookies)).rejects.toMatchObject(used);
    expect(op.seen('register')).toHaveLength(1);
  });

  it('begin no login while Redis is full, and finish those that had begun', async () => {
    const [one, two] = [await replica(), await replica()];
    const { url, cookies } = await one.app.get(OidcService).startLogin();
    await redis.fill();
    const outage = { code: 'OXD_STORE_UNAVAILABLE' };
    await expect(one.app.get(OidcService).startLogin()).rejects.toMatchObject(outage);
    await expect((await replica()).app.get(OidcService).startLogin()).rejects.toMatchObject(outage);
    expect((await finish(two, url, cookies)).user.sub).toBe('alice');
    await redis.empty();
    await one.app.get(OidcService).startLogin();
    expect(op.seen('register')).toHaveLength(1);
  });

  it('send one refresh request each for concurrent calls with one refresh token', async () => {
    const replicas = [await replica(), await replica()];
    await Promise.all(replicas.map(({ app }) => app.get(OidcService).startLogin()));
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    op.on('token', async (seen) => {
      await released;
      return op.usual(seen);
    });
    const calls = replicas.flatMap(({ app }) =>
      Array.from({ length: 20 }, () =>
        app.get(OidcService).getAccessTokenByRefreshToken({ refresh_token: REFRESH_TOKEN }),
      ),
    );
    while (op.seen('token').length < 2) await new Promise(setImmediate);
    release();
    const tokens = (await Promise.all(calls)).map(({ access_token }) => access_token);
    expect(new Set(tokens).size).toBe(2);
    expect(op.seen('token')).toHaveLength(2);
  });

  it('leave only keys with a lifetime after 5000 unfinished logins, beside the registration', async () => {
    const { app } = await replica();
    const oidc = app.get(OidcService);
    await oidc.startLogin();
    const unlimited = (await lifetimes()).filter(([, lifetime]) => lifetime === -1);
    for (let round = 0; round < 50; round += 1) {
      await Promise.all(Array.from({ length: 100 }, () => oidc.startLogin()));
    }
    const found = await lifetimes();
    expect(found.filter(([, lifetime]) => lifetime === -1)).toEqual(unlimited);
    const limited = found.map(([, lifetime]) => lifetime).filter((lifetime) => lifetime !== -1);
    expect(limited.length).toBeGreaterThan(5000);
    // 30 minutes for the login, and 10 minutes for its error message.
    expect(Math.max(...limited)).toBeLessThanOrEqual(2_400_000);
    expect(Math.min(...limited)).toBeGreaterThan(0);
  });
});

function clientOf(url: string): string | null {
  return new URL(url).searchParams.get('client_id');
}

function finish({ app }: TestApp, url: string, cookies: readonly string[]) {
  const cookie = cookies.map((value) => value.split(';')[0]).join('; ');
  return app.get(OidcService).finishLogin({ ...op.login(url) }, cookie);
}

/** Every key with its lifetime in milliseconds; -1 means unlimited. */
function lifetimes(): Promise<[string, number][]> {
  return redis.query(async (client) => {
    const keys: string[] = [];
    for await (const page of client.scanIterator({ COUNT: 1000 })) keys.push(...page);
    keys.sort();
    return Promise.all(
      keys.map(async (key): Promise<[string, number]> => [key, await client.pTTL(key)]),
    );
  });
}
