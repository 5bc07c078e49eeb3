import { LONGEST_TIMER } from '../base/clock.js';

/**
 * One timer for a row of time limits, most of which never matter: it is set for the first and
 * looks for the present one only when it fires. It does not keep the process alive.
 */
export class Deadline {
  private timer?: NodeJS.Timeout;
  private firesAt = Infinity;
  private at = Infinity;

  /** @param expire called when a time limit has passed, which is then gone */
  constructor(private readonly expire: () => void) {}

  /**
   * Replaces the time limit.
   *
   * @param at in milliseconds of `performance.now()`
   */
  set(at: number): void {
    this.at = at;
    if (at < this.firesAt) this.arm();
  }

  /** Takes the time limit away. */
  clear(): void {
    this.at = Infinity;
  }

  /** Takes the time limit and the timer away. */
  stop(): void {
    this.clear();
    clearTimeout(this.timer);
    this.firesAt = Infinity;
  }

  private arm(): void {
    clearTimeout(this.timer);
    this.firesAt = this.at;
    // Rounded up: a timer that fires a moment too early would have to be set again.
    const delay = Math.ceil(this.at - performance.now());
    this.timer = setTimeout(() => this.fire(), Math.min(Math.max(delay, 1), LONGEST_TIMER));
    this.timer.unref();
  }

  private fire(): void {
    this.firesAt = Infinity;
    if (this.at === Infinity) return;
    if (this.at > performance.now()) return this.arm();
    this.clear();
    this.expire();
  }
}
