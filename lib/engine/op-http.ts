import { EventEmitter } from 'node:events';
import { rootCertificates } from 'node:tls';
import { Agent, request } from 'undici';

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

/** Options of {@link OpHttp}. */
export interface OpHttpOptions {
  /** Limit for a request with its answer, in milliseconds. */
  readonly timeout: number;
  readonly allowInsecureRequests: boolean;
  /** Certificates (PEM) that are trusted in addition to the usual ones. */
  readonly ca?: string | readonly string[];
}

/** What {@link OpHttp.fetch} understands of the options of `fetch`. */
export interface OpRequestInit {
  readonly method?: string;
  readonly headers?: Headers | Record<string, string>;
  /** Text, or what turns into it. */
  readonly body?: { toString(): string } | null;
}

/** An answer of the provider, as {@link OpHttp.send} returns it. */
export interface OpAnswer {
  readonly status: number;
  /** The body. */
  readonly text: string;
}

/** What {@link OpHttp.send} is told of a request. */
export interface OpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What to change where a provider on plain http was refused. */
export const INSECURE =
  'The OpenID Provider must be on https. For a provider on this machine set allowInsecureRequests.';

/** An answer larger than this is refused, in bytes. */
const MAX_ANSWER = 1024 * 1024;

const NOT_SENT = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
  'UND_ERR_CONNECT_TIMEOUT',
  'EPROTO',
]);
const CERTIFICATE = /CERT|SIGNATURE/;
const WITHOUT_BODY = new Set([204, 205, 304]);

/**
 * HTTP to the provider: kept connections, one time limit for the whole exchange, a limit for the
 * answer, redirects never followed, TLS always verified.
 */
export class OpHttp {
  private readonly agent: Agent;

  constructor(private readonly options: OpHttpOptions) {
    const { ca, timeout } = options;
    this.agent = new Agent({
      connections: 64,
      maxResponseSize: MAX_ANSWER,
      connect: {
        timeout,
        // Set explicitly, or NODE_TLS_REJECT_UNAUTHORIZED=0 would switch the verification off.
        rejectUnauthorized: true,
        ...(ca && { ca: [...rootCertificates, ...[ca].flat()] }),
      },
    });
  }

  /**
   * Like global `fetch`, as far as OAuth needs it.
   *
   * @param abandon gives the request up
   * @throws {OpRequestError} when there is no answer
   */
  fetch(url: string, init: OpRequestInit, abandon?: AbortSignal): Promise<Response> {
    return this.limited(url, abandon, (signal) => this.exchange(url, init, signal));
  }

  /**
   * The lean way, for requests that many callers wait for: no `Headers`, no `Response`.
   *
   * @param abandon gives the request up
   * @throws {OpRequestError} when there is no answer
   */
  send(url: string, init: OpRequest, abandon?: AbortSignal): Promise<OpAnswer> {
    return this.limited(url, abandon, async (signal) => {
      const answer = await request(url, { ...init, dispatcher: this.agent, signal });
      return { status: answer.statusCode, text: await answer.body.text() };
    });
  }

  /** Ends every connection; requests under way fail. */
  close(): Promise<void> {
    return this.agent.destroy();
  }

  private async limited<T>(
    url: string,
    abandon: AbortSignal | undefined,
    work: (signal: EventEmitter) => Promise<T>,
  ): Promise<T> {
    this.checkProtocol(url);
    abandon?.throwIfAborted();
    // What undici takes beside an AbortSignal; with one more of these it took half as long again.
    const signal = new EventEmitter();
    let isLate = false;
    const end = (): boolean => signal.emit('abort');
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, this.options.timeout);
    abandon?.addEventListener('abort', end, { once: true });
    try {
      return await work(signal);
    } catch (error) {
      if (abandon?.aborted) throw abandon.reason;
      if (isLate) throw this.timedOut();
      throw failure(error);
    } finally {
      clearTimeout(timer);
      abandon?.removeEventListener('abort', end);
    }
  }

  private async exchange(
    url: string,
    init: OpRequestInit,
    signal: EventEmitter,
  ): Promise<Response> {
    const { method = 'GET', body } = init;
    const answer = await request(url, {
      method: method as 'GET',
      headers: Object.fromEntries(new Headers(init.headers)),
      body: body?.toString(),
      dispatcher: this.agent,
      signal,
    });
    const bytes = await answer.body.arrayBuffer();
    const headers = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) {
      for (const one of [value ?? []].flat()) headers.append(name, one);
    }
    const status = answer.statusCode;
    return new Response(WITHOUT_BODY.has(status) ? null : bytes, { status, headers });
  }

  private checkProtocol(url: string): void {
    const { protocol } = new URL(url);
    if (protocol === 'https:' || (protocol === 'http:' && this.options.allowInsecureRequests)) {
      return;
    }
    throw new OpRequestError('insecure', INSECURE);
  }

  private timedOut(): OpRequestError {
    const { timeout } = this.options;
    return new OpRequestError(
      'timeout',
      `The OpenID Provider did not answer within ${timeout} ms.`,
    );
  }
}

function failure(error: unknown): OpRequestError {
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

function codeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const code = (first as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
