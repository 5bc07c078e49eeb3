import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { OxdClock } from '../base/clock.js';
import { OxdError } from '../base/errors.js';
import { Deadline } from './deadline.js';
import type { Exchange } from './exchange.js';
import { FrameDecoder } from './frame.js';
import { type Endpoint, transportFailure } from './transport-failure.js';

const BUFFER_SIZE = 16_384;
const KEEP_ALIVE_DELAY = 60_000;

/** Endpoint of a connection, with the limit for establishing it. */
export interface Address extends Endpoint {
  /** Limit for establishing the connection, in milliseconds. */
  readonly connectTimeout: number;
  /** Clock of every deadline. */
  readonly clock: OxdClock;
}

/** Callbacks of the pool that owns a connection. */
export interface ConnectionOwner {
  /** Called when the connection is established and after each exchange. */
  ready(connection: Connection): void;
  /** Called when the connection could not be established. */
  unreachable(connection: Connection, cause: unknown): void;
  /** Called when the connection has ended. */
  closed(connection: Connection): void;
  /** Called when an exchange may be sent again: not sent yet, or repeatable and without a reply. */
  restart(exchange: Exchange): void;
}

/**
 * TCP connection to oxd-server for one exchange at a time. It closes itself whenever the next bytes
 * could not be assigned to a command: after a timeout, after a malformed or unsolicited reply, and
 * after an error with `mayHaveRun`, because oxd-server closes after its generic `internal_error`.
 */
export class Connection {
  private readonly socket: Socket;
  private readonly decoder = new FrameDecoder();
  private readonly deadline: Deadline;
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
    const { clock, connectTimeout } = address;
    this.deadline = new Deadline(clock, () => this.expire());
    this.deadline.set(clock.now() + connectTimeout);
    const buffer = Buffer.allocUnsafe(BUFFER_SIZE);
    this.socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      onread: {
        buffer,
        callback: (size) => this.receive(buffer, size),
      },
    });
    this.socket.once('connect', () => this.open());
    this.socket.once('end', () => this.lose());
    this.socket.on('error', (error) => this.lose(error));
    this.socket.once('close', () => this.lose());
  }

  /**
   * Sends an exchange. oxd-server may have closed an idle connection without this side having seen it
   * yet, so an exchange that must not be repeated waits until the event loop has polled the sockets.
   */
  send(exchange: Exchange, wasIdle: boolean): void {
    this.exchange = exchange;
    this.wasIdle = wasIdle;
    this.answered = false;
    this.deadline.set(exchange.deadline);
    this.socket.ref();
    if (!wasIdle || exchange.repeatable) return this.write(exchange);
    // The first callback ends this iteration of the event loop; the second runs after the next poll.
    setImmediate(() => setImmediate(() => this.write(exchange)));
  }

  /**
   * Cancels an exchange. If it was sent, its reply would be taken for the next one: the connection
   * closes.
   *
   * @returns false when the exchange does not use this connection
   */
  cancel(exchange: Exchange): boolean {
    if (this.exchange !== exchange) return false;
    if (this.sent) this.end();
    else this.finish();
    return true;
  }

  /** Marks the connection as idle, so that it does not keep the process alive. */
  rest(): void {
    this.socket.unref();
  }

  /** Closes the connection; resolves when the socket is closed. */
  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    const details = { command: this.exchange?.request.command, mayHaveRun: this.sent };
    this.end()?.fail(transportFailure('OXD_TRANSPORT_CLOSED', this.address, details));
    await closed;
  }

  /** Ends the connection and returns its unsettled exchange, which the caller must settle. */
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
    this.socket.write(exchange.request.frame);
  }

  private open(): void {
    this.deadline.clear();
    this.established = true;
    this.owner.ready(this);
  }

  private receive(buffer: Buffer, size: number): boolean {
    const { exchange } = this;
    if (!exchange || !this.sent) this.lose();
    else this.readOn(exchange, buffer, size);
    return true;
  }

  private readOn(exchange: Exchange, buffer: Buffer, size: number): void {
    this.answered = true;
    try {
      const { request } = exchange;
      const reply = this.decoder.push(buffer, size, request.command);
      if (reply === undefined) return;
      exchange.succeed(request.read(reply));
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
      const details = { cause, command: exchange.request.command, mayHaveRun: true };
      return exchange.fail(transportFailure('OXD_TRANSPORT_CLOSED', this.address, details));
    }
    if (sent) exchange.repeatable = false;
    this.owner.restart(exchange);
  }

  private expire(): void {
    if (!this.established) {
      return this.lose(new Error(`not connected within ${this.address.connectTimeout} ms`));
    }
    const details = { command: this.exchange?.request.command, mayHaveRun: this.sent };
    this.end()?.fail(transportFailure('OXD_TRANSPORT_TIMEOUT', this.address, details));
  }
}
