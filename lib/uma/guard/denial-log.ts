import type { Logger } from '@nestjs/common';
import type { OxdClock } from '../../base/clock.js';

/** Time between two equal warnings, in milliseconds. */
const WARN_INTERVAL = 60_000;

/** Limit of remembered messages, which contain names of handlers and error codes. */
const MAX_MESSAGES = 1000;

/** Logs denials, rate-limited so that clients cannot flood the log. */
export class DenialLog {
  private readonly logged = new Map<string, number>();

  constructor(
    private readonly log: Logger,
    private readonly clock: OxdClock,
  ) {}

  /** Logs a normal denial at level debug, such as a request without an RPT. */
  expected(message: string): void {
    this.log.debug(message);
  }

  /** Logs a denial that an operator should investigate: each message at most once a minute. */
  warn(message: string): void {
    const now = this.clock.now();
    if (now < (this.logged.get(message) ?? -Infinity) + WARN_INTERVAL) return;
    if (this.logged.size >= MAX_MESSAGES) this.logged.clear();
    this.logged.set(message, now);
    this.log.warn(message);
  }

  /** Logs a fault of the application itself: each message once. */
  once(message: string): void {
    if (this.logged.has(message)) return;
    this.logged.set(message, Infinity);
    this.log.warn(message);
  }
}
