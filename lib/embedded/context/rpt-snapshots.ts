import { Clearings } from '../../base/clearings.js';
import { ExpiringCache, type CacheLimits, type Lifetime } from '../../base/expiring-cache.js';
import { SingleFlight } from '../../base/single-flight.js';
import {
  earliestExpiry,
  freezePermissions,
  isRetainable,
} from '../../commands/retained-permissions.js';
import type { IntrospectRptResult, UmaPermission } from '../../commands/uma.js';
import { resourcePart, type CheckOwner } from './check-owner.js';

/** State and permissions of an RPT. */
export interface RptStatus {
  readonly result: IntrospectRptResult;
  /** Ids of resources for which the RPT grants every scope. */
  readonly wholeResources: ReadonlySet<string>;
  /**
   * True if `sub` needs no further verification: the RPT is opaque, or a JWT that was verified here.
   * Default false.
   */
  readonly isSubjectProven?: boolean;
}

/** Content of an RPT for the request that carries it. */
export interface RptContent {
  readonly permissions?: readonly UmaPermission[];
  /** User of the RPT, if it proves one. */
  readonly sub?: string;
}

/** Time of an introspection. */
export interface SnapshotTime extends Lifetime {
  /** See {@link tokenKey}. */
  readonly key: string;
  /** Position of the introspection, see {@link Clearings}. */
  readonly position: number;
}

/** State of an RPT at the time of its introspection. */
export class RptSnapshot implements SnapshotTime {
  readonly from: number;
  readonly until: number;
  readonly position: number;
  readonly key: string;
  /** Undefined until the user has been determined. */
  content: RptContent | undefined;
  private determined: Promise<RptContent> | undefined;

  constructor(
    readonly status: RptStatus,
    { from, until, position, key }: SnapshotTime,
  ) {
    this.from = from;
    this.until = until;
    this.position = position;
    this.key = key;
    const { permissions, sub } = status.result;
    if (status.isSubjectProven) this.content = { permissions, sub };
  }

  /** Determines the user once; callers that arrive meanwhile wait for the same result. */
  determineUser(work: () => Promise<string | undefined>): Promise<RptContent> {
    const { permissions } = this.status.result;
    this.determined ??= work().then((sub) => (this.content = { permissions, sub }));
    return this.determined;
  }
}

/**
 * Introspections of RPTs, shared by concurrent checks, and with limits also by later checks. A snapshot
 * may grant access; before it denies access, the RPT is introspected again.
 */
export class RptSnapshots {
  // `#` instead of `private`, so that no printed object shows permissions.
  readonly #flights = new SingleFlight<RptSnapshot>();
  readonly #cache: ExpiringCache<RptSnapshot> | undefined;
  readonly #clearings = new Clearings();
  readonly #clock: () => number;
  readonly #ttl: number;

  /** @param limits undefined retains nothing */
  constructor(clock: () => number, limits?: CacheLimits) {
    this.#clock = clock;
    this.#ttl = limits?.ttl ?? 0;
    this.#cache = limits && new ExpiringCache(limits.max, clock);
  }

  /** Returns the retained snapshot of an RPT. */
  cached(key: string): RptSnapshot | undefined {
    return this.#cache?.get(key);
  }

  /** Returns the introspection of an RPT that is in progress. */
  inProgress(key: string): Promise<RptSnapshot> | undefined {
    return this.#flights.current(key);
  }

  /** Introspects an RPT, or waits for its introspection that has just begun. */
  obtain(key: string, introspect: () => Promise<RptStatus>): Promise<RptSnapshot> {
    return this.#flights.run(key, async () => {
      const from = this.#clock();
      const { position } = this.#clearings;
      const status = await introspect();
      freezePermissions(status.result.permissions);
      if (!this.#cache) return new RptSnapshot(status, { from, until: from, position, key });
      const until = Math.min(from + this.#ttl, earliestExpiry(status.result));
      const snapshot = new RptSnapshot(status, { from, until, position, key });
      this.#retain(this.#cache, key, snapshot);
      return snapshot;
    });
  }

  /** Returns false if RPT, site or resource was cleared after the introspection began. */
  isCurrent({ position, key }: RptSnapshot, { oxd_id }: CheckOwner, resource_id: string): boolean {
    // Nothing at all was cleared: no key has to be built and looked up.
    if (position === this.#clearings.position) return true;
    return (
      this.#clearings.isCurrent(position, key) &&
      this.#clearings.isCurrent(position, oxd_id) &&
      this.#clearings.isCurrent(position, resourcePart(oxd_id, resource_id))
    );
  }

  /** Outdates every snapshot of a site, also one whose introspection is in progress. */
  clearSite(oxd_id: string): void {
    this.#clearings.clear(oxd_id);
  }

  /** Outdates every snapshot for the checks of one resource. */
  clearResource({ oxd_id }: CheckOwner, resource_id: string): void {
    this.#clearings.clear(resourcePart(oxd_id, resource_id));
  }

  /** Deletes the snapshot of an RPT, and lets one whose introspection is in progress not be retained. */
  clearRpt(key: string): void {
    this.#cache?.delete(key);
    if (this.#flights.current(key)) this.#clearings.clear(key);
  }

  #retain(cache: ExpiringCache<RptSnapshot>, key: string, snapshot: RptSnapshot): void {
    const { active, permissions } = snapshot.status.result;
    const isUsable = active && this.#clearings.isCurrent(snapshot.position, key);
    if (isUsable && isRetainable(permissions)) cache.set(key, snapshot);
    else cache.delete(key);
  }
}
