import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { generateKeyPair, type JWTPayload } from 'jose';
import { FakeOp } from '../../support/fake-op.js';
import { secretsIn } from '../../support/secrets.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';

let op: FakeOp;
let transport: TestTransport;
let oxd_id: string;
const other = await generateKeyPair('RS256');
const now = () => Math.floor(Date.now() / 1000);
const half = (bits: number, text: string) => {
  const hash = createHash(`sha${bits}`).update(text).digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
};

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(async () => {
  op.reset();
  transport = new TestTransport();
  oxd_id = await transport.site(op);
});
afterEach(() => TestTransport.closeAll());

const logIn = async () => transport.run('get_tokens_by_code', await transport.callback(op, oxd_id));

type Row = [string, string, () => Record<string, unknown>];

it.each<Row>([
  [
    'iss is another provider',
    'invalid_id_token_bad_issuer',
    () => ({ iss: 'https://evil.example' }),
  ],
  ['iss only looks alike', 'invalid_id_token_bad_issuer', () => ({ iss: `${op.issuer}/` })],
  ['iss is absent', 'invalid_id_token_bad_issuer', () => ({ iss: undefined })],
  ['aud is another client', 'invalid_id_token_bad_audience', () => ({ aud: 'somebody' })],
  [
    'aud is a list without this client',
    'invalid_id_token_bad_audience',
    () => ({ aud: ['a', 'b'] }),
  ],
  ['aud is an empty list', 'invalid_id_token_bad_audience', () => ({ aud: [] })],
  ['aud is absent', 'invalid_id_token_bad_audience', () => ({ aud: undefined })],
  ['azp is another client', 'invalid_id_token_bad_authorized_party', () => ({ azp: 'somebody' })],
  ['exp is over', 'invalid_id_token_expired', () => ({ exp: now() - 31 })],
  ['exp is absent', 'invalid_id_token_expired', () => ({ exp: undefined })],
  ['exp is text', 'invalid_id_token_expired', () => ({ exp: 'tomorrow' })],
  ['iat is in the future', 'invalid_id_token_issued_at', () => ({ iat: now() + 60 })],
  ['iat is absent', 'invalid_id_token_issued_at', () => ({ iat: undefined })],
  ['iat is a day ago', 'invalid_id_token_old_issued_at', () => ({ iat: now() - 86_400 })],
  ['nonce is of another login', 'invalid_nonce', () => ({ nonce: 'other' })],
  ['nonce is absent', 'invalid_nonce', () => ({ nonce: undefined })],
  [
    'at_hash is of another token',
    'invalid_access_token_bad_hash',
    () => ({ at_hash: half(256, 'x') }),
  ],
  ['at_hash is no string', 'invalid_access_token_bad_hash', () => ({ at_hash: 1 })],
  ['sub is absent', 'no_subject_identifier', () => ({ sub: undefined })],
  ['sub is empty', 'no_subject_identifier', () => ({ sub: '' })],
  ['sub is a number', 'no_subject_identifier', () => ({ sub: 7 })],
])('rejects an id_token whose %s', async (_, code, claims) => {
  op.claims = claims();
  const error = await rejectionOf(logIn());
  expect(error).toMatchObject({
    code: 'OXD_COMMAND_FAILED',
    error: code,
    command: 'get_tokens_by_code',
    mayHaveRun: true,
  });
  expect(secretsIn(inspect(error, { depth: 10, showHidden: false }))).toEqual([]);
  expect(inspect(error, { depth: 10 })).not.toContain('alice');
});

describe('auth_time', () => {
  type AuthTimeParams = {
    default_max_age?: number;
    require_auth_time?: boolean;
    params?: { max_age: string };
  };

  async function logInWith({ params, ...site }: AuthTimeParams, auth_time?: unknown) {
    const id = await transport.site(op, site);
    const { authorization_url } = await transport.run('get_authorization_url', {
      oxd_id: id,
      params,
    });
    op.claims = { auth_time };
    const callback = { oxd_id: id, ...op.login(authorization_url) };
    return { authorization_url, answer: transport.run('get_tokens_by_code', callback) };
  }

  it.each<[string, AuthTimeParams, () => unknown, string | null]>([
    ['is too long ago', { default_max_age: 300 }, () => now() - 340, '300'],
    ['is missing', { default_max_age: 300 }, () => undefined, '300'],
    ['is before the limit of this login', { params: { max_age: '0' } }, () => now() - 40, '0'],
    [
      'is before the limit of this login, which is stricter than that of the site',
      { default_max_age: 300, params: { max_age: '60' } },
      () => now() - 120,
      '60',
    ],
    ['is required and missing', { require_auth_time: true }, () => undefined, null],
  ])('makes an id_token invalid if it %s', async (_, login, auth_time, max_age) => {
    const { authorization_url, answer } = await logInWith(login, auth_time());
    expect(new URL(authorization_url).searchParams.get('max_age')).toBe(max_age);
    expect(await rejectionOf(answer)).toMatchObject({
      error: 'invalid_id_token_bad_auth_time',
      mayHaveRun: true,
    });
  });

  it.each<[string, AuthTimeParams, () => unknown]>([
    ['is now', { params: { max_age: '0' } }, now],
    ['is within the limit', { default_max_age: 300 }, () => now() - 290],
    [
      'is long ago, and this login allows it',
      { default_max_age: 300, params: { max_age: '86400' } },
      () => now() - 7200,
    ],
    ['is required and long ago', { require_auth_time: true }, () => 1],
    ['is missing and not required', {}, () => undefined],
  ])('makes no id_token invalid if it %s', async (_, login, auth_time) => {
    const { answer } = await logInWith(login, auth_time());
    expect((await answer).id_token_claims.sub).toBe('alice');
  });

  it.each(['-1', '1.5', '', 'soon'])('cannot be limited by the max_age "%s"', async (max_age) => {
    const asking = transport.run('get_authorization_url', { oxd_id, params: { max_age } });
    expect(await rejectionOf(asking)).toMatchObject({ error: 'bad_request', mayHaveRun: false });
  });
});

it('rejects several audiences without azp, and accepts them with the right azp', async () => {
  op.mint = (claims) => op.sign({ ...claims, aud: [claims.aud as string, 'another'] });
  expect((await rejectionOf(logIn())).error).toBe('invalid_id_token_bad_audience');
  op.mint = (claims) =>
    op.sign({ ...claims, aud: [claims.aud as string, 'another'], azp: 'another' });
  expect((await rejectionOf(logIn())).error).toBe('invalid_id_token_bad_authorized_party');
  op.mint = (claims) => {
    const azp = claims.aud as string;
    return op.sign({ ...claims, aud: [azp, 'another'], azp });
  };
  expect((await logIn()).id_token_claims.sub).toBe('alice');
});

it.each<[string, string, (claims: JWTPayload) => Promise<string>]>([
  ['is not signed', 'invalid_id_token_invalid_algorithm', async (claims) => op.unsigned(claims)],
  [
    'is signed with a shared secret',
    'invalid_id_token_invalid_algorithm',
    (claims) =>
      op.sign(claims, { alg: 'HS256', key: new TextEncoder().encode('x'.repeat(32)) as never }),
  ],
  [
    'has an algorithm that the provider does not list',
    'invalid_id_token_unknown',
    async (claims) =>
      op.sign(claims, { alg: 'PS256', key: (await generateKeyPair('PS256')).privateKey }),
  ],
  [
    'is signed with another key under the same kid',
    'invalid_id_token_bad_signature',
    (claims) => op.sign(claims, { key: other.privateKey }),
  ],
  [
    'has a kid that the provider does not have',
    'key_id_not_found',
    (claims) => op.sign(claims, { kid: 'nobody', key: other.privateKey }),
  ],
  [
    'was changed afterwards',
    'invalid_id_token_bad_signature',
    async (claims) => {
      const [header, , signature] = (await op.sign(claims)).split('.');
      const payload = Buffer.from(JSON.stringify({ ...claims, sub: 'boss' })).toString('base64url');
      return [header, payload, signature].join('.');
    },
  ],
  ['is not a JWT', 'invalid_id_token_unknown', async () => 'rubbish'],
  ['is encrypted', 'invalid_id_token_unknown', async () => 'a.b.c.d.e'],
])('rejects an id_token that %s', async (_, code, mint) => {
  op.mint = mint;
  const error = await rejectionOf(logIn());
  expect(error).toMatchObject({ error: code, mayHaveRun: true });
  expect(secretsIn(inspect(error, { depth: 10 }))).toEqual([]);
});

it.each([
  ['RS256', 256],
  ['ES384', 384],
  ['EdDSA', 512],
  ['Ed25519', 512],
] as const)('accepts an at_hash of %s', async (alg, bits) => {
  const real = await FakeOp.start();
  await real.rotate('k1', alg);
  const id = await transport.site(real);
  real.mint = (claims) => real.sign({ ...claims, at_hash: half(bits, real.currentAccessToken) });
  const tokens = await transport.run('get_tokens_by_code', await transport.callback(real, id));
  expect(tokens.id_token_claims.at_hash).toBe(half(bits, tokens.access_token));
  await real.close();
});

it('requests the keys once, and once more after the provider has rotated them', async () => {
  await logIn();
  await logIn();
  expect(op.seen('jwks')).toHaveLength(1);
  await op.rotate('k2');
  expect((await logIn()).id_token_claims.sub).toBe('alice');
  expect(op.seen('jwks')).toHaveLength(2);
  await logIn();
  expect(op.seen('jwks')).toHaveLength(2);
  op.mint = (claims) => op.sign(claims, { kid: 'nobody' });
  await rejectionOf(logIn());
  expect(op.seen('jwks')).toHaveLength(3);
});

it('reports internal_error, not an invalid id_token, if the keys are unavailable', async () => {
  op.on('jwks', { status: 500, text: 'no' });
  expect(await rejectionOf(logIn())).toMatchObject({ error: 'internal_error', mayHaveRun: true });
});

it('accepts an id_token signed with the client secret if HS256 is registered', async () => {
  op.on('register', async (seen) => {
    const { json } = await op.usual(seen);
    return { status: 201, json: { ...(json as object), id_token_signed_response_alg: 'HS256' } };
  });
  const id = await transport.site(op);
  const site = (await transport.store.get(`site:${id}`)) as { client: { client_secret: string } };
  const secret = new TextEncoder().encode(site.client.client_secret) as never;
  op.mint = (claims) => op.sign(claims, { alg: 'HS256', key: secret });
  const tokens = await transport.run('get_tokens_by_code', await transport.callback(op, id));
  expect(tokens.id_token_claims.sub).toBe('alice');
  op.mint = (claims) => op.sign(claims);
  const error = await rejectionOf(
    transport.run('get_tokens_by_code', await transport.callback(op, id)),
  );
  expect(error.error).toBe('invalid_id_token_unknown');
});

it('rejects an id_token signed with a secret if the client has no secret', async () => {
  const id = await transport.site(op);
  const key = `site:${id}`;
  const site = (await transport.store.get(key)) as { client: Record<string, unknown> };
  const { client_secret: _, ...client } = site.client;
  const none = { token_endpoint_auth_method: 'none', id_token_signed_response_alg: 'HS256' };
  await transport.store.set(key, { ...site, client: { ...client, ...none } });
  const otherSecret = new TextEncoder().encode('x'.repeat(32)) as never;
  op.mint = (claims) => op.sign(claims, { alg: 'HS256', key: otherSecret });
  const call = transport.run('get_tokens_by_code', await transport.callback(op, id));
  expect((await rejectionOf(call)).error).toBe('invalid_id_token_invalid_algorithm');
});

it('rejects an unsigned id_token even if none is registered', async () => {
  op.on('register', async (seen) => {
    const { json } = await op.usual(seen);
    return { status: 201, json: { ...(json as object), id_token_signed_response_alg: 'none' } };
  });
  const id = await transport.site(op);
  for (const mint of [op.unsigned.bind(op), op.sign.bind(op)]) {
    op.mint = async (claims) => mint(claims);
    const call = transport.run('get_tokens_by_code', await transport.callback(op, id));
    expect((await rejectionOf(call)).error).toMatch(/^invalid_id_token_/);
  }
});
