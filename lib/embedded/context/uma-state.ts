import { SingleFlight } from '../../base/single-flight.js';
import { BoundedQueue } from './bounded-queue.js';
import { IntrospectionAuth } from './introspection-auth.js';
import { PatCache } from './pat-cache.js';

/**
 * How many tickets are obtained at a time at one authorization server, and how many requests wait for
 * theirs. Anybody can cause them: half of the connections stay free for those who have an RPT.
 */
const TICKETS = { atATime: 32, waiting: 1024 };

/** What the UMA commands of one engine remember in this process. */
export class UmaState {
  readonly pats: PatCache;
  readonly introspections = new IntrospectionAuth();
  /** When an unknown key may be looked for again, by issuer; milliseconds since 1970. */
  readonly unknownKeyCooldown = new Map<string, number>();
  /** When keys that could not be had may be asked for again, by issuer; milliseconds since 1970. */
  readonly jwksCooldown = new Map<string, number>();
  /** Equal declarations at the same time are one piece of work. */
  readonly protections = new SingleFlight<void>();
  /** Clients, by issuer and `client_id`, that were warned of an RPT request without an identity. */
  readonly withoutIdentity = new Set<string>();
  /** Queue of changes to the resources of a client, by the key of their record. */
  readonly changes = new BoundedQueue({ atATime: 1, waiting: Infinity });
  /** Whoever needs a ticket waits here, by issuer. */
  readonly tickets = new BoundedQueue(TICKETS);

  constructor(clock: () => number) {
    this.pats = new PatCache(clock);
  }

  /** Forgets a site that is no more. */
  forget(oxd_id: string): void {
    this.pats.forget(oxd_id);
  }
}
