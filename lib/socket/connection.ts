import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { OxdError } from '../base/errors.js';
import { Deadline } from './deadline.js';
import type { Exchange } from './exchange.js';
import { FrameDecoder } from './frame.js';
import { type Endpoint, transportFailure } from './transport-failure.js';

const BUFFER_SIZE = 16_384;
const KEEP_ALIVE_DELAY = 60_000;

/** Where to connect to, and how long to try. */
export interface Address extends Endpoint {
  /** Limit for establishing the connection, in milliseconds. */
  readonly connectTimeout: number;
}

/** To whom a connection belongs. */
export interface ConnectionOwner {
  /** Reads a reply. What it throws is the caller's; see {@link Connection} for what follows. */
  read(command: string, reply: string): unknown;
  /** Established, or done with an exchange. */
  ready(connection: Connection): void;
  /** Closed, and not established before. */
  unreachable(connection: Connection, cause: unknown): void;
  /** Closed. */
  closed(connection: Connection): void;
  /** Closed before this exchange was sent, or before a reply to one that may be repeated. */
  restart(exchange: Exchange): void;
}

/**
 * One TCP socket to oxd-server, on which one exchange at a time is made. It ends itself whenever
 * it is uncertain what the next bytes would mean: at a time limit, at a malformed or unexpected
 * reply, and after an error with `mayHaveRun`, because oxd-server closes after its generic
 * `internal_error`.
 */
export class Connection {
  private readonly socket: Socket;
  private readonly decoder = new FrameDecoder();
  private readonly deadline = new Deadline(() => this.expire());
  private exchange?: Exchange;
  private established = false;
  private ended = false;
  private wasIdle = false;
  private sent = false;
  private answered = false;

  constructor(
    private readonly address: Address,
    private readonly owner: ConnectionOwner,
  ) {
    this.deadline.set(performance.now() + address.connectTimeout);
    const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
    this.socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      onread: {
        buffer,
        callback: (size) => this.receive(buffer.subarray(0, size)),
      },
    });
    this.socket.once('connect', () => this.open());
    this.socket.once('end', () => this.lose());
    this.socket.on('error', (error) => this.lose(error));
    this.socket.once('close', () => this.lose());
  }

  /**
   * Sends an exchange. An idle connection may have been closed by the other side unnoticed; before
   * something that must not be repeated, the sockets are asked once more.
   */
  send(exchange: Exchange, wasIdle: boolean): void {
    this.exchange = exchange;
    this.wasIdle = wasIdle;
    this.answered = false;
    this.deadline.set(exchange.deadline);
    this.socket.ref();
    if (!wasIdle || exchange.repeatable) return this.write(exchange);
    // The first ends this turn of the event loop, the second comes after the sockets of the next.
    setImmediate(() => setImmediate(() => this.write(exchange)));
  }

  /**
   * Gives an exchange up. What was sent will have a reply, which is nobody's: the connection ends.
   *
   * @returns false when it is not under way here
   */
  cancel(exchange: Exchange): boolean {
    if (this.exchange !== exchange) return false;
    if (this.sent) this.end();
    else this.finish();
    return true;
  }

  /** An idle connection does not keep the process alive. */
  rest(): void {
    this.socket.unref();
  }

  /** Ends the connection for good; resolves when the socket is closed. */
  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    const details = { command: this.exchange?.command, mayHaveRun: this.sent };
    this.end()?.fail(transportFailure('OXD_TRANSPORT_CLOSED', this.address, details));
    await closed;
  }

  /** Ends the connection; the exchange under way is the caller's to settle. */
  private end(): Exchange | undefined {
    const { exchange } = this;
    if (this.ended) return undefined;
    this.ended = true;
    this.exchange = undefined;
    this.deadline.stop();
    this.socket.destroy();
    this.owner.closed(this);
    return exchange;
  }

  private write(exchange: Exchange): void {
    if (this.exchange !== exchange) return;
    this.sent = true;
    this.socket.write(exchange.frame);
  }

  private open(): void {
    this.deadline.clear();
    this.established = true;
    this.owner.ready(this);
  }

  private receive(bytes: Buffer): boolean {
    const { exchange } = this;
    if (!exchange || !this.sent) this.lose();
    else this.readOn(exchange, bytes);
    return true;
  }

  private readOn(exchange: Exchange, bytes: Buffer): void {
    this.answered = true;
    try {
      const reply = this.decoder.push(bytes, exchange.command);
      if (reply === undefined) return;
      exchange.succeed(this.owner.read(exchange.command, reply));
    } catch (error) {
      exchange.fail(error);
      if (!(error instanceof OxdError) || error.mayHaveRun) return void this.end();
    }
    this.finish();
  }

  private finish(): void {
    this.exchange = undefined;
    this.sent = false;
    this.deadline.clear();
    this.owner.ready(this);
  }

  private lose(cause?: unknown): void {
    if (this.ended) return;
    const { established, sent } = this;
    const exchange = this.end();
    if (!established) return this.owner.unreachable(this, cause);
    if (!exchange) return;
    if (sent && !(this.wasIdle && !this.answered && exchange.repeatable)) {
      const details = { cause, command: exchange.command, mayHaveRun: true };
      return exchange.fail(transportFailure('OXD_TRANSPORT_CLOSED', this.address, details));
    }
    if (sent) exchange.repeatable = false;
    this.owner.restart(exchange);
  }

  private expire(): void {
    if (!this.established) {
      return this.lose(new Error(`not connected within ${this.address.connectTimeout} ms`));
    }
    const details = { command: this.exchange?.command, mayHaveRun: this.sent };
    this.end()?.fail(transportFailure('OXD_TRANSPORT_TIMEOUT', this.address, details));
  }
}
