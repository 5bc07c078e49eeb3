import type { OxdClock } from '../base/clock.js';
import { LimitedLog } from '../base/limited-log.js';
import type { OxdLog } from '../base/log.js';
import type { Denial } from './denial.js';

/** Denial with its reason for the log. */
export interface LoggedDenial {
  readonly denial: Pick<Denial, 'status' | 'error'>;
  readonly reason: string;
  /** True for a denial that needs no operator. */
  readonly isUsual?: boolean;
  /** Kind of log lines, one of which is logged per minute; default: each line. */
  readonly kind?: string;
}

/** Logs denials, rate-limited so that clients cannot flood the log. */
export class DenialLog {
  private readonly limited: LimitedLog;
  private readonly faults = new Set<string>();

  constructor(
    private readonly log: OxdLog,
    clock: OxdClock,
  ) {
    this.limited = new LimitedLog((line) => this.log.warn(line), clock);
  }

  /** Logs the denial of a check. @param place handler, with the resource if one was checked */
  denied(place: string, { denial, reason, isUsual = false, kind }: LoggedDenial): void {
    const message = `${place}: ${denial.status} ${denial.error}, ${reason}`;
    if (isUsual) this.expected(message);
    else this.warn(message, kind);
  }

  /** Logs a normal denial at level debug, such as a request without a token. */
  expected(message: string): void {
    this.log.debug?.(message);
  }

  /**
   * Logs a denial that an operator should investigate: each kind at most once a minute.
   *
   * @param kind default: the message
   */
  warn(message: string, kind?: string): void {
    this.limited.log(message, kind);
  }

  /** Logs a fault of the application itself: each message once. */
  once(message: string): void {
    if (this.faults.has(message)) return;
    this.faults.add(message);
    this.log.warn(message);
  }
}
