import type { CacheLimits } from '../../base/expiring-cache.js';
import { SingleFlight } from '../../base/single-flight.js';
import { BoundedQueue } from './bounded-queue.js';
import { Decisions } from './decisions.js';
import { IntrospectionAuth } from './introspection-auth.js';
import { KeyLookups } from './key-lookups.js';
import { PatCache } from './pat-cache.js';
import { ResourceLookups } from './resource-lookups.js';
import { RptSnapshots } from './rpt-snapshots.js';

/**
 * Limits of ticket requests to one authorization server, and of look-ups of resources. Any client can
 * cause them: half of the connections stay free for clients with an RPT.
 */
const TICKET_LIMITS = { concurrent: 32, waiting: 1024 };

/** State of the UMA commands of one embedded transport, in memory only. */
export class UmaState {
  readonly pats: PatCache;
  readonly introspections = new IntrospectionAuth();
  readonly keyLookups: KeyLookups;
  readonly rpts: RptSnapshots;
  readonly decisions: Decisions;
  readonly lookups: ResourceLookups;
  /** Runs equal declarations that arrive at the same time only once. */
  readonly protections = new SingleFlight<void>();
  /** Clients (issuer and `client_id`) whose RPT request without a user identity was logged. */
  readonly withoutIdentity = new Set<string>();
  /** Queue of changes to the resources of a client, by the key of their record. */
  readonly changes = new BoundedQueue({ concurrent: 1, waiting: Infinity });
  /** Queue of requests for permission tickets, by issuer. */
  readonly tickets = new BoundedQueue(TICKET_LIMITS);
  /** Queue of look-ups of resources, by issuer. */
  readonly searches = new BoundedQueue(TICKET_LIMITS);

  /** @param cache limits of the caches of introspections and of decisions; undefined for none */
  constructor(clock: () => number, cache?: CacheLimits) {
    this.pats = new PatCache(clock);
    this.keyLookups = new KeyLookups(clock);
    this.rpts = new RptSnapshots(clock, cache);
    this.decisions = new Decisions(clock, cache);
    this.lookups = new ResourceLookups(clock);
  }

  /** Outdates every cached check of a site. */
  clearSite(oxd_id: string): void {
    this.rpts.clearSite(oxd_id);
    this.decisions.clearSite(oxd_id);
  }

  /** Deletes the state of a removed site. */
  forget(oxd_id: string): void {
    this.pats.forget(oxd_id);
    this.clearSite(oxd_id);
  }
}
