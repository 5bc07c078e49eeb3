import { LoginStateError, MemoryStore, type OidcService } from '../../lib/index.js';
import { OxdServer } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { cookieHeader, startService, type GivenOptions } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';

type Given = Omit<GivenOptions, 'site'> & { readonly site?: Partial<GivenOptions['site']> };

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
async function twoModules(sites: readonly [Given, Given]): Promise<[OidcService, OidcService]> {
  const store = new MemoryStore();
  const [one, other] = await Promise.all(sites.map((site) => serviceOf(site, store)));
  if (!one || !other) throw new Error('There are two sites.');
  return [one, other];
}

async function serviceOf({ site, ...given }: Given, store: MemoryStore): Promise<OidcService> {
  const options = { store, ...given, site: { op_host: op.issuer, ...site } };
  return closing(await startService(options)).oidc;
}

const client = (client_id: string) => ({ client_id, client_secret: `the secret of ${client_id}` });

describe.each<{ name: string; sites: readonly [Given, Given]; loginAt?: FakeOp; aud?: string }>([
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
    name: 'on embedded and on an oxd-server',
    sites: [{}, { transport: { type: 'socket', port: oxd.port } }],
  },
  {
    name: 'on an oxd-server and on embedded',
    sites: [{ transport: { type: 'socket', port: oxd.port } }, {}],
  },
])('two modules with one store and one secret, $name', ({ sites, loginAt = op, aud }) => {
  it('share no login: its own module still finishes it', async () => {
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

it('two replicas of one site finish the logins of each other', async () => {
  const [one, other] = await twoModules([{}, {}]);
  const { url, cookies } = await one.startLogin({ returnTo: '/cart' });
  const header = cookieHeader(cookies);
  const { user } = await other.finishLogin(op.login(url), header);
  expect(user.sub).toBe('alice');
});
