import { minimumTime } from '../base/time-limit.js';
import { onAbort } from '../base/until-aborted.js';
import { type Address, Connection, type ConnectionOwner } from './connection.js';
import { Exchange, type ExchangeRequest } from './exchange.js';
import { transportFailure } from './transport-failure.js';
import { RequestQueue } from './request-queue.js';

/** Options of a {@link ConnectionPool}. */
export interface ConnectionPoolOptions extends Address {
  /** Maximum number of connections. */
  readonly connections: number;
  /** Maximum number of exchanges that wait while every connection is in use. */
  readonly maxQueue: number;
  /** Limit for an exchange, including the time in the queue, in milliseconds. */
  readonly timeout: number;
}

type FailureCode = Parameters<typeof transportFailure>[0];

/**
 * Pool of persistent connections, each used by one exchange at a time. Connections are opened on
 * demand and replaced when they close while exchanges wait.
 */
export class ConnectionPool implements ConnectionOwner {
  private readonly connecting = new Set<Connection>();
  private readonly established = new Set<Connection>();
  private readonly idle: Connection[] = [];
  private readonly queue: RequestQueue;
  private isClosed = false;
  /** Minimum time before the deadline at which an exchange is still sent, in milliseconds. */
  private readonly minimumTime: number;

  constructor(private readonly options: ConnectionPoolOptions) {
    const { clock, timeout } = options;
    this.queue = new RequestQueue(clock, (exchange) =>
      this.reject(exchange, 'OXD_TRANSPORT_TIMEOUT'),
    );
    this.minimumTime = minimumTime(timeout);
  }

  /**
   * Sends a frame and reads the reply. When an idle connection turns out to be closed, the request is
   * sent again on another connection, provided that it was not sent or is repeatable; at most once,
   * and never after the deadline.
   *
   * @throws {OxdTransportError} OXD_TRANSPORT_TIMEOUT, _CLOSED, _BUSY, _MALFORMED or _UNREACHABLE
   * @throws the signal's reason when it is aborted
   */
  exchange(request: ExchangeRequest): Promise<unknown> {
    const { clock, timeout } = this.options;
    const exchange = new Exchange(request, clock.now() + timeout);
    const { signal } = request;
    const rejection = this.rejectionCode();
    if (signal?.aborted) exchange.fail(signal.reason);
    else if (rejection) this.reject(exchange, rejection);
    else {
      if (signal) exchange.release = onAbort(signal, (reason) => this.abort(exchange, reason));
      this.start(exchange);
    }
    return exchange.reply;
  }

  /** Closes every connection; pending exchanges reject with OXD_TRANSPORT_CLOSED. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.rejectQueued('OXD_TRANSPORT_CLOSED');
    const all = [...this.connecting, ...this.established];
    await Promise.all(all.map((connection) => connection.close()));
  }

  /** @internal */
  ready(connection: Connection): void {
    if (this.connecting.delete(connection)) this.established.add(connection);
    const next = this.nextBeforeDeadline();
    if (next) return connection.send(next, false);
    connection.rest();
    this.idle.push(connection);
  }

  /** @internal */
  closed(connection: Connection): void {
    this.connecting.delete(connection);
    if (!this.established.delete(connection)) return;
    const index = this.idle.indexOf(connection);
    if (index >= 0) this.idle.splice(index, 1);
    this.openConnections();
  }

  /** @internal */
  unreachable(_connection: Connection, cause: unknown): void {
    // Established connections still serve the queue; without any, the queue cannot move.
    if (this.established.size === 0) this.rejectQueued('OXD_TRANSPORT_UNREACHABLE', cause);
  }

  /** @internal */
  restart(exchange: Exchange): void {
    if (this.startOnIdle(exchange)) return;
    this.queue.unshift(exchange);
    this.openConnections();
  }

  private start(exchange: Exchange): void {
    if (this.startOnIdle(exchange)) return;
    this.queue.push(exchange);
    this.openConnections();
  }

  /**
   * Takes the first exchange of the queue with enough time left for a reply, and rejects those before
   * it. A command sent just before its deadline would be executed after its caller received an error.
   */
  private nextBeforeDeadline(): Exchange | undefined {
    const { clock } = this.options;
    for (;;) {
      const next = this.queue.shift();
      if (!next || next.deadline - clock.now() >= this.minimumTime) return next;
      this.reject(next, 'OXD_TRANSPORT_TIMEOUT');
    }
  }

  private startOnIdle(exchange: Exchange): boolean {
    const connection = this.idle.pop();
    connection?.send(exchange, true);
    return connection !== undefined;
  }

  private openConnections(): void {
    const { connections } = this.options;
    while (
      this.queue.length > this.connecting.size &&
      this.established.size + this.connecting.size < connections
    ) {
      this.connecting.add(new Connection(this.options, this));
    }
  }

  private rejectionCode(): FailureCode | undefined {
    if (this.isClosed) return 'OXD_TRANSPORT_CLOSED';
    if (this.idle.length > 0) return undefined;
    // An exchange for which a connection can be opened does not count as waiting.
    const opening = this.options.connections - this.established.size;
    return this.queue.length < this.options.maxQueue + opening ? undefined : 'OXD_TRANSPORT_BUSY';
  }

  private abort(exchange: Exchange, reason: unknown): void {
    exchange.fail(reason);
    if (this.queue.remove(exchange)) return;
    for (const connection of this.established) {
      if (connection.cancel(exchange)) return;
    }
  }

  private rejectQueued(code: FailureCode, cause?: unknown): void {
    for (const exchange of this.queue.clear()) this.reject(exchange, code, cause);
  }

  private reject(exchange: Exchange, code: FailureCode, cause?: unknown): void {
    exchange.fail(
      transportFailure(code, this.options, { command: exchange.request.command, cause }),
    );
  }
}
