import type { Abortable } from '../../base/call-end.js';
import { wasNotExecuted, toCommandError } from './command-error.js';
import type {
  CommandEnd,
  ProviderResponse,
  ProviderHttp,
  ProviderRequest,
  ProviderRequestInit,
} from './provider-http.js';

/** A command in progress: sends its requests and records if one may have changed something. */
export class CommandCall {
  /** Shared with the calls of {@link withSignal}. */
  private effect = { mayHaveRun: false };

  constructor(
    readonly command: string,
    private readonly http: ProviderHttp,
    private readonly end: CommandEnd = {},
  ) {}

  /** See {@link CommandEnd.signal}. */
  get signal(): Abortable | undefined {
    return this.end.signal;
  }

  /** See {@link CommandEnd.deadline}. */
  get deadline(): number | undefined {
    return this.end.deadline;
  }

  /** `fetch` that ends with the command. */
  fetch(url: string, init: ProviderRequestInit): Promise<Response> {
    return this.http.fetch(url, init, this.end);
  }

  /** @see ProviderHttp.send */
  send(url: string, init: ProviderRequest): Promise<ProviderResponse> {
    return this.http.send(url, init, this.end);
  }

  /**
   * A call for work that several callers share: it continues when the first caller aborts.
   *
   * @param end end of the shared work; default: none
   */
  detached(end?: CommandEnd): CommandCall {
    return new CommandCall(this.command, this.http, end);
  }

  /**
   * Returns a call of the same command with another signal. Both calls share the record of possible
   * changes.
   */
  withSignal(signal: Abortable): CommandCall {
    const call = new CommandCall(this.command, this.http, { ...this.end, signal });
    call.effect = this.effect;
    return call;
  }

  /** Error of the command for a failure of its work. */
  failure(reason: unknown): Promise<Error> {
    const { command, effect } = this;
    return toCommandError(reason, { command, mayHaveRun: effect.mayHaveRun });
  }

  /**
   * Runs work that several callers share.
   *
   * @throws {OxdError} every failure of the work, converted by {@link toCommandError}
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw await this.failure(error);
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
