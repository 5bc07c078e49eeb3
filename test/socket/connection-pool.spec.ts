import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { MAX_TIMER_DELAY } from '../../lib/base/limits.js';
import type { OxdTransportError } from '../../lib/base/errors.js';
import type { FrameHandler } from '../../lib/testing/frames/frame-answer.js';
import { FrameServer } from '../../lib/testing/frames/frame-server.js';
import { ConnectionPool, type ConnectionPoolOptions } from '../../lib/socket/connection-pool.js';
import type { ExchangeRequest } from '../../lib/socket/exchange.js';
import { encodeFrame } from '../../lib/socket/frame.js';
import { ManualClock, settled } from '../support/manual-clock.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function serve(handler: FrameHandler): Promise<FrameServer> {
  const server = await FrameServer.listen(handler);
  opened.push(server);
  return server;
}

/** Clock of every pool, so that no time limit ends before a test advances it. */
let clock: ManualClock;
beforeEach(() => (clock = new ManualClock()));

function poolFor(port: number, options: Partial<ConnectionPoolOptions> = {}): ConnectionPool {
  const pool = new ConnectionPool({
    host: '127.0.0.1',
    port,
    connections: 2,
    maxQueue: 100,
    connectTimeout: 2_000,
    timeout: 5_000,
    clock,
    ...options,
  });
  opened.push(pool);
  return pool;
}

function ask(
  pool: ConnectionPool,
  text: string,
  options: Partial<ExchangeRequest> = {},
): Promise<unknown> {
  return pool.exchange({
    command: 'command',
    frame: encodeFrame(text),
    repeatable: false,
    read: (reply) => reply,
    ...options,
  });
}

/** A handler that replies when `open` is called. */
function gate() {
  const received: string[] = [];
  const answers: (() => void)[] = [];
  const handler: FrameHandler = (text) => {
    received.push(text);
    return new Promise((resolve) => answers.push(() => resolve(`re:${text}`)));
  };
  return {
    received,
    handler,
    open: () => answers.shift()?.(),
    until: async (count: number) => {
      while (received.length < count) await setImmediate();
    },
  };
}

const echo: FrameHandler = (text) => `re:${text}`;

/** Result or error of an exchange. */
function resultOf(exchange: Promise<unknown>): Promise<unknown> {
  return exchange.catch((error: unknown) => error);
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** How many sockets keep the process alive. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

describe('ConnectionPool', () => {
  it('opens no connection before the first exchange', async () => {
    const server = await serve(echo);
    poolFor(server.port);
    await ask(poolFor(server.port), 'a');
    expect(server.accepted).toBe(1);
  });

  it('uses one connection for exchanges one after another', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    for (const text of ['a', 'b', 'c']) expect(await ask(pool, text)).toBe(`re:${text}`);
    expect(server.accepted).toBe(1);
  });

  it('returns the right reply to each of 1000 exchanges over 8 connections', async () => {
    const server = await serve(async (text) => {
      if (text.length % 3 === 0) await setImmediate();
      return { text: `re:${text}`, segments: text.length % 7 === 0 ? [3, 11] : undefined };
    });
    const pool = poolFor(server.port, { connections: 8, maxQueue: 1_000 });
    const texts = Array.from({ length: 1_000 }, (_, i) => `${i} ${'é😀'.repeat(i % 50)}`);
    const replies = await Promise.all(texts.map((text) => ask(pool, text)));
    expect(replies).toEqual(texts.map((text) => `re:${text}`));
    expect(server).toMatchObject({ accepted: 8, commands: 1_000, pipelined: 0 });
  });

  const unsent = ['OXD_TRANSPORT_TIMEOUT', false];
  it.each([
    {
      name: 'yes',
      left: 'less than a tenth',
      timeout: 5_000,
      passed: 4_501,
      received: ['a'],
      outcome: unsent,
    },
    {
      name: 'no',
      left: 'a tenth',
      timeout: 5_000,
      passed: 4_500,
      received: ['a', 'b'],
      outcome: 'b',
    },
    {
      name: 'yes',
      left: 'less than 100 ms',
      timeout: 600,
      passed: 501,
      received: ['a'],
      outcome: unsent,
    },
    { name: 'no', left: '100 ms', timeout: 600, passed: 500, received: ['a', 'b'], outcome: 'b' },
  ])(
    'sends nothing more with $left of the limit left: $name',
    async ({ timeout, passed, received, outcome }) => {
      const seen: string[] = [];
      let open = (): void => undefined;
      const server = await serve((text) => {
        seen.push(text);
        return text === 'b' ? text : new Promise((resolve) => (open = () => resolve(text)));
      });
      const pool = poolFor(server.port, { connections: 1, timeout });
      const first = ask(pool, 'a');
      const second = ask(pool, 'b').catch(({ code, mayHaveRun }: OxdTransportError) => [
        code,
        mayHaveRun,
      ]);
      await until(() => seen.length === 1);
      await clock.advance(passed);
      open();
      expect(await first).toBe('a');
      expect(await second).toEqual(outcome);
      expect(seen).toEqual(received);
    },
  );

  it('serves waiting exchanges in order of arrival', async () => {
    const { handler, received, open, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { connections: 1 });
    const replies = ['a', 'b', 'c', 'd'].map((text) => ask(pool, text));
    for (let count = 1; count <= 4; count += 1) {
      await seen(count);
      open();
    }
    await Promise.all(replies);
    expect(received).toEqual(['a', 'b', 'c', 'd']);
  });

  it('gives an exchange that waits for a new connection the first free one', async () => {
    const { handler, open, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { connections: 2 });
    const first = ask(pool, 'a');
    await seen(1);
    const second = ask(pool, 'b');
    open();
    await seen(2);
    open();
    expect(await Promise.all([first, second])).toEqual(['re:a', 're:b']);
  });

  it('rejects immediately when the queue is full', async () => {
    const { handler, open, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { connections: 2, maxQueue: 1 });
    const replies = ['a', 'b', 'c'].map((text) => ask(pool, text));
    await expect(ask(pool, 'd')).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_BUSY',
      command: 'command',
      mayHaveRun: false,
    });
    await seen(2);
    open();
    open();
    await seen(3);
    open();
    expect(await Promise.all(replies)).toEqual(['re:a', 're:b', 're:c']);
  });

  it('needs no queue for as many exchanges as there are connections', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port, { connections: 2, maxQueue: 0 });
    expect(await Promise.all([ask(pool, 'a'), ask(pool, 'b')])).toEqual(['re:a', 're:b']);
  });
});

describe('a time limit', () => {
  it.each([
    ['no reply', () => ({ hang: true }) as const],
    ['a frame that is never completed', () => ({ raw: '0100{"status"' })],
  ])('aborts an exchange with %s', async (_name, answer) => {
    const server = await serve(answer);
    const pool = poolFor(server.port, { timeout: 250 });
    const asked = resultOf(ask(pool, 'a', { repeatable: true }));
    await until(() => server.commands === 1);
    await clock.advance(250);
    expect(await asked).toMatchObject({
      code: 'OXD_TRANSPORT_TIMEOUT',
      command: 'command',
      mayHaveRun: true,
    });
    await until(() => server.connections === 0);
    expect(server.commands).toBe(1);
  });

  it('is not prolonged by a server that sends byte by byte', async () => {
    const server = await serve((text) => ({ text: text.repeat(9_000), segments: [1] }));
    const asked = resultOf(ask(poolFor(server.port, { timeout: 60 }), 'a'));
    await until(() => server.commands === 1);
    await clock.advance(50);
    await clock.advance(10);
    expect(await asked).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT' });
  });

  it('includes the time in the queue, after which nothing has run', async () => {
    const server = await serve((text) => (text === 'a' ? { hang: true } : `re:${text}`));
    const pool = poolFor(server.port, { connections: 1, timeout: 60 });
    const asked = Array.from({ length: 21 }, () => resultOf(ask(pool, 'a')));
    await until(() => server.commands === 1);
    await clock.advance(60);
    const errors = (await Promise.all(asked)) as OxdTransportError[];
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['OXD_TRANSPORT_TIMEOUT']));
    expect(errors.filter(({ mayHaveRun }) => mayHaveRun)).toHaveLength(1);
    expect(await ask(pool, 'b')).toBe('re:b');
    expect(server.commands).toBe(2);
  });

  it('starts again for the next exchange on the same connection', async () => {
    const server = await serve(async (text) => {
      await clock.advance(30);
      return `re:${text}`;
    });
    const pool = poolFor(server.port, { connections: 1, timeout: 80 });
    for (const text of ['a', 'b', 'c', 'd']) expect(await ask(pool, text)).toBe(`re:${text}`);
    expect(server.accepted).toBe(1);
  });

  it('beyond the longest timer does not expire early', async () => {
    const { handler, open, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { timeout: 2 ** 40, connectTimeout: 2 ** 40 });
    const asked = ask(pool, 'a');
    await seen(1);
    // Node.js replaces a longer delay by one millisecond.
    expect(new Set(clock.waiting)).toEqual(new Set([MAX_TIMER_DELAY]));
    await clock.advance(MAX_TIMER_DELAY);
    expect(clock.waiting).toEqual([MAX_TIMER_DELAY]);
    open();
    expect(await asked).toBe('re:a');
  });

  it('does not affect the next exchange', async () => {
    const slow = gate();
    const server = await serve((text) => (text === 'slow' ? slow.handler(text) : `re:${text}`));
    const pool = poolFor(server.port, { connections: 1, timeout: 30 });
    const asked = resultOf(ask(pool, 'slow'));
    await slow.until(1);
    await clock.advance(30);
    expect(await asked).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT' });
    expect(await ask(pool, 'b')).toBe('re:b');
    slow.open();
    await settled();
    expect(await ask(pool, 'c')).toBe('re:c');
  });
});

describe('a server that is down', () => {
  async function freePort(): Promise<number> {
    const server = await FrameServer.listen(echo);
    const { port } = server;
    await server.close();
    return port;
  }

  it('fails every waiting exchange with an error that names the port', async () => {
    const port = await freePort();
    const pool = poolFor(port, { connections: 2 });
    const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map((text) => ask(pool, text)));
    for (const result of results) {
      expect(result).toMatchObject({
        reason: {
          code: 'OXD_TRANSPORT_UNREACHABLE',
          command: 'command',
          mayHaveRun: false,
          message: expect.stringContaining(`127.0.0.1:${port}`),
          cause: { code: 'ECONNREFUSED' },
        },
      });
    }
  });

  it('is reached again once it is up', async () => {
    const port = await freePort();
    const pool = poolFor(port);
    await expect(ask(pool, 'a')).rejects.toMatchObject({ code: 'OXD_TRANSPORT_UNREACHABLE' });
    opened.push(await FrameServer.listen(echo, { port }));
    expect(await ask(pool, 'b')).toBe('re:b');
  });

  it('is unreachable after connectTimeout', async () => {
    const port = await silentPort();
    const asked = resultOf(ask(poolFor(port, { connectTimeout: 40 }), 'a'));
    await clock.advance(40);
    expect(await asked).toMatchObject({
      code: 'OXD_TRANSPORT_UNREACHABLE',
      mayHaveRun: false,
      cause: { message: 'not connected within 40 ms' },
    });
  });

  it('is unreachable after the time limit of the exchange if shorter than connectTimeout', async () => {
    const asked = resultOf(ask(poolFor(await silentPort(), { timeout: 40 }), 'a'));
    await clock.advance(40);
    expect(await asked).toMatchObject({
      code: 'OXD_TRANSPORT_TIMEOUT',
      mayHaveRun: false,
    });
  });

  it('does not prolong the wait of later exchanges', async () => {
    const pool = poolFor(await silentPort(), { timeout: 60 });
    const first = resultOf(ask(pool, 'a'));
    await clock.advance(30);
    const second = resultOf(ask(pool, 'b'));
    await clock.advance(30);
    expect(await first).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT' });
    await clock.advance(30);
    expect(await second).toMatchObject({ code: 'OXD_TRANSPORT_TIMEOUT' });
  });

  /** A port that accepts no connection: its backlog is full. */
  async function silentPort(): Promise<number> {
    const worker = new Worker(
      `const server = require('node:net').createServer();
       server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
         require('node:worker_threads').parentPort.postMessage(server.address().port);
         Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
       });`,
      { eval: true },
    );
    const [port] = (await once(worker, 'message')) as [number];
    let connected = 0;
    const fillers = Array.from({ length: 8 }, () => connect(port, '127.0.0.1'));
    for (const filler of fillers) filler.on('error', () => {}).on('connect', () => connected++);
    opened.push({
      close: async () => {
        for (const filler of fillers) filler.destroy();
        await worker.terminate();
      },
    });
    // Linux queues one connection more than the backlog.
    await until(() => connected === 2);
    return port;
  }
});

describe('a server that accepts and closes at once', () => {
  it('fails every exchange at once, is connected to once for each, and is used again when up', async () => {
    const server = await serve(echo);
    server.dropsNew = true;
    const pool = poolFor(server.port, { connections: 2, timeout: 60_000, connectTimeout: 60_000 });
    const texts = ['a', 'b', 'c', 'd', 'e'];
    for (const repeatable of [true, false]) {
      const results = await Promise.allSettled(
        texts.map((text) => ask(pool, text, { repeatable })),
      );
      for (const result of results) {
        expect(result).toMatchObject({
          reason: { code: 'OXD_TRANSPORT_CLOSED', command: 'command', mayHaveRun: true },
        });
      }
    }
    await settled();
    expect(server.accepted).toBe(2 * texts.length);
    expect(server.commands).toBe(0);
    server.dropsNew = false;
    expect(await Promise.all(texts.map((text) => ask(pool, text)))).toEqual(
      texts.map((text) => `re:${text}`),
    );
    expect(server.accepted).toBe(2 * texts.length + 2);
  });

  it.each([
    ['a repeatable request', true],
    ['one that must not be repeated', false],
  ])(
    'is not retried without limit by %s whose idle connection it has closed',
    async (_, repeatable) => {
      const server = await serve(echo);
      const pool = poolFor(server.port, { timeout: 60_000, connectTimeout: 60_000 });
      await ask(pool, 'a');
      server.dropsNew = true;
      server.dropConnections();
      await expect(ask(pool, 'b', { repeatable })).rejects.toMatchObject({
        code: 'OXD_TRANSPORT_CLOSED',
      });
      await settled();
      expect(server.accepted).toBe(2);
      server.dropsNew = false;
      expect(await ask(pool, 'c', { repeatable })).toBe('re:c');
    },
  );
});

describe('a connection that died while idle', () => {
  it('is replaced before a command with side effects is sent', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    await ask(pool, 'a');
    server.dropConnections();
    expect(await ask(pool, 'b')).toBe('re:b');
    expect(server).toMatchObject({ accepted: 2, commands: 2 });
  });

  it('is replaced also when it is one of many', async () => {
    const server = await serve((text) => ({ text: `re:${text}`, delay: 10 }));
    const pool = poolFor(server.port, { connections: 8 });
    await Promise.all(Array.from({ length: 8 }, () => ask(pool, 'a')));
    server.dropConnections();
    const replies = Array.from({ length: 8 }, (_, i) =>
      ask(pool, `${i}`, { repeatable: i % 2 === 0 }),
    );
    expect(await Promise.all(replies)).toEqual(Array.from({ length: 8 }, (_, i) => `re:${i}`));
    expect(server.commands).toBe(16);
  });

  it('is replaced when the server closed it long before', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    await ask(pool, 'a');
    server.dropConnections();
    await settled();
    expect(await ask(pool, 'b')).toBe('re:b');
  });

  it('is replaced when it received unsolicited bytes', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    await ask(pool, 'a');
    server.writeUnasked('0002{}');
    await until(() => server.connections === 0);
    expect(await ask(pool, 'b')).toBe('re:b');
    expect(server.accepted).toBe(2);
  });

  function dropping(times: number): FrameHandler {
    let left = times;
    return (text) => {
      if (text !== 'b' || left === 0) return `re:${text}`;
      left -= 1;
      return { drop: true };
    };
  }

  it('repeats a repeatable request when it closes instead of delivering a reply', async () => {
    const server = await serve(dropping(1));
    const pool = poolFor(server.port);
    await ask(pool, 'a');
    expect(await ask(pool, 'b', { repeatable: true })).toBe('re:b');
    expect(server.commands).toBe(3);
  });

  it.each([
    ['one with side effects', { repeatable: false, drops: 1, commands: 2 }],
    ['a second time', { repeatable: true, drops: 9, commands: 3 }],
  ])('never repeats %s', async (_name, { repeatable, drops, commands }) => {
    const server = await serve(dropping(drops));
    const pool = poolFor(server.port);
    await ask(pool, 'a');
    await expect(ask(pool, 'b', { repeatable })).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
      mayHaveRun: true,
    });
    expect(server.commands).toBe(commands);
  });

  it('never repeats a second time when another idle connection is dead as well', async () => {
    const server = await serve((text) => (text === 'b' ? { drop: true } : { text, delay: 10 }));
    const pool = poolFor(server.port);
    await Promise.all([ask(pool, 'a'), ask(pool, 'a')]);
    await expect(ask(pool, 'b', { repeatable: true })).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
    });
    expect(server.commands).toBe(4);
  });

  it('does not cost a request its position in the queue', async () => {
    const seen: string[] = [];
    const drop = dropping(1);
    const server = await serve((text) => {
      seen.push(text);
      return drop(text);
    });
    const pool = poolFor(server.port, { connections: 1 });
    await ask(pool, 'a');
    await Promise.all([ask(pool, 'b', { repeatable: true }), ask(pool, 'c'), ask(pool, 'd')]);
    expect(seen).toEqual(['a', 'b', 'b', 'c', 'd']);
  });

  it('never repeats a request sent on a new connection', async () => {
    const server = await serve(dropping(1));
    const pool = poolFor(server.port);
    await expect(ask(pool, 'b', { repeatable: true })).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
    });
    expect(server.commands).toBe(1);
  });

  it('never repeats once part of the reply has arrived', async () => {
    const server = await serve((text) =>
      text === 'b' ? { raw: '0100{"st', close: true } : `re:${text}`,
    );
    const pool = poolFor(server.port);
    await ask(pool, 'a');
    await expect(ask(pool, 'b', { repeatable: true })).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
      mayHaveRun: true,
    });
    expect(server.commands).toBe(2);
  });
});

describe('an invalid reply', () => {
  it.each([
    ['garbage', 'HTTP/1.1 400 Bad Request'],
    ['characters after the frame', '0002{}x'],
    ['a length of 0000', '0000'],
    ['bytes that are no UTF-8', Uint8Array.of(0x30, 0x30, 0x30, 0x31, 0xff)],
  ])('fails the exchange and closes the connection: %s', async (_name, raw) => {
    const server = await serve((text) => (text === 'a' ? { raw } : `re:${text}`));
    const pool = poolFor(server.port, { connections: 1 });
    const [a, b] = await Promise.allSettled([ask(pool, 'a'), ask(pool, 'b')]);
    expect(a).toMatchObject({ reason: { code: 'OXD_TRANSPORT_MALFORMED', mayHaveRun: true } });
    expect(b).toMatchObject({ value: 're:b' });
    expect(server.accepted).toBe(2);
  });

  it('closes the connection when parsing the reply fails', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    const read = (): never => {
      throw new RangeError('no');
    };
    await expect(ask(pool, 'a', { read })).rejects.toThrow(RangeError);
    expect(await ask(pool, 'b')).toBe('re:b');
    expect(server.accepted).toBe(2);
  });
});

describe('an AbortSignal', () => {
  it('prevents sending when it is already aborted', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    const signal = AbortSignal.abort('enough');
    await expect(ask(pool, 'a', { signal })).rejects.toBe('enough');
    expect(server.accepted).toBe(0);
  });

  it('aborts the exchange with its reason, and the reply is discarded', async () => {
    const { handler, open, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { connections: 1 });
    const controller = new AbortController();
    const reason = new Error('left');
    const a = ask(pool, 'a', { signal: controller.signal });
    await seen(1);
    const b = ask(pool, 'b');
    controller.abort(reason);
    await expect(a).rejects.toBe(reason);
    open();
    await seen(2);
    open();
    expect(await b).toBe('re:b');
    expect(server.accepted).toBe(2);
  });

  it('removes a waiting exchange from the queue, so that it is never sent', async () => {
    const { handler, received, open, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { connections: 1, maxQueue: 1 });
    const controller = new AbortController();
    const a = ask(pool, 'a');
    await seen(1);
    const b = ask(pool, 'b', { signal: controller.signal });
    controller.abort();
    await expect(b).rejects.toMatchObject({ name: 'AbortError' });
    const c = ask(pool, 'c');
    open();
    await seen(2);
    open();
    expect(await Promise.all([a, c])).toEqual(['re:a', 're:c']);
    expect(received).toEqual(['a', 'c']);
  });

  it('has no effect when aborted after the reply', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    const controller = new AbortController();
    expect(await ask(pool, 'a', { signal: controller.signal })).toBe('re:a');
    controller.abort();
    expect(await ask(pool, 'b')).toBe('re:b');
    expect(server.accepted).toBe(1);
  });

  it('leaves the connection to others when aborted before sending', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    await ask(pool, 'a');
    const controller = new AbortController();
    const b = ask(pool, 'b', { signal: controller.signal });
    controller.abort('enough');
    await expect(b).rejects.toBe('enough');
    expect(await ask(pool, 'c')).toBe('re:c');
    expect(server).toMatchObject({ accepted: 1, commands: 2 });
  });
});

describe('close()', () => {
  it('rejects pending and queued exchanges, and closes every connection', async () => {
    const { handler, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { connections: 1 });
    const results = Promise.allSettled([ask(pool, 'a'), ask(pool, 'b')]);
    await seen(1);
    await pool.close();
    expect(await results).toMatchObject([
      { reason: { code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true } },
      { reason: { code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: false } },
    ]);
    await until(() => server.connections === 0);
    await expect(ask(pool, 'c')).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_CLOSED',
      mayHaveRun: false,
    });
    expect(server.accepted).toBe(1);
  });

  it('rejects an exchange that waits for a connection being opened', async () => {
    const server = await serve(echo);
    const pool = poolFor(server.port);
    const a = ask(pool, 'a');
    const closed = pool.close();
    await expect(a).rejects.toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: false });
    await closed;
    await until(() => server.connections === 0);
  });

  it('leaves nothing that keeps the process alive', async () => {
    const before = sockets();
    const server = await serve(echo);
    const pool = poolFor(server.port, { connections: 4 });
    await Promise.all(['a', 'b', 'c', 'd'].map((text) => ask(pool, text)));
    await pool.close();
    await until(() => server.connections === 0);
    expect(sockets()).toBe(before);
  });

  it('may be called twice, and before anything was sent', async () => {
    const pool = poolFor(9);
    await pool.close();
    await expect(pool.close()).resolves.toBeUndefined();
  });
});

describe('an idle connection', () => {
  it('does not keep the process alive, one with an exchange does', async () => {
    const { handler, open, until: seen } = gate();
    const server = await serve(handler);
    const pool = poolFor(server.port, { connections: 1 });
    const before = sockets();
    for (const text of ['a', 'b']) {
      const reply = ask(pool, text);
      await seen(text === 'a' ? 1 : 2);
      expect(sockets()).toBe(before + 2);
      open();
      await reply;
      expect(sockets()).toBe(before + 1);
    }
  });
});
