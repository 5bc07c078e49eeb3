import { readFileSync } from 'node:fs';
import type { EmbeddedOptions } from '../../../lib/embedded/context/operation-context.js';
import { ConnectProxy } from '../../support/connect-proxy.js';
import { FakeAs } from '../../support/fake-as.js';
import { FakeOp } from '../../support/fake-op.js';
import { setEnvironment } from '../../support/real-environment.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { protectedSite } from '../../support/uma-site.js';

const file = (name: string) =>
  readFileSync(new URL(`../../support/tls/${name}`, import.meta.url), 'utf8');
const tls = { key: file('key.pem'), cert: file('cert.pem') };
const ca = file('ca.pem');
const client = { client_id: 'c', client_secret: 's3' };
const PUBLIC = 'https://sso.example.com';

let as: FakeAs;
let op: FakeOp;

beforeAll(async () => {
  as = await FakeAs.start();
  op = as.op;
});
afterAll(() => as.close());
beforeEach(() => as.reset());
afterEach(() => TestTransport.closeAll());

/** Options as in production: plain http for the listed addresses only. */
function dialling(address = op.origin, more: Partial<EmbeddedOptions> = {}): TestTransport {
  const addresses = { [PUBLIC]: address };
  return new TestTransport({ addresses, allowInsecureRequests: false, ...more });
}

describe('Option addresses', () => {
  it('dials an internal origin for a login; host, issuer and browser URL stay public', async () => {
    op.publicOrigin = PUBLIC;
    const transport = dialling();
    const oxd_id = await transport.site(op);
    const { authorization_url } = await transport.run('get_authorization_url', { oxd_id });
    expect(authorization_url).toMatch(/^https:\/\/sso\.example\.com\/auth\?/);
    const callback = { oxd_id, ...op.login(authorization_url) };
    const tokens = await transport.run('get_tokens_by_code', callback);
    expect(tokens.id_token_claims).toMatchObject({ iss: PUBLIC });
    await transport.run('get_user_info', { oxd_id, access_token: tokens.access_token });
    const kinds = new Set(op.requests.map(({ endpoint }) => endpoint));
    expect([...kinds]).toEqual(['discovery', 'register', 'token', 'jwks', 'userinfo']);
    expectHost('sso.example.com');
  });

  it('dials an internal origin for UMA', async () => {
    op.publicOrigin = PUBLIC;
    const transport = dialling();
    const oxd_id = await protectedSite(transport, as);
    const check = { oxd_id, path: '/photo', http_method: 'GET' };
    expect(await transport.run('uma_rs_check_access', { ...check, rpt: '' })).toMatchObject({
      access: 'denied',
      'www-authenticate_header': expect.stringContaining(PUBLIC) as string,
    });
    const rpt = as.rpt(as.item(as.idOf('[GET] /photo'), 'view'));
    expect(await transport.run('uma_rs_check_access', { ...check, rpt })).toEqual(
      expect.objectContaining({ access: 'granted' }),
    );
    expectHost('sso.example.com');
  });

  it('dials TLS with the public server name', async () => {
    const names: unknown[] = [];
    const secure = await FakeOp.start({
      ...tls,
      SNICallback: (name, done) => {
        names.push(name);
        done(null);
      },
    });
    secure.publicOrigin = PUBLIC;
    const addresses = { [`${PUBLIC}/`]: secure.origin };
    const transport = new TestTransport({ addresses, ca, allowInsecureRequests: false });
    expect(await token(transport)).toHaveProperty('access_token');
    expect(names[0]).toBe('sso.example.com');
    await TestTransport.closeAll();
    await secure.close();
  });

  it('accepts internal URLs in a discovery document, but not for browsers', async () => {
    op.publicOrigin = PUBLIC;
    op.discovery = { token_endpoint: `${op.origin}/token`, jwks_uri: `${op.origin}/jwks` };
    const transport = dialling();
    const oxd_id = await transport.site(op);
    const callback = await transport.callback(op, oxd_id);
    expect(await transport.run('get_tokens_by_code', callback)).toHaveProperty('access_token');
    op.discovery = { authorization_endpoint: `${op.origin}/auth` };
    const other = dialling(op.origin, { store: transport.store });
    const error = await rejectionOf(other.run('get_authorization_url', { oxd_id }));
    expect(error.message).toContain('must be on https');
  });

  it('sends no request to a public origin on plain http', async () => {
    const issuer = 'http://sso.example.com';
    op.publicOrigin = issuer;
    const transport = dialling(op.origin, { addresses: { [issuer]: op.origin } });
    const error = await rejectionOf(transport.site({ issuer }));
    expect(error.message).toContain('must be on https');
    expect(op.requests).toHaveLength(0);
  });

  it('accepts an internal op_configuration_endpoint', async () => {
    op.publicOrigin = PUBLIC;
    const op_configuration_endpoint = `${op.origin}/.well-known/openid-configuration`;
    const transport = dialling();
    const site = await transport.site(op, { op_configuration_endpoint });
    expect(await transport.callback(op, site)).toHaveProperty('code');
  });

  it('never changes the expected issuer', async () => {
    op.publicOrigin = 'https://evil.example.com';
    const error = await rejectionOf(token(dialling()));
    expect(error.error).toBe('no_connect_discovery_response');
  });

  it.each([
    { name: 'another host', allow: false, insecureHosts: undefined },
    { name: 'another host in production', allow: true, insecureHosts: 'loopback' },
  ] as const)('rejects plain http to $name', async ({ allow, insecureHosts }) => {
    op.publicOrigin = PUBLIC;
    op.discovery = { token_endpoint: 'http://other.example.com/token' };
    const transport = dialling(op.origin, { allowInsecureRequests: allow, insecureHosts });
    const error = await rejectionOf(token(transport));
    expect(error.message).toContain('must be on https');
    expect(error.mayHaveRun).toBe(false);
  });

  it.each(['option', 'environment'])('uses no proxy of the %s', async (from) => {
    const proxy = await ConnectProxy.start();
    const restore = setEnvironment({ HTTPS_PROXY: proxy.url(), NO_PROXY: '' });
    op.publicOrigin = PUBLIC;
    op.discovery = { token_endpoint: `${op.origin}/token` };
    await token(dialling(op.origin, { proxy: from === 'option' ? proxy.url() : undefined }));
    expect(proxy.targets).toEqual([]);
    restore();
    await proxy.close();
  });
});

function token(transport: TestTransport) {
  return transport.run('get_client_token', { op_host: PUBLIC, ...client });
}

function expectHost(host: string): void {
  expect(new Set(op.requests.map(({ headers }) => headers.host))).toEqual(new Set([host]));
}
