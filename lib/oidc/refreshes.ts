import { createHash } from 'node:crypto';
import type { OxdClock } from '../base/clock.js';
import { RecentResults } from '../base/recent-results.js';
import { SingleFlight } from '../base/single-flight.js';
import type { RefreshedTokens } from './refresh-outcome.js';
import type { SendRefresh, SharedRefreshes } from './shared-refreshes.js';

/** Retained results of refreshes; lifetime in milliseconds. */
const SENT = { lifetime: 10_000, max: 1000 };

/** Refreshes of a module, which send a refresh token once in 10 seconds. */
export class Refreshes {
  readonly #sent: RecentResults<RefreshedTokens>;
  readonly #running = new SingleFlight<RefreshedTokens>();
  readonly #shared: SharedRefreshes | undefined;

  /**
   * @param clock ends the time that a result is retained
   * @param shared shares refreshes with other replicas; undefined shares them in this process only
   */
  constructor(clock: OxdClock, shared?: SharedRefreshes) {
    this.#sent = new RecentResults({ ...SENT, clock });
    this.#shared = shared;
  }

  /** @param call refresh token and the parameters that distinguish its refreshes */
  run(call: string, send: SendRefresh): Promise<RefreshedTokens> {
    const key = createHash('sha256').update(call).digest('base64url');
    const sendOnce: SendRefresh = (signal) => this.#sent.run(key, () => send(signal));
    const shared = this.#shared;
    if (!shared || this.#sent.has(key)) return sendOnce();
    // Results of other replicas are not retained here, where they would outlive the 10 seconds.
    return this.#running.run(key, () => shared.run(call, sendOnce));
  }
}
