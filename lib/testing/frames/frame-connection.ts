import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { encodeFrame, MAX_UNITS } from '../../socket/frame.js';
import type { FrameAnswer, FrameDelivery, FrameHandler } from './frame-answer.js';

/** Bytes that oxd-server takes from the network in one read. */
const READ_SIZE = 8192;
const PREFIX = 4;

/** Callbacks of the server that owns a connection. */
interface ConnectionCallbacks {
  readonly command: FrameHandler;
  readonly pipelined: () => void;
}

/**
 * Server side of a connection: reads one command, sends its reply, then reads the next command.
 *
 * @internal
 */
export class FrameConnection {
  private readonly utf8 = new StringDecoder('utf8');
  private readonly ended = new AbortController();
  private arrived: Buffer[] = [];
  private text = '';
  private answering = false;

  constructor(
    private readonly socket: Socket,
    private readonly owner: ConnectionCallbacks,
  ) {
    socket.on('data', (bytes) => this.receive(bytes));
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.ended.abort());
  }

  private receive(bytes: Buffer): void {
    if (this.answering) this.owner.pipelined();
    for (let at = 0; at < bytes.length; at += READ_SIZE) {
      this.arrived.push(bytes.subarray(at, at + READ_SIZE));
    }
    this.readOn();
  }

  private readOn(): void {
    while (!this.answering && !this.socket.destroyed) {
      const bytes = this.arrived.shift();
      if (!bytes) return;
      this.text += this.utf8.write(bytes);
      const body = this.takeBody();
      if (body !== undefined) this.answer(body);
    }
  }

  private takeBody(): string | undefined {
    if (this.text.length < PREFIX) return undefined;
    const length = parseLength(this.text.slice(0, PREFIX));
    if (length === undefined) return this.drop();
    if (this.text.length < PREFIX + length) return undefined;
    const body = this.text.slice(PREFIX, PREFIX + length);
    // Like oxd-server, drops the bytes that it has read beyond the end of a command.
    this.text = '';
    return body.trim() === '' ? this.drop() : body;
  }

  private answer(body: string): void {
    this.answering = true;
    this.deliver(body).then(
      (answered) => {
        this.answering = !answered;
        this.readOn();
      },
      () => this.drop(),
    );
  }

  /** @returns false when no further command can be read: no reply, or the connection closes */
  private async deliver(body: string): Promise<boolean> {
    const answer = await this.owner.command(body);
    if (typeof answer === 'object' && 'hang' in answer) return false;
    const bytes = toBytes(answer);
    const { delay, segments = [Infinity], close = !bytes } = deliveryOf(answer);
    if (delay) await setTimeout(delay, undefined, { signal: this.ended.signal });
    if (bytes) await this.write(bytes, segments);
    if (close) this.socket.end(() => this.drop());
    return !close;
  }

  private async write(bytes: Buffer, segments: readonly number[]): Promise<void> {
    for (let at = 0, index = 0; at < bytes.length && !this.socket.destroyed; index += 1) {
      // Waits until the previous write has left: two writes at once could form one segment.
      if (index > 0) await setImmediate();
      const size = segments[index] ?? segments.at(-1) ?? bytes.length;
      const end = at + Math.max(size, 1);
      this.socket.write(bytes.subarray(at, end));
      at = end;
    }
  }

  private drop(): undefined {
    this.socket.destroy();
  }
}

/**
 * Parses a prefix as Java's `Integer.parseInt` does, which accepts a sign. Returns undefined when
 * oxd-server would close the connection.
 */
function parseLength(prefix: string): number | undefined {
  const length = /^[+-]?\d+$/.test(prefix) ? Number(prefix) : 0;
  return length > 0 ? length : undefined;
}

function deliveryOf(answer: FrameAnswer): FrameDelivery {
  return typeof answer === 'object' && ('text' in answer || 'raw' in answer) ? answer : {};
}

/** Bytes of a reply; undefined when the connection is closed without one. */
function toBytes(answer: Exclude<FrameAnswer, { readonly hang: true }>): Buffer | undefined {
  if (typeof answer === 'object' && 'drop' in answer) return undefined;
  if (typeof answer === 'object' && 'raw' in answer) return Buffer.from(answer.raw);
  const text = typeof answer === 'string' ? answer : answer.text;
  return text.length > MAX_UNITS ? undefined : Buffer.from(encodeFrame(text));
}
