import type { OxdClock } from '../../base/clock.js';
import { MAX_TIMER_DELAY } from '../../base/limits.js';
import { startTimeLimit } from '../../base/time-limit.js';
import type { ExecuteOptions } from '../../commands/oxd-transport.js';
import { isTransport, type OxdOptions } from '../../options/oxd.options.js';

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
 * decision from memory creates neither a signal nor a timer.
 */
export class CheckTimeLimit {
  private begun?: Required<ExecuteOptions>;
  private cancel?: () => void;

  /** @param milliseconds see {@link checkLimit} */
  constructor(
    private readonly clock: OxdClock,
    private readonly milliseconds: number,
  ) {}

  /**
   * Begins the limit at the first call.
   *
   * @returns the deadline of the request, and the signal that is aborted then with a
   *   `CheckTimeoutError`; the same for every command of the request
   */
  begin(): Required<ExecuteOptions> {
    return (this.begun ??= this.start());
  }

  /** Clears the timer; call it when the request is decided. */
  end(): void {
    this.cancel?.();
  }

  private start(): Required<ExecuteOptions> {
    const { clock, milliseconds } = this;
    const aborter = new AbortController();
    const error = () => new CheckTimeoutError(`no decision in ${milliseconds} ms`);
    const limit = { timers: clock, milliseconds, error };
    this.cancel = startTimeLimit(limit, (reason) => aborter.abort(reason));
    return { signal: aborter.signal, deadline: clock.now() + milliseconds };
  }
}
