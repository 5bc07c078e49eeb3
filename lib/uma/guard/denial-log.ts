import type { Logger } from '@nestjs/common';
import type { OxdClock } from '../../base/clock.js';

const PAUSE = 60_000;

/** Tells the operator of refusals, without letting whoever causes them fill the log. */
export class DenialLog {
  private readonly told = new Map<string, number>();

  constructor(
    private readonly log: Logger,
    private readonly clock: OxdClock,
  ) {}

  /** What goes on all the time: a client that comes without an RPT. */
  expected(message: string): void {
    this.log.debug(message);
  }

  /** What somebody should look at: each message once a minute. */
  warn(message: string): void {
    const now = this.clock.now();
    if (now < (this.told.get(message) ?? -Infinity) + PAUSE) return;
    if (this.told.size >= MOST) this.told.clear();
    this.told.set(message, now);
    this.log.warn(message);
  }

  /** What is wrong with the application itself: each message once. */
  once(message: string): void {
    if (this.told.has(message)) return;
    this.told.set(message, Infinity);
    this.log.warn(message);
  }
}

/** Messages name handlers and codes; more than these many are no longer told apart. */
const MOST = 1000;
