import type { OxdClock } from '../base/clock.js';
import { MAX_TIMER_DELAY } from '../base/limits.js';

/**
 * One timer for a sequence of deadlines, most of which are cleared before they pass. To save timer
 * operations, the timer is set for the first deadline and reads the current one only when it fires.
 * It does not keep the process alive.
 */
export class Deadline {
  private cancel?: () => void;
  private firesAt = Infinity;
  private at = Infinity;

  /** @param expire called when a deadline has passed; the deadline is cleared first */
  constructor(
    private readonly clock: OxdClock,
    private readonly expire: () => void,
  ) {}

  /**
   * Replaces the deadline.
   *
   * @param at milliseconds on the clock
   */
  set(at: number): void {
    this.at = at;
    if (at < this.firesAt) this.arm();
  }

  /** Clears the deadline. */
  clear(): void {
    this.at = Infinity;
  }

  /** Clears the deadline and the timer. */
  stop(): void {
    this.clear();
    this.cancel?.();
    this.firesAt = Infinity;
  }

  private arm(): void {
    this.cancel?.();
    this.firesAt = this.at;
    // Rounded up: a timer that fires a moment too early would have to be set again.
    const delay = Math.min(Math.max(Math.ceil(this.at - this.clock.now()), 1), MAX_TIMER_DELAY);
    this.cancel = this.clock.after(delay, () => this.fire());
  }

  private fire(): void {
    this.firesAt = Infinity;
    if (this.at === Infinity) return;
    if (this.at > this.clock.now()) return this.arm();
    this.clear();
    this.expire();
  }
}
