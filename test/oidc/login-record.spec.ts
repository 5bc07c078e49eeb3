import { createHash } from 'node:crypto';
import { MemoryStore, type MemoryStoreOptions, type StartedLogin } from '../../lib/index.js';
import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { cookieHeader, startService } from '../support/oidc-service.js';

const op = await FakeOp.start();

afterEach(() => op.reset());
afterAll(() => op.close());

/** Store that records its calls. */
class CountingStore extends MemoryStore {
  readonly calls: string[] = [];
  /** Keys that were ever written. */
  readonly keys = new Set<string>();

  override get(key: string) {
    return this.counted('get', key, super.get(key));
  }

  override set(key: string, value: unknown, ttl?: number) {
    this.keys.add(key);
    return this.counted('set', key, super.set(key, value, ttl));
  }

  override delete(key: string) {
    return this.counted('delete', key, super.delete(key));
  }

  private counted<T>(call: string, key: string, result: T): T {
    this.calls.push(`${call} ${key.split(':')[0]}`);
    return result;
  }
}

async function startedService(options?: MemoryStoreOptions) {
  const store = new CountingStore(options);
  const { oidc } = closing(await startService({ site: { op_host: op.issuer }, store }));
  // The first login registers the site.
  const { url, cookies } = await oidc.startLogin();
  await oidc.finishLogin(op.login(url), cookieHeader(cookies));
  store.calls.length = 0;
  op.requests.length = 0;
  return { oidc, store };
}

describe('a login on the embedded transport', () => {
  it('takes five store calls', async () => {
    const { oidc, store } = await startedService();
    const { url, cookies } = await oidc.startLogin();
    expect(store.calls).toEqual(['get site', 'set login']);
    await oidc.finishLogin(op.login(url), cookieHeader(cookies));
    expect(store.calls.slice(2)).toEqual(['get login', 'delete login', 'get site']);
  });

  it('has one entry while it is unfinished, and a full store evicts the oldest login only', async () => {
    const { oidc, store } = await startedService({ maxEntries: 10 });
    const begun = [];
    for (let nth = 0; nth < 30; nth++) begun.push(await oidc.startLogin());
    const keys = [...store.keys];
    const present = await Promise.all(keys.map((key) => store.get(key)));
    expect(keys.filter((key) => key.startsWith('login:'))).toHaveLength(31);
    expect(present.filter((value) => value !== undefined)).toHaveLength(10);
    const finish = ({ url, cookies }: StartedLogin) =>
      oidc.finishLogin(op.login(url), cookieHeader(cookies));
    const [oldest, latest] = [begun.at(0), begun.at(-1)] as [StartedLogin, StartedLogin];
    await expect(finish(latest)).resolves.toMatchObject({ user: { sub: 'alice' } });
    await expect(finish(oldest)).rejects.toMatchObject({ code: 'OIDC_STATE_USED' });
  });

  it('exchanges the code with the verifier of its code_challenge', async () => {
    const { oidc } = await startedService();
    const [begun, other] = [await oidc.startLogin(), await oidc.startLogin()];
    await oidc.finishLogin(op.login(begun.url), cookieHeader(begun.cookies));
    const verifier = op.seen('token')[0]?.form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const challenges = [begun, other].map(({ url }) =>
      new URL(url).searchParams.get('code_challenge'),
    );
    expect(challenges[0]).toBe(challenge);
    expect(challenges[1]).not.toBe(challenge);
  });

  it('rejects an id_token with the nonce of another login', async () => {
    const { oidc } = await startedService();
    const [begun, other] = [await oidc.startLogin(), await oidc.startLogin()];
    op.claims = { nonce: new URL(other.url).searchParams.get('nonce') };
    const finishing = oidc.finishLogin(op.login(begun.url), cookieHeader(begun.cookies));
    await expect(finishing).rejects.toMatchObject({ error: 'invalid_nonce' });
  });

  it('rejects a user who authenticated before the max_age of the login', async () => {
    const { oidc } = await startedService();
    const { url, cookies } = await oidc.startLogin({ params: { max_age: '60' } });
    op.claims = { auth_time: Math.floor(Date.now() / 1000) - 3600 };
    const finishing = oidc.finishLogin(op.login(url), cookieHeader(cookies));
    await expect(finishing).rejects.toMatchObject({ error: 'invalid_id_token_bad_auth_time' });
  });

  it('cannot be finished by the raw command, which has no secrets of it', async () => {
    const { oidc } = await startedService();
    const callback = op.login((await oidc.startLogin()).url);
    await expect(oidc.getTokensByCode(callback)).rejects.toMatchObject({ error: 'bad_request' });
    expect(op.seen('token')).toHaveLength(0);
  });
});
