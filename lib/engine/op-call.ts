import { isRefusal, opError } from './op-error.js';
import type { OpHttp, OpRequestInit } from './op-http.js';

/** One command under way: its requests, and whether they may have changed something. */
export class OpCall {
  private mayHaveRun = false;

  constructor(
    readonly command: string,
    private readonly http: OpHttp,
    private readonly signal?: AbortSignal,
  ) {}

  /** `fetch` that ends with the command. */
  readonly fetch = (url: string, init: OpRequestInit): Promise<Response> =>
    this.http.fetch(url, init, this.signal);

  /** The same for work that several callers wait for: it outlives the one that began it. */
  detached(): OpCall {
    return new OpCall(this.command, this.http);
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
      throw await opError(error, { command: this.command, mayHaveRun: this.mayHaveRun });
    }
  }

  /** Sends a request that changes something at the provider; its failure may have changed it. */
  async changing<T>(request: () => Promise<T>): Promise<T> {
    const before = this.mayHaveRun;
    this.mayHaveRun = true;
    try {
      return await request();
    } catch (error) {
      if (isRefusal(error)) this.mayHaveRun = before;
      throw error;
    }
  }
}
