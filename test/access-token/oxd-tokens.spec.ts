import type { BearerOptions } from '../../lib/index.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { OxdTransportError } from '../../lib/base/errors.js';
import { AccessTokens, API } from '../support/access-tokens.js';
import { closing } from '../support/closing.js';
import { FakeOp } from '../support/fake-op.js';
import { startPeer, transportTo, type OxdPeer } from '../support/oxd-peers.js';
import { registerSecret } from '../support/secrets.js';
import { outcomeOf, startVerifier, type StartedVerifier } from '../support/verifier.js';

const OPAQUE = 'opaque-token-of-alice-3';
registerSecret(OPAQUE);
const ISSUER = 'https://op.example.com';

let op: FakeOp;
beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(() => op.reset());

const PEERS = ['socket 3.1.4', 'extension 3.1.4', 'REST 4.2', 'REST 4.5'] as const;

async function startOn(name: OxdPeer, bearer: BearerOptions = {}): Promise<StartedVerifier> {
  const server = closing(await startPeer(name));
  return closing(
    await startVerifier({
      transport: transportTo(name, server),
      bearer: { audience: API, ...bearer },
      site: { op_host: op.issuer },
    }),
  );
}

describe.each(PEERS)('an access token on %s', (name) => {
  const answer = (app: StartedVerifier, changes: object = {}) => {
    const exp = Math.floor(app.clock.now() / 1000) + 300;
    const json = { active: true, iss: op.issuer, aud: API, sub: 'alice', scope: 'read', exp };
    op.on('introspect', { json: { ...json, ...changes } });
  };

  it('is introspected, and verified by the reply', async () => {
    const app = await startOn(name);
    answer(app);
    expect(app.verifier.isSupported).toBe(true);
    expect(await outcomeOf(app.verifier.verify({}, OPAQUE))).toMatchObject({
      sub: 'alice',
      scopes: ['read'],
      claims: { sub: 'alice', aud: API, iss: op.issuer },
    });
  });

  it('is unknown while the provider fails', async () => {
    const app = await startOn(name);
    answer(app);
    await app.verifier.verify({}, OPAQUE);
    op.on('introspect', { status: 500, text: '' });
    await expect(app.verifier.verify({}, OPAQUE)).rejects.toHaveProperty('code');
  });

  it('is cached until its exp', async () => {
    const app = await startOn(name, { cache: {} });
    answer(app, { exp: Math.floor(app.clock.now() / 1000) + 10 });
    await app.verifier.verify({}, OPAQUE);
    expect(app.verifier.cached(OPAQUE)).toBeDefined();
    await app.clock.advance(10_000);
    expect(app.verifier.cached(OPAQUE)).toBeUndefined();
  });
});

it.each(['socket 3.1.1', 'extension 3.1.1'] as const)(
  'on %s access tokens are not supported, and each verification fails',
  async (name) => {
    const app = await startOn(name);
    expect(app.verifier.isSupported).toBe(false);
    await expect(app.verifier.verify({}, OPAQUE)).rejects.toMatchObject({
      code: 'OXD_COMMAND_UNSUPPORTED',
    });
  },
);

describe('a reply of oxd', () => {
  let app: StartedVerifier;
  let transport: ScriptedTransport;
  beforeEach(async () => {
    transport = new ScriptedTransport();
    app = closing(
      await startVerifier({
        transport,
        bearer: { audience: API, cache: {} },
        site: { op_host: ISSUER, oxd_id: 'site-1', op_discovery_path: '/realms/shop' },
      }),
    );
  });
  const verify = (changes: object, token = OPAQUE) => {
    const reply = { active: true, aud: API, sub: 'alice', ...changes };
    transport.script({ introspect_access_token: reply });
    return app.verifier.verify({}, token);
  };
  const seconds = (from: number): number => Math.floor(app.clock.now() / 1000) + from;

  it('is requested with the token only', async () => {
    await verify({});
    expect(transport.calls).toEqual([
      {
        command: 'introspect_access_token',
        params: { oxd_id: 'site-1', access_token: OPAQUE },
      },
    ]);
  });

  it.each([
    { name: 'a list of audiences', changes: () => ({ aud: ['x', API] }) },
    { name: 'the issuer of op_host', changes: () => ({ iss: `${ISSUER}/` }) },
    { name: 'the issuer of the discovery path', changes: () => ({ iss: `${ISSUER}/realms/shop` }) },
    { name: 'no user', changes: () => ({ sub: undefined }) },
    { name: 'nbf within the tolerance', changes: () => ({ nbf: seconds(30) }) },
  ])('with $name grants', async ({ changes }) => {
    expect(await verify(changes())).not.toHaveProperty('rejected');
  });

  it.each([
    { name: 'active false', changes: () => ({ active: false }) },
    { name: 'no audience', changes: () => ({ aud: undefined }) },
    { name: 'another audience', changes: () => ({ aud: [`${API}/`] }) },
    { name: 'another issuer', changes: () => ({ iss: `${ISSUER}/realms/other` }) },
    { name: 'an exp in the past', changes: () => ({ exp: seconds(-30) }) },
    { name: 'nbf in the future', changes: () => ({ nbf: seconds(32) }) },
    { name: 'iat in the future', changes: () => ({ iat: seconds(32) }) },
    { name: 'cnf', changes: () => ({ cnf: { jkt: 'x' } }) },
    { name: 'the typ of an ID token', changes: () => ({ typ: 'ID' }) },
    { name: 'the token_type DPoP', changes: () => ({ token_type: 'DPoP' }) },
    { name: 'a nonce', changes: () => ({ nonce: 'n' }) },
    { name: 'events', changes: () => ({ events: {} }) },
    { name: 'claims of its own', changes: () => ({ aud: 'x', claims: { aud: API, sub: 'bob' } }) },
  ])('with $name denies', async ({ changes }) => {
    expect(await verify(changes())).toHaveProperty('rejected');
  });

  it('with active false and a reason denies for another reason, since that may contain the token', async () => {
    const outcome = await verify({ active: false, reason: `the token ${OPAQUE} is unknown` });
    expect(outcome).toEqual({ rejected: 'the provider does not know it, or has revoked it' });
  });

  it('without exp is cached until the exp of a JWT, which may only shorten that', async () => {
    const tokens = new AccessTokens(op);
    const exp = seconds(10);
    const short = await tokens.sign({ claims: { exp } });
    const long = await tokens.sign({ claims: { exp: seconds(300) } });
    const cached = () => [short, long].map((token) => app.verifier.cached(token) !== undefined);
    for (const token of [short, long]) await verify({}, token);
    expect(cached()).toEqual([true, true]);
    await app.clock.advance(exp * 1000 - app.clock.now());
    expect(cached()).toEqual([false, true]);
    await app.clock.advance(30_000);
    expect(cached()).toEqual([false, false]);
  });

  it.each([
    { name: 'active as a string', changes: { active: 'true' } },
    { name: 'an audience that is an object', changes: { aud: { [API]: true } } },
    { name: 'an exp that is a string', changes: { exp: '4102444800' } },
  ])('with $name is an error', async ({ changes }) => {
    await expect(verify(changes)).rejects.toBeInstanceOf(OxdTransportError);
  });

  it.each([
    { name: 'is an ID token', header: { typ: 'JWT' }, claims: { typ: 'ID' } },
    { name: 'has the nonce of an ID token', header: { typ: 'JWT' }, claims: { nonce: 'n' } },
    { name: 'is bound to a key', header: {}, claims: { cnf: { jkt: 'x' } } },
    { name: 'is a logout token', header: {}, claims: { events: {} } },
    { name: 'is not valid yet', header: {}, claims: { nbf: 4102444800 } },
    { name: 'has expired', header: {}, claims: { exp: 1 } },
  ])('denies for a JWT that $name, which the reply does not state', async (changes) => {
    const tokens = new AccessTokens(op);
    expect(await verify({}, await tokens.sign())).not.toHaveProperty('rejected');
    expect(await verify({}, await tokens.sign(changes))).toHaveProperty('rejected');
  });
});
