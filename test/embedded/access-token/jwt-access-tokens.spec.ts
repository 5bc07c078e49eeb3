import { generateKeyPairSync } from 'node:crypto';
import { generateKeyPair, importPKCS8 } from 'jose';
import type { Params } from '../../../lib/commands/command.js';
import { AccessTokens, API, type TokenChanges } from '../../support/access-tokens.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { FakeOp } from '../../support/fake-op.js';
import { ManualClock } from '../../support/manual-clock.js';
import { registerSecret } from '../../support/secrets.js';

let op: FakeOp;
let tokens: AccessTokens;
let clock: ManualClock;
let transport: TestTransport;
let oxd_id: string;
const debugged: string[] = [];

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(async () => {
  op.reset();
  clock = new ManualClock();
  op.clock = clock.now;
  tokens = new AccessTokens(op);
  debugged.length = 0;
  const log = {
    warn: () => undefined,
    error: () => undefined,
    debug: (line: string) => void debugged.push(line),
  };
  transport = new TestTransport({ clock: clock.now, log });
  oxd_id = await transport.site(op);
});
afterEach(() => TestTransport.closeAll());

type Given = Partial<Params<'introspect_access_token'>>;

function verify(access_token: string, more: Given = {}) {
  return transport.run('introspect_access_token', {
    ...{ oxd_id, access_token, audience: [API] },
    ...more,
  });
}

const seconds = (from = 0): number => Math.floor(clock.now() / 1000) + from;
const introspections = (): number => op.seen('introspect').length;

describe('a JWT access token', () => {
  it('is active with all its claims, and is not introspected', async () => {
    const claims = tokens.claims({ groups: ['staff'] });
    const token = await tokens.sign({ claims });
    expect(await verify(token)).toEqual({ active: true, claims });
    expect([introspections(), op.seen('jwks').length]).toEqual([0, 1]);
    expect(debugged).toEqual([]);
  });

  it.each([
    { name: 'introspection', more: { audience: undefined, introspection: 'opaque' } },
    { name: 'an empty audience', more: { audience: [] } },
  ] as const)('with $name only must be for the client of the site', async ({ more }) => {
    const { client_id } = await transport
      .run('get_rp', { oxd_id })
      .then(({ node }) => Object(node));
    const ours = await tokens.sign({ claims: { aud: client_id } });
    expect(await verify(ours, more)).toMatchObject({ active: true });
    expect(await verify(await tokens.sign(), more)).toMatchObject({ active: false });
  });

  const ACCEPTED: readonly (TokenChanges & { readonly name: string })[] = [
    { name: 'the header typ JWT', header: { typ: 'JWT' } },
    { name: 'the header typ in upper case', header: { typ: 'AT+JWT' } },
    { name: 'the long header typ', header: { typ: 'application/at+jwt' } },
    { name: 'a list of audiences', claims: { aud: ['account', API] } },
    { name: 'the payload typ Bearer', header: { typ: 'JWT' }, claims: { typ: 'Bearer' } },
    { name: 'scp instead of scope', claims: { scope: undefined, scp: ['read'] } },
    { name: 'a nonce, and the header typ at+jwt', claims: { nonce: 'n' } },
    { name: 'no scope, and the header typ at+jwt', claims: { scope: undefined } },
    { name: 'claims that are null', claims: { cnf: null, nonce: null, events: null } },
  ];
  it.each(ACCEPTED)('may have $name', async (changes) => {
    expect(await verify(await tokens.sign(changes))).toMatchObject({
      active: true,
      claims: { sub: 'alice' },
    });
  });

  it.each(['ES384', 'EdDSA', 'RS256'])('may be signed with %s', async (alg) => {
    await op.rotate(`key for ${alg}`, alg);
    expect(await verify(await tokens.sign())).toMatchObject({ active: true });
  });

  it.each([
    { name: 'exp within the tolerance', claims: () => ({ exp: seconds(-29) }) },
    { name: 'nbf within the tolerance', claims: () => ({ nbf: seconds(30) }) },
    { name: 'iat within the tolerance', claims: () => ({ iat: seconds(30) }) },
  ])('may have $name', async ({ claims }) => {
    expect(await verify(await tokens.sign({ claims: claims() }))).toMatchObject({ active: true });
  });

  it('has no tolerance with clockTolerance 0', async () => {
    const strict = new TestTransport({
      store: transport.store,
      clock: clock.now,
      clockTolerance: 0,
    });
    const access_token = await tokens.sign({ claims: { exp: seconds() } });
    const params = { oxd_id, access_token, audience: [API] };
    expect(await strict.run('introspect_access_token', params)).toMatchObject({ active: false });
    expect(await verify(access_token)).toMatchObject({ active: true });
  });

  it('is verified by the clock of the module', async () => {
    await clock.advance(3_600_000);
    const token = await tokens.sign({ claims: { nbf: seconds() } });
    expect(await verify(token)).toMatchObject({ active: true });
  });

  it('is accepted with any audience only if the caller requests that', async () => {
    for (const aud of [undefined, 'https://other.example']) {
      const token = await tokens.sign({ claims: { aud } });
      expect(await verify(token)).toMatchObject({ active: false });
      expect(await verify(token, { anyAudience: true })).toMatchObject({ active: true });
    }
  });
});

const FAILED = 'its verification failed with';
const OTHER_TYPE = 'it is no access token of the type Bearer (typ, token_type or token_use)';
const ID_TOKEN = 'it is an ID token (nonce, at_hash or c_hash)';
const BOUND =
  'it is bound to a key or a certificate of its client (cnf), whose proof is not checked';
const NO_USER =
  'it names no user (sub); lightweight tokens of Keycloak need bearer.introspection: always';
const AUDIENCE = `its audience (aud) does not contain ${API}`;
const UNKNOWN_KEY = 'the provider has no key with its kid for its alg';
const jwt = { typ: 'JWT' };

interface Rejected extends TokenChanges {
  readonly name: string;
  readonly reason: string;
}

const REJECTED: readonly Rejected[] = [
  {
    name: 'another issuer',
    claims: { iss: 'https://other.example' },
    reason: `${FAILED} ERR_JWT_CLAIM_VALIDATION_FAILED (iss)`,
  },
  {
    name: 'no issuer',
    claims: { iss: undefined },
    reason: `${FAILED} ERR_JWT_CLAIM_VALIDATION_FAILED (iss)`,
  },
  { name: 'another audience', claims: { aud: 'https://other.example' }, reason: AUDIENCE },
  { name: 'a list of other audiences', claims: { aud: ['account', `${API}/`] }, reason: AUDIENCE },
  { name: 'an audience that is an object', claims: { aud: { [API]: true } }, reason: AUDIENCE },
  { name: 'a list with a number', claims: { aud: [API, 7] }, reason: AUDIENCE },
  {
    name: 'no audience',
    claims: { aud: undefined },
    reason:
      'it has no audience (aud), so that it may be meant for another API; at Keycloak add an Audience mapper',
  },
  {
    name: 'no exp',
    claims: { exp: undefined },
    reason: `${FAILED} ERR_JWT_CLAIM_VALIDATION_FAILED (exp)`,
  },
  { name: 'no sub', claims: { sub: undefined }, reason: NO_USER },
  { name: 'an empty sub', claims: { sub: '' }, reason: NO_USER },
  { name: 'a sub that is a number', claims: { sub: 7 }, reason: NO_USER },
  {
    name: 'the header typ of a logout token',
    header: { typ: 'logout+jwt' },
    reason: 'its header typ is not at+jwt or JWT',
  },
  {
    name: 'no header typ',
    header: { typ: undefined },
    reason: 'its header typ is not at+jwt or JWT',
  },
  {
    name: 'a nested JWT as content',
    header: { cty: 'JWT' },
    reason: 'its header has cty, as that of a nested JWT',
  },
  {
    name: 'an unknown crit',
    header: { crit: ['x'], x: 1 },
    reason: `${FAILED} ERR_JOSE_NOT_SUPPORTED`,
  },
  { name: 'a known crit', header: { crit: ['b64'], b64: true }, reason: 'its header has crit' },
  { name: 'cnf (DPoP)', claims: { cnf: { jkt: 'x' } }, reason: BOUND },
  { name: 'cnf (mTLS)', claims: { cnf: { 'x5t#S256': 'x' } }, reason: BOUND },
  { name: 'x5t#S256 beside cnf (Janssen)', claims: { 'x5t#S256': 'x' }, reason: BOUND },
  { name: 'the payload typ ID', header: jwt, claims: { typ: 'ID' }, reason: OTHER_TYPE },
  { name: 'the payload typ Refresh', header: jwt, claims: { typ: 'Refresh' }, reason: OTHER_TYPE },
  { name: 'the payload typ Offline', header: jwt, claims: { typ: 'Offline' }, reason: OTHER_TYPE },
  { name: 'the payload typ Logout', header: jwt, claims: { typ: 'Logout' }, reason: OTHER_TYPE },
  { name: 'the payload typ DPoP', claims: { typ: 'DPoP' }, reason: OTHER_TYPE },
  { name: 'the token_use of an ID token', claims: { token_use: 'id' }, reason: OTHER_TYPE },
  { name: 'the token_type of an ID token', claims: { token_type: 'ID' }, reason: OTHER_TYPE },
  { name: 'the nonce of an ID token', header: jwt, claims: { nonce: 'n' }, reason: ID_TOKEN },
  { name: 'at_hash', header: jwt, claims: { at_hash: 'h' }, reason: ID_TOKEN },
  { name: 'c_hash', header: jwt, claims: { c_hash: 'h' }, reason: ID_TOKEN },
  {
    name: 'events, as a logout token',
    header: jwt,
    claims: { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    reason: 'it reports a security event, such as a logout (events)',
  },
  {
    name: 'the claims of an ID token without a nonce',
    header: jwt,
    claims: { scope: undefined, client_id: undefined },
    reason: 'it may be an ID token: it has none of scope, scp, client_id and typ',
  },
];

describe('a JWT is not active', () => {
  it.each(REJECTED)('with $name, and is not introspected', async ({ reason, ...changes }) => {
    expect(await verify(await tokens.sign(changes))).toEqual({ active: false, reason });
    expect(introspections()).toBe(0);
    expect(debugged).toEqual([`introspect_access_token: the token is not active: ${reason}.`]);
  });

  it.each([
    {
      name: 'has expired',
      claims: () => ({ exp: seconds(-30) }),
      reason: `${FAILED} ERR_JWT_EXPIRED (exp)`,
    },
    {
      name: 'is not valid yet',
      claims: () => ({ nbf: seconds(32) }),
      reason: `${FAILED} ERR_JWT_CLAIM_VALIDATION_FAILED (nbf)`,
    },
    {
      name: 'was issued in the future',
      claims: () => ({ iat: seconds(32) }),
      reason: 'it is not valid yet (nbf or iat)',
    },
  ])('if it $name', async ({ claims, reason }) => {
    expect(await verify(await tokens.sign({ claims: claims() }))).toEqual({
      active: false,
      reason,
    });
  });

  it('without a signature', async () => {
    expect(await verify(tokens.unsigned())).toEqual({
      active: false,
      reason: `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`,
    });
  });

  it('without a signature, and with a blank in its header', async () => {
    const part = (text: string): string => Buffer.from(text).toString('base64url');
    const token = `${part('{ "alg": "none" }')}.${part(JSON.stringify(tokens.claims()))}.`;
    registerSecret(token);
    expect(await verify(token)).toEqual({
      active: false,
      reason: `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`,
    });
    expect(introspections()).toBe(0);
  });

  it('with an HMAC by the public key', async () => {
    op.discovery = { id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'] };
    // Discovery is cached for ten minutes.
    await clock.advance(600_000);
    expect(await verify(await tokens.signWithPublicKey())).toEqual({
      active: false,
      reason: `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`,
    });
  });

  it('with an algorithm that discovery does not list', async () => {
    op.discovery = { id_token_signing_alg_values_supported: ['ES384'] };
    await clock.advance(600_000);
    expect(await verify(await tokens.sign())).toEqual({
      active: false,
      reason: `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`,
    });
  });

  it('with a key of another type behind its kid', async () => {
    const { privateKey } = await generateKeyPair('ES384');
    const token = await tokens.sign({ header: { alg: 'ES384' }, key: privateKey });
    expect(await verify(token)).toEqual({ active: false, reason: UNKNOWN_KEY });
  });

  it('with the signature of another key', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    expect(await verify(await tokens.sign({ key: privateKey }))).toEqual({
      active: false,
      reason: `${FAILED} ERR_JWS_SIGNATURE_VERIFICATION_FAILED`,
    });
  });

  it('with the key for encryption, or one of 1024 bits', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const use = { ...publicKey.export({ format: 'jwk' }), kid: 'enc', use: 'enc' };
    const { publicKey: short } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const small = { ...short.export({ format: 'jwk' }), kid: 'small', alg: 'RS256' };
    op.on('jwks', { json: { keys: [op.key.jwk, use, small] } });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const key = await importPKCS8(pem, 'RS256');
    for (const kid of ['enc', 'small']) {
      const token = await tokens.sign({ header: { kid }, key });
      expect(await verify(token)).toEqual({ active: false, reason: UNKNOWN_KEY });
    }
  });

  it('with a payload that is no JSON object', async () => {
    for (const payload of ['[]', 'text', '"text"', await tokens.sign()]) {
      expect(await verify(await tokens.signText(payload))).toMatchObject({ active: false });
    }
    expect(introspections()).toBe(0);
  });

  it('if it is encrypted', async () => {
    expect(await verify(await tokens.encrypted())).toEqual({
      active: false,
      reason: 'it is encrypted (JWE)',
    });
    expect(introspections()).toBe(0);
  });

  it('with 64 kB, which causes no request', async () => {
    const token = await tokens.sign({ claims: { padding: 'x'.repeat(48_000) } });
    expect(token.length).toBeGreaterThan(64_000);
    expect(await verify(token)).toEqual({ active: false, reason: 'it is too long' });
    expect([introspections(), op.seen('jwks').length]).toEqual([0, 0]);
  });
});

describe('introspect_access_token', () => {
  it('rejects an unknown introspection', async () => {
    const params = { introspection: 'sometimes' } as unknown as Given;
    expect(await rejectionOf(verify('a-token', params))).toMatchObject({ error: 'bad_request' });
  });
});
