/** What is asked of a pool. */
export interface ExchangeRequest {
  /** Name of the command, for errors. */
  readonly command: string;
  /** The encoded frame. */
  readonly frame: string;
  /** Whether it does no harm when it reaches the server twice. */
  readonly repeatable: boolean;
  /** Gives the exchange up. */
  readonly signal?: AbortSignal;
}

/** One request on its way to its reply; settled once. */
export class Exchange {
  readonly command: string;
  readonly frame: string;
  /** Whether it may be sent once more. */
  repeatable: boolean;
  /** Settles with what was read of the reply. */
  readonly reply: Promise<unknown>;
  /** Stops listening to the caller's signal. */
  release?: () => void;
  private resolve: (value: unknown) => void;
  private reject: (error: unknown) => void;

  /** @param deadline in milliseconds of `performance.now()` */
  constructor(
    request: ExchangeRequest,
    readonly deadline: number,
  ) {
    this.command = request.command;
    this.frame = request.frame;
    this.repeatable = request.repeatable;
    this.reply = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Hands the caller its result. */
  succeed(value: unknown): void {
    this.release?.();
    this.resolve(value);
  }

  /** Hands the caller an error. */
  fail(error: unknown): void {
    this.release?.();
    this.reject(error);
  }
}
