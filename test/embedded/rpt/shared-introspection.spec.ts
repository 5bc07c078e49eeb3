import type { Params } from '../../../lib/commands/command.js';
import { FakeAs } from '../../support/fake-as.js';
import type { Answer } from '../../support/fake-op.js';
import { settled } from '../../support/manual-clock.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { protectedSite, resource } from '../../support/uma-site.js';

const CONCURRENT = 100;
const TIMEOUT = 400;

let as: FakeAs;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(() => TestTransport.closeAll());

type Check = Partial<Params<'uma_rs_check_access'>>;

const check = (more: Check, signal?: AbortSignal) =>
  transport.run(
    'uma_rs_check_access',
    { oxd_id, path: '/photo', http_method: 'GET', ...more },
    { signal },
  );

const photo = (...scopes: string[]): object => as.item(as.idOf('[GET] /photo'), ...scopes);

/** Introspects at once, and lets the responses wait until the returned function is called. */
function heldIntrospections(other?: Answer): () => void {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  as.on('rpt', async (seen) => {
    const answer = other ?? as.usual('rpt', seen);
    await opened;
    return answer;
  });
  return open;
}

const introspected = (): (string | null)[] => as.seen('rpt').map(({ form }) => form.get('token'));

describe.each([
  { name: 'without a cache', cache: undefined },
  { name: 'with a cache', cache: { ttl: 30_000, max: 10 } },
])('concurrent checks $name', ({ cache }) => {
  beforeEach(async () => {
    as.reset();
    transport = new TestTransport({ cache });
    oxd_id = await protectedSite(
      transport,
      as,
      resource('/photo', ['GET'], 'view'),
      resource('/album', ['GET'], 'view'),
    );
  });

  const times = <T>(work: (index: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: CONCURRENT }, (_, index) => work(index)));

  it('of one RPT share one introspection, also for two resources', async () => {
    const rpt = as.rpt(photo('view'), as.item(as.idOf('[GET] /album'), 'view'));
    const open = heldIntrospections();
    const results = times((index) => check({ rpt, path: index % 2 ? '/photo' : '/album' }));
    await settled();
    open();
    for (const result of await results) expect(result).toMatchObject({ access: 'granted' });
    expect(introspected()).toEqual([rpt]);
  });

  it('of different RPTs share nothing', async () => {
    const rpts = Array.from({ length: CONCURRENT }, () => as.rpt(photo('view')));
    const denied = as.rpt(photo('edit'));
    const open = heldIntrospections();
    const results = times((index) => check({ rpt: rpts[index] }));
    const other = check({ rpt: denied });
    await settled();
    open();
    for (const result of await results) expect(result).toMatchObject({ access: 'granted' });
    expect(await other).toMatchObject({ access: 'denied' });
    expect(new Set(introspected())).toEqual(new Set([...rpts, denied]));
    expect(introspected()).toHaveLength(CONCURRENT + 1);
  });

  it('without an RPT get a ticket each', async () => {
    const results = await times(() => check({}));
    expect(new Set(results.map(({ ticket }) => ticket)).size).toBe(CONCURRENT);
    expect(as.tickets).toHaveLength(CONCURRENT);
  });

  it('of an RPT that lacks a permission get a ticket each, after two introspections', async () => {
    const rpt = as.rpt(photo('edit'));
    const open = heldIntrospections();
    const first = check({ rpt });
    await settled();
    const others = times(() => check({ rpt }));
    await settled();
    open();
    const tickets = [await first, ...(await others)].map(({ ticket }) => ticket);
    expect(new Set(tickets).size).toBe(1 + CONCURRENT);
    // Only the check that began the first introspection may be denied by it.
    expect(introspected()).toEqual([rpt, rpt]);
  });

  it('grant an RPT that was upgraded while it was introspected for another check', async () => {
    const rpt = as.rpt(photo('edit'));
    const open = heldIntrospections();
    const before = check({ rpt });
    await settled();
    as.keep(rpt, [photo('view')]);
    const after = check({ rpt });
    await settled();
    open();
    expect(await before).toMatchObject({ access: 'denied' });
    expect(await after).toMatchObject({ access: 'granted' });
  });

  it('receive the introspection that another, aborted check has begun', async () => {
    const rpt = as.rpt(photo('view'));
    const open = heldIntrospections();
    const aborter = new AbortController();
    const first = check({ rpt }, aborter.signal);
    await settled();
    const second = check({ rpt });
    const reason = new Error('The client is gone.');
    aborter.abort(reason);
    await expect(first).rejects.toBe(reason);
    open();
    expect(await second).toMatchObject({ access: 'granted' });
    expect(introspected()).toEqual([rpt]);
    expect(as.seen('rpt')[0]?.aborted).toBe(false);
  });

  it('fail together with the introspection, and the next check introspects again', async () => {
    const rpt = as.rpt(photo('view'));
    const open = heldIntrospections({ status: 500, json: { error: 'server_error' } });
    const results = times(() => rejectionOf(check({ rpt })));
    await settled();
    open();
    for (const error of await results) expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    as.on('rpt', undefined);
    expect(await check({ rpt })).toMatchObject({ access: 'granted' });
    expect(introspected()).toEqual([rpt, rpt]);
  });

  it('do not share an introspection that began before the site was protected again', async () => {
    const rpt = as.rpt(photo('view'));
    const open = heldIntrospections();
    const before = check({ rpt });
    await settled();
    await transport.run('uma_rs_protect', { oxd_id, resources: [resource('/new', ['GET'], 'x')] });
    const after = check({ rpt });
    await settled();
    open();
    expect(await before).toMatchObject({ access: 'granted' });
    expect(await after).toMatchObject({ access: 'granted' });
    expect(introspected()).toEqual([rpt, rpt]);
  });

  it('do not share an introspection that began before introspect_rpt found the RPT inactive', async () => {
    const rpt = as.rpt(photo('view'));
    const open = heldIntrospections();
    const before = check({ rpt });
    await settled();
    as.on('rpt', { json: { active: false } });
    await transport.run('introspect_rpt', { oxd_id, rpt });
    const after = check({ rpt });
    await settled();
    open();
    expect(await before).toMatchObject({ access: 'granted' });
    expect(await after).toMatchObject({ access: 'denied' });
  });
});

it('a shared introspection ends after twice the time limit of a request', async () => {
  as.reset();
  const store = new TestTransport().store;
  transport = new TestTransport({ store });
  oxd_id = await protectedSite(transport, as);
  const limit = limitEndedBy(as.op, TIMEOUT);
  transport = new TestTransport({ store, ...limit, clock: limit.timers.now });
  const rpt = as.rpt(photo('view'));
  await check({ rpt });
  // Both ways of authentication, each with a renewed PAT, would take longer.
  as.revokePats();
  const slow = (endpoint: 'pat' | 'rpt') =>
    as.on(endpoint, async (seen) => {
      await limit.timers.advance(0.9 * TIMEOUT);
      return as.usual(endpoint, seen);
    });
  slow('pat');
  slow('rpt');
  const begun = limit.timers.passed;
  const error = await rejectionOf(check({ rpt }, AbortSignal.timeout(60_000)));
  expect(error.message).toContain('within');
  expect(limit.timers.passed - begun).toBeCloseTo(2.7 * TIMEOUT);
  // The check ends at the same time as the introspection, which a check at once would still share.
  await settled();
  expect(await check({ rpt })).toMatchObject({ access: 'granted' });
  expect(as.seen('rpt').map(({ aborted }) => aborted)).toEqual([false, false, true, false]);
});
