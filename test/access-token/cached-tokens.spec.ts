import { inspect } from 'node:util';
import type { TokenUse } from '../../lib/access-token/access-token-verifier.js';
import { OxdCommandError } from '../../lib/base/errors.js';
import type { BearerOptions } from '../../lib/index.js';
import { OxdClient } from '../../lib/oxd-client/oxd-client.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { AccessTokens, API } from '../support/access-tokens.js';
import { closing } from '../support/closing.js';
import { FakeOp, type Answer } from '../support/fake-op.js';
import { registerSecret } from '../support/secrets.js';
import { startVerifier, type StartedVerifier } from '../support/verifier.js';

const TTL = 30_000;
const ONE = 'opaque-token-1-of-alice';
const TWO = 'opaque-token-2-of-alice';
const THREE = 'opaque-token-3-of-alice';
[ONE, TWO, THREE].forEach(registerSecret);

let op: FakeOp;
let tokens: AccessTokens;
let app: StartedVerifier;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(() => start({ cache: { ttl: TTL, max: 2 } }));

async function start(bearer: BearerOptions): Promise<void> {
  op.reset();
  app = closing(
    await startVerifier({ bearer: { audience: API, ...bearer }, site: { op_host: op.issuer } }),
  );
  op.clock = app.clock.now;
  tokens = new AccessTokens(op);
  op.on('introspect', () => active());
}

const seconds = (from = 0): number => Math.floor(app.clock.now() / 1000) + from;
const active = (changes: object = {}): Answer => ({
  json: { active: true, aud: API, sub: 'alice', exp: seconds(300), ...changes },
});
const verify = async (token: string, use?: TokenUse): Promise<boolean> =>
  !('rejected' in (await app.verifier.verify({}, token, use)));
const introspections = (): number => op.seen('introspect').length;
const cached = (token: string, use?: TokenUse): boolean =>
  app.verifier.cached(token, use) !== undefined;

describe('a cached access token', () => {
  it('is returned without waiting and without a request', async () => {
    expect(cached(ONE)).toBe(false);
    const outcome = await app.verifier.verify({}, ONE);
    expect(app.verifier.cached(ONE)).toBe(outcome);
    expect(await app.verifier.verify({}, ONE)).toBe(outcome);
    expect(introspections()).toBe(1);
  });

  it('may be a JWT, and ends with ttl', async () => {
    const token = await tokens.sign();
    await verify(token);
    await app.clock.advance(TTL - 1);
    expect(cached(token)).toBe(true);
    await app.clock.advance(1);
    expect(cached(token)).toBe(false);
    expect(await verify(token)).toBe(true);
    expect(cached(token)).toBe(true);
  });

  it.each([
    { name: 'a JWT', token: (exp: number) => tokens.sign({ claims: { exp } }) },
    { name: 'an opaque token', token: async () => ONE },
  ])('ends with the exp of $name, without tolerance', async ({ token }) => {
    const exp = seconds(10);
    op.on('introspect', active({ exp }));
    const value = await token(exp);
    await verify(value);
    await app.clock.advance(exp * 1000 - app.clock.now() - 1);
    expect(cached(value)).toBe(true);
    await app.clock.advance(1);
    expect(cached(value)).toBe(false);
    // Within the tolerance it is valid, and verified each time.
    expect([await verify(value), cached(value)]).toEqual([true, false]);
  });

  it('without exp ends with ttl', async () => {
    op.on('introspect', active({ exp: undefined }));
    await verify(ONE);
    await app.clock.advance(TTL - 1);
    expect(cached(ONE)).toBe(true);
    await app.clock.advance(1);
    expect(cached(ONE)).toBe(false);
  });

  it('ends when the clock is set back', async () => {
    await verify(ONE);
    await app.clock.advance(-1);
    expect(cached(ONE)).toBe(false);
  });

  it('is replaced when max is reached, the least recently used first', async () => {
    await verify(ONE);
    await verify(TWO);
    expect(cached(ONE)).toBe(true);
    await verify(THREE);
    expect([cached(ONE), cached(TWO), cached(THREE)]).toEqual([true, false, true]);
  });

  it('is verified again after many others, although it was used between them', async () => {
    await verify(ONE);
    for (let other = 0; other < 8; other++) {
      await verify(await tokens.sign({ claims: { sub: `user-${other}` } }));
      cached(ONE);
    }
    op.on('introspect', active({ active: false }));
    expect(await verify(ONE)).toBe(false);
  });

  it('is no rejected token', async () => {
    op.on('introspect', { json: { active: false } });
    expect([await verify(ONE), await verify(ONE), introspections()]).toEqual([false, false, 2]);
    op.on('introspect', active());
    expect(await verify(ONE)).toBe(true);
  });

  it('is no token whose verification failed', async () => {
    op.on('introspect', { status: 500, text: '' });
    await expect(verify(ONE)).rejects.toThrow('could not be introspected');
    expect(cached(ONE)).toBe(false);
  });

  it('does not serve another purpose that expects another audience', async () => {
    await start({ cache: { ttl: TTL, max: 2 }, anyAudience: true });
    op.on('introspect', active({ aud: 'other' }));
    expect(await verify(ONE, 'decision')).toBe(true);
    expect([cached(ONE, 'decision'), cached(ONE)]).toEqual([true, false]);
    expect(await verify(ONE)).toBe(false);
  });

  it('has claims of at most 65536 characters', async () => {
    op.on('introspect', active({ groups: 'x'.repeat(65_000) }));
    await verify(ONE);
    op.on('introspect', active({ groups: 'x'.repeat(65_536) }));
    expect([cached(ONE), await verify(TWO), cached(TWO)]).toEqual([true, true, false]);
  });
});

describe('a cached access token is verified again', () => {
  it('after a rejecting introspection of the same token', async () => {
    await verify(ONE);
    await verify(TWO);
    op.on('introspect', { json: { active: false } });
    await app.oidc.introspectAccessToken({ access_token: ONE });
    expect([cached(ONE), cached(TWO)]).toEqual([false, true]);
  });

  it('but not after an accepting one', async () => {
    await verify(ONE);
    await app.oidc.introspectAccessToken({ access_token: ONE });
    expect(cached(ONE)).toBe(true);
  });

  it('after updateSite(), also when it fails', async () => {
    await verify(ONE);
    await app.oidc.updateSite({ client_name: 'new' });
    expect(cached(ONE)).toBe(false);
    await verify(ONE);
    op.on('client', { status: 500, text: '' });
    await app.oidc.updateSite({ client_name: 'newer' }).catch(() => undefined);
    expect(cached(ONE)).toBe(false);
  });

  it('after removeSite()', async () => {
    await verify(ONE);
    await app.oidc.removeSite();
    expect(cached(ONE)).toBe(false);
  });

  it.each([
    { name: 'updateSite()', change: () => app.oidc.updateSite({ client_name: 'new' }) },
    {
      name: 'a rejecting introspection',
      change: () => {
        op.on('introspect', { json: { active: false } });
        return app.oidc.introspectAccessToken({ access_token: ONE });
      },
    },
  ])('if $name came during its verification', async ({ change }) => {
    await verify(TWO);
    let release: () => void = () => undefined;
    op.on('introspect', async () => {
      const answer = active();
      await new Promise<void>((resolve) => (release = resolve));
      return answer;
    });
    const verification = verify(ONE);
    while (introspections() < 2) await new Promise((resolve) => setImmediate(resolve));
    await change();
    release();
    expect([await verification, cached(ONE)]).toEqual([true, false]);
  });
});

it('without the option nothing is cached', async () => {
  await start({});
  expect([await verify(ONE), cached(ONE), await verify(ONE)]).toEqual([true, false, true]);
  expect(introspections()).toBe(2);
});

it('with ttl 0 nothing is cached', async () => {
  await start({ cache: { ttl: 0 } });
  expect([await verify(ONE), cached(ONE)]).toEqual([true, false]);
});

describe('the cache of a client', () => {
  const log = { warn: () => undefined, error: () => undefined };
  const client = () => {
    let sites = 0;
    const transport = new ScriptedTransport({
      register_site: () => ({ oxd_id: `site-${++sites}`, op_host: 'https://op.example.com' }),
      get_user_info: new OxdCommandError('unknown site', { error: 'invalid_oxd_id' }),
    });
    const site = {
      op_host: 'https://op.example.com',
      authorization_redirect_uri: 'https://app.example.com/callback',
    };
    const store = new MemoryStore();
    const tokens = { ttl: TTL, max: 2 };
    return new OxdClient({ transport, site, store, log, tokens });
  };
  /** Makes oxd lose the site, so that it is registered again under another id. */
  const loseSite = (one: OxdClient) =>
    one.execute('get_user_info', { access_token: TWO }).catch(() => undefined);

  it('shows neither tokens nor users when it is printed', async () => {
    const one = client();
    await one.oxdId();
    one.retainedToken(ONE, 'bearer')?.({ sub: 'alice' }, {});
    expect(one.cachedToken(ONE, 'bearer')).toEqual({ sub: 'alice' });
    const printed = inspect(one, { depth: 9, showHidden: true });
    expect(printed).not.toContain(ONE);
    expect(printed).not.toContain('alice');
  });

  it('retains a token that was verified while the site was being registered', async () => {
    const one = client();
    const retain = one.retainedToken(ONE, 'bearer');
    await one.oxdId();
    retain?.({ sub: 'alice' }, {});
    expect(one.cachedToken(ONE, 'bearer')).toEqual({ sub: 'alice' });
  });

  it('ends with the registration of the site', async () => {
    const one = client();
    await one.oxdId();
    one.retainedToken(ONE, 'bearer')?.({ sub: 'alice' }, {});
    const retain = one.retainedToken(TWO, 'bearer');
    await loseSite(one);
    retain?.({ sub: 'alice' }, {});
    expect(await one.oxdId()).toBe('site-2');
    expect([one.cachedToken(ONE, 'bearer'), one.cachedToken(TWO, 'bearer')]).toEqual([
      undefined,
      undefined,
    ]);
  });
});
