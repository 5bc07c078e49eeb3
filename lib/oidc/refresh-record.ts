import { createHmac, hkdfSync, randomUUID } from 'node:crypto';
import type { OxdClock } from '../base/clock.js';
import { OxdStoreError } from '../base/errors.js';
import type { OxdStore } from '../store/oxd-store.js';
import { JsonSeal } from '../transaction/json-seal.js';
import { failed, tokensOf, type RefreshedTokens, type RefreshOutcome } from './refresh-outcome.js';

/** Options of {@link RefreshRecord}. */
export interface RefreshRecordOptions {
  readonly store: Pick<OxdStore, 'get' | 'set' | 'delete'> & Required<Pick<OxdStore, 'add'>>;
  readonly clock: OxdClock;
  /** Fingerprint of the site. */
  readonly fingerprint: string;
  readonly secret: string;
}

/** Lifetimes of a record in milliseconds: while the refresh runs, after success, after failure. */
const RECORD_LIFETIMES = { running: 70_000, result: 10_000, failure: 1_000 };
/** Time between two reads of a record that another replica has created, in milliseconds. */
const POLL_INTERVAL = 100;
/** Largest difference between the clocks of two replicas, in milliseconds. */
const CLOCK_SKEW = 60_000;

const RUNNING = 'running:';

const ENDED =
  'Another replica used this refresh token, and its result is not available. The token is not sent ' +
  'again, because a provider may end the session when a token is used twice.';

const UNREADABLE =
  'The store contains a result of this refresh that does not open: all replicas must have one secret, ' +
  'and clocks that differ by less than a minute.';

/**
 * Record of one refresh in the store that replicas share. The first replica creates it and sends the
 * request; the others wait for its outcome. A call that found the record never sends the request.
 */
export class RefreshRecord {
  /** Key in the store: a MAC, so that a reader of the store cannot verify a guess of the token. */
  readonly key: string;
  readonly #options: RefreshRecordOptions;
  readonly #seal: JsonSeal;
  readonly #marker = `${RUNNING}${randomUUID()}`;

  /** @param call refresh token and the parameters that distinguish its refreshes */
  constructor(options: RefreshRecordOptions, call: string) {
    this.#options = options;
    const { secret, fingerprint } = options;
    const macKey = hkdfSync('sha256', secret, '', `nestjs-oxd refresh key ${fingerprint}`, 32);
    const mac = createHmac('sha256', new Uint8Array(macKey)).update(call).digest('base64url');
    this.key = `refresh:${mac}`;
    // The key of the record is part of the key of encryption: a result moved to the record of another
    // user does not open.
    this.#seal = new JsonSeal([secret], `nestjs-oxd refresh result ${fingerprint} ${mac}`);
  }

  /**
   * Runs `work` if no other replica does, and stores its outcome; else returns the outcome of the
   * other replica.
   *
   * @throws the error of `work`, also of another replica
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when the outcome of another replica is unavailable
   */
  async run(work: () => Promise<RefreshedTokens>): Promise<RefreshedTokens> {
    if (!(await this.create())) return this.outcomeOfOther();
    try {
      const result = await work();
      await this.publish({ result }, RECORD_LIFETIMES.result);
      return result;
    } catch (error) {
      await this.publish(failed(error), RECORD_LIFETIMES.failure);
      throw error;
    }
  }

  private async create(): Promise<boolean> {
    const { store } = this.#options;
    try {
      return await store.add(this.key, this.#marker, RECORD_LIFETIMES.running);
    } catch (error) {
      await this.remove();
      throw error;
    }
  }

  /** Removes a record that a failed call may have created: other calls would wait for its end. */
  private async remove(): Promise<void> {
    const { store } = this.#options;
    const value = await store.get(this.key).catch(() => undefined);
    if (value === this.#marker) await store.delete(this.key).catch(() => false);
  }

  private async outcomeOfOther(): Promise<RefreshedTokens> {
    const { store, clock } = this.#options;
    const end = clock.now() + RECORD_LIFETIMES.running + POLL_INTERVAL;
    while (clock.now() <= end) {
      const value = await store.get(this.key);
      if (value === undefined) break;
      if (!isRunning(value)) return tokensOf(await this.read(value));
      await new Promise<void>((resolve) => clock.after(POLL_INTERVAL, resolve));
    }
    throw new OxdStoreError(ENDED, { mayHaveRun: true });
  }

  /** Stores the outcome. Ignores errors: the result must not be lost, and the record expires. */
  private async publish(outcome: RefreshOutcome, lifetime: number): Promise<void> {
    const { store, clock } = this.#options;
    const sealed = await this.#seal.seal({ ...outcome, storedAt: clock.now() });
    await store.set(this.key, sealed, lifetime).catch(() => undefined);
  }

  private async read(value: unknown): Promise<RefreshOutcome> {
    const opened = typeof value === 'string' ? await this.#seal.open(value) : undefined;
    const outcome = opened as (RefreshOutcome & { readonly storedAt: number }) | undefined;
    // Rejects an outcome that was copied from the store and written again later.
    const age = Math.abs(this.#options.clock.now() - (outcome?.storedAt ?? NaN));
    if (outcome && age <= RECORD_LIFETIMES.result + CLOCK_SKEW) return outcome;
    throw new OxdStoreError(UNREADABLE, { mayHaveRun: true });
  }
}

function isRunning(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith(RUNNING);
}
