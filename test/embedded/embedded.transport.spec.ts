import type { ExecuteOptions } from '../../lib/commands/oxd-transport.js';
import { AbortControllers } from '../support/abort-controllers.js';
import { TestTransport } from '../support/embedded-transport.js';
import { FakeAs } from '../support/fake-as.js';
import { settled } from '../support/manual-clock.js';
import { protectedSite } from '../support/uma-site.js';

/** Connections of an embedded transport to one server. */
const CONNECTIONS = 64;
const DEADLINE = Date.now() + 60_000;

let as: FakeAs;
let transport: TestTransport;
let oxd_id: string;
let caller: AbortController;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(async () => {
  as.reset();
  caller = new AbortController();
  transport = new TestTransport();
  oxd_id = await protectedSite(transport, as);
});
afterEach(() => TestTransport.closeAll());

/** Checks a new RPT: checks of the same RPT share their introspection. */
const check = () => {
  const rpt = as.rpt(as.item(as.idOf('[GET] /photo'), 'view'));
  const params = { oxd_id, path: '/photo', http_method: 'GET', rpt };
  return transport.run('uma_rs_check_access', params, {
    signal: caller.signal,
    deadline: DEADLINE,
  });
};

describe('a command with signal and deadline of its caller', () => {
  it('creates no further AbortController', async () => {
    await check();
    const controllers = new AbortControllers();
    await check();
    controllers.stop();
    expect(controllers.count).toBe(0);
  });

  it('sends no request after the deadline', async () => {
    const params = { oxd_id, access_token: 'a-token' };
    const outcome = transport.run('get_user_info', params, { deadline: Date.now() - 1 });
    await expect(outcome).rejects.toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    expect(as.op.seen('userinfo')).toHaveLength(0);
  });

  it('ends with OXD_TRANSPORT_CLOSED when the transport is closed', async () => {
    as.on('rpt', { hang: true });
    const outcome = check().catch((error: unknown) => error);
    while (as.seen('rpt').length === 0) await settled();
    await transport.close();
    expect(await outcome).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
  });

  it('ends with the transport, whichever commands have ended and begun before', async () => {
    const replies: (() => void)[] = [];
    as.on('rpt', async (seen) => {
      await new Promise<void>((resolve) => replies.push(resolve));
      return as.usual('rpt', seen);
    });
    let granted = 0;
    const run = (): Promise<unknown> =>
      check().then(
        () => (granted += 1),
        (error: unknown) => error,
      );
    const outcomes = [run(), run(), run(), run()];
    while (replies.length < 4) await settled();
    replies[1]?.();
    while (granted < 1) await settled();
    replies[0]?.();
    while (granted < 2) await settled();
    outcomes.push(run());
    while (replies.length < 5) await settled();
    await transport.close();
    const errors = (await Promise.all(outcomes)).filter((outcome) => outcome instanceof Error);
    const closed = expect.objectContaining({ code: 'OXD_TRANSPORT_CLOSED' }) as unknown;
    expect(errors).toEqual([closed, closed, closed]);
    replies.forEach((reply) => reply());
  });

  it('ends at once while it waits for a connection, and sends no request', async () => {
    const replies: (() => void)[] = [];
    as.op.on('userinfo', async (seen) => {
      await new Promise<void>((resolve) => replies.push(resolve));
      return as.op.usual(seen);
    });
    const user = (options?: ExecuteOptions) =>
      transport
        .run('get_user_info', { oxd_id, access_token: 'a-token' }, options)
        .catch((error: unknown) => error);
    const others = Array.from({ length: CONNECTIONS }, () => user());
    while (replies.length < CONNECTIONS) await settled();
    const { signal } = caller;
    const waiting = user({ signal, deadline: DEADLINE });
    await settled();
    caller.abort(new Error('given up'));
    expect(await waiting).toBe(signal.reason);
    replies.forEach((reply) => reply());
    await Promise.all(others);
    expect(as.op.seen('userinfo')).toHaveLength(CONNECTIONS);
  });
});
