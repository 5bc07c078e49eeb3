import { readFileSync } from 'node:fs';
import { FakeOp } from '../support/fake-op.js';
import { setEnvironment } from '../support/real-environment.js';
import { refused, TestEngine } from './engine.js';

const file = (name: string) => readFileSync(new URL(`./tls/${name}`, import.meta.url), 'utf8');
const key = file('key.pem');
const ca = file('ca.pem');
const client = { client_id: 'c', client_secret: 's3' };

/** Certificates that must be rejected, and those that are trusted beside the usual ones. */
const REJECTED = [
  { name: 'a self-signed certificate', cert: 'self-signed.pem', host: '127.0.0.1', ca },
  { name: 'the certificate of another host', cert: 'cert.pem', host: 'localhost', ca },
  { name: 'an authority outside ca', cert: 'cert.pem', host: '127.0.0.1', ca: undefined },
];

describe.each(['1', '0'])('With NODE_TLS_REJECT_UNAUTHORIZED=%s, a provider', (value) => {
  let restore: () => void;
  let op: FakeOp;

  beforeAll(() => {
    restore = setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: value });
  });
  afterAll(() => restore());
  afterEach(async () => {
    await TestEngine.closeAll();
    await op.close();
  });

  it.each(REJECTED)('with $name is rejected', async ({ cert, host, ca }) => {
    op = await FakeOp.start({ key, cert: file(cert) });
    await expectRejection(new TestEngine({ ca }), host);
  });

  async function expectRejection(engine: TestEngine, host: string): Promise<void> {
    const op_host = op.issuer.replace('127.0.0.1', host);
    const error = await refused(engine.run('get_client_token', { op_host, ...client }));
    expect(error.message).toContain('The certificate of the OpenID Provider is not accepted');
    expect(error.mayHaveRun).toBe(false);
    expect(op.requests).toEqual([]);
  }
});
