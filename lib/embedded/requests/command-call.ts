import { MAX_TIMER_DELAY } from '../../base/clock.js';
import { untilAborted } from '../../base/until-aborted.js';
import { wasNotExecuted, toCommandError } from './command-error.js';
import {
  ProviderRequestError,
  type ProviderResponse,
  type ProviderHttp,
  type ProviderRequest,
  type ProviderRequestInit,
} from './provider-http.js';
import { hideSent, hideSentText } from './sent-values.js';

const TIMED_OUT = 'The OpenID Provider did not respond within the time limit of the command.';

/** A command in progress: sends its requests and records if one may have changed something. */
export class CommandCall {
  /** Shared with the calls of {@link withSignal}. */
  private effect = { mayHaveRun: false };

  constructor(
    readonly command: string,
    private readonly http: ProviderHttp,
    /** Aborted when no caller waits for the command any longer. */
    readonly signal?: AbortSignal,
  ) {}

  /**
   * `fetch` that ends with the command. Secrets that were sent are removed from error responses.
   */
  readonly fetch = async (url: string, init: ProviderRequestInit): Promise<Response> =>
    hideSent(await this.http.fetch(url, init, this.signal), init);

  /** `fetch` for requests that may be repeated, see `ProviderRequest.idempotent`. */
  readonly fetchIdempotent = (url: string, init: ProviderRequestInit): Promise<Response> =>
    this.fetch(url, { ...init, idempotent: true });

  /** @see ProviderHttp.send */
  readonly send = async (url: string, init: ProviderRequest): Promise<ProviderResponse> =>
    hideSentText(await this.http.send(url, init, this.signal), init);

  /** A call for work that several callers share: it continues when the first caller aborts. */
  detached(): CommandCall {
    return new CommandCall(this.command, this.http);
  }

  /** The same command under another signal: what its requests may have changed counts for this one. */
  withSignal(signal: AbortSignal): CommandCall {
    const call = new CommandCall(this.command, this.http, signal);
    call.effect = this.effect;
    return call;
  }

  /**
   * Runs work whose requests share one deadline. Work that other callers share continues after it.
   *
   * @param deadline time on the clock of `performance.now()`, in milliseconds
   * @throws {ProviderRequestError} `timeout` after the deadline
   * @throws the reason of the signal when the caller aborts
   */
  async withDeadline<T>(deadline: number, work: (limited: CommandCall) => Promise<T>): Promise<T> {
    const { signal } = this;
    signal?.throwIfAborted();
    const limit = new AbortController();
    const abort = (): void => limit.abort(signal?.reason);
    const expire = (): void => limit.abort(new ProviderRequestError('timeout', TIMED_OUT));
    const remaining = Math.max(1, deadline - performance.now());
    const timer = setTimeout(expire, Math.min(remaining, MAX_TIMER_DELAY));
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await untilAborted(limit.signal, work(this.withSignal(limit.signal)));
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Runs the work of the command.
   *
   * @throws {OxdError} every failure of the work, converted by {@link toCommandError}
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await toCommandError(error, {
        command: this.command,
        mayHaveRun: this.effect.mayHaveRun,
      });
    }
  }

  /** Sends a request that changes data at the provider, possibly even when the request fails. */
  async changing<T>(request: () => Promise<T>): Promise<T> {
    const before = this.effect.mayHaveRun;
    this.effect.mayHaveRun = true;
    try {
      return await request();
    } catch (error) {
      if (wasNotExecuted(error)) this.effect.mayHaveRun = before;
      throw error;
    }
  }
}
