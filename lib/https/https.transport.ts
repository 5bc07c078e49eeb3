import { MonotonicClock, type OxdClock } from '../base/clock.js';
import { endOf } from '../base/call-end.js';
import { withoutSlash } from '../base/issuer.js';
import type { Release } from '../base/oxd-releases.js';
import { OxdTransport, type ExecuteOptions } from '../commands/oxd-transport.js';
import { withoutSentParams } from '../commands/sent-params.js';
import type { ResolvedHttpsOptions } from '../options/https-transport-options.js';
import { toHttpsRequest } from './https-command.js';
import { HttpsConnections } from './https-connections.js';
import type { HttpsReply, HttpsRequest } from './https-call.js';
import { readHttpsReply } from './https-reply.js';

/**
 * Transport to the HTTPS extension of oxd 3.1 or to the REST API of oxd 4: each command is one POST
 * over a kept connection.
 *
 * @see oxd 3.1, oxd-https-extension; oxd 4, REST API
 */
export class HttpsTransport extends OxdTransport {
  override readonly version: Release;
  // `#` instead of `private`, because waiting commands contain secrets.
  readonly #connections: HttpsConnections;
  readonly #origin: string;
  readonly #prefix: string;

  /** @param clock clock of every time limit */
  constructor(options: ResolvedHttpsOptions, clock: OxdClock = new MonotonicClock()) {
    super();
    const { origin, pathname } = new URL(options.url);
    this.version = options.version;
    this.#origin = origin;
    this.#prefix = withoutSlash(pathname);
    this.#connections = new HttpsConnections({ ...options, origin, clock });
  }

  override execute(
    command: string,
    params: Readonly<Record<string, unknown>>,
    options?: ExecuteOptions,
  ): Promise<unknown> {
    const signal = endOf(options);
    try {
      const { version } = this;
      const request = toHttpsRequest({ version, prefix: this.#prefix }, command, params);
      const reply = this.#connections.send(request, signal);
      return reply.then((response) => this.#read(request, params, response));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  override close(): Promise<void> {
    return this.#connections.close();
  }

  #read(
    { command, headers }: HttpsRequest,
    params: Readonly<Record<string, unknown>>,
    reply: HttpsReply,
  ): unknown {
    const hasToken = headers.authorization !== undefined;
    const call = { command, hasToken, origin: this.#origin, version: this.version };
    try {
      return readHttpsReply(call, reply);
    } catch (error) {
      throw withoutSentParams(error, params);
    }
  }
}
