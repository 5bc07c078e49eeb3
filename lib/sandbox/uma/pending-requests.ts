import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Permission } from './tickets.js';

/** Access request submitted to the resource owner. */
export interface AccessSubmission {
  readonly client: string;
  readonly resourceServer: string;
  /** `sub` of the requesting party; undefined when unknown. */
  readonly party?: string;
  readonly permissions: readonly Permission[];
}

interface Entry {
  readonly submission: AccessSubmission;
  readonly approved?: boolean;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Maximum number of stored requests; beyond it the oldest is deleted. */
const MAX_REQUESTS = 100;

/**
 * Requests that wait for the decision of the resource owner. A request expires with the ticket of
 * its client: without it, the client could not fetch the decision.
 */
export class PendingRequests {
  private readonly entries = new Map<string, Entry>();

  /** @param lifetime lifetime of a request, in milliseconds */
  constructor(private readonly lifetime: number) {}

  /**
   * Stores a request. If it equals the request with the known id, only prolongs that request.
   *
   * @returns the id of the request
   */
  submit(submission: AccessSubmission, known = ''): string {
    this.sweep();
    const before = this.entries.get(known);
    const until = Date.now() + this.lifetime;
    if (before && isDeepStrictEqual(before.submission, submission)) {
      this.entries.set(known, { ...before, until });
      return known;
    }
    const id = randomUUID();
    this.entries.set(id, { submission, until });
    return id;
  }

  /** Decision of the owner; undefined while pending, and for a request that differs. */
  decision(id: string, request: AccessSubmission): boolean | undefined {
    this.sweep();
    const entry = this.entries.get(id);
    return entry && covers(entry.submission, request) ? entry.approved : undefined;
  }

  /** Request with its decision; undefined while pending and after the client has fetched it. */
  decided(
    id: string,
  ): { readonly submission: AccessSubmission; readonly approved: boolean } | undefined {
    this.sweep();
    const { submission, approved } = this.entries.get(id) ?? {};
    return submission && approved !== undefined ? { submission, approved } : undefined;
  }

  /** Undecided requests, oldest first. */
  waiting(): readonly (readonly [id: string, submission: AccessSubmission])[] {
    this.sweep();
    const undecided = [...this.entries].filter(([, { approved }]) => approved === undefined);
    return undecided.map(([id, { submission }]) => [id, submission]);
  }

  /** Stores the decision of the owner. @returns false when the request was not pending */
  decide(id: string, approved: boolean): boolean {
    this.sweep();
    const entry = this.entries.get(id);
    if (!entry || entry.approved !== undefined) return false;
    this.entries.set(id, { ...entry, approved });
    return true;
  }

  /** Deletes a request. */
  end(id: string): void {
    this.entries.delete(id);
  }

  private sweep(): void {
    const now = Date.now();
    const ids = [...this.entries.keys()];
    const expired = ids.filter((id) => (this.entries.get(id)?.until ?? 0) <= now);
    const surplus = ids.slice(0, Math.max(0, ids.length - MAX_REQUESTS));
    for (const id of [...expired, ...surplus]) this.entries.delete(id);
  }
}

/** True when a submitted request includes the permissions of another and equals it otherwise. */
function covers(
  { permissions, ...by }: AccessSubmission,
  { permissions: asked, ...of }: AccessSubmission,
) {
  if (!isDeepStrictEqual(by, of)) return false;
  return asked.every(({ resource_id, resource_scopes }) => {
    const submitted = permissions.find((one) => one.resource_id === resource_id);
    return submitted && resource_scopes.every((one) => submitted.resource_scopes.includes(one));
  });
}
