import type { Abortable } from '../base/call-end.js';

/** Request to be sent by a pool. */
export interface ExchangeRequest {
  /** Name of the command, for errors. */
  readonly command: string;
  /** Encoded frame. */
  readonly frame: string;
  /** True when the server may receive the command twice without harm. */
  readonly repeatable: boolean;
  /** Parses a reply; the return value or error is the outcome of the exchange. */
  readonly read: (reply: string) => unknown;
  /** Aborts the exchange. */
  readonly signal?: Abortable;
}

/** One request and its pending reply; settled once. */
export class Exchange {
  /** True when the exchange may be sent once more. */
  repeatable: boolean;
  /** Settles with the parsed reply. */
  readonly reply: Promise<unknown>;
  /** Stops listening to the caller's signal; called when the exchange is settled. */
  release?: () => void;
  private resolve: (value: unknown) => void;
  private reject: (error: unknown) => void;

  /** @param deadline milliseconds on the clock of the pool */
  constructor(
    readonly request: ExchangeRequest,
    readonly deadline: number,
  ) {
    this.repeatable = request.repeatable;
    this.reply = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Resolves the reply with a result. */
  succeed(value: unknown): void {
    this.release?.();
    this.resolve(value);
  }

  /** Rejects the reply with an error. */
  fail(error: unknown): void {
    this.release?.();
    this.reject(error);
  }
}
