import { EventEmitter } from 'node:events';
import { request, type Dispatcher } from 'undici';
import { isLoopback } from '../../base/network-rules.js';
import { Connections, type ConnectionsOptions } from './connections.js';
import { ProxyError } from './proxy-error.js';

/** Why a request to the provider brought no answer. */
export type OpRequestFailure =
  /** Plain http, which is not allowed; nothing was sent. */
  | 'insecure'
  /** No connection; nothing was sent. */
  | 'unreachable'
  /** No answer within the time limit. */
  | 'timeout'
  /** The connection broke, or the answer was too large. */
  | 'broken';

/** A request to the provider that brought no answer. */
export class OpRequestError extends Error {
  override readonly name = 'OpRequestError';

  constructor(
    readonly failure: OpRequestFailure,
    message: string,
    /** Code of the system's error, such as `ECONNREFUSED`. */
    readonly code?: string,
  ) {
    super(message);
  }
}

/** Options of {@link ProviderHttp}. */
export interface OpHttpOptions extends ConnectionsOptions {
  /** Limit for a request with its response, and for a connection, in milliseconds. */
  readonly timeout: number;
  readonly allowInsecureRequests: boolean;
  /** Hosts that `allowInsecureRequests` is for; default `any`. */
  readonly insecureHosts?: 'any' | 'loopback';
}

/** What {@link ProviderHttp.fetch} understands of the options of `fetch`. */
export interface OpRequestInit {
  readonly method?: string;
  readonly headers?: Headers | Record<string, string>;
  /** Text, or what turns into it. */
  readonly body?: { toString(): string } | null;
  /** See {@link OpRequest.idempotent}. */
  readonly idempotent?: boolean;
}

/** An answer of the provider, as {@link ProviderHttp.send} returns it. */
export interface ProviderResponse {
  readonly status: number;
  /** The body. */
  readonly text: string;
}

/** What {@link ProviderHttp.send} is told of a request. */
export interface OpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * Repeats the request once, on a new connection, when a kept one broke before the response began:
   * the server may have closed it while it was idle. Default false: a request that changes something
   * may have been carried out.
   *
   * @see RFC 9110 §9.2.2, RFC 9112 §9.5
   */
  readonly idempotent?: boolean;
}

/** What to change where a provider on plain http was refused. */
export const INSECURE =
  'The OpenID Provider must be on https. For a provider on this machine set allowInsecureRequests, ' +
  'for one inside your network name its address in transport.addresses.';

const NOT_SENT = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
  'UND_ERR_CONNECT_TIMEOUT',
  'EPROTO',
]);
const CERTIFICATE = /CERT|SIGNATURE/;
const WITHOUT_BODY = new Set([204, 205, 304]);

/** Dispatcher of a request, and the signal that ends it. */
interface Way {
  readonly dispatcher: Dispatcher;
  readonly signal: EventEmitter;
  /** Closes the connection after the response. */
  readonly reset?: boolean;
}

/** One request, and what is made of its response. */
interface Exchange<T> {
  readonly idempotent?: boolean;
  readonly send: (url: URL, way: Way) => Promise<Dispatcher.ResponseData>;
  readonly read: (response: Dispatcher.ResponseData) => Promise<T>;
}

/**
 * HTTP to the provider: kept connections, one time limit for the whole exchange, a limit for the
 * answer, redirects never followed, TLS always verified.
 */
export class ProviderHttp {
  readonly #connections: Connections;
  readonly #timeout: number;
  readonly #insecureHosts: 'any' | 'loopback' | 'none';

  /** @throws {OxdConfigurationError} when an environment variable names no usable proxy */
  constructor(options: OpHttpOptions) {
    const { timeout, allowInsecureRequests, insecureHosts = 'any' } = options;
    this.#timeout = timeout;
    this.#insecureHosts = allowInsecureRequests ? insecureHosts : 'none';
    this.#connections = new Connections(options);
  }

  /** Returns true when a request may be sent to a URL: https, or plain http that the options allow. */
  mayRequest(url: URL): boolean {
    return this.maySendBrowser(url) || this.#connections.dialled.isDialled(url.origin);
  }

  /** The same for a URL that browsers are sent to: origins inside the network are not for them. */
  maySendBrowser({ protocol, href }: URL): boolean {
    if (protocol === 'https:') return true;
    if (protocol !== 'http:' || this.#insecureHosts === 'none') return false;
    return this.#insecureHosts === 'any' || isLoopback(href);
  }

  /**
   * Like global `fetch`, as far as OAuth needs it.
   *
   * @param abandon gives the request up
   * @throws {OpRequestError} when there is no answer
   */
  fetch(url: string, init: OpRequestInit, abandon?: AbortSignal): Promise<Response> {
    const { method = 'GET', body, idempotent } = init;
    const sent = {
      method: method as 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      body: body?.toString(),
    };
    const send: Exchange<Response>['send'] = (to, way) => request(to, { ...sent, ...way });
    return this.limited(url, abandon, { idempotent, send, read: toResponse });
  }

  /**
   * The lean way, for requests that many callers wait for: no `Headers`, no `Response`.
   *
   * @param abandon gives the request up
   * @throws {OpRequestError} when there is no answer
   */
  send(url: string, init: OpRequest, abandon?: AbortSignal): Promise<ProviderResponse> {
    const { idempotent, ...sent } = init;
    const send: Exchange<ProviderResponse>['send'] = (to, way) => request(to, { ...sent, ...way });
    return this.limited(url, abandon, { idempotent, send, read: toAnswer });
  }

  /** Ends every connection; requests under way fail. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  private async limited<T>(
    url: string,
    abandon: AbortSignal | undefined,
    exchange: Exchange<T>,
  ): Promise<T> {
    const target = new URL(url);
    if (!this.mayRequest(target)) throw new OpRequestError('insecure', INSECURE);
    abandon?.throwIfAborted();
    // What undici takes beside an AbortSignal; with one more of these it took half as long again.
    const signal = new EventEmitter();
    let isLate = false;
    const end = (): boolean => signal.emit('abort');
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, this.#timeout);
    abandon?.addEventListener('abort', end, { once: true });
    const isOver = (): boolean => isLate || abandon?.aborted === true;
    try {
      return await this.perform(target, exchange, { signal, isOver });
    } catch (error) {
      if (abandon?.aborted) throw abandon.reason;
      if (isLate) throw this.timedOut();
      throw failure(error);
    } finally {
      clearTimeout(timer);
      abandon?.removeEventListener('abort', end);
    }
  }

  private async perform<T>(
    url: URL,
    { idempotent, send, read }: Exchange<T>,
    { signal, isOver }: { readonly signal: EventEmitter; readonly isOver: () => boolean },
  ): Promise<T> {
    let response: Dispatcher.ResponseData;
    try {
      response = await send(url, { dispatcher: this.#connections.to(url), signal });
    } catch (error) {
      if (!idempotent || isOver() || !this.#connections.hasBroken(error)) throw error;
      return this.#connections.fresh(url, async (dispatcher) =>
        read(await send(url, { dispatcher, signal, reset: true })),
      );
    }
    return read(response);
  }

  private timedOut(): OpRequestError {
    const message = `The OpenID Provider did not answer within ${this.#timeout} ms.`;
    return new OpRequestError('timeout', message);
  }
}

async function toAnswer({ statusCode, body }: Dispatcher.ResponseData): Promise<ProviderResponse> {
  return { status: statusCode, text: await body.text() };
}

async function toResponse(answer: Dispatcher.ResponseData): Promise<Response> {
  const bytes = await answer.body.arrayBuffer();
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  const status = answer.statusCode;
  return new Response(WITHOUT_BODY.has(status) ? null : bytes, { status, headers });
}

function failure(error: unknown): OpRequestError {
  if (error instanceof ProxyError) return proxyFailure(error);
  const code = codeOf(error);
  const text = code ? ` (${code})` : '';
  if (code && CERTIFICATE.test(code)) {
    const message =
      `The certificate of the OpenID Provider is not accepted${text}. ` +
      'Name a private certificate authority in the option ca.';
    return new OpRequestError('unreachable', message, code);
  }
  if (code && NOT_SENT.has(code)) {
    return new OpRequestError(
      'unreachable',
      `The OpenID Provider could not be reached${text}.`,
      code,
    );
  }
  return new OpRequestError('broken', `The connection to the OpenID Provider broke${text}.`, code);
}

function proxyFailure({ message, systemCode }: ProxyError): OpRequestError {
  const text =
    `The OpenID Provider could not be reached: ${message}. ` +
    'Check transport.proxy, or HTTPS_PROXY, HTTP_PROXY and NO_PROXY.';
  return new OpRequestError('unreachable', text, systemCode);
}

function codeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
