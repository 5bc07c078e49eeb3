import { EventEmitter } from 'node:events';
import { request, type Dispatcher } from 'undici';
import { isLoopback } from '../../base/network-rules.js';
import {
  startTimeLimit,
  SYSTEM_TIMERS,
  type TimeLimit,
  type Timers,
} from '../../base/time-limit.js';
import { Connections, type ConnectionsOptions } from './connections.js';
import { ProxyError } from './proxy-error.js';

/** Reason why a request to the provider has no response. */
export type ProviderRequestFailure =
  /** Plain http is not allowed here; nothing was sent. */
  | 'insecure'
  /** No connection; nothing was sent. */
  | 'unreachable'
  /** No response within the time limit. */
  | 'timeout'
  /** The connection broke, or the response was too large. */
  | 'broken';

/** Failure of a request to the provider that has no response. */
export class ProviderRequestError extends Error {
  override readonly name = 'ProviderRequestError';

  constructor(
    readonly failure: ProviderRequestFailure,
    message: string,
    /** Code of the system's error, such as `ECONNREFUSED`. */
    readonly code?: string,
  ) {
    super(message);
  }
}

/** Options of {@link ProviderHttp}. */
export interface ProviderHttpOptions extends ConnectionsOptions {
  /** Limit for a request with its response, and for a connection, in milliseconds. */
  readonly timeout: number;
  readonly allowInsecureRequests: boolean;
  /** Hosts that `allowInsecureRequests` applies to; default `any`. */
  readonly insecureHosts?: 'any' | 'loopback';
  /** Timers of the time limits; default those of this machine. */
  readonly timers?: Timers;
}

/** Options of `fetch` that {@link ProviderHttp.fetch} supports. */
export interface ProviderRequestInit {
  readonly method?: string;
  readonly headers?: Headers | Record<string, string>;
  /** A string, or an object that converts to the body, such as `URLSearchParams`. */
  readonly body?: { toString(): string } | null;
  /** See {@link ProviderRequest.idempotent}. */
  readonly idempotent?: boolean;
}

/** Response of the provider, as {@link ProviderHttp.send} returns it. */
export interface ProviderResponse {
  readonly status: number;
  /** The body. */
  readonly text: string;
}

/** Request that {@link ProviderHttp.send} sends. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /**
   * Repeats the request once, on a new connection, when a keep-alive connection broke before the
   * response began: the server may have closed it while it was idle. Default false: a request that
   * changes data may have been executed.
   *
   * @see RFC 9110 §9.2.2, RFC 9112 §9.5
   */
  readonly idempotent?: boolean;
}

/** Message for a provider on plain http, with the options to change. */
export const INSECURE =
  'The OpenID Provider must be on https. For a provider on this machine set allowInsecureRequests, ' +
  'for one inside your network name its address in transport.addresses.';

const NOT_SENT = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
  'UND_ERR_CONNECT_TIMEOUT',
  'EPROTO',
]);
const CERTIFICATE = /CERT|SIGNATURE/;
/** Statuses for which `Response` accepts no body. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * Signal of a request. undici also accepts an `EventEmitter`; with a second `AbortSignal` requests took
 * 50 % longer.
 */
type Ending = EventEmitter & { reason?: unknown };

/** A request and the conversion of its response. */
interface Exchange<T> {
  readonly init: ProviderRequest;
  readonly read: (response: Dispatcher.ResponseData) => Promise<T>;
}

/**
 * HTTP to the provider: kept connections, one time limit for the whole exchange, a limit for the
 * answer, redirects never followed, TLS always verified.
 */
export class ProviderHttp {
  /** Timers of the time limits. */
  readonly timers: Timers;
  readonly #connections: Connections;
  readonly #limit: TimeLimit;
  readonly #insecureHosts: 'any' | 'loopback' | 'none';
  /** Origins that passed {@link mayRequest}. */
  readonly #allowed = new Set<string>();

  /** @throws {OxdConfigurationError} when an environment variable names no usable proxy */
  constructor(options: ProviderHttpOptions) {
    const { timeout, allowInsecureRequests, insecureHosts = 'any' } = options;
    this.timers = options.timers ?? SYSTEM_TIMERS;
    this.#limit = { timers: this.timers, milliseconds: timeout, error: () => timedOut(timeout) };
    this.#insecureHosts = allowInsecureRequests ? insecureHosts : 'none';
    this.#connections = new Connections(options);
  }

  /**
   * Returns true when a request may be sent to a URL: https, or plain http that the options allow.
   */
  mayRequest(url: URL): boolean {
    return this.maySendBrowser(url) || this.#connections.dialled.internal.has(url.origin);
  }

  /**
   * Returns true when a browser may be sent to a URL; internal origins of `addresses` do not count.
   */
  maySendBrowser({ protocol, href }: URL): boolean {
    if (protocol === 'https:') return true;
    if (protocol !== 'http:' || this.#insecureHosts === 'none') return false;
    return this.#insecureHosts === 'any' || isLoopback(href);
  }

  /**
   * Like global `fetch`, limited to what OAuth libraries need.
   *
   * @param abort ends the request
   * @throws {ProviderRequestError} when the request has no response
   */
  fetch(url: string, init: ProviderRequestInit, abort?: AbortSignal): Promise<Response> {
    const sent = {
      method: (init.method ?? 'GET') as 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      body: init.body?.toString(),
      idempotent: init.idempotent,
    };
    return this.limited(url, abort, { init: sent, read: toResponse });
  }

  /**
   * Sends a request without the cost of `Headers` and `Response`, for requests on hot paths.
   *
   * @param abort ends the request
   * @throws {ProviderRequestError} when the request has no response
   */
  send(url: string, init: ProviderRequest, abort?: AbortSignal): Promise<ProviderResponse> {
    return this.limited(url, abort, { init, read: toProviderResponse });
  }

  /** Closes every connection; requests in progress fail. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  private async limited<T>(
    url: string,
    abort: AbortSignal | undefined,
    exchange: Exchange<T>,
  ): Promise<T> {
    const target = new URL(url);
    if (!this.#allowed.has(target.origin)) this.allow(target);
    const ending: Ending = new EventEmitter();
    const stop = startTimeLimit({ ...this.#limit, signal: abort }, (reason) => {
      ending.reason = reason;
      ending.emit('abort');
    });
    try {
      return await this.perform(target, exchange, ending);
    } catch (error) {
      throw ending.reason ?? failure(error);
    } finally {
      stop();
    }
  }

  /** Checks an origin once: scheme and host decide. */
  private allow(url: URL): void {
    if (!this.mayRequest(url)) throw new ProviderRequestError('insecure', INSECURE);
    this.#allowed.add(url.origin);
  }

  private async perform<T>(
    url: URL,
    { init: { idempotent, ...init }, read }: Exchange<T>,
    signal: Ending,
  ): Promise<T> {
    let response: Dispatcher.ResponseData;
    try {
      response = await request(url, { ...init, signal, dispatcher: this.#connections.to(url) });
    } catch (error) {
      const isRepeatable = idempotent && signal.reason === undefined;
      if (!isRepeatable || !this.#connections.hasBroken(error)) throw error;
      return this.#connections.fresh(url, async (dispatcher) =>
        // `reset` closes the connection after the response.
        read(await request(url, { ...init, signal, dispatcher, reset: true })),
      );
    }
    return read(response);
  }
}

function timedOut(milliseconds: number): ProviderRequestError {
  const message = `The OpenID Provider did not respond within ${milliseconds} ms.`;
  return new ProviderRequestError('timeout', message);
}

async function toProviderResponse({
  statusCode,
  body,
}: Dispatcher.ResponseData): Promise<ProviderResponse> {
  return { status: statusCode, text: await body.text() };
}

async function toResponse(received: Dispatcher.ResponseData): Promise<Response> {
  const bytes = await received.body.arrayBuffer();
  const headers = new Headers();
  for (const [name, value] of Object.entries(received.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  const status = received.statusCode;
  return new Response(WITHOUT_BODY.has(status) ? null : bytes, { status, headers });
}

function failure(error: unknown): ProviderRequestError {
  if (error instanceof ProxyError) return proxyFailure(error);
  const code = codeOf(error);
  const text = code ? ` (${code})` : '';
  if (code && CERTIFICATE.test(code)) {
    const message =
      `The certificate of the OpenID Provider is not accepted${text}. ` +
      'Name a private certificate authority in the option ca.';
    return new ProviderRequestError('unreachable', message, code);
  }
  if (code && NOT_SENT.has(code)) {
    return new ProviderRequestError(
      'unreachable',
      `The OpenID Provider could not be reached${text}.`,
      code,
    );
  }
  return new ProviderRequestError(
    'broken',
    `The connection to the OpenID Provider broke${text}.`,
    code,
  );
}

function proxyFailure({ message, systemCode }: ProxyError): ProviderRequestError {
  const text =
    `The OpenID Provider could not be reached: ${message}. ` +
    'Check transport.proxy, or HTTPS_PROXY, HTTP_PROXY and NO_PROXY.';
  return new ProviderRequestError('unreachable', text, systemCode);
}

function codeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
