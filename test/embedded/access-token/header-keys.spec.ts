import { exportJWK, generateKeyPair, type CryptoKey, type JWK } from 'jose';
import { AccessTokens, API } from '../../support/access-tokens.js';
import { TestTransport } from '../../support/embedded-transport.js';
import { FakeOp } from '../../support/fake-op.js';

describe('the header of a JWT access token', () => {
  let op: FakeOp;
  let privateKey: CryptoKey;
  let jwk: JWK;

  beforeAll(async () => {
    op = await FakeOp.start();
    const pair = await generateKeyPair('RS256', { extractable: true });
    privateKey = pair.privateKey as CryptoKey;
    jwk = { ...(await exportJWK(pair.publicKey)), alg: 'RS256', use: 'sig' };
  });
  afterAll(() => op.close());
  afterEach(() => TestTransport.closeAll());

  it.each([
    { name: 'a key (jwk)', header: () => ({ jwk }) },
    {
      name: 'a key with the kid of the provider',
      header: () => ({ jwk: { ...jwk, kid: op.key.kid } }),
    },
    { name: 'the URL of a key set (jku)', header: () => ({ jku: `${op.issuer}/userinfo` }) },
    { name: 'the URL of a certificate (x5u)', header: () => ({ x5u: `${op.issuer}/userinfo` }) },
  ])('gives no key by $name, and no URL of it is requested', async ({ header }) => {
    op.reset();
    op.on('userinfo', { json: { keys: [jwk] } });
    const transport = new TestTransport({});
    const oxd_id = await transport.site(op);
    const access_token = await new AccessTokens(op).sign({ header: header(), key: privateKey });
    const params = { oxd_id, access_token, audience: [API] };
    const result = await transport.run('introspect_access_token', params);
    expect(result).toMatchObject({ active: false });
    expect(op.seen('userinfo')).toEqual([]);
    expect(op.seen('introspect')).toEqual([]);
  });
});
