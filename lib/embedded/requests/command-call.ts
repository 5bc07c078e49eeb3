import { MAX_TIMER_DELAY } from '../../base/clock.js';
import { untilAborted } from '../../base/until-aborted.js';
import { wasNotExecuted, toCommandError } from './command-error.js';
import {
  OpRequestError,
  type ProviderResponse,
  type ProviderHttp,
  type OpRequest,
  type OpRequestInit,
} from './provider-http.js';
import { hideSent, hideSentText } from './sent-values.js';

const LATE = 'The OpenID Provider did not answer within the time limit of the command.';

/** One command under way: its requests, and whether they may have changed something. */
export class CommandCall {
  private mayHaveRun = false;

  constructor(
    readonly command: string,
    private readonly http: ProviderHttp,
    /** Aborted where nobody waits for the command any more. */
    readonly signal?: AbortSignal,
  ) {}

  /** `fetch` that ends with the command. An error response never quotes a secret that was sent. */
  readonly fetch = async (url: string, init: OpRequestInit): Promise<Response> =>
    hideSent(await this.http.fetch(url, init, this.signal), init);

  /** The same for requests that may be repeated, see `OpRequest.idempotent`. */
  readonly fetchIdempotent = (url: string, init: OpRequestInit): Promise<Response> =>
    this.fetch(url, { ...init, idempotent: true });

  /** @see ProviderHttp.send */
  readonly send = async (url: string, init: OpRequest): Promise<ProviderResponse> =>
    hideSentText(await this.http.send(url, init, this.signal), init);

  /** The same for work that several callers wait for: it outlives the one that began it. */
  detached(): CommandCall {
    return new CommandCall(this.command, this.http);
  }

  /**
   * Does work whose requests have one time limit together. What others wait for, too, goes on.
   *
   * @param end when it must be over, by `performance.now()`
   * @throws {OpRequestError} when it is not over by then; and why the command was given up
   */
  async inTime<T>(end: number, work: (limited: CommandCall) => Promise<T>): Promise<T> {
    const { signal } = this;
    signal?.throwIfAborted();
    const limit = new AbortController();
    const giveUp = (): void => limit.abort(signal?.reason);
    const late = (): void => limit.abort(new OpRequestError('timeout', LATE));
    const left = Math.max(1, end - performance.now());
    const timer = setTimeout(late, Math.min(left, MAX_TIMER_DELAY));
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      const limited = new CommandCall(this.command, this.http, limit.signal);
      return await untilAborted(limit.signal, work(limited));
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /**
   * Does work for the command.
   *
   * @throws {OxdError} whatever the work fails with, as an error of this package
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await toCommandError(error, { command: this.command, mayHaveRun: this.mayHaveRun });
    }
  }

  /** Sends a request that changes something at the provider; its failure may have changed it. */
  async changing<T>(request: () => Promise<T>): Promise<T> {
    const before = this.mayHaveRun;
    this.mayHaveRun = true;
    try {
      return await request();
    } catch (error) {
      if (wasNotExecuted(error)) this.mayHaveRun = before;
      throw error;
    }
  }
}
