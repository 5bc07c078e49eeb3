import { hash } from 'node:crypto';
import { oncePerObject } from '../../base/once-per-object.js';
import { SingleFlight } from '../../base/single-flight.js';
import { addressKey, type ProviderAddress } from './provider-address.js';

interface Discovery<T> {
  readonly found: T;
  /** Time of the next discovery, in milliseconds since 1970. */
  readonly staleAt: number;
}

/** Lifetime of a cached discovery, in milliseconds. */
const LIFETIME = 600_000;

/**
 * Discovery results of this process: one discovery at a time per address; failures are not cached.
 */
export abstract class DiscoveryCache<T> {
  private readonly cache = new Map<string, Discovery<T>>();
  /** Records of sites are addresses, too, and are passed for each request. */
  private readonly keyOf = oncePerObject((address: ProviderAddress) =>
    hash('sha256', addressKey(address), 'base64'),
  );
  private readonly flights = new SingleFlight<T>();

  constructor(private readonly clock: () => number) {}

  /**
   * Returns the result for an address, discovered now or within the last ten minutes. Without a promise
   * if it is known, because each guarded request asks.
   *
   * @throws {OperationError} if the discovery fails
   */
  at(address: ProviderAddress): T | Promise<T> {
    const key = this.keyOf(address);
    const cached = this.cache.get(key);
    if (cached && this.clock() < cached.staleAt) return cached.found;
    return this.flights.run(key, () => this.store(key, this.discover(address)));
  }

  /**
   * Returns the result of a discovery that is in progress, else that of {@link at}.
   *
   * @throws {OperationError} if the discovery fails
   */
  latest(address: ProviderAddress): T | Promise<T> {
    return this.flights.current(this.keyOf(address)) ?? this.at(address);
  }

  /**
   * Replaces the cached result if it is still `stale`. It is used until `discover` has succeeded, and
   * stays if that fails.
   */
  protected replace(
    address: ProviderAddress,
    stale: T,
    discover: () => Promise<T>,
  ): T | Promise<T> {
    const key = this.keyOf(address);
    if (this.cache.get(key)?.found !== stale) return this.latest(address);
    return this.flights.run(key, () => this.store(key, discover()));
  }

  private async store(key: string, discovered: Promise<T>): Promise<T> {
    const found = await discovered;
    const staleAt = this.clock() + LIFETIME;
    this.cache.set(key, { found, staleAt });
    return found;
  }

  /** Runs a discovery. */
  protected abstract discover(address: ProviderAddress): Promise<T>;
}
