import { readFileSync } from 'node:fs';
import { ConnectProxy } from '../../support/connect-proxy.js';
import { FakeOp } from '../../support/fake-op.js';
import { setEnvironment } from '../../support/real-environment.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';

const file = (name: string) =>
  readFileSync(new URL(`../../support/tls/${name}`, import.meta.url), 'utf8');
const key = file('key.pem');
const ca = file('ca.pem');
const client = { client_id: 'c', client_secret: 's3' };

/** Certificates that must be rejected, with the additional authorities of the option `ca`. */
const REJECTED = [
  { name: 'a self-signed certificate', cert: 'self-signed.pem', host: '127.0.0.1', ca },
  { name: 'the certificate of another host', cert: 'cert.pem', host: 'localhost', ca },
  { name: 'an authority outside ca', cert: 'cert.pem', host: '127.0.0.1', ca: undefined },
];

describe.each(['1', '0'])('With NODE_TLS_REJECT_UNAUTHORIZED=%s, a provider', (value) => {
  let restore: () => void;
  let op: FakeOp;
  let proxy: ConnectProxy;

  beforeAll(async () => {
    restore = setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: value });
    proxy = await ConnectProxy.start();
  });
  afterAll(async () => {
    restore();
    await proxy.close();
  });
  afterEach(async () => {
    await TestTransport.closeAll();
    await op.close();
  });

  it.each(REJECTED)('with $name is rejected', async ({ cert, host, ca }) => {
    op = await FakeOp.start({ key, cert: file(cert) });
    await expectRejection(new TestTransport({ ca }), host);
  });

  it.each(REJECTED)('with $name is rejected behind a proxy', async ({ cert, host, ca }) => {
    op = await FakeOp.start({ key, cert: file(cert) });
    proxy.targets.length = 0;
    await expectRejection(new TestTransport({ ca, proxy: proxy.url() }), host);
    expect(proxy.targets[0]).toBe(new URL(op.issuer).host.replace('127.0.0.1', host));
  });

  it.each([REJECTED[0], REJECTED[2]])('with $name is rejected at an address', async (row) => {
    op = await FakeOp.start({ key, cert: file(row?.cert ?? '') });
    const addresses = { 'https://sso.example.com': op.origin };
    op.publicOrigin = 'https://sso.example.com';
    await expectRejection(new TestTransport({ ca: row?.ca, addresses }));
  });

  it.each(['https://other.example.com', 'https://127.0.0.2'])(
    'at an address with the certificate of that address is rejected as %s',
    async (origin) => {
      op = await FakeOp.start({ key, cert: file('cert.pem') });
      op.publicOrigin = origin;
      await expectRejection(new TestTransport({ ca, addresses: { [origin]: op.origin } }));
    },
  );

  async function expectRejection(transport: TestTransport, host = ''): Promise<void> {
    const op_host = host ? op.issuer.replace('127.0.0.1', host) : op.issuer;
    const error = await rejectionOf(transport.run('get_client_token', { op_host, ...client }));
    expect(error.message).toContain('The certificate of the OpenID Provider is not accepted');
    expect(error.mayHaveRun).toBe(false);
    expect(op.requests).toEqual([]);
  }
});

describe('With NODE_TLS_REJECT_UNAUTHORIZED=0, an https proxy', () => {
  let restore: () => void;
  let op: FakeOp;
  let proxy: ConnectProxy;

  beforeAll(async () => {
    restore = setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    op = await FakeOp.start();
    proxy = await ConnectProxy.start({ key, cert: file('self-signed.pem') });
  });
  afterAll(async () => {
    restore();
    await TestTransport.closeAll();
    await Promise.all([op.close(), proxy.close()]);
  });

  it('with an untrusted certificate is rejected', async () => {
    const transport = new TestTransport({ proxy: proxy.url() });
    const error = await rejectionOf(
      transport.run('get_client_token', { op_host: op.issuer, ...client }),
    );
    expect(error.message).toContain('the certificate of the proxy is not accepted');
    expect(proxy.targets).toEqual([]);
  });
});
