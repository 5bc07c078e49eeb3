import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { OxdCommandError, OxdTransportError } from '../../lib/base/errors.js';
import type { TokenUse } from '../../lib/access-token/access-token-verifier.js';
import type { BearerOptions, OxdModuleOptions } from '../../lib/index.js';
import { AccessTokens, API } from '../support/access-tokens.js';
import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { settled } from '../support/manual-clock.js';
import { registerSecret } from '../support/secrets.js';
import { outcomeOf, startVerifier, type StartedVerifier } from '../support/verifier.js';

const OPAQUE = 'opaque-token-of-alice-2';
registerSecret(OPAQUE);

let op: FakeOp;
let tokens: AccessTokens;
let app: StartedVerifier;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(() => start());

async function start(bearer: BearerOptions = {}, more: Partial<OxdModuleOptions> = {}) {
  op.reset();
  app = closing(
    await startVerifier({
      ...more,
      bearer: { audience: API, ...bearer },
      site: { op_host: op.issuer, ...more.site },
    }),
  );
  op.clock = app.clock.now;
  tokens = new AccessTokens(op);
  op.on('introspect', () => ({
    json: { active: true, aud: API, sub: 'alice', scope: 'read', exp: seconds(300) },
  }));
}

const seconds = (from = 0): number => Math.floor(app.clock.now() / 1000) + from;
const verify = (token: string, use?: TokenUse, request: object = {}) =>
  outcomeOf(app.verifier.verify(request, token, use));
const introspections = (): number => op.seen('introspect').length;

describe('AccessTokenVerifier', () => {
  it('returns user, claims and scopes of a JWT, and hides the token when it is printed', async () => {
    const claims = tokens.claims({ scp: ['pay'], realm_access: { roles: ['admin'] } });
    const token = await tokens.sign({ claims });
    const outcome = await app.verifier.verify({}, token);
    if ('rejected' in outcome) throw new Error(outcome.rejected);
    expect(outcome).toMatchObject({ sub: 'alice', claims, token });
    expect([...outcome.scopes]).toEqual(['read', 'write', 'pay']);
    for (const printed of [inspect(outcome, { depth: 9 }), JSON.stringify(outcome)]) {
      expect(printed).toContain('alice');
      expect(printed).not.toContain(token);
    }
  });

  it('returns frozen claims, so that no handler changes those of another request', async () => {
    const token = await tokens.sign({ claims: { realm_access: { roles: ['user'] } } });
    const outcome = await app.verifier.verify({}, token);
    const claims = ('claims' in outcome && outcome.claims) as { realm_access: { roles: string[] } };
    expect(() => claims.realm_access.roles.push('admin')).toThrow(TypeError);
    expect(() => Object.assign(claims, { sub: 'bob' })).toThrow(TypeError);
  });

  it.each([
    { name: 'a string', claims: { scope: ' read  write ' }, scopes: ['read', 'write'] },
    { name: 'a list', claims: { scope: ['read', 'write'] }, scopes: ['read', 'write'] },
    { name: 'scp', claims: { scope: undefined, scp: 'read' }, scopes: ['read'] },
    { name: 'both', claims: { scope: 'read', scp: ['pay', 'read'] }, scopes: ['read', 'pay'] },
    { name: 'a number', claims: { scope: 7 }, scopes: [] },
    { name: 'a list with a number', claims: { scope: ['read', 7] }, scopes: [] },
    { name: 'neither', claims: { scope: undefined }, scopes: [] },
  ])('returns the scopes of $name', async ({ claims, scopes }) => {
    expect(await verify(await tokens.sign({ claims }))).toMatchObject({ scopes });
  });

  it('returns user and scopes of an opaque token', async () => {
    expect(await verify(OPAQUE)).toMatchObject({ sub: 'alice', scopes: ['read'] });
  });

  it('returns the reason for a rejection', async () => {
    expect(await verify(await tokens.sign({ claims: { typ: 'ID' } }))).toEqual({
      rejected: 'it is no access token of the type Bearer (typ, token_type or token_use)',
    });
    op.on('introspect', { json: { active: false } });
    expect(await verify(OPAQUE)).toEqual({
      rejected: 'the provider does not know it, or has revoked it',
    });
  });

  it.each([
    { introspection: 'opaque', accepted: [true, true], sent: 1 },
    { introspection: 'always', accepted: [true, true], sent: 2 },
    { introspection: 'never', accepted: [true, false], sent: 0 },
  ] as const)('follows bearer.introspection $introspection', async (row) => {
    await start({ introspection: row.introspection });
    const outcomes = [await verify(await tokens.sign()), await verify(OPAQUE)];
    expect(outcomes.map((one) => !('rejected' in one))).toEqual(row.accepted);
    expect(introspections()).toBe(row.sent);
  });

  it('follows bearer.clockTolerance', async () => {
    await start({ clockTolerance: 1000 });
    expect(await verify(await tokens.sign({ claims: { nbf: seconds(1) } }))).toHaveProperty('sub');
    expect(await verify(await tokens.sign({ claims: { nbf: seconds(2) } }))).toHaveProperty(
      'rejected',
    );
  });

  it('accepts each of several audiences', async () => {
    await start({ audience: ['other', API] });
    expect(await verify(await tokens.sign())).toHaveProperty('sub');
    expect(await verify(await tokens.sign({ claims: { aud: 'third' } }))).toHaveProperty(
      'rejected',
    );
  });

  it('rejects every token without bearer.audience, and sends no request', async () => {
    await start({ audience: undefined });
    op.requests.length = 0;
    expect(await verify(await tokens.sign())).toEqual({ rejected: 'bearer.audience is not set' });
    expect(op.requests).toEqual([]);
  });

  it('rejects with an OxdError when keys or introspection are unavailable', async () => {
    op.on('introspect', { status: 500, text: '' });
    op.on('jwks', { status: 500, text: '' });
    for (const token of [OPAQUE, await tokens.sign()]) {
      await expect(verify(token)).rejects.toBeInstanceOf(OxdCommandError);
    }
  });

  it('ends with its time limit when the provider does not respond', async () => {
    await verify(await tokens.sign());
    op.on('introspect', { hang: true });
    const verification = verify(OPAQUE).catch((error: unknown) => error);
    while (introspections() === 0) await settled();
    // Limits of the request to the provider, and of the verification.
    expect(app.clock.waiting).toEqual([5000, 10_000]);
    await app.clock.advance(5000);
    expect(await verification).toBeInstanceOf(OxdCommandError);
    expect(app.clock.waiting).toEqual([]);
  });

  it('rejects with OXD_TRANSPORT_TIMEOUT when a custom transport does not respond', async () => {
    const transport = new ScriptedTransport({
      introspect_access_token: () => new Promise(() => undefined),
    });
    await start({}, { transport, site: { op_host: op.issuer, oxd_id: 'site-1' } });
    const verification = verify(OPAQUE).catch((error: unknown) => error);
    await settled();
    await app.clock.advance(60_000);
    const error = await verification;
    expect(error).toBeInstanceOf(OxdTransportError);
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT' });
    expect(app.clock.waiting).toEqual([]);
  });
});

describe('a verification for a decision', () => {
  it('without bearer.audience expects the client_id', async () => {
    await start(
      { audience: undefined },
      { site: { op_host: op.issuer, client_id: 'rs', client_secret: 's3cret-of-rs' } as never },
    );
    expect(await verify(await tokens.sign({ claims: { aud: 'rs' } }), 'decision')).toHaveProperty(
      'sub',
    );
    expect(await verify(await tokens.sign(), 'decision')).toHaveProperty('rejected');
  });

  it('expects bearer.audience if it is set', async () => {
    expect(await verify(await tokens.sign(), 'decision')).toHaveProperty('sub');
    const token = await tokens.sign({ claims: { aud: 'other' } });
    expect(await verify(token, 'decision')).toHaveProperty('rejected');
  });

  it('accepts any audience only with bearer.anyAudience, which is logged', async () => {
    await start({ anyAudience: true });
    const token = await tokens.sign({ claims: { aud: 'other' } });
    expect(await verify(token, 'decision')).toHaveProperty('sub');
    expect(await verify(token)).toHaveProperty('rejected');
    expect(app.warnings).toContainEqual(expect.stringContaining('bearer.anyAudience is true'));
  });
});

describe('the verifications of one request', () => {
  it('verify a token once, whatever guards ask, also after a rejection', async () => {
    const request = {};
    const verified = jest.spyOn(crypto.subtle, 'verify');
    const token = await tokens.sign();
    const first = await app.verifier.verify(request, token);
    expect(await app.verifier.verify(request, token, 'decision')).toBe(first);
    expect(verified).toHaveBeenCalledTimes(1);
    await app.verifier.verify({}, token);
    expect(verified).toHaveBeenCalledTimes(2);
    verified.mockRestore();
  });

  it('work for a frozen request', async () => {
    expect(await verify(await tokens.sign(), 'bearer', Object.freeze({}))).toHaveProperty('sub');
  });

  it('leave no visible trace on the request', async () => {
    const request = {};
    const token = await tokens.sign();
    await verify(token, 'bearer', request);
    expect(inspect(request, { depth: 9 })).toBe('{}');
    expect(inspect({ ...request }, { depth: 9 })).toBe('{}');
  });

  it('verify another token of the request, and another purpose', async () => {
    await start({ anyAudience: true });
    const request = {};
    const foreign = await tokens.sign({ claims: { aud: 'other' } });
    expect(await verify(foreign, 'decision', request)).toHaveProperty('sub');
    expect(await verify(foreign, 'bearer', request)).toHaveProperty('rejected');
    expect(await verify(await tokens.sign(), 'bearer', request)).toHaveProperty('sub');
    expect(await verify(foreign, 'bearer', request)).toHaveProperty('rejected');
  });
});

describe('concurrent verifications of one token', () => {
  it('share one introspection, and its error, but later ones send another', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => verify(OPAQUE)));
    expect(outcomes.every((outcome) => 'sub' in outcome)).toBe(true);
    expect(introspections()).toBe(1);
    op.on('introspect', { status: 500, text: '' });
    const errors = Array.from({ length: 50 }, () =>
      verify(OPAQUE).catch((error: unknown) => error),
    );
    expect(new Set(await Promise.all(errors)).size).toBe(1);
    expect(introspections()).toBe(2);
    await expect(verify(OPAQUE)).rejects.toBeInstanceOf(OxdCommandError);
    expect(introspections()).toBe(3);
  });

  it('of tokens with the same end share none', async () => {
    op.on('introspect', ({ form }) => ({
      json: { active: form.get('token') === OPAQUE, aud: API, sub: 'alice' },
    }));
    const others = [`b-${OPAQUE}`, `c-${OPAQUE}`];
    others.forEach(registerSecret);
    const [first = '', second = ''] = others;
    const outcomes = await Promise.all([first, OPAQUE, second, first].map((one) => verify(one)));
    expect(outcomes.map((outcome) => 'sub' in outcome)).toEqual([false, true, false, false]);
    expect(introspections()).toBe(3);
    expect(await verify(OPAQUE)).toHaveProperty('sub');
    expect(introspections()).toBe(4);
  });

  it('of different purposes share none', async () => {
    await start({ anyAudience: true });
    op.on('introspect', { json: { active: true, aud: 'other', sub: 'alice' } });
    const [bearer, decision] = await Promise.all([verify(OPAQUE), verify(OPAQUE, 'decision')]);
    expect([bearer, decision]).toEqual([
      { rejected: expect.stringContaining('audience') },
      expect.objectContaining({ sub: 'alice' }),
    ]);
  });
});
