import type { OxdClock } from '../base/clock.js';
import { Deadline } from './deadline.js';
import type { Exchange } from './exchange.js';

/** First-in, first-out queue of exchanges that wait for a connection. */
export class RequestQueue {
  private readonly waiting: Exchange[] = [];
  private readonly deadline: Deadline;

  /** @param expired called with each exchange whose deadline has passed, after its removal */
  constructor(
    private readonly clock: OxdClock,
    private readonly expired: (exchange: Exchange) => void,
  ) {
    this.deadline = new Deadline(clock, () => this.expire());
  }

  /** Number of waiting exchanges. */
  get length(): number {
    return this.waiting.length;
  }

  /** Adds an exchange at the end. */
  push(exchange: Exchange): void {
    this.waiting.push(exchange);
    this.watchFirst();
  }

  /** Returns an exchange to the front: it was first in the queue before. */
  unshift(exchange: Exchange): void {
    this.waiting.unshift(exchange);
    this.watchFirst();
  }

  /** Removes and returns the first exchange. */
  shift(): Exchange | undefined {
    const first = this.waiting.shift();
    this.watchFirst();
    return first;
  }

  /** Removes an exchange. @returns false when the queue does not contain it */
  remove(exchange: Exchange): boolean {
    const index = this.waiting.indexOf(exchange);
    if (index < 0) return false;
    this.waiting.splice(index, 1);
    this.watchFirst();
    return true;
  }

  /** Removes and returns all exchanges. */
  clear(): Exchange[] {
    this.deadline.stop();
    return this.waiting.splice(0);
  }

  // All exchanges have the same time limit, so the first one always expires first.
  private watchFirst(): void {
    const first = this.waiting[0];
    if (first) this.deadline.set(first.deadline);
    else this.deadline.clear();
  }

  private expire(): void {
    const now = this.clock.now();
    const index = this.waiting.findIndex((exchange) => exchange.deadline > now);
    const expired = this.waiting.splice(0, index < 0 ? this.waiting.length : index);
    this.watchFirst();
    expired.forEach((exchange) => this.expired(exchange));
  }
}
