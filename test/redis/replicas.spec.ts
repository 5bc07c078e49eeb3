import { OidcService } from '../../lib/index.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import { startApp, type TestApp } from '../support/app.js';
import { FakeOp } from '../support/fake-op.js';
import { registerSecret, secretsIn } from '../support/secrets.js';
import { RedisServer } from './redis-server.js';

const REFRESH_TOKEN = 'refresh-token-of-one-session';
const SECRET = 'a secret of the replicas, more than 32 characters';
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
async function replica(secret = SECRET): Promise<TestApp> {
  const store = new RedisStore({ redis: redis.client });
  closing.push(() => store.close());
  const site = {
    op_host: op.issuer,
    authorization_redirect_uri: 'http://localhost:47125/callback',
    post_logout_redirect_uri: 'http://localhost:47125/',
  };
  const app = await startApp({ options: { secret, store, site } });
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

  it('send one refresh request for concurrent calls with one refresh token', async () => {
    const replicas = [await replica(), await replica()];
    await Promise.all(replicas.map(({ app }) => app.get(OidcService).startLogin()));
    const release = holdTokens();
    const calls = replicas.flatMap((one) => Array.from({ length: 20 }, () => refresh(one)));
    while ((await keysOf('refresh:')).length === 0) await new Promise(setImmediate);
    release();
    const results = await Promise.all(calls);
    expect(results).toEqual(results.map(() => results[0]));
    expect(op.seen('token')).toHaveLength(1);
  });

  it('share the error of a rejected refresh, whose token is sent again after a second', async () => {
    const [one, two] = [await replica(), await replica()];
    op.on('token', () => ({ status: 400, json: { error: 'invalid_grant' } }));
    const rejected = { code: 'OXD_COMMAND_FAILED', error: 'invalid_grant' };
    await expect(refresh(one)).rejects.toMatchObject(rejected);
    await expect(refresh(two)).rejects.toMatchObject(rejected);
    expect(op.seen('token')).toHaveLength(1);
    while ((await keysOf('refresh:')).length > 0) await new Promise(setImmediate);
    await expect(refresh(two)).rejects.toMatchObject(rejected);
    expect(op.seen('token')).toHaveLength(2);
  });

  it('store a refresh unreadable, for 10 seconds, and open it with their own secret only', async () => {
    const [one, two] = [await replica(), await replica()];
    const result = await refresh(one);
    const [key = '', ...others] = await keysOf('refresh:');
    expect(others).toEqual([]);
    const value = await redis.query((client) => client.get(key));
    for (const token of [REFRESH_TOKEN, result.access_token, result.refresh_token]) {
      expect(token && secretsIn(`${key} ${value}`)).not.toContain(token);
    }
    const lifetime = await redis.query((client) => client.pTTL(key));
    expect(lifetime).toBeGreaterThan(0);
    expect(lifetime).toBeLessThanOrEqual(10_000);
    expect(await refresh(two)).toEqual(result);
    expect(op.seen('token')).toHaveLength(1);
    await refresh(await replica('another secret of more than 32 characters'));
    expect(op.seen('token')).toHaveLength(2);
  });

  it('send no refresh while Redis is stopped', async () => {
    const one = await replica();
    await one.app.get(OidcService).startLogin();
    await redis.stop();
    await expect(refresh(one)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
    expect(op.seen('token')).toEqual([]);
    await redis.start();
    await refresh(one);
    expect(op.seen('token')).toHaveLength(1);
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

function refresh({ app }: TestApp) {
  return app.get(OidcService).getAccessTokenByRefreshToken({ refresh_token: REFRESH_TOKEN });
}

/** Lets the token endpoint respond only after a call of the returned function. */
function holdTokens(): () => void {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  op.on('token', async (seen) => {
    await released;
    return op.usual(seen);
  });
  return release;
}

/** Keys of the module that begin with a prefix. */
function keysOf(prefix: string): Promise<string[]> {
  return redis.query((client) => client.keys(`oxd:${prefix}*`));
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
