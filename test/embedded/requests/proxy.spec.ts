import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { EmbeddedTransport } from '../../../lib/embedded/embedded.transport.js';
import { OxdConfigurationError } from '../../../lib/base/errors.js';
import { MemoryStore } from '../../../lib/store/oxd-store.js';
import { ConnectProxy } from '../../support/connect-proxy.js';
import { FakeOp } from '../../support/fake-op.js';
import { setEnvironment } from '../../support/real-environment.js';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';

const file = (name: string) =>
  readFileSync(new URL(`../../support/tls/${name}`, import.meta.url), 'utf8');
const tls = { key: file('key.pem'), cert: file('cert.pem') };
const ca = file('ca.pem');
const client = { client_id: 'c', client_secret: 's3' };
const CREDENTIALS = 'proxy-user:password-of-the-proxy';
registerSecret('password-of-the-proxy');
registerSecret(Buffer.from(CREDENTIALS).toString('base64'));

const NAMES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'];
const UNSET = Object.fromEntries(
  NAMES.flatMap((name) => [name, name.toLowerCase()]).map((name) => [name, undefined]),
);

let secure: FakeOp;
let plain: FakeOp;
let proxy: ConnectProxy;
let restore: () => void;

beforeAll(async () => {
  restore = setEnvironment(UNSET);
  [secure, plain, proxy] = await Promise.all([
    FakeOp.start(tls),
    FakeOp.start(),
    ConnectProxy.start(),
  ]);
});
afterAll(async () => {
  restore();
  await Promise.all([secure.close(), plain.close(), proxy.close()]);
});
beforeEach(() => {
  secure.reset();
  plain.reset();
  proxy.targets.length = 0;
  proxy.credentials.length = 0;
  proxy.rejection = undefined;
});
afterEach(async () => {
  setEnvironment(UNSET);
  await TestTransport.closeAll();
});

/** Gives a provider a public host that no DNS server knows, and returns it. */
function hide(op: FakeOp): string {
  op.publicOrigin = op.origin.replace('127.0.0.1', 'sso.example.com');
  return new URL(op.publicOrigin).host;
}

const token = (transport: TestTransport, op_host: string) =>
  transport.run('get_client_token', { op_host, ...client });

describe('Option proxy', () => {
  it('sends every request of a login with TLS through the proxy', async () => {
    const host = hide(secure);
    const transport = new TestTransport({ proxy: proxy.url(), ca, allowInsecureRequests: false });
    const oxd_id = await transport.site(secure);
    const callback = await transport.callback(secure, oxd_id);
    const { access_token } = await transport.run('get_tokens_by_code', callback);
    await transport.run('get_user_info', { oxd_id, access_token });
    const kinds = new Set(secure.requests.map(({ endpoint }) => endpoint));
    expect([...kinds]).toEqual(['discovery', 'register', 'token', 'jwks', 'userinfo']);
    expect(new Set(secure.requests.map(({ headers }) => headers.host))).toEqual(new Set([host]));
    expect(new Set(proxy.targets)).toEqual(new Set([host]));
  });

  it('opens a tunnel for plain http, too', async () => {
    const host = hide(plain);
    await token(new TestTransport({ proxy: proxy.url() }), plain.issuer);
    expect(new Set(proxy.targets)).toEqual(new Set([host]));
    expect(proxy.forwarded).toBe(0);
  });

  it('may be an https proxy of a private authority', async () => {
    hide(secure);
    const tlsProxy = await ConnectProxy.start(tls);
    const url = tlsProxy.url(CREDENTIALS);
    await token(new TestTransport({ proxy: url, ca }), secure.issuer);
    expect(tlsProxy.credentials[0]).toMatch(/^Basic /);
    await TestTransport.closeAll();
    await tlsProxy.close();
  });

  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'])(
    'is the variable %s by default',
    async (name) => {
      const host = hide(secure);
      setEnvironment({ [name]: proxy.url() });
      await token(new TestTransport({ ca }), secure.issuer);
      expect(new Set(proxy.targets)).toEqual(new Set([host]));
    },
  );

  it('comes before the environment', async () => {
    hide(secure);
    setEnvironment({ HTTPS_PROXY: 'http://127.0.0.1:1' });
    await token(new TestTransport({ ca, proxy: proxy.url() }), secure.issuer);
    expect(proxy.targets).not.toEqual([]);
  });

  it('is off when it is false', async () => {
    setEnvironment({ HTTPS_PROXY: proxy.url(), HTTP_PROXY: proxy.url() });
    await token(new TestTransport({ ca, proxy: false }), secure.issuer);
    expect(proxy.targets).toEqual([]);
  });

  it.each([
    { name: 'a proxy of the option', from: 'option', variable: 'NO_PROXY' },
    { name: 'a proxy of the option, in lower case', from: 'option', variable: 'no_proxy' },
    { name: 'a proxy of the environment', from: 'environment', variable: 'NO_PROXY' },
  ])('is not used for a host in NO_PROXY: $name', async ({ from, variable }) => {
    setEnvironment({ [variable]: 'other.example.com, 127.0.0.1' });
    if (from === 'environment') setEnvironment({ HTTPS_PROXY: proxy.url() });
    const option = from === 'option' ? proxy.url() : undefined;
    await token(new TestTransport({ ca, proxy: option }), secure.issuer);
    expect(proxy.targets).toEqual([]);
  });

  it('of the environment is not used for plain http on this machine', async () => {
    setEnvironment({ HTTP_PROXY: proxy.url() });
    await token(new TestTransport(), plain.issuer);
    expect(proxy.targets).toEqual([]);
  });

  it('sends its user name and password to the proxy only', async () => {
    hide(secure);
    await token(new TestTransport({ ca, proxy: proxy.url(CREDENTIALS) }), secure.issuer);
    const [credentials = ''] = proxy.credentials;
    expect(Buffer.from(credentials.replace('Basic ', ''), 'base64').toString()).toBe(CREDENTIALS);
    for (const { headers } of secure.requests)
      expect(headers).not.toHaveProperty('proxy-authorization');
  });

  it.each([
    { name: 'is not reachable', rejection: undefined, text: 'the proxy could not be reached' },
    { name: 'demands a login', rejection: 407, text: 'requires a valid user name and password' },
    { name: 'forbids the host', rejection: 403, text: 'the proxy rejected the connection (403)' },
    { name: 'closes the connection', rejection: 0, text: 'the proxy opened no tunnel' },
  ])('fails closed when the proxy $name', async ({ rejection, text }) => {
    proxy.rejection = rejection;
    const url =
      rejection === undefined ? `http://${CREDENTIALS}@127.0.0.1:1` : proxy.url(CREDENTIALS);
    const error = await rejectionOf(token(new TestTransport({ ca, proxy: url }), secure.issuer));
    expect(error).toMatchObject({ error: 'no_connect_discovery_response', mayHaveRun: false });
    expect(error.message).toContain(text);
    expect(error.message).toContain('transport.proxy');
    expect(secretsIn(`${inspect(error, { depth: 20 })} ${error.stack}`)).toEqual([]);
    expect(secure.requests).toEqual([]);
    expect(proxy.targets.length).toBeLessThanOrEqual(1);
  });

  it('is in no printed form of the transport', async () => {
    hide(secure);
    const transport = new EmbeddedTransport({
      store: new MemoryStore(),
      stateLifetime: 1000,
      allowInsecureRequests: false,
      timeout: 5000,
      ca,
      proxy: proxy.url(CREDENTIALS),
    });
    await transport.execute('get_client_token', { op_host: secure.issuer, ...client });
    expect(secretsIn(inspect(transport, { depth: 20, showHidden: true }))).toEqual([]);
    expect(secretsIn(JSON.stringify(transport))).toEqual([]);
    await transport.close();
  });

  it.each([
    { name: 'no scheme', value: 'password-of-the-proxy.example.com:3128' },
    { name: 'the scheme socks5', value: `socks5://${CREDENTIALS}@proxy.example.com` },
    { name: 'a path', value: `http://${CREDENTIALS}@proxy.example.com/path` },
  ])('names a variable with $name, and not its value', ({ value }) => {
    setEnvironment({ HTTPS_PROXY: value });
    const start = () => new TestTransport();
    expect(start).toThrow(OxdConfigurationError);
    expect(start).toThrow(/HTTPS_PROXY: must be an http or https URL/);
    expect(start).not.toThrow(/password/);
  });
});
