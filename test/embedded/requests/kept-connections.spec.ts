import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { FakeAs, RS, type UmaEndpoint } from '../../support/fake-as.js';
import { FakeOp, type Endpoint, type Seen } from '../../support/fake-op.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite, resource } from '../../support/uma-site.js';

afterEach(() => TestTransport.closeAll());

describe('An authorization server that closes idle connections without notice', () => {
  const LANES = 50;
  const CHECKS = 40;
  let child: ChildProcess;
  let issuer: string;

  beforeAll(async () => {
    child = fork(fileURLToPath(new URL('../../support/closing-as.mjs', import.meta.url)));
    const [message] = (await once(child, 'message')) as [{ origin: string }];
    issuer = message.origin;
  });
  afterAll(async () => {
    child.disconnect();
    await once(child, 'exit');
  });

  it('denies none of 2000 requests with a valid RPT', async () => {
    const transport = new TestTransport();
    const oxd_id = await transport.site({ issuer }, RS);
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    const photo = { oxd_id, path: '/photo', http_method: 'GET' };
    const denied: unknown[] = [];
    const lane = async (_: unknown, at: number): Promise<void> => {
      for (let n = 0; n < CHECKS; n += 1) {
        // Checks of the same RPT would share their introspection.
        const check = { ...photo, rpt: `a-valid-rpt-${at}-${n}` };
        const result = await transport.run('uma_rs_check_access', check).catch((e: unknown) => e);
        if ((result as { access?: string }).access !== 'granted') denied.push(result);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    expect(denied).toEqual([]);
    const { requests, repeated, closed } = await counts();
    expect(requests).toBeGreaterThanOrEqual(LANES * CHECKS);
    expect(closed).toBeGreaterThan(0);
    expect(repeated).toBe(closed);
  });

  async function counts(): Promise<{ requests: number; repeated: number; closed: number }> {
    child.send('counts');
    const [message] = (await once(child, 'message')) as [
      { counts: Awaited<ReturnType<typeof counts>> },
    ];
    return message.counts;
  }
});

const connectionsOf = (seen: readonly Seen[]) => seen.map(({ headers }) => headers.connection);

/** Drops every request but the repeated ones. */
function dropReused(op: FakeOp): (seen: Seen) => Promise<object> {
  return async (seen) => (seen.headers.connection === 'close' ? op.usual(seen) : { drop: true });
}

describe('When keep-alive connections have broken', () => {
  let as: FakeAs;
  let op: FakeOp;
  let transport: TestTransport;

  beforeAll(async () => {
    as = await FakeAs.start();
    op = as.op;
  });
  afterAll(() => as.close());
  beforeEach(() => {
    as.reset();
    transport = new TestTransport();
  });

  /** Drops the first request to a UMA endpoint. */
  function dropFirst(endpoint: UmaEndpoint, method?: string): void {
    let isDropped = false;
    as.on(endpoint, (seen) => {
      if (isDropped || (method ?? seen.method) !== seen.method) return as.usual(endpoint, seen);
      isDropped = true;
      return { drop: true };
    });
  }

  it.each<[string, Endpoint, (oxd_id: string) => Promise<unknown>]>([
    [
      'an introspection of an access token',
      'introspect',
      (oxd_id) => transport.run('introspect_access_token', { oxd_id, access_token: 'a-token' }),
    ],
    [
      'a request for user info',
      'userinfo',
      (oxd_id) => transport.run('get_user_info', { oxd_id, access_token: 'a-token' }),
    ],
  ])('%s is repeated once on a new connection', async (_, endpoint, run) => {
    const oxd_id = await transport.site(op);
    op.on(endpoint, dropReused(op));
    await run(oxd_id);
    expect(op.seen(endpoint).map(({ headers }) => headers.connection)).toEqual([
      'keep-alive',
      'close',
    ]);
  });

  it.each(['rpt', 'permission', 'pat'] as const)(
    'a UMA request to the endpoint %s is repeated once on a new connection',
    async (endpoint) => {
      const oxd_id = await protectedSite(transport, as);
      const rpt = as.rpt(as.item(as.idOf('[GET] /photo'), 'other'));
      if (endpoint === 'pat') as.revokePats();
      const before = as.seen(endpoint).length;
      dropFirst(endpoint);
      const check = { oxd_id, path: '/photo', http_method: 'GET', rpt };
      expect(await transport.run('uma_rs_check_access', check)).toHaveProperty('ticket');
      expect(connectionsOf(as.seen(endpoint).slice(before))).toEqual(['keep-alive', 'close']);
    },
  );

  it.each([
    { method: 'GET', declared: [resource('/photo', ['GET'], 'all')] },
    { method: 'PUT', declared: [resource('/photo', ['GET'], 'all')] },
    { method: 'DELETE', declared: [resource('/other', ['GET'], 'all')] },
  ])('a $method of a resource is repeated once', async ({ method, declared }) => {
    const oxd_id = await protectedSite(transport, as);
    dropFirst('resources', method);
    const change = { oxd_id, overwrite: true, resources: declared };
    expect(await transport.run('uma_rs_protect', change)).toEqual({ oxd_id });
    const seen = as.seen('resources', method).slice(0, 2);
    expect(connectionsOf(seen)).toEqual(['keep-alive', 'close']);
  });

  it('a registration of a resource is never repeated', async () => {
    const oxd_id = await protectedSite(transport, as);
    dropFirst('resources', 'POST');
    const change = {
      oxd_id,
      overwrite: true,
      resources: [PHOTO, resource('/other', ['GET'], 'all')],
    };
    expect((await rejectionOf(transport.run('uma_rs_protect', change))).mayHaveRun).toBe(true);
    expect(as.seen('resources', 'POST')).toHaveLength(2);
  });

  it('an exchange of a ticket is never repeated', async () => {
    const oxd_id = await protectedSite(transport, as);
    const before = as.op.seen('token').length;
    as.op.on('token', { drop: true });
    const exchanged = transport.run('uma_rp_get_rpt', { oxd_id, ticket: 'ticket-1' });
    expect((await rejectionOf(exchanged)).mayHaveRun).toBe(true);
    const seen = as.op.seen('token').slice(before);
    expect(connectionsOf(seen)).toEqual(['keep-alive']);
  });

  it('discovery and keys are repeated once on a new connection', async () => {
    const oxd_id = await transport.site(op);
    const callback = await transport.callback(op, oxd_id);
    const scripts = ['discovery', 'jwks'] as const;
    scripts.forEach((endpoint) => op.on(endpoint, dropReused(op)));
    expect(await transport.run('get_tokens_by_code', callback)).toHaveProperty('id_token');
    expect(op.seen('jwks').map(({ headers }) => headers.connection)).toEqual([
      'keep-alive',
      'close',
    ]);
  });

  it('64 of them are all replaced', async () => {
    const oxd_id = await transport.site(op);
    const info = { oxd_id, access_token: 'a-token' };
    let arrived = 0;
    let open: () => void;
    const all = new Promise<void>((resolve) => (open = resolve));
    op.on('userinfo', async (seen) => {
      arrived += 1;
      if (arrived === 64) open();
      await all;
      return op.usual(seen);
    });
    const run = () =>
      Promise.all(Array.from({ length: 64 }, () => transport.run('get_user_info', info)));
    await run();
    op.requests.length = 0;
    op.on('userinfo', dropReused(op));
    expect(await run()).toHaveLength(64);
    const closing = op.seen('userinfo').filter(({ headers }) => headers.connection === 'close');
    expect(closing).toHaveLength(64);
  });

  it('a request fails when the new connection breaks, too', async () => {
    const oxd_id = await transport.site(op);
    op.on('userinfo', { drop: true });
    const error = await rejectionOf(
      transport.run('get_user_info', { oxd_id, access_token: 'a-token' }),
    );
    expect(error.message).toContain('broke');
    expect(op.seen('userinfo')).toHaveLength(2);
  });

  it('a request is not repeated after its response has begun', async () => {
    const oxd_id = await transport.site(op);
    op.on('userinfo', { cut: true });
    const request = transport.run('get_user_info', { oxd_id, access_token: 'a-token' });
    expect((await rejectionOf(request)).message).toContain('broke');
    expect(op.seen('userinfo')).toHaveLength(1);
  });

  it('a request is not repeated after its time limit', async () => {
    const oxd_id = await transport.site(op);
    const short = new TestTransport({ store: transport.store, ...limitEndedBy(op) });
    await short.run('get_user_info', { oxd_id, access_token: 'a-token' });
    op.requests.length = 0;
    op.on('userinfo', { hang: true });
    await rejectionOf(short.run('get_user_info', { oxd_id, access_token: 'a-token' }));
    expect(op.seen('userinfo')).toHaveLength(1);
  });

  it('a request is not repeated on a connection that was opened for it', async () => {
    const oxd_id = await transport.site(op);
    op.on('discovery', { drop: true });
    const other = new TestTransport({ store: transport.store });
    await rejectionOf(other.run('get_user_info', { oxd_id, access_token: 'a-token' }));
    expect(op.seen('discovery')).toHaveLength(2);
  });

  it.each<[string, Endpoint, (oxd_id: string, callback: object) => Promise<unknown>]>([
    [
      'an exchange of a code',
      'token',
      (_, callback) =>
        transport.run(
          'get_tokens_by_code',
          callback as { oxd_id: string; code: string; state: string },
        ),
    ],
    [
      'a refresh',
      'token',
      (oxd_id) =>
        transport.run('get_access_token_by_refresh_token', {
          oxd_id,
          refresh_token: 'a-refresh-token',
        }),
    ],
    ['a registration', 'register', () => transport.site(op)],
    [
      'an update of a registration',
      'client',
      (oxd_id) => transport.run('update_site', { oxd_id, client_name: 'New name' }),
    ],
  ])('%s is never repeated', async (_, endpoint, run) => {
    const oxd_id = await transport.site(op);
    const callback = await transport.callback(op, oxd_id);
    const before = op.seen(endpoint).length;
    op.on(endpoint, { drop: true });
    const error = await rejectionOf(run(oxd_id, callback));
    expect(error.mayHaveRun).toBe(true);
    const seen = op.seen(endpoint).slice(before);
    expect(seen.map(({ headers }) => headers.connection)).toEqual(['keep-alive']);
  });
});
