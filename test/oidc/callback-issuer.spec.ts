import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { startService } from '../support/oidc-service.js';

const op = await FakeOp.start();

afterEach(() => op.reset());
afterAll(() => op.close());

/** Begins a login and logs in at the provider. */
async function reachCallback() {
  const { oidc } = closing(await startService({ site: { op_host: op.issuer } }));
  const { authorization_url } = await oidc.getAuthorizationUrl();
  return { oidc, ...op.login(authorization_url) };
}

describe('getTokensByCode() at a provider that supports RFC 9207', () => {
  it('rejects a call without iss, states the fix, and leaves the state valid', async () => {
    const { oidc, code, state, iss } = await reachCallback();
    await expect(oidc.getTokensByCode({ code, state })).rejects.toMatchObject({
      error: 'bad_request',
      message: expect.stringContaining('(RFC 9207): pass the iss of the callback unchanged.'),
    });
    expect(op.seen('token')).toHaveLength(0);
    const { id_token_claims } = await oidc.getTokensByCode({ code, state, iss });
    expect(id_token_claims.sub).toBe('alice');
  });
});

describe('getTokensByCode() at a provider without RFC 9207', () => {
  it('requires no iss', async () => {
    op.discovery = { authorization_response_iss_parameter_supported: undefined };
    const { oidc, code, state } = await reachCallback();
    expect((await oidc.getTokensByCode({ code, state })).id_token_claims.sub).toBe('alice');
  });
});
