import type { Params } from '../../../lib/commands/command.js';
import { FakeAs } from '../../support/fake-as.js';
import { DecisionPolicies } from '../../support/decision-policies.js';
import { ManualClock } from '../../support/manual-clock.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { registerSecret } from '../../support/secrets.js';
import { rsSite } from '../../support/uma-site.js';

type Check = Partial<Params<'uma_rs_check_access'>>;

const TOKEN = 'access-token-of-alice';
registerSecret(TOKEN);

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
beforeEach(() => start());

async function start(vendor: Parameters<FakeAs['reset']>[0] = 'keycloak') {
  as.reset(vendor);
  as.discovery = { grant_types_supported: ['urn:ietf:params:oauth:grant-type:uma-ticket'] };
  policies = new DecisionPolicies(as);
  clock = new ManualClock();
  transport = new TestTransport({ clock: clock.now });
  oxd_id = await rsSite(transport, as);
  as.resources.set('id-1', { name: 'Album', resource_scopes: ['view', 'edit'] });
  as.resources.set('id-2', { name: 'album', resource_scopes: ['view'] });
  as.resources.set('id-3', { name: 'Plain', resource_scopes: [] });
  policies.set(TOKEN, () => true);
}

const decide = (resource: string, more: Check = { scopes: ['view'] }) =>
  transport.run('uma_rs_check_access', {
    ...{ oxd_id, mode: 'decision', rpt: TOKEN, resource },
    ...more,
  });

const decided = (): (string | null)[] => policies.seen.map(({ form }) => form.get('permission'));
const lookups = (): number => as.seen('resources').length;

describe("an administrator's resource", () => {
  it.each([
    ['Album', 'id-1#view'],
    ['album', 'id-2#view'],
    ['id-2', 'id-2#view'],
  ])('is found by the exact name or the id %s', async (name, permission) => {
    expect(await decide(name)).toEqual({ access: 'granted' });
    expect(decided()).toEqual([permission]);
  });

  it('is found by its name before a resource with this id', async () => {
    as.resources.set('Album', { name: 'Other', resource_scopes: ['view'] });
    await decide('Album');
    expect(decided()).toEqual(['id-1#view']);
  });

  it.each(['ALBUM', 'Albu', 'Album ', 'id-9', 'a/b', '..'])('is not "%s"', async (name) => {
    expect((await rejectionOf(decide(name))).error).toMatch(/^(?:invalid_resource|bad_request)$/);
    expect(policies.seen).toHaveLength(0);
  });

  it('is neither created nor changed', async () => {
    await decide('Album');
    await rejectionOf(decide('missing'));
    expect(as.seen('resources', 'POST', 'PUT', 'DELETE')).toHaveLength(0);
  });

  it('is looked up once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => decide('Album')));
    const before = lookups();
    await clock.advance(3_600_000);
    await decide('Album');
    expect([before, lookups()]).toEqual([3, 3]);
  });

  it('that is missing is looked up again after 5 s', async () => {
    await Promise.all(Array.from({ length: 20 }, () => rejectionOf(decide('New'))));
    const before = lookups();
    as.resources.set('id-4', { name: 'New', resource_scopes: ['view'] });
    await clock.advance(4_999);
    await rejectionOf(decide('New'));
    expect(lookups()).toBe(before);
    await clock.advance(1);
    expect(await decide('New')).toEqual({ access: 'granted' });
  });

  it('keeps its id when it is renamed', async () => {
    await decide('Album');
    as.resources.set('id-1', { name: 'Renamed', resource_scopes: ['view'] });
    await clock.advance(60_000);
    await decide('Album');
    expect(decided()).toEqual(['id-1#view', 'id-1#view']);
  });

  it('that was deleted fails, and one of the same name replaces it', async () => {
    await decide('Album');
    as.resources.delete('id-1');
    await clock.advance(5_000);
    expect(await rejectionOf(decide('Album'))).toMatchObject({ error: 'invalid_resource' });
    as.resources.set('id-9', { name: 'Album', resource_scopes: ['view'] });
    await clock.advance(5_000);
    expect(await decide('Album')).toEqual({ access: 'granted' });
    expect(decided().at(-1)).toBe('id-9#view');
  });

  it('that was replaced is found during the same check', async () => {
    await decide('Album');
    as.resources.delete('id-1');
    as.resources.set('id-9', { name: 'Album', resource_scopes: ['view'] });
    await clock.advance(5_000);
    expect(await decide('Album')).toEqual({ access: 'granted' });
    expect(decided()).toEqual(['id-1#view', 'id-1#view', 'id-9#view']);
  });

  it('with an unknown scope is looked up at most every 5 s', async () => {
    await decide('Album');
    const unknown = () => rejectionOf(decide('Album', { scopes: ['none'] }));
    await clock.advance(5_000);
    expect(await unknown()).toMatchObject({ error: 'invalid_scope' });
    const before = lookups();
    await unknown();
    expect(lookups()).toBe(before);
  });

  it('with scopes requires that the check names some', async () => {
    for (const mode of ['decision', 'rpt'] as const) {
      const error = await rejectionOf(decide('Album', { mode, scopes: [] }));
      expect(error).toMatchObject({ error: 'invalid_scope' });
    }
    expect(policies.seen).toHaveLength(0);
  });

  it('without scopes is decided by its permission', async () => {
    const permissions = [{ resource_id: 'id-3', resource_scopes: [] }];
    expect(await decide('Plain', {})).toEqual({ access: 'granted', permissions });
    policies.set(TOKEN, () => false);
    expect(await decide('Plain', {})).toEqual({ access: 'denied' });
  });

  it('that gets scopes after its look-up is not granted by one of them', async () => {
    await decide('Plain', {});
    as.resources.set('id-3', { name: 'Plain', resource_scopes: ['view', 'edit'] });
    policies.set(TOKEN, (_, scope) => scope === 'view');
    expect(await decide('Plain', {})).toEqual({ access: 'denied' });
  });

  it('is checked by its id with an RPT', async () => {
    const check = (rpt?: string) => decide('Album', { mode: 'rpt', scopes: ['edit'], rpt });
    expect(await check()).toMatchObject({ access: 'denied', as_uri: as.issuer });
    expect(as.tickets[0]?.permissions).toEqual([
      { resource_id: 'id-1', resource_scopes: ['edit'] },
    ]);
    expect(await check(as.rpt(as.item('id-1', 'edit')))).toMatchObject({ access: 'granted' });
    expect(await check(as.rpt(as.item('id-2', 'edit')))).toMatchObject({ access: 'denied' });
  });

  it('that was deleted is no resource for a ticket', async () => {
    const check = () => decide('Album', { mode: 'rpt', scopes: ['edit'], rpt: undefined });
    await check();
    as.resources.delete('id-1');
    expect(await rejectionOf(check())).toMatchObject({ error: 'invalid_resource' });
  });

  it('needs an id on a server without a filter for names', async () => {
    await start('gluu');
    expect(await rejectionOf(decide('Album'))).toMatchObject({ error: 'invalid_resource' });
    expect(as.seen('resources')).toHaveLength(1);
    expect(await decide('id-1')).toEqual({ access: 'granted' });
  });
});
