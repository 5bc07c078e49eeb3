import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { SystemClock } from '../../lib/base/clock.js';
import type { SocketTransportOptions } from '../../lib/options/oxd.options.js';
import type { FrameHandler } from '../../lib/testing/frames/frame-answer.js';
import { FrameServer } from '../../lib/testing/frames/frame-server.js';
import { CheckTimeLimit } from '../../lib/routes/check-timeout.js';
import { SocketTransport } from '../../lib/socket/socket.transport.js';
import { AbortControllers } from '../support/abort-controllers.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function serve(handler: FrameHandler): Promise<FrameServer> {
  const server = await FrameServer.listen(handler);
  opened.push(server);
  return server;
}

function transportTo(
  { port }: FrameServer,
  options: Partial<SocketTransportOptions> = {},
): SocketTransport {
  const transport = new SocketTransport({
    type: 'socket',
    host: '127.0.0.1',
    port,
    version: '3.1.4',
    connections: 8,
    maxQueue: 1_000,
    connectTimeout: 2_000,
    timeout: 5_000,
    ...options,
  });
  opened.push(transport);
  return transport;
}

const ok = (data: unknown): string => JSON.stringify({ status: 'ok', data });
const refused = (error: string): string =>
  JSON.stringify({ status: 'error', data: { error, details: null, error_description: 'said' } });

/** Answers with the params of the command. */
const echo: FrameHandler = (text) => {
  const { params } = JSON.parse(text) as { params: unknown };
  return ok(params);
};

describe('SocketTransport', () => {
  it('sends command and parameters in a frame and returns the data of the reply', async () => {
    const texts: string[] = [];
    const server = await serve((text) => {
      texts.push(text);
      return ok({ uri: 'https://op.example/end' });
    });
    const transport = transportTo(server, { version: '3.1.1' });
    expect(await transport.execute('get_logout_uri', {})).toEqual({
      uri: 'https://op.example/end',
    });
    expect(texts).toEqual(['{"command":"get_logout_uri","params":{}}']);
    expect(transport.version).toBe('3.1.1');
  });

  it.each([
    ['ASCII', 'Alice'],
    ['two and three bytes', 'Zoë Ünïcode €uro'],
    ['astral characters', '😀 𝒜lice 👩‍👩‍👧'],
    ['half an astral character', '\ud83d'],
    ['line separators and controls', '\u2028\u2029\u0000\u001f\ufeff'],
  ])('carries strings both ways: %s', async (_name, name) => {
    const server = await serve(echo);
    expect(await transportTo(server).execute('register_site', { name })).toEqual({ name });
  });

  it.each([
    ['one byte at a time', 20, [1]],
    ['in the middle of the length', 2_000, [2, 5_000]],
    ['at the 8192 boundary', 2_000, [8_192]],
    ['one byte before and after it', 2_000, [8_191, 1, 1, 8_192]],
  ])('reads a reply that arrives %s', async (_name, times, segments) => {
    const data = { name: 'é€😀'.repeat(times) };
    const server = await serve(() => ({ text: ok(data), segments }));
    expect(await transportTo(server).execute('get_user_info', {})).toEqual(data);
  });

  it('carries 9999 units both ways', async () => {
    const server = await serve(echo);
    const transport = transportTo(server);
    const around = JSON.stringify({ command: 'a', params: { b: '' } }).length;
    const b = 'é'.repeat(9_999 - around);
    expect(await transport.execute('a', { b })).toEqual({ b });
    await expect(transport.execute('a', { b: `${b}é` })).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_TOO_LARGE',
      command: 'a',
      mayHaveRun: false,
    });
    expect(server.commands).toBe(1);
  });

  it('reports a reply above 9999 units as a command that may have run', async () => {
    const server = await serve(() => ok({ b: 'x'.repeat(10_000) }));
    await expect(transportTo(server).execute('get_tokens_by_code', {})).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
      command: 'get_tokens_by_code',
      mayHaveRun: true,
      message: expect.stringContaining('9999'),
    });
  });

  it('returns the right reply to each of 1000 concurrent commands over 8 connections', async () => {
    const server = await serve(async (text) => {
      if (text.length % 3 === 0) await setImmediate();
      return echo(text);
    });
    const transport = transportTo(server);
    const params = Array.from({ length: 1_000 }, (_, i) => ({ id: i, pad: 'é'.repeat(i % 90) }));
    const results = await Promise.all(params.map((each) => transport.execute('x', each)));
    expect(results).toEqual(params);
    expect(server).toMatchObject({ accepted: 8, commands: 1_000, pipelined: 0 });
  });

  it('opens a new connection after internal_error, whether or not the server closes', async () => {
    const server = await serve((text) =>
      text.includes('bad') ? refused('internal_error') : ok({}),
    );
    const transport = transportTo(server);
    await expect(transport.execute('bad', {})).rejects.toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      error: 'internal_error',
      command: 'bad',
      mayHaveRun: true,
    });
    await transport.execute('good', {});
    expect(server.accepted).toBe(2);
  });

  it('keeps the connection after an error reply with a specific error code', async () => {
    const server = await serve((text) =>
      text.includes('bad') ? refused('invalid_oxd_id') : ok({}),
    );
    const transport = transportTo(server);
    await expect(transport.execute('bad', {})).rejects.toMatchObject({ mayHaveRun: false });
    await transport.execute('good', {});
    expect(server.accepted).toBe(1);
  });

  it('closes the connection after an invalid reply', async () => {
    const server = await serve((text) => (text.includes('bad') ? '{"status":"ok"}' : ok({})));
    const transport = transportTo(server);
    await expect(transport.execute('bad', {})).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_MALFORMED',
      command: 'bad',
      mayHaveRun: true,
    });
    await transport.execute('good', {});
    expect(server.accepted).toBe(2);
  });

  /** Answers the first command, then closes instead of an answer, once. */
  function closingOnce(): FrameHandler {
    let commands = 0;
    return () => ((commands += 1) === 2 ? { drop: true } : ok({}));
  }

  it.each([
    'get_user_info',
    'get_authorization_url',
    'get_logout_uri',
    'introspect_access_token',
    'introspect_rpt',
  ])('repeats %s, which changes nothing, when an idle connection was dead', async (command) => {
    const server = await serve(closingOnce());
    const transport = transportTo(server);
    await transport.execute('first', {});
    expect(await transport.execute(command, {})).toEqual({});
    expect(server.commands).toBe(3);
  });

  it.each([
    'setup_client',
    'register_site',
    'update_site',
    'update_site_registration',
    'remove_site',
    'get_client_token',
    'get_tokens_by_code',
    'get_access_token_by_refresh_token',
    'uma_rs_protect',
    'uma_rp_get_rpt',
  ])('never sends %s twice', async (command) => {
    const server = await serve(closingOnce());
    const transport = transportTo(server);
    await transport.execute('first', {});
    await expect(transport.execute(command, {})).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
      mayHaveRun: true,
    });
    expect(server.commands).toBe(2);
  });

  it('does not let the caller notice a restart of the server', async () => {
    const server = await serve(echo);
    const transport = transportTo(server);
    for (const command of ['register_site', 'get_user_info', 'get_tokens_by_code']) {
      expect(await transport.execute(command, { command })).toEqual({ command });
      server.dropConnections();
    }
    expect(server.commands).toBe(3);
  });

  it('fails at once when the server accepts and closes, and recovers with the server', async () => {
    const server = await serve(echo);
    server.dropsNew = true;
    const transport = transportTo(server, { connectTimeout: 60_000, timeout: 60_000 });
    const commands = ['get_user_info', 'register_site', 'get_tokens_by_code'];
    for (const command of commands) {
      await expect(transport.execute(command, {})).rejects.toMatchObject({
        ...{ name: 'OxdTransportError', code: 'OXD_TRANSPORT_CLOSED', command, mayHaveRun: true },
        message: expect.stringContaining(`127.0.0.1:${server.port}`),
      });
    }
    expect(server).toMatchObject({ accepted: commands.length, commands: 0 });
    server.dropsNew = false;
    expect(await transport.execute('get_user_info', { a: 1 })).toEqual({ a: 1 });
    expect(server).toMatchObject({ accepted: commands.length + 1, commands: 1 });
  });

  it('rejects with the reason of the signal', async () => {
    const server = await serve(() => ({ hang: true }));
    const caller = new AbortController();
    const { signal } = caller;
    const asked = transportTo(server).execute('a', {}, { signal });
    while (server.commands < 1) await setImmediate();
    caller.abort(new Error('no longer needed'));
    await expect(asked).rejects.toBe(signal.reason);
    while (server.connections > 0) await setImmediate();
  });

  it('rejects with the reason of the end of a call, and creates no AbortController', async () => {
    const server = await serve((request) => (request.includes('"a"') ? { hang: true } : ok({})));
    const transport = transportTo(server);
    // Opens the connection, for which the server creates an AbortController.
    await transport.execute('get_user_info', {});
    const controllers = new AbortControllers();
    const limit = new CheckTimeLimit(new SystemClock(), 5_000);
    const asked = transport.execute('a', {}, limit);
    while (server.commands < 2) await setImmediate();
    const reason = new Error('no longer needed');
    limit.end.abort(reason);
    await expect(asked).rejects.toBe(reason);
    controllers.stop();
    expect(controllers.count).toBe(0);
  });

  it('rejects after close()', async () => {
    const server = await serve(echo);
    const transport = transportTo(server);
    await transport.execute('a', {});
    await transport.close();
    await expect(transport.execute('a', {})).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
      command: 'a',
      mayHaveRun: false,
    });
  });

  it.each([
    { name: 'error', data: (value: string) => ({ error: value }) },
    { name: 'a part of error', data: (value: string) => ({ error: `bad ${value}.` }) },
    {
      name: 'error_description',
      data: (value: string) => ({ error: 'x', error_description: `bad ${value}.` }),
    },
  ])('prints no secret that oxd-server returns in $name', async ({ data }) => {
    for (const secret of ['correcthorsebattery', 'horse', 'ticket(1']) {
      const status = 'error';
      const server = await serve(() => JSON.stringify({ status, data: data(secret) }));
      const params = ['client_secret', 'code', 'ticket', 'access_token'].map((name) => ({
        [name]: secret,
      }));
      const maps = ['params', 'custom_parameters'].flatMap((name) => [
        { [name]: { login_hint: secret } },
        { [name]: { acr_values: ['other', secret] } },
      ]);
      for (const sent of [...params, ...maps]) {
        const call = transportTo(server).execute('get_user_info', sent);
        const error: unknown = await call.catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', command: 'get_user_info' });
        expect(inspect(error, { depth: 9 })).not.toContain(secret);
      }
    }
  });

  it('keeps a known error code that equals a sent value', async () => {
    const server = await serve(() => refused('invalid_grant'));
    const call = transportTo(server).execute('get_tokens_by_code', { code: 'invalid_grant' });
    await expect(call).rejects.toMatchObject({
      error: 'invalid_grant',
      message: expect.stringContaining('invalid_grant'),
    });
  });

  it('includes no parameter and no part of a reply in an error', async () => {
    const secret = 'geheim-4711-geheim';
    const answers = [
      { raw: `0002{}${secret}` },
      { text: `{"status":"ok","data":${secret}}` },
      { raw: `0900${secret}`, close: true },
      { text: refused('http_status_403').replace('said', secret) },
      { drop: true },
    ] as const;
    for (const answer of answers) {
      const transport = transportTo(await serve(() => answer));
      const error: unknown = await transport.execute('a', { secret }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 9 })).not.toContain(secret);
    }
  });
});
