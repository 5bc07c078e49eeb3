import { LoginStateError, MemoryStore, type OidcService } from '../../lib/index.js';
import { OxdServer } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { cookieHeader, startService, type GivenOptions } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';

type SiteUnderTest = Omit<GivenOptions, 'site'> & { readonly site?: Partial<GivenOptions['site']> };

const [op, otherOp] = [await FakeOp.start(), await FakeOp.start()];
const oxd = await OxdServer.start({ allowInsecureRequests: true, onSecret: registerSecret });

afterEach(() => {
  [op, otherOp].forEach((provider) => provider.reset());
});
afterAll(async () => {
  await oxd.close();
  await Promise.all([op.close(), otherOp.close()]);
});

/** Modules of two sites, with one store and one secret. */
async function twoModules(
  sites: readonly [SiteUnderTest, SiteUnderTest],
): Promise<[OidcService, OidcService]> {
  const store = new MemoryStore();
  const [one, other] = await Promise.all(sites.map((site) => serviceOf(site, store)));
  if (!one || !other) throw new Error('two sites are required');
  return [one, other];
}

async function serviceOf(
  { site, ...given }: SiteUnderTest,
  store: MemoryStore,
): Promise<OidcService> {
  const options = { store, ...given, site: { op_host: op.issuer, ...site } };
  return closing(await startService(options)).oidc;
}

const client = (client_id: string) => ({ client_id, client_secret: `the secret of ${client_id}` });

describe.each<{
  name: string;
  sites: readonly [SiteUnderTest, SiteUnderTest];
  loginAt?: FakeOp;
  aud?: string;
}>([
  {
    name: 'of two providers',
    sites: [{ site: { op_host: otherOp.issuer } }, {}],
    loginAt: otherOp,
  },
  {
    name: 'of two clients at one provider',
    sites: [{ site: client('one') }, { site: client('other') }],
    aud: 'one',
  },
  {
    name: 'of two client names at one provider',
    sites: [{ site: { client_name: 'One' } }, { site: { client_name: 'Other' } }],
  },
  {
    name: 'of two redirect URIs',
    sites: [{ site: { authorization_redirect_uri: 'https://app.example.com/one' } }, {}],
  },
  {
    name: 'of one given client and two redirect URIs',
    sites: [
      { site: { ...client('one'), authorization_redirect_uri: 'https://app.example.com/one' } },
      { site: client('one') },
    ],
    aud: 'one',
  },
  {
    name: 'on embedded and on an oxd-server',
    sites: [{}, { transport: { type: 'socket', port: oxd.port } }],
  },
  {
    name: 'on an oxd-server and on embedded',
    sites: [{ transport: { type: 'socket', port: oxd.port } }, {}],
  },
])('two modules with one store and one secret, $name', ({ sites, loginAt = op, aud }) => {
  it('share no login: only the module that began it can finish it', async () => {
    const [own, other] = await twoModules(sites);
    const { url, cookies } = await own.startLogin({ returnTo: '/cart' });
    const callback = loginAt.login(url);
    if (aud !== undefined) op.claims = { aud };
    const header = cookieHeader(cookies);

    const rejected = await other.finishLogin(callback, header).catch((error: unknown) => error);
    expect(rejected).toBeInstanceOf(LoginStateError);
    expect(rejected).toMatchObject({ code: 'OIDC_STATE_UNKNOWN' });
    expect((rejected as LoginStateError).cookies).toBeUndefined();
    expect([op, otherOp].map((provider) => provider.seen('token').length)).toEqual([0, 0]);

    const { user, returnTo } = await own.finishLogin(callback, header);
    expect(user.claims).toMatchObject({ sub: 'alice', iss: loginAt.issuer });
    expect(returnTo).toBe('https://app.example.com/cart');
  });
});

describe('two sites of one client in one store', () => {
  const admin = 'https://app.example.com/admin';
  const shop = 'https://app.example.com/shop';
  const login = async (oidc: OidcService) => {
    const { url, cookies } = await oidc.startLogin({});
    const { redirect_uri, max_age } = Object.fromEntries(new URL(url).searchParams);
    const finish = () => oidc.finishLogin(op.login(url), cookieHeader(cookies));
    return { request: { redirect_uri, max_age }, finish };
  };

  it.each([
    { name: 'redirect URIs', uri: shop, more: {} },
    { name: 'client names', uri: admin, more: { client_name: 'Shop' } },
  ])('send the parameters of their own options, with different $name', async ({ uri, more }) => {
    const given = client('one');
    const [first, second] = await twoModules([
      { site: { ...given, authorization_redirect_uri: admin, default_max_age: 300 } },
      { site: { ...given, authorization_redirect_uri: uri, ...more } },
    ]);
    op.claims = { aud: 'one', auth_time: Math.floor(Date.now() / 1000) };
    const logins = [await login(first), await login(second), await login(first)];
    const own = { redirect_uri: admin, max_age: '300' };
    const other = { redirect_uri: uri, max_age: undefined };
    expect(logins.map(({ request }) => request)).toEqual([own, other, own]);
    for (const { finish } of logins) expect((await finish()).user.sub).toBe('alice');
    const sent = op.seen('token').map(({ form }) => form.get('redirect_uri'));
    expect(sent).toEqual([admin, uri, admin]);
  });

  it('apply default_max_age only at the site that sets it: an old authentication is rejected', async () => {
    const given = client('one');
    const [first, second] = await twoModules([
      { site: { ...given, authorization_redirect_uri: admin, default_max_age: 300 } },
      { site: { ...given, authorization_redirect_uri: shop } },
    ]);
    const [, other, begun] = [await login(first), await login(second), await login(first)];
    op.claims = { aud: 'one', auth_time: Math.floor(Date.now() / 1000) - 3600 };
    await expect(begun.finish()).rejects.toThrow('invalid_id_token_bad_auth_time');
    expect((await other.finish()).user.sub).toBe('alice');
  });
});

it('two replicas of one site finish logins of each other', async () => {
  const [one, other] = await twoModules([{}, {}]);
  const { url, cookies } = await one.startLogin({ returnTo: '/cart' });
  const header = cookieHeader(cookies);
  const { user } = await other.finishLogin(op.login(url), header);
  expect(user.sub).toBe('alice');
});
