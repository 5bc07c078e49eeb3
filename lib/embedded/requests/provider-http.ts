import type { Dispatcher } from 'undici';
import type { Abortable } from '../../base/call-end.js';
import { isLoopback } from '../../base/network-rules.js';
import { startTimeLimit, SYSTEM_TIMERS, type Timers } from '../../base/time-limit.js';
import { Connections, type ConnectionsOptions } from './connections.js';
import { ProviderExchange } from './provider-exchange.js';
import { ProxyError } from './proxy-error.js';
import type { ReceivedResponse } from './received-response.js';

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
  /** Current time in milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
}

/** End of a command, and of the requests that it sends. */
export interface CommandEnd {
  /** Aborted when no caller waits for the command any longer. */
  readonly signal?: Abortable;
  /** Time at which the caller stops waiting, in milliseconds since 1970; undefined without limit. */
  readonly deadline?: number;
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

/** Response of the provider, as most callers of {@link ProviderHttp.send} read it. */
export type ProviderResponse = Pick<ReceivedResponse, 'status' | 'text'>;

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

/** Parsed URL, with the connections to its origin. */
interface Target {
  readonly origin: string;
  readonly path: string;
  readonly dispatcher: Dispatcher;
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
/** Maximum number of parsed URLs in memory. */
const MAX_TARGETS = 100;
const CERTIFICATE = /CERT|SIGNATURE/;
/** Statuses for which `Response` accepts no body. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * HTTP to the provider: kept connections, one time limit for the whole exchange, a limit for the
 * answer, redirects never followed, TLS always verified.
 */
export class ProviderHttp {
  /** Timers of the time limits. */
  readonly timers: Timers;
  readonly #connections: Connections;
  readonly #timeout: number;
  readonly #clock: () => number;
  readonly #insecureHosts: 'any' | 'loopback' | 'none';
  /** Targets of recent requests, all of which passed {@link mayRequest}. */
  readonly #targets = new Map<string, Target>();
  #isClosed = false;

  /** @throws {OxdConfigurationError} when an environment variable names no usable proxy */
  constructor(options: ProviderHttpOptions) {
    const { timeout, allowInsecureRequests, insecureHosts = 'any' } = options;
    this.timers = options.timers ?? SYSTEM_TIMERS;
    this.#timeout = timeout;
    this.#clock = options.clock ?? Date.now;
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
   * @param end ends the request, at the latest after its time limit
   * @throws {ProviderRequestError} when the request has no response
   */
  async fetch(url: string, init: ProviderRequestInit, end?: CommandEnd): Promise<Response> {
    const sent = {
      method: (init.method ?? 'GET') as 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      body: init.body?.toString(),
      idempotent: init.idempotent,
    };
    return toResponse(await this.send(url, sent, end));
  }

  /**
   * Sends a request without the cost of `Headers` and `Response`, for requests on hot paths.
   *
   * @param end ends the request, at the latest after its time limit
   * @throws {ProviderRequestError} when the request has no response
   */
  async send(
    url: string,
    request: ProviderRequest,
    { signal, deadline = Infinity }: CommandEnd = {},
  ): Promise<ReceivedResponse> {
    const { dispatcher, origin, path } = this.target(url);
    const milliseconds = Math.min(this.#timeout, deadline - this.#clock());
    if (milliseconds <= 0) throw timedOut(0);
    const { method, headers, body, idempotent = false } = request;
    const exchange = new ProviderExchange({ origin, path, method, headers, body });
    const error = () => timedOut(milliseconds);
    const limit = { timers: this.timers, milliseconds, signal, error };
    const stop = startTimeLimit(limit, (reason) => exchange.end(reason));
    try {
      return await exchange.send(dispatcher);
    } catch (cause) {
      if (idempotent && this.mayRepeat(exchange, cause)) return await this.repeat(url, exchange);
      throw exchange.reason ?? failure(cause);
    } finally {
      stop();
    }
  }

  /** Closes every connection; requests in progress fail. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#connections.close();
  }

  private async repeat(url: string, exchange: ProviderExchange): Promise<ReceivedResponse> {
    try {
      return await this.#connections.fresh(new URL(url), (fresh) => exchange.send(fresh, true));
    } catch (error) {
      throw exchange.reason ?? failure(error);
    }
  }

  /** True for a request on a kept connection that broke before the response began. */
  private mayRepeat({ reason, hasBegun }: ProviderExchange, error: unknown): boolean {
    const isOver = hasBegun || reason !== undefined || this.#isClosed;
    return !isOver && this.#connections.hasBroken(error);
  }

  /** Parses and checks a URL once: most requests go to a few endpoints. */
  private target(href: string): Target {
    const known = this.#targets.get(href);
    if (known) return known;
    const url = new URL(href);
    if (!this.mayRequest(url)) throw new ProviderRequestError('insecure', INSECURE);
    const { origin, pathname, search } = url;
    const target = { origin, path: pathname + search, dispatcher: this.#connections.to(url) };
    if (this.#targets.size >= MAX_TARGETS) this.#targets.clear();
    this.#targets.set(href, target);
    return target;
  }
}

function timedOut(milliseconds: number): ProviderRequestError {
  const message = `The OpenID Provider did not respond within ${milliseconds} ms.`;
  return new ProviderRequestError('timeout', message);
}

function toResponse({ status, headers: received, body }: ReceivedResponse): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(received)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  return new Response(WITHOUT_BODY.has(status) ? null : body, { status, headers });
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
