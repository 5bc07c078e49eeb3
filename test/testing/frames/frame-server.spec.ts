import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { FrameAnswer } from '../../../lib/testing/frames/frame-answer.js';
import { FrameServer } from '../../../lib/testing/frames/frame-server.js';
import { encodeFrame } from '../../../lib/socket/frame.js';
import { settled } from '../../support/manual-clock.js';
import { TcpSegments } from '../../support/tcp-segments.js';

const seen: string[] = [];
let answer: FrameAnswer | Promise<FrameAnswer> | undefined;
let server: FrameServer;
let segments: TcpSegments;
let client: Socket;
let received: Buffer[];

beforeEach(async () => {
  seen.length = 0;
  answer = undefined;
  server = await FrameServer.listen((text) => {
    seen.push(text);
    return answer ?? `re:${text.length}`;
  });
  segments = await TcpSegments.connect(server.port);
  ({ client } = segments);
  client.on('error', () => {});
  received = [];
  client.on('data', (bytes) => received.push(bytes));
});

afterEach(async () => {
  client.destroy();
  await server.close();
});

const text = (): string => Buffer.concat(received).toString();

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setImmediate();
}

/** Sends segments and waits for this reply or the end of the connection. */
async function send(pieces: readonly string[], reply?: string): Promise<void> {
  for (const piece of pieces) await segments.write(piece);
  await until(() => text() === reply || client.closed);
}

describe('FrameServer', () => {
  it.each([
    ['a frame', ['0002{}'], ['{}']],
    ['a prefix with a plus', ['+002{}'], ['{}']],
    ['a frame byte by byte', Array.from('0004{"a"'), ['{"a"']],
    ['a character cut in two', ['0003"é"'], ['"é"']],
    ['an astral character, which counts twice', ['0004"😀"'], ['"😀"']],
    ['a fifth digit, as the first character of the body', ['00021{}'], ['1{']],
    ['a length that is too short', ['0001{}'], ['{']],
    ['more than the frame, which is lost', ['0002{}tail'], ['{}']],
    ['two frames at once, of which the second is lost', ['0002{}0002[]'], ['{}']],
    ['a newline together with the frame', ['0002{}\n'], ['{}']],
  ])('reads %s', async (_name, pieces, expected) => {
    const reply = encodeFrame(`re:${expected[0]?.length}`);
    await send(pieces, reply);
    expect(text()).toBe(reply);
    expect(seen).toEqual(expected);
  });

  it.each([
    ['letters as the prefix', 'abcd{}'],
    ['a length of 0000', '0000'],
    ['a length of -1', '-001{}'],
    ['a negative length', '-123{}'],
    ['a blank in the prefix', ' 002{}'],
    ['a body of blanks', '0003   '],
  ])('closes without a reply on %s', async (_name, frame) => {
    await send([frame]);
    expect(client.closed).toBe(true);
    expect(text()).toBe('');
    expect(seen).toEqual([]);
  });

  it('closes without a reply when the client closes before the frame is complete', async () => {
    client.end('0010{}');
    await until(() => client.closed);
    expect(text()).toBe('');
    expect(seen).toEqual([]);
  });

  it('waits for the rest of a frame', async () => {
    await segments.write('0010{}');
    expect(client.closed).toBe(false);
    expect(seen).toEqual([]);
    await segments.write(' '.repeat(8));
    await until(() => text() === encodeFrame('re:10'));
    expect(seen).toEqual([`{}${' '.repeat(8)}`]);
  });

  it('reads a newline after a command as the next prefix', async () => {
    client.write('0002{}');
    await until(() => text() === '0004re:2');
    await send(['\n', '0002{}']);
    expect(client.closed).toBe(true);
    expect(seen).toEqual(['{}']);
  });

  it('replies to one command after another', async () => {
    client.write('0002{}');
    await until(() => text() === '0004re:2');
    client.write('0003{"}');
    await until(() => text() === '0004re:20004re:3');
    expect(server).toMatchObject({ accepted: 1, commands: 2, connections: 1, pipelined: 0 });
  });

  it('counts segments that arrive while it replies', async () => {
    let reply = (): void => undefined;
    answer = new Promise((resolve) => (reply = () => resolve('x')));
    await segments.write('0002{}');
    await segments.write('0003{"}');
    expect(server.pipelined).toBe(1);
    expect(seen).toEqual(['{}']);
    reply();
    await until(() => seen.length === 2);
  });

  it.each(['x', 'é', '😀'])(
    'writes a reply of 9999 units of %s and no longer reply',
    async (unit) => {
      const most = unit.repeat(9_998 / unit.length) + 'x'.repeat(1);
      answer = most;
      client.write('0002{}');
      await until(() => text() === `9999${most}`);
      received = [];
      answer = `${most}x`;
      client.write('0002{}');
      await until(() => client.closed);
      expect(text()).toBe('');
    },
  );

  it('accepts a command of 9999 units', async () => {
    client.write(`9999${'x'.repeat(9_999)}`);
    await until(() => text() === encodeFrame('re:9999'));
    expect(seen).toHaveLength(1);
  });

  it('splits a reply into segments', async () => {
    answer = { text: '{"a":1}', segments: [1] };
    client.write('0002{}');
    await until(() => text() === '0007{"a":1}');
    expect(received.length).toBeGreaterThan(5);
  });

  it.each([
    ['after the reply', { text: 'x', close: true }, '0001x'],
    ['after raw bytes', { raw: 'nonsense', close: true }, 'nonsense'],
    ['instead of a reply', { drop: true }, ''],
  ] as const)('closes %s', async (_name, given, expected) => {
    answer = given;
    client.write('0002{}');
    await until(() => client.closed);
    expect(text()).toBe(expected);
  });

  it('hangs', async () => {
    answer = { hang: true };
    await segments.write('0002{}');
    answer = undefined;
    await segments.write('0002{}');
    await settled();
    expect(client.closed).toBe(false);
    expect(seen).toHaveLength(1);
  });

  it('closes when the handler fails', async () => {
    const failing = await FrameServer.listen(() => {
      throw new Error('no');
    });
    const other = connect(failing.port, '127.0.0.1');
    other.write('0002{}');
    await once(other.resume(), 'close');
    await failing.close();
    expect(failing.commands).toBe(1);
  });

  it('can close new connections before it reads', async () => {
    server.dropsNew = true;
    const other = connect(server.port, '127.0.0.1');
    other.on('error', () => {});
    await once(other.resume(), 'close');
    expect(server).toMatchObject({ accepted: 2, connections: 1, commands: 0 });
  });

  it('can close open connections, and continues to listen', async () => {
    server.dropConnections();
    await until(() => client.closed);
    const other = connect(server.port, '127.0.0.1');
    other.write('0002{}');
    const [bytes] = (await once(other, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('0004re:2');
    other.destroy();
  });

  it('closes connections with a command in progress', async () => {
    answer = { text: 'x', delay: 60_000 };
    client.write('0002{}');
    await until(() => seen.length === 1);
    await server.close();
    await until(() => client.closed);
    expect(server.connections).toBe(0);
  });
});
