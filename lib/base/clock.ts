/** Longest delay of a timer, in milliseconds; Node.js replaces a longer one by 1 ms. */
export const MAX_TIMER_DELAY = 2 ** 31 - 1;

/**
 * Tolerated difference between the clock of this machine and that of a server, in seconds. It applies
 * to the earliest time of a token (`nbf`) and to id_tokens, never to the expiry of an RPT.
 */
export const CLOCK_TOLERANCE = 30;

/** Current time and timers. Injectable by this class: tests override the clock instead of waiting. */
export abstract class OxdClock {
  /** Milliseconds since 1970. */
  abstract readonly now: () => number;

  /**
   * Runs `work` once after a delay; by default with a timer that does not keep the process alive.
   *
   * @param milliseconds delay
   * @returns function that cancels the timer
   */
  after(milliseconds: number, work: () => void): () => void {
    const timer = setTimeout(work, milliseconds).unref();
    return () => clearTimeout(timer);
  }
}

/**
 * Clock of this machine.
 *
 * @internal
 */
export class SystemClock extends OxdClock {
  readonly now = Date.now;
}

/**
 * Clock for deadlines: it counts from an arbitrary time and is never set back.
 *
 * @internal
 */
export class MonotonicClock extends OxdClock {
  readonly now = (): number => performance.now();
}
