import { Deadline } from './deadline.js';
import type { Exchange } from './exchange.js';

/** Exchanges that wait for a connection, first come first served. */
export class RequestQueue {
  private readonly waiting: Exchange[] = [];
  private readonly deadline = new Deadline(() => this.expire());

  /** @param expired told about an exchange whose time limit has passed, when it has left the line */
  constructor(private readonly expired: (exchange: Exchange) => void) {}

  /** How many wait. */
  get length(): number {
    return this.waiting.length;
  }

  /** Joins at the end. */
  push(exchange: Exchange): void {
    this.waiting.push(exchange);
    this.watchFirst();
  }

  /** Goes back to the front: it had its turn already. */
  unshift(exchange: Exchange): void {
    this.waiting.unshift(exchange);
    this.watchFirst();
  }

  /** Whose turn it is. */
  shift(): Exchange | undefined {
    const first = this.waiting.shift();
    this.watchFirst();
    return first;
  }

  /** Leaves the line. @returns false when it was not in it */
  leave(exchange: Exchange): boolean {
    const place = this.waiting.indexOf(exchange);
    if (place < 0) return false;
    this.waiting.splice(place, 1);
    this.watchFirst();
    return true;
  }

  /** Empties the line. */
  clear(): Exchange[] {
    this.deadline.stop();
    return this.waiting.splice(0);
  }

  // All wait for the same time, so the first is always the first to give up.
  private watchFirst(): void {
    const first = this.waiting[0];
    if (first) this.deadline.set(first.deadline);
    else this.deadline.clear();
  }

  private expire(): void {
    const now = performance.now();
    const late = this.waiting.findIndex((exchange) => exchange.deadline > now);
    const expired = this.waiting.splice(0, late < 0 ? this.waiting.length : late);
    this.watchFirst();
    expired.forEach((exchange) => this.expired(exchange));
  }
}
