import { jest } from '@jest/globals';
import { setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import { MAX_TIMER_DELAY } from '../../../lib/base/limits.js';
import { OxdStoreError, type OxdError } from '../../../lib/base/errors.js';
import type { Answer } from '../../support/fake-op.js';
import { FakeAs, type UmaEndpoint } from '../../support/fake-as.js';
import { secretsIn } from '../../support/secrets.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { PHOTO, protectedSite, resource } from '../../support/uma-site.js';

let as: FakeAs;
let transport: TestTransport;
let oxd_id: string;
let rpt: string;

/** Time limit of a request, on the clock of the transport. */
const TIMEOUT = 400;
let clock: ManualClock;

/** A transport with the same store and no cached data. */
function restart(): void {
  const limit = limitEndedBy(as.op, TIMEOUT);
  clock = limit.timers;
  transport = new TestTransport({ store: transport.store, ...limit });
}

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(async () => {
  as.reset();
  transport = new TestTransport();
  oxd_id = await protectedSite(transport, as);
  rpt = as.rpt(as.item(as.idOf('[GET] /photo'), 'view'));
  restart();
});
afterEach(() => TestTransport.closeAll());

const check = (token?: string) =>
  transport.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'GET', rpt: token });

const FAILURES: readonly [string, Answer][] = [
  ['breaks the connection', { drop: true }],
  ['does not answer', { hang: true }],
  ['answers 500', { status: 500, json: { error: 'server_error' } }],
  ['answers 503 with a page', { status: 503, text: '<h1>starting</h1>' }],
  ['answers 200 with a page', { text: '<h1>welcome</h1>' }],
  ['answers 200 with other JSON', { json: ['welcome'] }],
  ['answers 401', { status: 401, json: { error: 'invalid_request' } }],
];

const ENDPOINTS: readonly UmaEndpoint[] = ['uma-discovery', 'pat', 'rpt', 'permission'];

describe.each(ENDPOINTS)('a failure of the endpoint %s', (endpoint) => {
  it.each(FAILURES)(
    'which %s fails a check before the deadline, and later checks succeed',
    async (_, answer) => {
      as.on(endpoint, answer);
      const token = endpoint === 'permission' ? undefined : rpt;
      const error = await rejectionOf(check(token));
      expect(clock.passed).toBe(answer.hang ? TIMEOUT : 0);
      expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', mayHaveRun: false });
      // This error code means that the resource is not protected.
      expect(error.error).not.toBe('invalid_request');
      expect(secretsIn(inspect(error))).toEqual([]);
      expect(secretsIn(transport.warnings.join('\n'))).toEqual([]);
      as.on(endpoint, undefined);
      expect(await check(rpt)).toMatchObject({ access: 'granted' });
      expect(await check()).toMatchObject({ access: 'denied' });
    },
  );
});

it.each(FAILURES)(
  'a resources endpoint that %s fails uma_rs_protect before the deadline, and later calls succeed',
  async (_, answer) => {
    as.on('resources', answer);
    const protect = () =>
      transport.run('uma_rs_protect', {
        oxd_id,
        resources: [PHOTO, resource('/new', ['GET'], 'view')],
      });
    const error = await rejectionOf(protect());
    expect(clock.passed).toBe(answer.hang ? TIMEOUT : 0);
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', command: 'uma_rs_protect' });
    expect(secretsIn(inspect(error))).toEqual([]);
    expect(secretsIn(transport.warnings.join('\n'))).toEqual([]);
    // Registered resources can still be checked.
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    as.on('resources', undefined);
    await protect();
    expect(as.names).toEqual(['[GET] /new', '[GET] /photo']);
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
  },
);

it('an unprotected path is reported while the authorization server is down', async () => {
  as.on('uma-discovery', { drop: true });
  const other = transport.run('uma_rs_check_access', { oxd_id, path: '/x', http_method: 'GET' });
  expect(await rejectionOf(other)).toMatchObject({ error: 'invalid_request' });
});

it('an authorization server that restarts without its PATs is used again', async () => {
  await check(rpt);
  const kept = [...as.resources];
  const port = Number(new URL(as.issuer).port);
  await as.close();
  expect((await rejectionOf(check(rpt))).message).toContain('could not be reached');
  expect((await rejectionOf(check())).message).toContain('could not be reached');
  as = await FakeAs.start(port);
  kept.forEach(([id, description]) => as.resources.set(id, description));
  expect(await check(as.rpt(as.item(kept[0]?.[0] ?? '', 'view')))).toMatchObject({
    access: 'granted',
  });
  expect(await check()).toMatchObject({ access: 'denied' });
  await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
  expect(as.names).toEqual(['[GET] /photo']);
});

const slow = (endpoint: UmaEndpoint) =>
  as.on(endpoint, async (seen) => {
    await clock.advance(0.8 * TIMEOUT);
    return as.usual(endpoint, seen);
  });

it('a check with slow responses ends within twice the time limit of a request', async () => {
  ENDPOINTS.forEach(slow);
  const error = await rejectionOf(check('unknown-rpt'));
  expect(clock.passed).toBe(2.4 * TIMEOUT);
  expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: 'internal_error' });
  expect(error.message).toContain('within the time limit');
  expect(as.seen('permission')).toHaveLength(0);
  // The cached discovery and PAT remain, so an introspection and a ticket fit into the limit.
  expect(await check('unknown-rpt')).toMatchObject({ access: 'denied' });
  // The introspection had a separate time limit, because other checks could have shared it.
  expect(as.seen('rpt')[0]?.aborted).toBe(false);
  expect(as.seen('permission')).toHaveLength(1);
});

it('a check waits for keys within the same limit, and is not granted after it', async () => {
  restart();
  slow('rpt');
  as.op.on('jwks', { hang: true });
  const exp = Math.floor(Date.now() / 1000) + 300;
  const jwt = await as.op.sign({ iss: as.issuer, sub: 'alice', exp });
  const permissions = [as.item(as.idOf('[GET] /photo'), 'view')];
  slow('uma-discovery');
  const error = await rejectionOf(check(as.keep(jwt, permissions)));
  expect(clock.passed).toBe(2.6 * TIMEOUT);
  expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: 'internal_error' });
  expect(error.message).toContain('within the time limit');
});

describe('while tickets are slow', () => {
  /** Limits of parallel and of waiting ticket requests. */
  const [PARALLEL, WAITING] = [32, 1024];
  let go: () => void;
  let running: number;
  let maximum: number;

  beforeEach(async () => {
    transport = new TestTransport({ store: transport.store });
    await check();
    running = maximum = 0;
    const released = new Promise<void>((resolve) => (go = resolve));
    as.on('permission', async (seen) => {
      maximum = Math.max(maximum, ++running);
      await released;
      running--;
      return as.usual('permission', seen);
    });
  });

  const crowd = (size: number) => Array.from({ length: size }, () => check());
  const underWay = async (): Promise<void> => {
    while (running < PARALLEL) await settled();
  };

  it('32 requests run, 1024 wait, and others are rejected at once', async () => {
    const waiting = crowd(PARALLEL + WAITING);
    await underWay();
    for (const one of crowd(3)) {
      await expect(one).rejects.toMatchObject({
        name: 'OxdTransportError',
        code: 'OXD_TRANSPORT_BUSY',
        command: 'uma_rs_check_access',
        mayHaveRun: false,
      });
    }
    expect(as.seen('permission')).toHaveLength(PARALLEL + 1);
    go();
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map(({ ticket }) => ticket)).size).toBe(PARALLEL + WAITING);
    expect(maximum).toBe(PARALLEL);
    expect(await check()).toMatchObject({ access: 'denied' });
  });

  it('aborted requests leave the queue', async () => {
    const abort = new AbortController();
    const params = { oxd_id, path: '/photo', http_method: 'GET' };
    const first = crowd(PARALLEL);
    await underWay();
    setMaxListeners(WAITING, abort.signal);
    const given = Array.from({ length: WAITING }, () =>
      transport.run('uma_rs_check_access', params, abort).catch((error: unknown) => error),
    );
    await settled();
    abort.abort(new Error('given up'));
    expect(await Promise.all(given)).toEqual(given.map(() => abort.signal.reason as unknown));
    const others = crowd(WAITING);
    await settled();
    go();
    await Promise.all([...first, ...others]);
    expect(as.seen('permission')).toHaveLength(PARALLEL + WAITING + 1);
  });

  it('a request with a valid RPT does not wait', async () => {
    const waiting = crowd(4 * PARALLEL);
    await underWay();
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    expect(running).toBe(PARALLEL);
    go();
    await Promise.all(waiting);
  });

  it('a request waits in the queue within its time limit', async () => {
    restart();
    as.op.onHang = () => void running++;
    as.on('permission', { hang: true });
    const failed = crowd(4 * PARALLEL).map((one) => rejectionOf(one));
    await underWay();
    running = 0;
    await clock.advance(TIMEOUT);
    await underWay();
    await clock.advance(TIMEOUT);
    expect((await Promise.all(failed)).map(({ code }) => code)).toEqual(
      failed.map(() => 'OXD_COMMAND_FAILED'),
    );
    expect(as.seen('permission')).toHaveLength(1 + 2 * PARALLEL);
  });

  it('a ticket is not requested when less than 100 ms of the time limit are left', async () => {
    const timers = new ManualClock();
    transport = new TestTransport({
      store: transport.store,
      timeout: 900,
      timers,
      clock: timers.now,
    });
    as.on('permission', undefined);
    await check();
    const releases: (() => void)[] = [];
    as.on('permission', async (seen) => {
      await new Promise<void>((resolve) => releases.push(resolve));
      return as.usual('permission', seen);
    });
    const outcomes = crowd(4 * PARALLEL).map((one) =>
      one.then(({ access }) => access).catch((error: OxdError) => error.code),
    );
    for (const batch of [1, 2]) {
      while (releases.length < PARALLEL) await settled();
      await timers.advance(860);
      expect(timers.passed).toBe(batch * 860);
      releases.splice(0).forEach((release) => release());
    }
    const counted = await Promise.all(outcomes);
    expect(counted.filter((one) => one === 'denied')).toHaveLength(2 * PARALLEL);
    expect(counted.filter((one) => one === 'OXD_TRANSPORT_BUSY')).toHaveLength(2 * PARALLEL);
    expect(as.seen('permission')).toHaveLength(2 + 2 * PARALLEL);
  });

  it('an aborted request holds its slot until the server has responded', async () => {
    const abort = new AbortController();
    setMaxListeners(PARALLEL, abort.signal);
    const params = { oxd_id, path: '/photo', http_method: 'GET' };
    const aborted = Array.from({ length: PARALLEL }, () =>
      transport.run('uma_rs_check_access', params, abort).catch((error: unknown) => error),
    );
    await underWay();
    abort.abort(new Error('given up'));
    await Promise.all(aborted);
    const later = crowd(PARALLEL);
    await settled();
    expect(as.seen('permission')).toHaveLength(1 + PARALLEL);
    go();
    await Promise.all(later);
    expect(as.seen('permission')).toHaveLength(1 + 2 * PARALLEL);
    expect(maximum).toBe(PARALLEL);
  });

  it('a failed request frees its slot', async () => {
    as.on('permission', { status: 500, json: {} });
    const failed = crowd(2 * PARALLEL).map((one) => rejectionOf(one));
    expect(await Promise.all(failed)).toHaveLength(2 * PARALLEL);
    as.on('permission', undefined);
    expect(await check()).toMatchObject({ access: 'denied' });
  });
});

it('a check accepts the longest time limit', async () => {
  const limits = jest.spyOn(AbortSignal, 'timeout');
  transport = new TestTransport({ store: transport.store, timeout: MAX_TIMER_DELAY });
  expect(await check(rpt)).toMatchObject({ access: 'granted' });
  const delays = limits.mock.calls.map(([delay]) => delay);
  limits.mockRestore();
  expect(delays).toHaveLength(1);
  expect(Math.max(...delays)).toBeLessThanOrEqual(MAX_TIMER_DELAY);
});

it('a check that its caller aborts ends at once', async () => {
  const abort = new AbortController();
  as.on('rpt', () => {
    abort.abort(new Error('given up'));
    return { hang: true };
  });
  const params = { oxd_id, path: '/photo', http_method: 'GET', rpt };
  await expect(transport.run('uma_rs_check_access', params, abort)).rejects.toThrow('given up');
});

it('a store failure rejects the check and grants nothing', async () => {
  transport.store.get = () => Promise.reject(new OxdStoreError('The store is down.'));
  await expect(check(rpt)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
  expect(as.seen('rpt')).toHaveLength(0);
});
