import { getEventListeners } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { SystemClock } from '../../lib/base/clock.js';
import { OxdTransportError } from '../../lib/base/errors.js';
import { HttpsTransport } from '../../lib/https/https.transport.js';
import type { ResolvedHttpsOptions } from '../../lib/options/https-transport-options.js';
import { CheckTimeLimit } from '../../lib/routes/check-timeout.js';
import { AbortControllers } from '../support/abort-controllers.js';
import { HttpsPeer, json, ok, type Answer } from '../support/https-peer.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { registerSecret } from '../support/secrets.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function serve(answer: Answer): Promise<HttpsPeer> {
  const peer = await HttpsPeer.start(answer);
  opened.push(peer);
  return peer;
}

type Options = Partial<ResolvedHttpsOptions>;

function transportTo(peer: HttpsPeer, options: Options = {}, clock?: ManualClock): HttpsTransport {
  const defaults = { connections: 8, timeout: 5_000, version: '3.1.4' } as const;
  const url = peer.url();
  const transport = new HttpsTransport({ type: 'https', url, ...defaults, ...options }, clock);
  opened.push(transport);
  return transport;
}

async function rejectionOf(call: Promise<unknown>): Promise<OxdTransportError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(OxdTransportError);
  return error as OxdTransportError;
}

/** Returns a value that no output may contain. */
function secret(value: string): string {
  registerSecret(value);
  return value;
}

/** Waits until a condition holds; the work that it waits for has no timer. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn++) await settled();
  expect(condition()).toBe(true);
}

/** Peer whose answers wait until the test sends them. */
function waitingAnswers() {
  const pending: (() => void)[] = [];
  const answer: Answer = (request, response) => {
    pending.push(() => ok({ path: request.path })(request, response));
  };
  return { pending, answer };
}

describe('HttpsTransport', () => {
  it('posts the parameters as JSON and returns the data of the envelope', async () => {
    const peer = await serve(ok({ uri: 'https://op.example/end' }));
    const transport = transportTo(peer);
    const params = { oxd_id: 'site-1', name: 'Zoë € 😀' };
    expect(await transport.execute('get_logout_uri', params)).toEqual({
      uri: 'https://op.example/end',
    });
    const [request] = peer.requests;
    expect(request).toMatchObject({ method: 'POST', path: '/get-logout-uri' });
    expect(JSON.parse(request?.body ?? '')).toEqual(params);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
    expect(request?.headers).not.toHaveProperty('authorization');
    expect(transport.version).toBe('3.1.4');
  });

  it('returns the object of the REST API', async () => {
    const peer = await serve((_request, response) => json(response, { access: 'granted' }));
    const transport = transportTo(peer, { version: '4.5' });
    expect(await transport.execute('uma_rs_check_access', {})).toEqual({ access: 'granted' });
  });

  it('sends token and site of the authorization as headers only', async () => {
    const peer = await serve(ok());
    const token = secret('protection.token-1/+~=');
    const params = { oxd_id: 'a', protection_access_token: token, authorization_oxd_id: 'site-2' };
    await transportTo(peer).execute('get_user_info', params);
    expect(peer.requests[0]?.headers).toMatchObject({
      authorization: `Bearer ${token}`,
      authorizationoxdid: 'site-2',
    });
    expect(peer.requests[0]?.body).toBe('{"oxd_id":"a"}');
  });

  it.each(['', '  ', null, undefined])('sends no header for a token that is %p', async (token) => {
    const peer = await serve(ok());
    await transportTo(peer).execute('get_user_info', { protection_access_token: token });
    expect(peer.requests[0]?.headers).not.toHaveProperty('authorization');
    expect(peer.requests[0]?.body).toBe('{}');
  });

  it.each(['/gateway/oxd', '/gateway/oxd/'])('sends commands beneath the path %s', async (path) => {
    const peer = await serve(ok());
    await transportTo(peer, { url: peer.url() + path }).execute('get_user_info', {});
    expect(peer.requests[0]?.path).toBe('/gateway/oxd/get-user-info');
  });

  it.each([
    { command: 'get_rp', version: '3.1.4', api: 'the HTTPS extension of oxd 3.1.4' },
    { command: 'setup_client', version: '4.5', api: 'the REST API of oxd 4.5' },
    { command: 'no_such_command', version: '4.2', api: 'the REST API of oxd 4.2' },
  ] as const)('sends no $command to $api, which has no path for it', async (row) => {
    const peer = await serve(ok());
    const call = transportTo(peer, { version: row.version }).execute(row.command, {});
    await expect(call).rejects.toMatchObject({
      code: 'OXD_COMMAND_UNSUPPORTED',
      mayHaveRun: false,
      message: expect.stringContaining(`${row.api} has no path for it`) as string,
    });
    expect(peer.requests).toEqual([]);
  });

  it.each([
    { name: 'a parameter that is not JSON', params: { a: 1n } },
    { name: 'a token with a line break', params: { protection_access_token: 'a\r\nX: hidden' } },
    { name: 'a token with a blank', params: { protection_access_token: 'hidden a' } },
    { name: 'a site with an umlaut', params: { authorization_oxd_id: 'hidden-ü' } },
  ])('sends nothing for $name', async ({ params }) => {
    const peer = await serve(ok());
    const error: unknown = await transportTo(peer)
      .execute('get_user_info', params)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: 'bad_request' });
    expect(inspect(error)).not.toContain('hidden');
    expect(peer.requests).toEqual([]);
  });

  it('hides sent secrets that a response quotes', async () => {
    const code = secret('short-1');
    const peer = await serve((_request, response) =>
      json(response, {
        status: 'error',
        data: { error: 'bad_request', error_description: `unknown code ${code}` },
      }),
    );
    const call = transportTo(peer).execute('get_tokens_by_code', { code });
    await expect(call).rejects.toMatchObject({
      message: 'get_tokens_by_code failed: bad_request (unknown code …)',
    });
  });

  it('shows no secrets of waiting commands when it is printed', async () => {
    const { answer } = waitingAnswers();
    const transport = transportTo(await serve(answer), { connections: 1 });
    const client_secret = secret('waiting-secret-1');
    const calls = [1, 2].map(() => transport.execute('get_client_token', { client_secret }));
    expect(inspect(transport, { depth: 9, showHidden: true })).not.toContain(client_secret);
    await Promise.all([transport.close(), Promise.allSettled(calls)]);
  });
});

describe('HttpsTransport, connections', () => {
  it('are reused', async () => {
    const peer = await serve(ok());
    const transport = transportTo(peer);
    for (let call = 0; call < 5; call++) await transport.execute('get_user_info', {});
    expect(peer.requests).toHaveLength(5);
    expect(peer.opened).toBe(1);
  });

  it('are at most as many as the option; further commands wait in order', async () => {
    const { pending, answer } = waitingAnswers();
    const peer = await serve(answer);
    const transport = transportTo(peer, { connections: 2 });
    const calls = [1, 2, 3, 4, 5].map((n) => transport.execute('get_user_info', { n }));
    await until(() => pending.length === 2);
    expect(peer.requests).toHaveLength(2);
    for (let served = 0; served < 5; served++) {
      await until(() => pending.length > 0);
      pending.shift()?.();
    }
    await Promise.all(calls);
    const order = peer.requests.map(({ body }) => (JSON.parse(body) as { n: number }).n);
    expect(order.slice(2)).toEqual([3, 4, 5]);
    expect(peer.opened).toBe(2);
  });

  it('and a full queue reject further commands with BUSY', async () => {
    const { pending, answer } = waitingAnswers();
    const peer = await serve(answer);
    const transport = transportTo(peer, { connections: 1 });
    const calls = Array.from({ length: 1_025 }, () => transport.execute('get_user_info', {}));
    const settledCalls = Promise.allSettled(calls);
    const error = await rejectionOf(transport.execute('get_user_info', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_BUSY', mayHaveRun: false });
    expect(error.message).toContain('transport.connections');
    await until(() => pending.length === 1);
    await transport.close();
    const results = await settledCalls;
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1_025);
  });

  it('that the server closed while they were idle are replaced', async () => {
    const peer = await serve(ok());
    const transport = transportTo(peer);
    await transport.execute('register_site', {});
    peer.disconnect();
    await settled();
    await transport.execute('register_site', {});
    expect(peer.requests).toHaveLength(2);
    expect(peer.opened).toBe(2);
  });
});

/** Answers the first request of each connection and closes it at the next one. */
const closesKept: Answer = (request, response) => {
  if (request.position === 1) ok()(request, response);
  else response.socket?.destroy();
};

describe('HttpsTransport, a kept connection that breaks under a request', () => {
  it.each([
    'get_user_info',
    'get_authorization_url',
    'get_logout_uri',
    'introspect_access_token',
    'introspect_rpt',
    'uma_rs_check_access',
    'uma_rp_get_claims_gathering_url',
  ])('repeats %s once on a new connection', async (command) => {
    const peer = await serve(closesKept);
    const transport = transportTo(peer);
    await transport.execute(command, {});
    expect(await transport.execute(command, {})).toEqual({});
    expect(peer.requests.map(({ position }) => position)).toEqual([1, 2, 1]);
    expect(peer.opened).toBe(2);
  });

  it.each([
    ...['setup_client', 'register_site', 'update_site', 'remove_site', 'get_client_token'],
    ...['get_tokens_by_code', 'get_access_token_by_refresh_token', 'uma_rs_protect'],
    'uma_rp_get_rpt',
  ])('does not repeat %s, which the server may have executed', async (command) => {
    const peer = await serve(closesKept);
    const transport = transportTo(peer);
    await transport.execute(command, {});
    const error = await rejectionOf(transport.execute(command, {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', command, mayHaveRun: true });
    expect(peer.requests).toHaveLength(2);
  });

  it('does not repeat a command a second time', async () => {
    let isBroken = false;
    const peer = await serve((request, response) => {
      if (isBroken) response.socket?.destroy();
      else ok()(request, response);
    });
    const transport = transportTo(peer);
    await transport.execute('get_user_info', {});
    isBroken = true;
    const error = await rejectionOf(transport.execute('get_user_info', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
    expect(peer.requests).toHaveLength(3);
  });

  it('reports that a command may have run if the repeated one finds no server', async () => {
    const peer = await HttpsPeer.start((request, response) => {
      if (request.position === 1) ok()(request, response);
      else void peer.close();
    });
    const transport = transportTo(peer);
    await transport.execute('get_user_info', {});
    const error = await rejectionOf(transport.execute('get_authorization_url', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
    expect(peer.requests.map(({ path }) => path)).toEqual([
      '/get-user-info',
      '/get-authorization-url',
    ]);
  });

  it('does not repeat a command whose response has begun', async () => {
    const peer = await serve((request, response) => {
      if (request.position === 1) return ok()(request, response);
      response.writeHead(200, { 'content-length': '100' }).write('{"status"');
      setImmediate(() => response.socket?.destroy());
    });
    const transport = transportTo(peer);
    await transport.execute('get_user_info', {});
    const error = await rejectionOf(transport.execute('get_user_info', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
    expect(peer.requests).toHaveLength(2);
  });

  it('does not repeat a command on a connection that was new', async () => {
    const peer = await serve((_request, response) => void response.socket?.destroy());
    const error = await rejectionOf(transportTo(peer).execute('get_user_info', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
    expect(peer.requests).toHaveLength(1);
  });
});

describe('HttpsTransport, time limit', () => {
  it('ends a command without a response, and its connection', async () => {
    const { pending, answer } = waitingAnswers();
    const peer = await serve(answer);
    const clock = new ManualClock();
    const transport = transportTo(peer, { connections: 1, timeout: 1_000 }, clock);
    const rejection = rejectionOf(transport.execute('register_site', {}));
    await until(() => pending.length === 1);
    await clock.advance(1_000);
    const error = await rejection;
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT', mayHaveRun: true });
    expect(error.message).toContain('transport.timeout');
    pending.splice(0);
    const next = transport.execute('get_user_info', {});
    await until(() => pending.length === 1);
    pending[0]?.();
    expect(await next).toEqual({ path: '/get-user-info' });
    expect(peer.opened).toBe(2);
    expect(clock.waiting).toEqual([]);
  });

  it('includes the time in the queue; a command that waited too long is not sent', async () => {
    const { pending, answer } = waitingAnswers();
    const peer = await serve(answer);
    const clock = new ManualClock();
    const transport = transportTo(peer, { connections: 1, timeout: 1_000 }, clock);
    const first = transport.execute('get_user_info', {});
    const waiting = rejectionOf(transport.execute('register_site', {}));
    await until(() => pending.length === 1);
    await clock.advance(950);
    pending[0]?.();
    expect(await first).toEqual({ path: '/get-user-info' });
    // 50 ms are too few for a response.
    const error = await waiting;
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT', mayHaveRun: false });
    expect(peer.requests).toHaveLength(1);
  });

  it('ends commands in the queue', async () => {
    const peer = await serve(waitingAnswers().answer);
    const clock = new ManualClock();
    const transport = transportTo(peer, { connections: 1, timeout: 1_000 }, clock);
    const first = rejectionOf(transport.execute('register_site', {}));
    await until(() => peer.requests.length === 1);
    const second = rejectionOf(transport.execute('register_site', {}));
    await clock.advance(1_000);
    expect(await first).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT', mayHaveRun: true });
    expect(await second).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT', mayHaveRun: false });
    expect(peer.requests).toHaveLength(1);
  });
});

describe('HttpsTransport, an aborted signal', () => {
  const reason = new Error('the caller has left');

  it('sends nothing if it is aborted already', async () => {
    const peer = await serve(ok());
    const signal = AbortSignal.abort(reason);
    await expect(transportTo(peer).execute('get_user_info', {}, { signal })).rejects.toBe(reason);
    expect(peer.requests).toEqual([]);
    expect(peer.opened).toBe(0);
  });

  it('removes a command from the queue', async () => {
    const { pending, answer } = waitingAnswers();
    const peer = await serve(answer);
    const transport = transportTo(peer, { connections: 1 });
    const first = transport.execute('get_user_info', {});
    await until(() => pending.length === 1);
    const controller = new AbortController();
    const second = transport.execute('register_site', {}, { signal: controller.signal });
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
    pending[0]?.();
    await first;
    await settled();
    expect(peer.requests).toHaveLength(1);
  });

  it('ends a command in progress and its connection', async () => {
    const { pending, answer } = waitingAnswers();
    const peer = await serve(answer);
    const transport = transportTo(peer, { connections: 1 });
    const controller = new AbortController();
    const call = transport.execute('get_user_info', {}, { signal: controller.signal });
    await until(() => pending.length === 1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    pending.splice(0);
    const next = transport.execute('get_user_info', {});
    await until(() => pending.length === 1);
    pending[0]?.();
    expect(await next).toEqual({ path: '/get-user-info' });
    expect(peer.opened).toBe(2);
  });

  it('may be the end of a call, for which no AbortController is created', async () => {
    const { pending, answer } = waitingAnswers();
    const peer = await serve(answer);
    const controllers = new AbortControllers();
    const limit = new CheckTimeLimit(new SystemClock(), 5_000);
    const call = transportTo(peer).execute('get_user_info', {}, limit);
    await until(() => pending.length === 1);
    limit.end.abort(reason);
    await expect(call).rejects.toBe(reason);
    controllers.stop();
    expect(controllers.count).toBe(0);
    pending[0]?.();
  });

  it('sends nothing if it is aborted before the connection is open', async () => {
    const peer = await serve(ok());
    const transport = transportTo(peer, { connections: 1 });
    const controller = new AbortController();
    const call = transport.execute('register_site', {}, { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await until(() => peer.opened > 0);
    await transport.execute('get_user_info', {});
    expect(peer.requests.map(({ path }) => path)).toEqual(['/get-user-info']);
  });

  it('has no listener left after a command', async () => {
    const peer = await serve(ok());
    const { signal } = new AbortController();
    await transportTo(peer).execute('get_user_info', {}, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('HttpsTransport.close()', () => {
  it('rejects commands in progress, in the queue and later ones', async () => {
    const { pending, answer } = waitingAnswers();
    const transport = transportTo(await serve(answer), { connections: 1 });
    const calls = [1, 2].map(() => rejectionOf(transport.execute('register_site', {})));
    await until(() => pending.length === 1);
    await transport.close();
    const [sent, waiting] = await Promise.all(calls);
    const later = await rejectionOf(transport.execute('get_user_info', {}));
    expect(sent).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
    expect(waiting).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: false });
    expect(later).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: false });
  });

  it('ends a second time without an error', async () => {
    const transport = transportTo(await serve(ok()));
    await transport.execute('get_user_info', {});
    await transport.close();
    await expect(transport.close()).resolves.toBeUndefined();
  });
});

describe('HttpsTransport to a server that', () => {
  it('does not run reports the option to check', async () => {
    const peer = await HttpsPeer.start(ok());
    const url = peer.url();
    await peer.close();
    const options = { type: 'https', url, version: '4.5', connections: 1, timeout: 5_000 } as const;
    const transport = new HttpsTransport(options);
    opened.push(transport);
    const error = await rejectionOf(transport.execute('register_site', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE', mayHaveRun: false });
    expect(error.message).toMatch(/check transport\.url \(ECONNREFUSED\)\.$/);
  });

  it('closes every new connection rejects the queue after the first attempt', async () => {
    let attempts = 0;
    const server = createServer((socket) => {
      attempts++;
      socket.on('error', () => undefined).destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({
      close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
    });
    const { port } = server.address() as AddressInfo;
    const url = `https://127.0.0.1:${port}`;
    const options = { type: 'https', url, version: '4.5', connections: 1, timeout: 5_000 } as const;
    const transport = new HttpsTransport(options);
    opened.push(transport);
    const calls = [1, 2, 3, 4].map(() => rejectionOf(transport.execute('register_site', {})));
    for (const error of await Promise.all(calls)) {
      expect(error).toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE', mayHaveRun: false });
    }
    expect(attempts).toBe(1);
  });

  it('sends invalid UTF-8 gives no result: two users could have one name', async () => {
    const peer = await serve((_request, response) => {
      const body = Buffer.concat([
        Buffer.from('{"sub":"a'),
        Buffer.from([0xff]),
        Buffer.from('"}'),
      ]);
      response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
    const transport = transportTo(peer, { version: '4.5' });
    const error = await rejectionOf(transport.execute('get_user_info', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
  });

  it.each([
    {
      name: 'a body above 1 MiB',
      answer: ((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        for (let part = 0; part < 20; part++) response.write('x'.repeat(65_536));
        response.end();
      }) as Answer,
    },
    {
      name: 'headers above 16 KiB',
      answer: ((_request, response) => {
        response.writeHead(200, { 'x-long': 'y'.repeat(40_000) }).end('{}');
      }) as Answer,
    },
    {
      name: 'no HTTP',
      answer: ((_request, response) => {
        response.socket?.end('SSH-2.0-hidden_1\r\n');
      }) as Answer,
    },
  ])('sends $name is reported as malformed', async ({ answer }) => {
    const transport = transportTo(await serve(answer));
    const error = await rejectionOf(transport.execute('get_user_info', {}));
    expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true });
    expect(error.message).toContain('transport.url');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hidden');
  });
});
