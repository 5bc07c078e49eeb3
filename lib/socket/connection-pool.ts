import { type Address, Connection, type ConnectionOwner } from './connection.js';
import { Exchange, type ExchangeRequest } from './exchange.js';
import { transportFailure } from './transport-failure.js';
import { RequestQueue } from './request-queue.js';

/** What a pool needs to know. */
export interface ConnectionPoolOptions extends Address {
  /** Connections at most. */
  readonly connections: number;
  /** Exchanges that may wait while every connection is taken. */
  readonly maxQueue: number;
  /** Limit for an exchange, its wait included, in milliseconds. */
  readonly timeout: number;
  /** Reads a reply; what it returns or throws is the outcome of the exchange. */
  readonly read: (command: string, reply: string) => unknown;
}

type FailureCode = Parameters<typeof transportFailure>[0];

/**
 * Connections that are kept and lent to one exchange at a time. They are opened when there is
 * something to do for them, and replaced when they close.
 */
export class ConnectionPool implements ConnectionOwner {
  /** @internal */
  readonly read: ConnectionPoolOptions['read'];
  private readonly connecting = new Set<Connection>();
  private readonly established = new Set<Connection>();
  private readonly idle: Connection[] = [];
  private readonly line = new RequestQueue((exchange) =>
    this.refuse(exchange, 'OXD_TRANSPORT_TIMEOUT'),
  );
  private isClosed = false;
  /** Time that must be left of the limit for an exchange to be sent, in milliseconds. */
  private readonly leastTime: number;

  constructor(private readonly options: ConnectionPoolOptions) {
    const { timeout } = options;
    this.read = options.read;
    this.leastTime = Math.min(Math.max(timeout / 10, 100), timeout / 2);
  }

  /**
   * Sends a frame and reads the reply. Where a connection that had been idle turns out to be
   * closed, the request goes out again on another one, provided that it was not sent or is
   * repeatable; it is repeated once, and never after a time limit.
   *
   * @throws {OxdTransportError} OXD_TRANSPORT_TIMEOUT, _CLOSED, _BUSY, _MALFORMED or _UNREACHABLE
   * @throws the signal's reason when it is aborted
   */
  exchange(request: ExchangeRequest): Promise<unknown> {
    const exchange = new Exchange(request, performance.now() + this.options.timeout);
    const { signal } = request;
    const problem = this.problem();
    if (signal?.aborted) exchange.fail(signal.reason);
    else if (problem) this.refuse(exchange, problem);
    else {
      if (signal) this.obey(signal, exchange);
      this.start(exchange);
    }
    return exchange.reply;
  }

  /** Ends every connection; what is under way or waits rejects with OXD_TRANSPORT_CLOSED. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.refuseWaiting('OXD_TRANSPORT_CLOSED');
    const all = [...this.connecting, ...this.established];
    await Promise.all(all.map((connection) => connection.close()));
  }

  /** @internal */
  ready(connection: Connection): void {
    if (this.connecting.delete(connection)) this.established.add(connection);
    const next = this.nextInTime();
    if (next) return connection.send(next, false);
    connection.rest();
    this.idle.push(connection);
  }

  /** @internal */
  closed(connection: Connection): void {
    this.connecting.delete(connection);
    if (!this.established.delete(connection)) return;
    const place = this.idle.indexOf(connection);
    if (place >= 0) this.idle.splice(place, 1);
    this.grow();
  }

  /** @internal */
  unreachable(_connection: Connection, cause: unknown): void {
    // While others work, they serve who waits.
    if (this.established.size === 0) this.refuseWaiting('OXD_TRANSPORT_UNREACHABLE', cause);
  }

  /** @internal */
  restart(exchange: Exchange): void {
    if (this.startOnIdle(exchange)) return;
    this.line.unshift(exchange);
    this.grow();
  }

  private start(exchange: Exchange): void {
    if (this.startOnIdle(exchange)) return;
    this.line.push(exchange);
    this.grow();
  }

  /**
   * First exchange of the queue that can still be answered; rejects those before it. A command that
   * is written just before its time limit is executed although its caller has been told that it
   * failed.
   */
  private nextInTime(): Exchange | undefined {
    for (;;) {
      const next = this.line.shift();
      if (!next || next.deadline - performance.now() >= this.leastTime) return next;
      this.refuse(next, 'OXD_TRANSPORT_TIMEOUT');
    }
  }

  private startOnIdle(exchange: Exchange): boolean {
    const connection = this.idle.pop();
    connection?.send(exchange, true);
    return connection !== undefined;
  }

  private grow(): void {
    const { connections } = this.options;
    while (
      this.line.length > this.connecting.size &&
      this.established.size + this.connecting.size < connections
    ) {
      this.connecting.add(new Connection(this.options, this));
    }
  }

  private problem(): FailureCode | undefined {
    if (this.isClosed) return 'OXD_TRANSPORT_CLOSED';
    if (this.idle.length > 0) return undefined;
    // Who has a connection opened for it does not count as waiting.
    const opening = this.options.connections - this.established.size;
    return this.line.length < this.options.maxQueue + opening ? undefined : 'OXD_TRANSPORT_BUSY';
  }

  private obey(signal: AbortSignal, exchange: Exchange): void {
    const abort = () => this.abort(exchange, signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    exchange.release = () => signal.removeEventListener('abort', abort);
  }

  private abort(exchange: Exchange, reason: unknown): void {
    exchange.fail(reason);
    if (this.line.leave(exchange)) return;
    for (const connection of this.established) {
      if (connection.cancel(exchange)) return;
    }
  }

  private refuseWaiting(code: FailureCode, cause?: unknown): void {
    for (const exchange of this.line.clear()) this.refuse(exchange, code, cause);
  }

  private refuse(exchange: Exchange, code: FailureCode, cause?: unknown): void {
    exchange.fail(transportFailure(code, this.options, { command: exchange.command, cause }));
  }
}
