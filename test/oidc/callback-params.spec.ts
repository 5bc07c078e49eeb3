import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { cookieHeader, startService } from '../support/oidc-service.js';

const op = await FakeOp.start();

afterEach(() => op.reset());
afterAll(() => op.close());

/** Begins a login and logs in at the provider. */
async function reachCallback() {
  const { oidc } = closing(await startService({ site: { op_host: op.issuer } }));
  const { url, cookies } = await oidc.startLogin();
  return { oidc, callback: op.login(url), cookies: cookieHeader(cookies) };
}

describe('finishLogin()', () => {
  it('accepts the callback as URLSearchParams', async () => {
    const { oidc, callback, cookies } = await reachCallback();
    const finished = await oidc.finishLogin(new URLSearchParams({ ...callback }), cookies);
    expect(finished.user.sub).toBe('alice');
  });

  it.each([
    { name: 'state', code: 'OIDC_STATE_MISSING' },
    { name: 'code', code: 'OIDC_LOGIN_REFUSED' },
  ] as const)('counts a repeated $name as missing', async ({ name, code }) => {
    const { oidc, callback, cookies } = await reachCallback();
    const query = new URLSearchParams({ ...callback });
    query.append(name, callback[name]);
    await expect(oidc.finishLogin(query, cookies)).rejects.toMatchObject({ code });
    const again = await reachCallback();
    const parsed = { ...again.callback, [name]: [again.callback[name], again.callback[name]] };
    await expect(again.oidc.finishLogin(parsed, again.cookies)).rejects.toMatchObject({ code });
    expect(op.seen('token')).toHaveLength(0);
  });

  it('reads no parameter from the prototype of the query', async () => {
    const { oidc, callback, cookies } = await reachCallback();
    const query = Object.create(callback) as Record<string, unknown>;
    await expect(oidc.finishLogin(query, cookies)).rejects.toMatchObject({
      code: 'OIDC_STATE_MISSING',
    });
  });
});
