import { Client } from 'undici';
import type { Abortable } from '../base/call-end.js';
import type { OxdClock } from '../base/clock.js';
import { minimumTime } from '../base/time-limit.js';
import { onAbort } from '../base/until-aborted.js';
import { verifyingConnector, type TlsOptions } from './connector.js';
import { HttpsCall, type HttpsReply, type HttpsRequest } from './https-call.js';
import {
  connectionFailure,
  localFailure,
  type FailedCall,
  type LocalFailure,
} from './https-failure.js';

/** Options of {@link HttpsConnections}. */
export interface HttpsConnectionsOptions extends TlsOptions {
  /** Origin of the server. */
  readonly origin: string;
  /** Maximum number of connections. */
  readonly connections: number;
  /** Limit for a call, including the time in the queue, in milliseconds. */
  readonly timeout: number;
  readonly clock: OxdClock;
}

/** Maximum number of calls that wait for a connection. */
const MAX_QUEUE = 1024;

/** A larger response is rejected, in bytes. */
const MAX_RESPONSE = 1024 * 1024;

/**
 * Keep-alive connections to one server, each used by one request at a time. Connections are opened on
 * demand; further calls wait in a queue, first in, first out. Certificates are always verified.
 */
export class HttpsConnections {
  private readonly clients: Client[] = [];
  private readonly idle: Client[] = [];
  // No Set: V8 retains the entries that it had in each former table, until a full garbage collection.
  private readonly waiting: HttpsCall[] = [];
  private readonly clientOptions: Client.Options;
  /** Minimum time before the deadline at which a request is still sent, in milliseconds. */
  private readonly minimumTime: number;
  private isClosed = false;

  constructor(private readonly options: HttpsConnectionsOptions) {
    this.minimumTime = minimumTime(options.timeout);
    this.clientOptions = {
      connect: verifyingConnector(options),
      maxResponseSize: MAX_RESPONSE,
      // Option `timeout` limits the whole call.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
  }

  /**
   * Sends a request and reads the response. A repeatable request is sent once more when a reused
   * connection breaks before the response begins, and after a lost reply.
   *
   * @throws {OxdTransportError} OXD_TRANSPORT_TIMEOUT, _CLOSED, _BUSY, _MALFORMED or _UNREACHABLE
   * @throws the signal's reason when it is aborted
   */
  send(request: HttpsRequest, signal?: Abortable): Promise<HttpsReply> {
    const { clock, timeout } = this.options;
    const call = new HttpsCall(request, clock.now() + timeout);
    const failure = this.failure();
    if (signal?.aborted) call.fail(signal.reason);
    else if (failure) this.fail(call, failure);
    else {
      this.limit(call, signal);
      this.start(call);
    }
    return call.reply;
  }

  /** Closes every connection; calls in progress reject with OXD_TRANSPORT_CLOSED. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const call of this.waiting.splice(0)) this.fail(call, 'closed');
    await Promise.all(this.clients.map((client) => client.destroy()));
  }

  private failure(): LocalFailure | undefined {
    if (this.isClosed) return 'closed';
    const { connections } = this.options;
    const isInUse = this.idle.length === 0 && this.clients.length >= connections;
    return isInUse && this.waiting.length >= MAX_QUEUE ? 'busy' : undefined;
  }

  private limit(call: HttpsCall, signal?: Abortable): void {
    const { clock, timeout } = this.options;
    const cancel = clock.after(timeout, () => this.fail(call, 'timeout'));
    const stop = onAbort(signal, (reason) => call.fail(reason));
    call.released = () => {
      cancel();
      stop();
      if (!call.isSent) this.leaveQueue(call);
    };
  }

  private start(call: HttpsCall): void {
    const client = this.idle.pop() ?? this.open();
    if (client) this.dispatch(call, client, client.stats.connected);
    else this.waiting.push(call);
  }

  private leaveQueue(call: HttpsCall): void {
    const index = this.waiting.indexOf(call);
    if (index >= 0) this.waiting.splice(index, 1);
  }

  private open(): Client | undefined {
    const { origin, connections } = this.options;
    if (this.clients.length >= connections) return undefined;
    const client = new Client(origin, this.clientOptions);
    this.clients.push(client);
    return client;
  }

  /** @param isReused true on a connection that has served another request */
  private dispatch(call: HttpsCall, client: Client, isReused: boolean): void {
    // In a microtask undici has left a broken connection, so that the client opens a new one.
    call.repeat = () => queueMicrotask(() => this.dispatch(call, client, false));
    call.finished = (error) => {
      if (error && isReused && call.mayRepeat(error)) return call.sendAgain();
      if (error && this.isClosed) this.fail(call, 'closed');
      else if (error) this.failConnection(call, error);
      this.release(client);
    };
    const { path, headers, body } = call.request;
    client.dispatch({ path, method: 'POST', headers, body }, call);
  }

  private failConnection(call: HttpsCall, error: Error): void {
    const isNew = call.fail(connectionFailure(error, this.toFailedCall(call)));
    if (!isNew || call.isSent || this.clients.some(({ stats }) => stats.connected)) return;
    // Without any connection the queue would wait for one failed attempt after another.
    for (const waiting of this.waiting.splice(0)) {
      waiting.fail(connectionFailure(error, this.toFailedCall(waiting)));
    }
  }

  private release(client: Client): void {
    if (this.waiting.length === 0) this.idle.push(client);
    // In a microtask undici has left the last request and sends the next one immediately.
    else queueMicrotask(() => this.startNext(client));
  }

  /**
   * Sends the first request of the queue with enough time left for a response, and rejects those before
   * it. A command sent just before its deadline would be executed after its caller received an error.
   */
  private startNext(client: Client): void {
    for (let call = this.waiting.shift(); call; call = this.waiting.shift()) {
      if (call.deadline - this.options.clock.now() >= this.minimumTime) {
        return this.dispatch(call, client, client.stats.connected);
      }
      this.fail(call, 'timeout');
    }
    this.idle.push(client);
  }

  private fail(call: HttpsCall, failure: LocalFailure): void {
    call.fail(localFailure(failure, this.toFailedCall(call)));
  }

  private toFailedCall({ request, isSent }: HttpsCall): FailedCall {
    return { origin: this.options.origin, command: request.command, isSent };
  }
}
