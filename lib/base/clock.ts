/** Longest time that a timer can be set for, in milliseconds; Node takes a longer one for 1 ms. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Tolerated difference between the clock of this machine and that of a server, in seconds. It applies
 * to the earliest time of a token (`nbf`) and to id_tokens, never to the expiry of an RPT.
 */
export const CLOCK_TOLERANCE = 30;

/** What time it is. Injectable by this class: tests override it instead of waiting. */
export abstract class OxdClock {
  /** Milliseconds since 1970. */
  abstract readonly now: () => number;

  /**
   * Does work once, later; by default with a timer that keeps no process alive.
   *
   * @param milliseconds from now
   * @returns calls it off
   */
  after(milliseconds: number, work: () => void): () => void {
    const timer = setTimeout(work, milliseconds).unref();
    return () => clearTimeout(timer);
  }
}

/**
 * The clock of this machine.
 *
 * @internal
 */
export class SystemClock extends OxdClock {
  readonly now = Date.now;
}
