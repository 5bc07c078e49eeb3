import { CallEnd } from '../base/call-end.js';
import type { OxdClock } from '../base/clock.js';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import type { ExecuteOptions } from '../commands/oxd-transport.js';
import { isTransport, type OxdOptions } from '../options/oxd.options.js';

/** The decision, or one of its steps, exceeded its time limit. */
export class CheckTimeoutError extends Error {
  override readonly name = 'CheckTimeoutError';
}

/** Assumed timeout of a custom transport, in milliseconds. */
const CUSTOM_TRANSPORT_TIMEOUT = 30_000;

/** Time limit for the check of one request, in milliseconds: twice the timeout of the transport. */
export function checkLimit({ transport }: OxdOptions): number {
  return Math.min(
    2 * (isTransport(transport) ? CUSTOM_TRANSPORT_TIMEOUT : transport.timeout),
    MAX_TIMER_DELAY,
  );
}

/**
 * Time limit for the check of one request. It begins when the check first needs a command, so that a
 * decision from memory needs no timer.
 */
export class CheckTimeLimit implements ExecuteOptions {
  /** Ends with a {@link CheckTimeoutError}. */
  readonly end = new CallEnd();
  /** Time of the end, in milliseconds since 1970; 0 before {@link begin}. */
  deadline = 0;
  private cancel?: () => void;

  /** @param milliseconds see {@link checkLimit} */
  constructor(
    private readonly clock: OxdClock,
    private readonly milliseconds: number,
  ) {}

  get signal(): AbortSignal {
    return this.end.signal;
  }

  /** Begins the limit at the first call, and returns it as the options of a command. */
  begin(): this {
    if (this.cancel) return this;
    const { clock, milliseconds } = this;
    this.cancel = clock.after(milliseconds, () =>
      this.end.abort(new CheckTimeoutError(`no decision in ${milliseconds} ms`)),
    );
    this.deadline = clock.now() + milliseconds;
    return this;
  }

  /** Clears the timer; call it when the request is decided. */
  stop(): void {
    this.cancel?.();
  }
}
