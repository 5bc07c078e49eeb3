import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Permission } from './tickets.js';

/** What is up to the owner. */
export interface Submission {
  readonly client: string;
  readonly resourceServer: string;
  /** The requesting party, where it is known. */
  readonly party?: string;
  readonly permissions: readonly Permission[];
}

interface Entry {
  readonly submission: Submission;
  readonly approved?: boolean;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** How many are kept at most; the oldest goes. */
const MOST = 100;

/**
 * Requests that wait for their owner. One lives as long as the ticket of its client: who does not
 * come back for the decision does not get it.
 */
export class PendingRequests {
  private readonly entries = new Map<string, Entry>();

  /** @param lifetime in milliseconds */
  constructor(private readonly lifetime: number) {}

  /** Keeps a request; the same one as under a known id goes on there. @returns its id */
  submit(submission: Submission, known = ''): string {
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

  /** What the owner decided; undefined while nothing, and where something else was asked. */
  decision(id: string, asked: Submission): boolean | undefined {
    this.sweep();
    const entry = this.entries.get(id);
    return entry && covers(entry.submission, asked) ? entry.approved : undefined;
  }

  /** What waits, oldest first. */
  waiting(): readonly (readonly [id: string, submission: Submission])[] {
    this.sweep();
    const undecided = [...this.entries].filter(([, { approved }]) => approved === undefined);
    return undecided.map(([id, { submission }]) => [id, submission]);
  }

  /** @returns whether it was waiting */
  decide(id: string, approved: boolean): boolean {
    this.sweep();
    const entry = this.entries.get(id);
    if (!entry || entry.approved !== undefined) return false;
    this.entries.set(id, { ...entry, approved });
    return true;
  }

  /** Forgets a request that came to its end. */
  end(id: string): void {
    this.entries.delete(id);
  }

  private sweep(): void {
    const now = Date.now();
    const ids = [...this.entries.keys()];
    const old = ids.filter((id) => (this.entries.get(id)?.until ?? 0) <= now);
    const many = ids.slice(0, Math.max(0, ids.length - MOST));
    for (const id of [...old, ...many]) this.entries.delete(id);
  }
}

/** Whether it is about the same, and nothing more is asked than was submitted. */
function covers({ permissions, ...by }: Submission, { permissions: asked, ...of }: Submission) {
  if (!isDeepStrictEqual(by, of)) return false;
  return asked.every(({ resource_id, resource_scopes }) => {
    const submitted = permissions.find((one) => one.resource_id === resource_id);
    return submitted && resource_scopes.every((one) => submitted.resource_scopes.includes(one));
  });
}
