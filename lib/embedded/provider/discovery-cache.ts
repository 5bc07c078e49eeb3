import { SingleFlight } from '../../base/single-flight.js';
import { addressKey, type ProviderAddress } from './provider-address.js';

interface Discovery<T> {
  readonly found: T;
  /** When it is to be made again; milliseconds since 1970. */
  readonly staleAt: number;
}

/** How long a discovery is believed, in milliseconds. */
const LIFETIME = 600_000;

/** What this process has discovered: one discovery at a time for each address, failures not kept. */
export class DiscoveryCache<T> {
  private readonly known = new Map<string, Discovery<T>>();
  private readonly flights = new SingleFlight<T>();

  constructor(
    private readonly discover: (address: ProviderAddress) => Promise<T>,
    private readonly clock: () => number,
  ) {}

  /** What is at an address; discovered now where that is not known, or too old. */
  async at(address: ProviderAddress): Promise<T> {
    const key = addressKey(address);
    const known = this.known.get(key);
    if (known && this.clock() < known.staleAt) return known.found;
    return this.flights.run(key, async () => {
      const found = await this.discover(address);
      this.known.set(key, { found, staleAt: this.clock() + LIFETIME });
      return found;
    });
  }

  /** Has it discovered anew, unless that has been done since `stale`. */
  forget(address: ProviderAddress, stale: T): void {
    const key = addressKey(address);
    if (this.known.get(key)?.found === stale) this.known.delete(key);
  }
}
