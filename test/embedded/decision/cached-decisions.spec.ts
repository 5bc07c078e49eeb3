import { inspect } from 'node:util';
import { UnsecuredJWT } from 'jose';
import type { Params } from '../../../lib/commands/command.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { DecisionPolicies } from '../../support/decision-policies.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { registerSecret } from '../../support/secrets.js';
import { CALLBACK } from '../../support/embedded-transport.js';
import { protectedSite, resource } from '../../support/uma-site.js';

type Check = Partial<Params<'uma_rs_check_access'>>;

const TOKEN = 'access-token-of-alice';
registerSecret(TOKEN);
const ROUTE = { path: '/photo', http_method: 'GET' };
const TTL = 30_000;
const LIMITS = { ttl: TTL, max: 10 };

let as: FakeAs;
let policies: DecisionPolicies;
let transport: TestTransport;
let oxd_id: string;
let clock: ManualClock;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(() => TestTransport.closeAll());

async function start(options: ConstructorParameters<typeof TestTransport>[0] = {}) {
  as.reset('keycloak');
  policies = new DecisionPolicies(as);
  clock = new ManualClock();
  transport = new TestTransport({ clock: clock.now, ...options });
  const photo = resource('/photo', ['GET'], 'view', 'edit');
  oxd_id = await protectedSite(transport, as, photo, resource('/album', ['GET'], 'view'));
  policies.set(TOKEN, () => true);
}

const question = (more: Check = {}) => ({
  ...({ oxd_id, mode: 'decision', rpt: TOKEN, ...(more.resource === undefined && ROUTE) } as const),
  ...more,
});
const decide = (more: Check = {}) => transport.run('uma_rs_check_access', question(more));
const inMemory = (more: Check = {}) => transport.cachedAccess(question(more));

/** Number of requests for a decision that some work causes. */
async function requestsOf(work: () => Promise<unknown>): Promise<number> {
  const before = policies.seen.length;
  await work();
  return policies.seen.length - before;
}

describe('without a cache', () => {
  beforeEach(() => start());

  it('each check requests a decision', async () => {
    expect(await requestsOf(() => decide())).toBe(1);
    expect(inMemory()).toBeUndefined();
    expect(await requestsOf(() => decide())).toBe(1);
  });

  it('concurrent equal checks share a decision, and an aborted one does not end it', async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    policies.answer(async (seen) => {
      await opened;
      return policies.usual(seen);
    });
    const aborter = new AbortController();
    const { signal } = aborter;
    const first = transport.run('uma_rs_check_access', question(), { signal });
    const others = Array.from({ length: 50 }, () => decide());
    await settled();
    aborter.abort(new Error('The client has gone.'));
    await expect(first).rejects.toThrow('The client has gone.');
    open();
    for (const one of await Promise.all(others)) expect(one).toEqual({ access: 'granted' });
    expect(policies.seen).toHaveLength(1);
  });

  it('a check after a change of the resources does not share an earlier decision', async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    policies.answer(async (seen) => {
      await opened;
      return policies.usual(seen);
    });
    const first = decide();
    await settled();
    await transport.run('uma_rs_protect', { oxd_id, resources: [resource('/new', ['GET'], 'x')] });
    const second = decide();
    await settled();
    open();
    await Promise.all([first, second]);
    expect(policies.seen).toHaveLength(2);
  });
});

describe('with a cache', () => {
  beforeEach(() => start({ cache: LIMITS }));

  it('a grant is reused until ttl, and not a millisecond longer', async () => {
    expect(await decide()).toEqual({ access: 'granted' });
    policies.set(TOKEN, () => false);
    await clock.advance(TTL - 1);
    expect(inMemory()).toEqual({ access: 'granted' });
    expect(await requestsOf(() => decide())).toBe(0);
    await clock.advance(1);
    expect(inMemory()).toBeUndefined();
    expect(await decide()).toEqual({ access: 'denied' });
  });

  it('a denial is not reused', async () => {
    policies.set(TOKEN, () => false);
    expect(await decide()).toEqual({ access: 'denied' });
    policies.set(TOKEN, () => true);
    expect(inMemory()).toBeUndefined();
    expect(await decide()).toEqual({ access: 'granted' });
  });

  it.each([
    { status: 500, json: {} },
    { json: { result: 'true' } },
    { status: 400, json: { error: 'invalid_grant' } },
  ])('an error is not reused ($status)', async (answer) => {
    policies.answer(answer);
    await rejectionOf(decide());
    policies.answer(undefined);
    expect(inMemory()).toBeUndefined();
    expect(await decide()).toEqual({ access: 'granted' });
  });

  it.each<{ name: string; more: Check }>([
    { name: 'token', more: { rpt: 'access-token-of-bob' } },
    { name: 'resource', more: { path: '/album' } },
    { name: 'scope', more: { scopes: ['view'] } },
    { name: 'claims', more: { claims: {} } },
    { name: 'value of a claim', more: { claims: { ip: ['10.0.0.2'] } } },
  ])('a grant is not reused for another $name', async ({ more }) => {
    policies.set('access-token-of-bob', () => true);
    await decide(more.claims ? { claims: { ip: ['10.0.0.1'] } } : {});
    expect(inMemory(more)).toBeUndefined();
    await decide(more);
    expect(policies.seen).toHaveLength(2);
  });

  it('a grant is not reused in rpt mode', async () => {
    await decide();
    expect(inMemory({ mode: 'rpt' })).toBeUndefined();
    expect(await decide({ mode: 'rpt' })).toMatchObject({ access: 'denied', as_uri: as.issuer });
  });

  it('a grant ends with the exp of the token', async () => {
    const exp = Math.floor(clock.now() / 1000) + 10;
    const rpt = new UnsecuredJWT({ exp }).encode();
    registerSecret(rpt);
    policies.set(rpt, () => true);
    await decide({ rpt });
    await clock.advance(exp * 1000 - clock.now() - 1);
    expect(inMemory({ rpt })).toEqual({ access: 'granted' });
    await clock.advance(1);
    expect(inMemory({ rpt })).toBeUndefined();
  });

  it('the least recently used grant is replaced', async () => {
    const names = Array.from({ length: LIMITS.max + 1 }, (_, index) => ({ n: [String(index)] }));
    for (const claims of names) await decide({ claims });
    expect(inMemory({ claims: names[0] })).toBeUndefined();
    expect(inMemory({ claims: names[1] })).toEqual({ access: 'granted' });
  });

  const changes: { name: string; change: () => Promise<unknown> }[] = [
    {
      name: 'uma_rs_protect',
      change: () =>
        transport.run('uma_rs_protect', { oxd_id, resources: [resource('/new', ['GET'], 'x')] }),
    },
    {
      name: 'update_site',
      change: () =>
        transport.run('update_site', { oxd_id, ...RS, authorization_redirect_uri: CALLBACK }),
    },
    {
      name: 'a rejected token',
      change: async () => {
        policies.set(TOKEN, undefined);
        await rejectionOf(decide({ scopes: ['edit'] }));
        policies.set(TOKEN, () => true);
      },
    },
    {
      name: 'a rejected resource',
      change: async () => {
        policies.answer({ status: 400, json: { error: 'invalid_resource' } });
        await rejectionOf(decide({ scopes: ['edit'] }));
        policies.answer(undefined);
      },
    },
  ];
  it.each(changes)('a grant is not reused after $name', async ({ change }) => {
    await decide();
    expect(inMemory()).toEqual({ access: 'granted' });
    await change();
    expect(inMemory()).toBeUndefined();
    expect(await requestsOf(() => decide())).toBe(1);
  });

  it('a grant that was requested before a change is not retained after it', async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    policies.answer(async (seen) => {
      await opened;
      return policies.usual(seen);
    });
    const first = decide();
    await settled();
    await transport.run('uma_rs_protect', { oxd_id, resources: [resource('/new', ['GET'], 'x')] });
    open();
    await first;
    expect(inMemory()).toBeUndefined();
  });

  it('the permissions of a grant are frozen', async () => {
    await start({ cache: LIMITS, requiredScopes: 'all' });
    const { permissions = [] } = await decide();
    expect(permissions).toHaveLength(1);
    expect(Object.isFrozen(permissions) && Object.isFrozen(permissions[0])).toBe(true);
    expect(inMemory()).toEqual({ access: 'granted', permissions });
  });

  it('no printed transport shows a token', async () => {
    await decide();
    expect(inspect(transport, { depth: 12 })).not.toContain(TOKEN);
  });
});
