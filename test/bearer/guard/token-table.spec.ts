import { Controller, Get, UseGuards } from '@nestjs/common';
import { decodeJwt, generateKeyPair } from 'jose';
import {
  BearerGuard,
  BearerProtected,
  MemoryStore,
  OxdModule,
  type OxdModuleOptions,
} from '../../../lib/index.js';
import type { OxdServer } from '../../../lib/testing/testing.js';
import { AccessTokens, API, type TokenChanges } from '../../support/access-tokens.js';
import { outcomeOf } from '../../support/bearer-app.js';
import { closing } from '../../support/closing.js';
import { FakeOp } from '../../support/fake-op.js';
import { ManualClock } from '../../support/manual-clock.js';
import { startPeer, transportTo } from '../../support/oxd-peers.js';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import { ADAPTERS, SITE, startApp, type Adapter, type RunningApp } from '../../support/uma-app.js';

const REALM = 'realm="photos.example.com:8443"';

@Controller('albums')
@UseGuards(BearerGuard)
@BearerProtected({ scopes: ['read'] })
class Albums {
  @Get() list(): string {
    return 'ran';
  }
}

let op: FakeOp;
let clock: ManualClock;
let tokens: AccessTokens;
beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(() => {
  op.reset();
  clock = new ManualClock();
  op.clock = clock.now;
  tokens = new AccessTokens(op);
});

interface Given {
  readonly adapter: Adapter;
  readonly bearer?: OxdModuleOptions['bearer'];
  /** Default embedded. */
  readonly transport?: OxdModuleOptions['transport'];
}

async function start({ adapter, bearer, transport }: Given): Promise<RunningApp> {
  const { authorization_redirect_uri } = SITE;
  const oxd = OxdModule.forRoot({
    site: { op_host: op.issuer, authorization_redirect_uri },
    transport: transport ?? { type: 'embedded', allowInsecureRequests: true, timeout: 5_000 },
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore({ clock: clock.now }),
    bearer: { audience: API, ...bearer },
  });
  const maxHeaderSize = 131_072;
  return closing(
    await startApp({ adapter, imports: [oxd], controllers: [Albums], clock, maxHeaderSize }),
  );
}

async function expectGranted(app: RunningApp, rpt: string): Promise<void> {
  const { status, body, headers } = await app.ask({ path: '/albums', rpt });
  expect([status, body, headers['www-authenticate']]).toEqual([200, 'ran', undefined]);
  expect(app.log.with('warn', '')).toEqual([]);
}

async function expectInvalid(app: RunningApp, rpt: string, reason: string): Promise<void> {
  const answer = await app.ask({ path: '/albums', rpt });
  expect(outcomeOf(answer)).toEqual({
    status: 401,
    error: 'BEARER_INVALID_TOKEN',
    challenge: `Bearer ${REALM}, error="invalid_token"`,
  });
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(app.log.with('warn', '')).toEqual([
    `warn: Albums.list: 401 BEARER_INVALID_TOKEN, rejected token: ${reason}`,
  ]);
  expect(secretsIn(app.log.lines.join() + answer.body)).toEqual([]);
}

const seconds = (from = 0): number => Math.floor(clock.now() / 1000) + from;

/** Lets the provider introspect tokens as active; an opaque one has the claims of a JWT. */
function introspect(changes: TokenChanges['claims'] = {}): void {
  op.on('introspect', ({ form }) => {
    const token = form.get('token') ?? '';
    const claims = token === OPAQUE ? tokens.claims() : decodeJwt(token);
    return { json: { active: true, token_type: 'Bearer', ...claims, ...changes } };
  });
}

const OPAQUE = 'opaque-token-of-alice-of-the-table';
registerSecret(OPAQUE);

/** Opaque token, which the provider introspects with these changes of the claims. */
const opaque = (changes: TokenChanges['claims'] = {}): string => {
  introspect(changes);
  return OPAQUE;
};
const jwt = { typ: 'JWT' };
/** Claim of an RPT of Keycloak. */
const authorization = { permissions: [{ rsid: '1', rsname: 'albums', scopes: ['read'] }] };

interface Row {
  readonly name: string;
  readonly token: () => string | Promise<string>;
}

interface Rejected extends Row {
  readonly reason: string;
}

const VALID: readonly Row[] = [
  { name: 'a valid JWT of the type at+jwt', token: () => tokens.sign() },
  { name: 'a valid JWT of the type JWT', token: () => tokens.sign({ header: jwt }) },
  { name: 'an opaque token', token: () => opaque() },
  {
    name: 'an RPT for the API',
    token: () => tokens.sign({ header: jwt, claims: { typ: 'Bearer', authorization } }),
  },
];

const FAILED = 'its verification failed with';
const CLAIM = `${FAILED} ERR_JWT_CLAIM_VALIDATION_FAILED`;
const OTHER_AUDIENCE = `its audience (aud) does not contain ${API}`;
const NO_AUDIENCE =
  'it has no audience (aud), so that it may be meant for another API; at Keycloak add an Audience mapper';
const OTHER_TYPE = 'it is no access token of the type Bearer (typ, token_type or token_use)';
const BOUND =
  'it is bound to a key or a certificate of its client (cnf), whose proof is not checked';
const UNKNOWN_KEY = 'the provider has no key with its kid for its alg';
const UNKNOWN = 'the provider does not know it, or has revoked it';
const EARLY = 'it is not valid yet (nbf or iat)';
const OTHER = 'https://other.example';

/** Tokens that embedded rejects by their signature or header. */
const UNVERIFIED: readonly Rejected[] = [
  {
    name: 'a JWT without a signature (alg none)',
    token: () => tokens.unsigned(),
    reason: `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`,
  },
  {
    name: 'a JWT signed by HS256 with the public key as a JWK',
    token: () => tokens.signWithPublicKey(),
    reason: `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`,
  },
  {
    name: 'a JWT signed by HS256 with the public key as PEM',
    token: () => tokens.signWithPublicKey('pem'),
    reason: `${FAILED} ERR_JOSE_ALG_NOT_ALLOWED`,
  },
  {
    name: 'a JWT whose alg needs another type of key than its kid names',
    token: async () => {
      const { privateKey: key } = await generateKeyPair('ES384');
      return tokens.sign({ header: { alg: 'ES384' }, key });
    },
    reason: UNKNOWN_KEY,
  },
  {
    name: 'a JWT signed with another key',
    token: async () => tokens.sign({ key: (await generateKeyPair('RS256')).privateKey }),
    reason: `${FAILED} ERR_JWS_SIGNATURE_VERIFICATION_FAILED`,
  },
  {
    name: 'a JWT whose content was changed',
    token: async () => {
      const [header, , signature] = (await tokens.sign()).split('.');
      const [, payload] = (await tokens.sign({ claims: { sub: 'mallory' } })).split('.');
      return secret(`${header}.${payload}.${signature}`);
    },
    reason: `${FAILED} ERR_JWS_SIGNATURE_VERIFICATION_FAILED`,
  },
  {
    name: 'a JWT with an unknown crit',
    token: () => tokens.sign({ header: { crit: ['x'], x: 1 } }),
    reason: `${FAILED} ERR_JOSE_NOT_SUPPORTED`,
  },
  {
    name: 'a JWT with a known crit',
    token: () => tokens.sign({ header: { crit: ['b64'], b64: true } }),
    reason: 'its header has crit',
  },
  {
    name: 'a JWT that is marked as nested',
    token: () => tokens.sign({ header: { cty: 'JWT' } }),
    reason: 'its header has cty, as that of a nested JWT',
  },
  {
    name: 'a JWT in a JWT',
    token: async () => tokens.signText(await tokens.sign(), { cty: 'JWT' }),
    reason: `${FAILED} ERR_JWT_INVALID`,
  },
  {
    name: 'an encrypted JWT',
    token: () => tokens.encrypted(),
    reason: 'it is encrypted (JWE)',
  },
];

const signed = (changes: TokenChanges) => (): Promise<string> => tokens.sign(changes);

/** Tokens that each transport rejects by their claims, for one reason. */
const WRONG: readonly Rejected[] = [
  {
    name: 'a JWT for another API',
    token: signed({ claims: { aud: 'account' } }),
    reason: OTHER_AUDIENCE,
  },
  { name: 'a JWT without aud', token: signed({ claims: { aud: undefined } }), reason: NO_AUDIENCE },
  {
    name: 'an RPT for the client',
    token: signed({ header: jwt, claims: { typ: 'Bearer', aud: 'photos', authorization } }),
    reason: OTHER_AUDIENCE,
  },
  {
    name: 'an id_token, by its typ',
    token: signed({ header: jwt, claims: { typ: 'ID' } }),
    reason: OTHER_TYPE,
  },
  {
    name: 'an id_token, by its nonce',
    token: signed({ header: jwt, claims: { nonce: 'n' } }),
    reason: 'it is an ID token (nonce, at_hash or c_hash)',
  },
  {
    name: 'a refresh token',
    token: signed({ header: jwt, claims: { typ: 'Refresh' } }),
    reason: OTHER_TYPE,
  },
  {
    name: 'a JWT bound to a key (DPoP)',
    token: signed({ claims: { cnf: { jkt: 'a' } } }),
    reason: BOUND,
  },
  {
    name: 'a JWT bound to a certificate (mTLS)',
    token: signed({ claims: { cnf: { 'x5t#S256': 'a' } } }),
    reason: BOUND,
  },
  {
    name: 'a JWT that was issued in the future',
    token: () => tokens.sign({ claims: { iat: seconds(60) } }),
    reason: EARLY,
  },
  {
    name: 'an opaque token for another API',
    token: () => opaque({ aud: 'x' }),
    reason: OTHER_AUDIENCE,
  },
  {
    name: 'an opaque token without aud',
    token: () => opaque({ aud: undefined }),
    reason: NO_AUDIENCE,
  },
  {
    name: 'an opaque token of another issuer',
    token: () => opaque({ iss: OTHER }),
    reason: 'it has another issuer (iss)',
  },
  {
    name: 'an opaque token that has expired',
    token: () => opaque({ exp: seconds(-30) }),
    reason: 'it has expired (exp)',
  },
  {
    name: 'an opaque token bound to a key (DPoP)',
    token: () => opaque({ token_type: 'DPoP' }),
    reason: OTHER_TYPE,
  },
  {
    name: 'an opaque token that is inactive',
    token: () => opaque({ active: false }),
    reason: UNKNOWN,
  },
];

/** Opaque tokens that only embedded rejects: oxd omits the claim of the introspection. */
const UNREPORTED: readonly Rejected[] = [
  {
    name: 'an opaque token that is not valid yet',
    token: () => opaque({ nbf: seconds(60) }),
    reason: EARLY,
  },
  {
    name: 'an opaque token bound to a certificate (mTLS)',
    token: () => opaque({ cnf: { 'x5t#S256': 'a' } }),
    reason: BOUND,
  },
];

/** JWTs that embedded rejects while it verifies the signature. */
const WRONG_JWTS: readonly Rejected[] = [
  {
    name: 'a JWT of another issuer',
    token: signed({ claims: { iss: OTHER } }),
    reason: `${CLAIM} (iss)`,
  },
  {
    name: 'a JWT without exp',
    token: signed({ claims: { exp: undefined } }),
    reason: `${CLAIM} (exp)`,
  },
  {
    name: 'a JWT that has expired',
    token: () => tokens.sign({ claims: { exp: seconds(-30) } }),
    reason: `${FAILED} ERR_JWT_EXPIRED (exp)`,
  },
  {
    name: 'a JWT that is not valid yet',
    token: () => tokens.sign({ claims: { nbf: seconds(60) } }),
    reason: `${CLAIM} (nbf)`,
  },
];

/** The same JWTs, and one of another key, as oxd reports them. */
const INTROSPECTED_JWTS: readonly Rejected[] = [
  {
    name: 'a JWT of another issuer',
    token: signed({ claims: { iss: OTHER } }),
    reason: 'it has another issuer (iss)',
  },
  {
    name: 'a JWT that has expired',
    token: () => tokens.sign({ claims: { exp: seconds(-30) } }),
    reason: 'it has expired (exp)',
  },
  {
    name: 'a JWT that is not valid yet',
    token: () => tokens.sign({ claims: { nbf: seconds(60) } }),
    reason: EARLY,
  },
  {
    name: 'a JWT that the provider does not accept',
    token: () => {
      introspect({ active: false });
      return tokens.unsigned();
    },
    reason: UNKNOWN,
  },
];

function secret(token: string): string {
  registerSecret(token);
  return token;
}

describe.each(ADAPTERS)('BearerGuard with embedded on %s', (adapter) => {
  it.each(VALID)('grants access with $name', async ({ token }) => {
    await expectGranted(await start({ adapter }), await token());
  });

  it.each([...UNVERIFIED, ...WRONG_JWTS, ...WRONG])(
    'denies access with $name',
    async ({ token, reason }) => {
      // A JWT is not introspected: its introspection would be active.
      introspect();
      await expectInvalid(await start({ adapter }), await token(), reason);
    },
  );

  it.each(UNREPORTED)('denies access with $name, which oxd does not report', async (row) => {
    await expectInvalid(await start({ adapter }), await row.token(), row.reason);
  });

  it('denies access with an opaque token if introspection is never', async () => {
    const app = await start({ adapter, bearer: { introspection: 'never' } });
    await expectInvalid(app, opaque(), 'it is no JWT, and introspection is never');
  });

  it('looks up an unknown kid once, then none for 30 s', async () => {
    const app = await start({ adapter });
    const valid = await tokens.sign();
    await expectGranted(app, valid);
    op.requests.length = 0;
    const lookups = () => op.seen('jwks').length;
    const ask = async (kid: string) => {
      const rpt = await tokens.sign({ header: { kid } });
      expect((await app.ask({ path: '/albums', rpt })).status).toBe(401);
    };
    await expectInvalid(app, await tokens.sign({ header: { kid: 'unknown' } }), UNKNOWN_KEY);
    await ask('unknown');
    await clock.advance(29_999);
    await ask('another');
    expect(lookups()).toBe(1);
    await clock.advance(1);
    await ask('another');
    expect(lookups()).toBe(2);
    expect((await app.ask({ path: '/albums', rpt: valid })).status).toBe(200);
    // One line a minute for one reason.
    expect(app.log.with('warn', UNKNOWN_KEY)).toHaveLength(1);
  });

  const MALFORMED = {
    status: 400,
    error: 'BEARER_INVALID_REQUEST',
    challenge: `Bearer ${REALM}, error="invalid_request"`,
  };

  it.each([
    {
      name: 'two headers, each with a valid token',
      headers: (token: string) => [
        'Authorization',
        `Bearer ${token}`,
        'authorization',
        `Bearer ${token}`,
      ],
      reason: 'several Authorization headers',
    },
    {
      name: 'a JWT of 64 kB',
      headers: async () => {
        const token = await tokens.sign({ claims: { padding: 'x'.repeat(48_000) } });
        expect(token.length).toBeGreaterThan(64_000);
        return ['Authorization', `Bearer ${token}`];
      },
      reason: 'a token of more than 16384 characters',
    },
    {
      name: 'an empty token',
      headers: () => ['Authorization', 'Bearer '],
      reason: 'an empty or malformed token',
    },
    {
      name: 'a token with a blank',
      headers: (token: string) => ['Authorization', `Bearer ${token} ${token}`],
      reason: 'an empty or malformed token',
    },
  ])('denies access with $name', async ({ headers, reason }) => {
    const app = await start({ adapter });
    op.requests.length = 0;
    const answer = await app.ask({ path: '/albums', headers: await headers(await tokens.sign()) });
    expect(outcomeOf(answer)).toEqual(MALFORMED);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(app.log.lines).toEqual([`warn: Albums.list: 400 BEARER_INVALID_REQUEST, ${reason}`]);
    expect(op.requests).toEqual([]);
    expect(secretsIn(app.log.lines.join() + answer.body)).toEqual([]);
  });

  it.each([
    { name: 'as a query parameter', path: '/albums?access_token=', headers: [] },
    { name: 'of the scheme Basic', path: '/albums?x=', headers: ['Authorization', 'Basic YTpi'] },
  ])('denies access with a token $name', async ({ path, headers }) => {
    const app = await start({ adapter });
    const answer = await app.ask({ path: path + (await tokens.sign()), headers });
    expect(outcomeOf(answer)).toEqual({
      status: 401,
      error: 'BEARER_TOKEN_REQUIRED',
      challenge: `Bearer ${REALM}`,
    });
    expect(app.log.lines).toEqual([
      'debug: Albums.list: 401 BEARER_TOKEN_REQUIRED, no access token',
    ]);
    expect(secretsIn(app.log.lines.join() + answer.body)).toEqual([]);
  });
});

const PEERS = (['socket 3.1.4', 'extension 3.1.4', 'REST 4.2', 'REST 4.5'] as const).flatMap(
  (peer) => ADAPTERS.map((adapter) => ({ peer, adapter })),
);

describe.each(PEERS)('BearerGuard through $peer on $adapter', ({ peer, adapter }) => {
  let server: OxdServer;
  beforeAll(async () => {
    server = await startPeer(peer);
  });
  afterAll(() => server.close());
  // A provider that accepts every token which it can read.
  beforeEach(() => introspect());

  it.each(VALID)('grants access with $name', async ({ token }) => {
    const app = await start({ adapter, transport: transportTo(peer, server) });
    await expectGranted(app, await token());
  });

  it.each([...INTROSPECTED_JWTS, ...WRONG])('denies access with $name', async (row) => {
    const app = await start({ adapter, transport: transportTo(peer, server) });
    await expectInvalid(app, await row.token(), row.reason);
  });
});
