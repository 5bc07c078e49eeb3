import { hash } from 'node:crypto';
import { Clearings } from '../../base/clearings.js';
import { tokenKey } from '../../base/token-key.js';
import { ExpiringCache, type CacheLimits, type Lifetime } from '../../base/expiring-cache.js';
import { SingleFlight } from '../../base/single-flight.js';
import {
  earliestExpiry,
  freezePermissions,
  isRetainable,
  unverifiedExpiry,
} from '../../commands/retained-permissions.js';
import type { UmaPermission, UmaPushedClaims } from '../../commands/uma.js';
import { resourcePart, type CheckOwner } from './check-owner.js';

/** Decision of an authorization server about an access token. */
export interface Decision {
  readonly granted: boolean;
  /** Permissions, if the authorization server listed them. */
  readonly permissions?: readonly UmaPermission[];
}

/** Question to the authorization server, and the access token that it is about. */
export interface DecisionRequest {
  readonly token: string;
  readonly resource_id: string;
  readonly scopes: readonly string[];
  readonly requiredScopes: 'any' | 'all';
  readonly claims?: UmaPushedClaims;
}

/** Keys of a decision. They contain no part of the token, which is a secret, nor of the claims. */
export interface DecisionKeys {
  readonly key: string;
  /** Parts of the cache that outdate the decision when they are cleared. */
  readonly parts: readonly string[];
}

interface Grant extends Lifetime {
  readonly decision: Decision;
  /** Position of the request, see {@link Clearings}. */
  readonly position: number;
}

/**
 * Decisions of authorization servers: concurrent equal questions share one, and with limits later
 * questions reuse a grant. Denials and errors are not retained.
 */
export class Decisions {
  // `#` instead of `private`, so that no printed object shows permissions.
  readonly #flights = new SingleFlight<Decision>();
  readonly #grants: ExpiringCache<Grant> | undefined;
  readonly #clearings = new Clearings();
  readonly #clock: () => number;
  readonly #ttl: number;

  /** @param limits undefined retains nothing */
  constructor(clock: () => number, limits?: CacheLimits) {
    this.#clock = clock;
    this.#ttl = limits?.ttl ?? 0;
    this.#grants = limits && new ExpiringCache(limits.max, clock);
  }

  /** True if grants are retained for later questions. */
  get isCaching(): boolean {
    return this.#grants !== undefined;
  }

  /** Keys of a question that a site asks. */
  keysOf(owner: CheckOwner, request: DecisionRequest): DecisionKeys {
    const { token, resource_id, scopes, requiredScopes, claims } = request;
    const { oxd_id } = owner;
    const ofToken = tokenKey(owner, token);
    const question = JSON.stringify([ofToken, resource_id, requiredScopes, scopes, claims]);
    const key = hash('sha256', question, 'hex');
    return { key, parts: [oxd_id, resourcePart(oxd_id, resource_id), ofToken] };
  }

  /** Returns the retained grant of a question, unless one of its parts was cleared since. */
  cached({ key, parts }: DecisionKeys): Decision | undefined {
    const grant = this.#grants?.get(key);
    return grant && this.#isCurrent(grant.position, parts) ? grant.decision : undefined;
  }

  /** Asks the authorization server, or waits for the answer to the same question. */
  obtain(keys: DecisionKeys, token: string, ask: () => Promise<Decision>): Promise<Decision> {
    const { position } = this.#clearings;
    // The position separates a question from those from before a clearing.
    return this.#flights.run(`${position} ${keys.key}`, async () => {
      const from = this.#clock();
      const decision = await ask();
      freezePermissions(decision.permissions);
      if (decision.granted) this.#retain(keys, { decision, from, position }, token);
      return decision;
    });
  }

  /** Outdates every decision of a site. */
  clearSite(oxd_id: string): void {
    this.#clearings.clear(oxd_id);
  }

  /** Outdates every decision about one resource. */
  clearResource({ oxd_id }: CheckOwner, resource_id: string): void {
    this.#clearings.clear(resourcePart(oxd_id, resource_id));
  }

  /** Outdates every decision about one token, after a server has rejected the token. */
  clearToken(owner: CheckOwner, token: string): void {
    if (this.#grants) this.#clearings.clear(tokenKey(owner, token));
  }

  #retain({ key, parts }: DecisionKeys, grant: Omit<Grant, 'until'>, token: string): void {
    if (!this.#grants) return;
    const { decision, from, position } = grant;
    const { permissions } = decision;
    if (!isRetainable(permissions) || !this.#isCurrent(position, parts)) return;
    const expiry = Math.min(earliestExpiry({ permissions }), unverifiedExpiry(token));
    this.#grants.set(key, { until: Math.min(from + this.#ttl, expiry), ...grant });
  }

  #isCurrent(position: number, parts: readonly string[]): boolean {
    return parts.every((part) => this.#clearings.isCurrent(position, part));
  }
}
