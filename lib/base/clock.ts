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
