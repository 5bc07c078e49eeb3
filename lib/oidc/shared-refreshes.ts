import type { OxdClock } from '../base/clock.js';
import { withTimeLimit } from '../base/time-limit.js';
import { untilAborted } from '../base/until-aborted.js';
import type { OxdOptions } from '../options/oxd.options.js';
import { siteFingerprint } from '../options/site-fingerprint.js';
import { FileStore } from '../store/file-store.js';
import { MemoryStore, type OxdStore } from '../store/oxd-store.js';
import { refreshTimeout, type RefreshedTokens } from './refresh-outcome.js';
import { RefreshRecord, type RefreshRecordOptions } from './refresh-record.js';

/** Time limit of a refresh, in milliseconds; shorter than the lifetime of its record. */
const DEADLINE = 60_000;

/** Sends a refresh; must stop when the signal is aborted. */
export type SendRefresh = (signal?: AbortSignal) => Promise<RefreshedTokens>;

/** Sharing of refreshes between the replicas of an application. */
export class SharedRefreshes {
  readonly #options: Omit<RefreshRecordOptions, 'secret'>;
  readonly #secrets: readonly string[];

  /** @param secrets secrets of the module: each one locks the refresh for the replicas that have it */
  constructor(options: Omit<RefreshRecordOptions, 'secret'>, secrets: readonly string[]) {
    this.#options = options;
    this.#secrets = [...new Set(secrets)];
  }

  /** @param call refresh token and the parameters that distinguish its refreshes */
  run(call: string, send: SendRefresh): Promise<RefreshedTokens> {
    const records = this.#secrets.map(
      (secret) => new RefreshRecord({ ...this.#options, secret }, call),
    );
    // One order in every replica: no two replicas wait for each other.
    records.sort((one, other) => (one.key < other.key ? -1 : 1));
    const once = records.reduceRight(
      (work, record) => () => record.run(work),
      () => this.limited(send),
    );
    return once();
  }

  private limited(send: SendRefresh): Promise<RefreshedTokens> {
    const { clock: timers } = this.#options;
    const limit = { timers, milliseconds: DEADLINE, error: () => refreshTimeout(DEADLINE) };
    return withTimeLimit(limit, (signal) => untilAborted(signal, send(signal)));
  }
}

/**
 * Returns the sharing of refreshes for a store that other replicas may use; undefined for a store of
 * this process, a store without `add`, and a secret that other replicas do not have.
 */
export function sharedRefreshes(
  options: OxdOptions,
  store: OxdStore,
  clock: OxdClock,
): SharedRefreshes | undefined {
  const { secret, secretIsRandom, store: given } = options;
  const isOwn =
    typeof given === 'string' || given instanceof MemoryStore || given instanceof FileStore;
  if (isOwn || secretIsRandom || !hasAdd(store)) return undefined;
  return new SharedRefreshes({ store, clock, fingerprint: siteFingerprint(options) }, secret);
}

function hasAdd(store: OxdStore): store is OxdStore & Required<Pick<OxdStore, 'add'>> {
  return store.add !== undefined;
}
