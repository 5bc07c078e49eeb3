import { ExpiringCache, type Lifetime } from '../../base/expiring-cache.js';
import { SingleFlight } from '../../base/single-flight.js';
import type { CheckOwner } from './check-owner.js';

/** Resource of an administrator at the authorization server. */
export interface AdministeredResource {
  readonly id: string;
  /** Scopes of the resource when it was looked up. */
  readonly scopes: readonly string[];
}

interface Hit extends Lifetime {
  readonly resource: AdministeredResource;
}

/**
 * Time for which a name or id without a resource is not looked up again, in milliseconds; a resource
 * that the authorization server rejects is not looked up more often, either. Clients choose the names
 * of some applications.
 */
const PAUSE = 5_000;

/** Limit of the retained results of look-ups. */
const MAX_RESULTS = 10_000;

/** Results of the look-ups of resources by name or id. A hit stays until it is rejected. */
export class ResourceLookups {
  private readonly hits: ExpiringCache<Hit>;
  private readonly misses: ExpiringCache<Lifetime>;
  private readonly flights = new SingleFlight<AdministeredResource | undefined>();

  constructor(private readonly clock: () => number) {
    this.hits = new ExpiringCache(MAX_RESULTS, clock);
    this.misses = new ExpiringCache(MAX_RESULTS, clock);
  }

  /** Key of a name or id that a site looks up. */
  keyOf({ oxd_id, client: { client_id } }: CheckOwner, name: string): string {
    return JSON.stringify([oxd_id, client_id, name]);
  }

  /** Returns the resource of an earlier look-up. */
  inMemory(key: string): AdministeredResource | undefined {
    return this.hits.get(key)?.resource;
  }

  /**
   * Returns the resource of an earlier look-up, else looks it up, once for concurrent callers.
   *
   * @returns undefined if there is no such resource
   */
  async find(
    key: string,
    search: () => Promise<AdministeredResource | undefined>,
  ): Promise<AdministeredResource | undefined> {
    const known = this.inMemory(key);
    if (known || this.misses.get(key)) return known;
    return this.flights.run(key, async () => {
      const from = this.clock();
      const resource = await search();
      if (resource) this.hits.set(key, { from, until: Infinity, resource });
      else this.misses.set(key, { from, until: from + PAUSE });
      return resource;
    });
  }

  /**
   * Drops a resource that the authorization server has rejected.
   *
   * @returns false if the resource was looked up just before, so that another look-up would find the same
   */
  reject(key: string): boolean {
    const hit = this.hits.get(key);
    if (hit && this.clock() < hit.from + PAUSE) return false;
    this.hits.delete(key);
    return true;
  }
}
