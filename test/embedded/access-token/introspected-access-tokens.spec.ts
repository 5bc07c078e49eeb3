import type { Params } from '../../../lib/commands/command.js';
import { AccessTokens, API } from '../../support/access-tokens.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { FakeOp, type Answer } from '../../support/fake-op.js';
import { ManualClock } from '../../support/manual-clock.js';
import { registerSecret } from '../../support/secrets.js';

const OPAQUE = 'opaque-token-of-alice-1';
registerSecret(OPAQUE);

let op: FakeOp;
let tokens: AccessTokens;
let clock: ManualClock;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(async () => {
  op.reset();
  clock = new ManualClock();
  op.clock = clock.now;
  tokens = new AccessTokens(op);
  transport = new TestTransport({ clock: clock.now });
  oxd_id = await transport.site(op);
});
afterEach(() => TestTransport.closeAll());

type Given = Partial<Params<'introspect_access_token'>>;

function verify(access_token = OPAQUE, more: Given = {}) {
  return transport.run('introspect_access_token', {
    ...{ oxd_id, access_token, audience: [API] },
    ...more,
  });
}

const seconds = (from = 0): number => Math.floor(clock.now() / 1000) + from;
const introspections = () => op.seen('introspect');

/** Introspection response for an active token of alice. */
const active = (changes: object = {}): Answer => ({
  json: {
    ...{ active: true, iss: op.issuer, aud: API, sub: 'alice', client_id: 'shop-web' },
    ...{ token_type: 'Bearer', scope: 'read', exp: seconds(300), ...changes },
  },
});

describe('an opaque access token', () => {
  it('is introspected with the credentials of the client, and active with all claims', async () => {
    op.on('introspect', active({ tenant: 'a' }));
    const claims = {
      ...{ iss: op.issuer, aud: API, sub: 'alice', client_id: 'shop-web', token_type: 'Bearer' },
      ...{ scope: 'read', exp: seconds(300), tenant: 'a' },
    };
    expect(await verify()).toEqual({ active: true, claims });
    const [request] = introspections();
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      token: OPAQUE,
      token_type_hint: 'access_token',
    });
    expect(request?.headers.authorization).toMatch(/^Basic /);
    expect([introspections().length, op.seen('jwks').length]).toEqual([1, 0]);
  });

  it.each(['one.two.three', 'a.b.c.d.e', 'e30.e30.c2ln'])('may have dots (%s)', async (token) => {
    op.on('introspect', active());
    registerSecret(token);
    expect(await verify(token)).toMatchObject({ active: true });
    expect(introspections()).toHaveLength(1);
  });

  it.each([
    { name: 'a list of audiences', changes: { aud: ['account', API] } },
    { name: 'no issuer', changes: { iss: undefined } },
    { name: 'no exp', changes: { exp: undefined } },
    { name: 'no user', changes: { sub: undefined } },
    { name: 'no token_type', changes: { token_type: undefined } },
    { name: 'the token_type in lower case', changes: { token_type: 'bearer' } },
    { name: 'an exp within the tolerance', changes: { exp: 'in -29 s' } },
  ])('may have $name', async ({ changes }) => {
    const times = 'exp' in changes && changes.exp ? { exp: seconds(-29) } : {};
    op.on('introspect', active({ ...changes, ...times }));
    expect(await verify()).toMatchObject({ active: true, claims: { scope: 'read' } });
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'is introspected with the current secret of a client with %s',
    async (method) => {
      op.on('introspect', active());
      const client = { client_id: 'shop', client_token_endpoint_auth_method: method };
      oxd_id = await transport.site(op, { ...client, client_secret: 'first1secret' });
      await verify();
      await verify('another-opaque-token');
      await transport.run('update_site', { oxd_id, ...client, client_secret: 'second2secret' });
      await verify();
      const sent = introspections().map(({ form, headers: { authorization = '' } }) =>
        method === 'client_secret_post'
          ? `${form.get('client_id')}:${form.get('client_secret')}`
          : Buffer.from(authorization.slice('Basic '.length), 'base64').toString(),
      );
      expect(sent).toEqual(['shop:first1secret', 'shop:first1secret', 'shop:second2secret']);
      expect(introspections().map(({ form }) => form.get('token'))).toEqual([
        ...[OPAQUE, 'another-opaque-token', OPAQUE],
      ]);
    },
  );

  it('is introspected with a new assertion of a client with client_secret_jwt', async () => {
    op.on('introspect', active());
    const client = { client_id: 'shop', client_secret: 'a-secret-of-at-least-32-characters' };
    const client_token_endpoint_auth_method = 'client_secret_jwt' as const;
    oxd_id = await transport.site(op, { ...client, client_token_endpoint_auth_method });
    await verify();
    await verify();
    const assertions = introspections().map(({ form }) => form.get('client_assertion'));
    expect(new Set(assertions).size).toBe(2);
  });

  const OTHER_TYPE = 'it is no access token of the type Bearer (typ, token_type or token_use)';
  const BOUND =
    'it is bound to a key or a certificate of its client (cnf), whose proof is not checked';
  it.each([
    { name: 'is inactive', changes: { active: false }, reason: 'the provider does not know it' },
    { name: 'has no audience', changes: { aud: undefined }, reason: 'it has no audience (aud)' },
    { name: 'has another audience', changes: { aud: 'x' }, reason: `aud) does not contain ${API}` },
    { name: 'has another issuer', changes: { iss: 'https://x' }, reason: 'another issuer (iss)' },
    { name: 'has a list as issuer', changes: { iss: ['x'] }, reason: 'another issuer (iss)' },
    { name: 'has an exp that is a string', changes: { exp: '1' }, reason: 'is not a number' },
    { name: 'is bound to a key', changes: { cnf: { jkt: 'x' } }, reason: BOUND },
    { name: 'is of the type DPoP', changes: { token_type: 'DPoP' }, reason: OTHER_TYPE },
    { name: 'is an ID token of Keycloak', changes: { typ: 'ID' }, reason: OTHER_TYPE },
    { name: 'has the token_type ID', changes: { token_type: 'ID' }, reason: OTHER_TYPE },
    { name: 'is a refresh token', changes: { token_use: 'refresh_token' }, reason: OTHER_TYPE },
    { name: 'is an ID token', changes: { nonce: 'n' }, reason: 'it is an ID token' },
    { name: 'is a logout token', changes: { events: {} }, reason: 'a security event' },
  ])('is not active if it $name', async ({ changes, reason }) => {
    op.on('introspect', active(changes));
    const result = await verify();
    expect(result).toEqual({ active: false, reason: expect.stringContaining(reason) });
  });

  it('is not active with the issuer and a slash, because issuers are compared exactly', async () => {
    op.on('introspect', active({ iss: `${op.issuer}/` }));
    expect(await verify()).toEqual({ active: false, reason: 'it has another issuer (iss)' });
  });

  it('is not active from its exp on, beyond the tolerance', async () => {
    const exp = seconds(300);
    op.on('introspect', active({ exp }));
    await clock.advance(exp * 1000 + 29_999 - clock.now());
    expect(await verify()).toMatchObject({ active: true });
    await clock.advance(1);
    expect(await verify()).toEqual({ active: false, reason: 'it has expired (exp)' });
  });

  it('is not active, and not introspected, if introspection is never', async () => {
    expect(await verify(OPAQUE, { introspection: 'never' })).toEqual({
      active: false,
      reason: 'it is no JWT, and introspection is never',
    });
    expect(introspections()).toHaveLength(0);
  });
});

describe('an introspection that gives no answer is an error, not a rejection', () => {
  const ANSWERS: readonly { readonly name: string; readonly answer: Answer }[] = [
    { name: 'active as a string', answer: { json: { active: 'true', aud: API } } },
    { name: 'active as a number', answer: { json: { active: 1, aud: API } } },
    { name: 'no active', answer: { json: { aud: API } } },
    { name: 'a list', answer: { json: [{ active: true, aud: API }] } },
    { name: 'null', answer: { text: 'null' } },
    { name: 'HTML', answer: { text: '<html></html>' } },
    { name: 'an empty body', answer: { text: '' } },
    { name: '500', answer: { status: 500, json: { active: true, aud: API } } },
    { name: '201', answer: { status: 201, json: { active: true, aud: API } } },
    { name: '401', answer: { status: 401, json: { error: 'invalid_client' } } },
    { name: '400', answer: { status: 400, json: { error: 'unsupported_token_type' } } },
    { name: 'a closed connection', answer: { drop: true } },
    { name: 'half a response', answer: { cut: true } },
    { name: '100 MB', answer: { text: `{"active":true,"aud":"${API}","x":"${'x'.repeat(1e8)}"}` } },
  ];
  it.each(ANSWERS)('with $name', async ({ answer }) => {
    op.on('introspect', answer);
    expect(await rejectionOf(verify())).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    op.on('introspect', active());
    expect(await verify()).toMatchObject({ active: true });
  });

  it('with a redirect, which is not followed', async () => {
    op.on('introspect', { status: 307, headers: { location: `${op.issuer}/me` }, text: '' });
    op.on('userinfo', active());
    expect(await rejectionOf(verify())).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    expect(op.seen('userinfo')).toHaveLength(0);
  });

  it('with no response before the time limit', async () => {
    const limited = new TestTransport({ store: transport.store, ...limitEndedBy(op) });
    op.on('introspect', { hang: true });
    const params = { oxd_id, access_token: OPAQUE, audience: [API] };
    const error = await rejectionOf(limited.run('introspect_access_token', params));
    expect(error.message).toContain('did not respond within 5000 ms');
  });

  it('at a provider without introspection endpoint', async () => {
    op.discovery = { introspection_endpoint: undefined };
    await clock.advance(600_000);
    const error = await rejectionOf(verify());
    expect(error).toMatchObject({ error: 'unsupported_operation' });
    expect(error.message).toContain('has no introspection_endpoint');
  });
});

describe('a JWT with introspection always', () => {
  const ALWAYS = { introspection: 'always' } as const;
  /** As Keycloak issues a lightweight token. */
  const LIGHT = {
    header: { typ: 'JWT' },
    claims: { sub: undefined, aud: undefined, client_id: undefined, typ: 'Bearer' },
  };

  it('that is lightweight has audience, user, scopes and roles of its introspection', async () => {
    const realm_access = { roles: ['admin'] };
    op.on('introspect', active({ realm_access, sub: 'bob', scope: 'pay' }));
    const token = await tokens.sign(LIGHT);
    const result = await verify(token, ALWAYS);
    expect(result.active).toBe(true);
    expect(result.claims).toMatchObject({ sub: 'bob', aud: API, scope: 'pay', realm_access });
    expect(await verify(token)).toMatchObject({ active: false });
    expect(introspections()).toHaveLength(1);
  });

  it('has no scopes or roles that its introspection lacks', async () => {
    op.on('introspect', active({ scope: undefined }));
    const token = await tokens.sign({ claims: { roles: ['admin'] } });
    const { claims } = await verify(token, ALWAYS);
    expect(claims).toMatchObject({ sub: 'alice' });
    expect([claims?.scope, claims?.roles]).toEqual([undefined, undefined]);
  });

  it.each([
    { name: 'the JWT', jwt: 100, introspected: 300 },
    { name: 'the introspection', jwt: 300, introspected: 100 },
    { name: 'the JWT alone', jwt: 100, introspected: undefined },
  ])('expires with $name', async ({ jwt, introspected }) => {
    const exp = introspected && seconds(introspected);
    op.on('introspect', active({ exp }));
    const token = await tokens.sign({ claims: { exp: seconds(jwt) } });
    expect((await verify(token, ALWAYS)).claims?.exp).toBe(seconds(100));
  });

  it.each([
    { name: 'is revoked', changes: { active: false }, reason: 'or has revoked it' },
    {
      name: 'is introspected without audience',
      changes: { aud: undefined },
      reason: 'no audience',
    },
    { name: 'is introspected with another audience', changes: { aud: 'x' }, reason: 'audience' },
    { name: 'is introspected as an ID token', changes: { token_type: 'ID' }, reason: 'it is no' },
    { name: 'is introspected as bound', changes: { cnf: { jkt: 'x' } }, reason: 'it is bound' },
    { name: 'belongs to another user', changes: { sub: 'bob' }, reason: 'names another user' },
  ])('is not active if it $name', async ({ changes, reason }) => {
    op.on('introspect', active(changes));
    const result = await verify(await tokens.sign(), ALWAYS);
    expect(result).toEqual({ active: false, reason: expect.stringContaining(reason) });
  });

  it('is not active if neither JWT nor introspection names a user', async () => {
    op.on('introspect', active({ sub: undefined }));
    expect(await verify(await tokens.sign(LIGHT), ALWAYS)).toEqual({
      active: false,
      reason: 'its introspection names no user (sub)',
    });
  });

  it.each([
    { name: 'without a signature', token: () => Promise.resolve(tokens.unsigned()) },
    { name: 'by the public key', token: () => tokens.signWithPublicKey() },
    { name: 'without exp', token: () => tokens.sign({ claims: { exp: undefined } }) },
    { name: 'of another issuer', token: () => tokens.sign({ claims: { iss: 'https://x' } }) },
    { name: 'that is an ID token', token: () => tokens.sign({ claims: { typ: 'ID' } }) },
    { name: 'that is bound', token: () => tokens.sign({ claims: { cnf: { jkt: 'x' } } }) },
    { name: 'that is encrypted', token: () => tokens.encrypted() },
  ])('$name is rejected without an introspection', async ({ token }) => {
    op.on('introspect', active());
    expect(await verify(await token(), ALWAYS)).toMatchObject({ active: false });
    expect(introspections()).toHaveLength(0);
  });

  it('of the type JWT may be introspected without the marks of an access token', async () => {
    op.on('introspect', active({ scope: undefined, client_id: undefined }));
    const token = await tokens.sign({ header: { typ: 'JWT' } });
    expect(await verify(token, ALWAYS)).toMatchObject({ active: true });
  });

  it('of the type at+jwt may be introspected with a nonce', async () => {
    op.on('introspect', active({ nonce: 'n' }));
    expect(await verify(await tokens.sign(), ALWAYS)).toMatchObject({ active: true });
    const plain = await tokens.sign({ header: { typ: 'JWT' } });
    expect(await verify(plain, ALWAYS)).toMatchObject({ active: false });
  });
});
