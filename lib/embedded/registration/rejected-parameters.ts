import type { OxdLog } from '../../base/log.js';

/** Something that is not sent to a server. */
export interface RejectedParameter {
  /** Issuer of the server. */
  readonly server: string;
  /** Its client_id, where what is refused to one client may be allowed to another. */
  readonly client?: string;
  /** As the log names it, such as `the scope uma_protection`. */
  readonly what: string;
}

/**
 * What is left out for a server that does not take it. Kept as long as the process, so that nothing is
 * refused twice; told once for each server.
 */
export class RejectedParameters {
  private readonly known = new Set<string>();
  private readonly told = new Set<string>();

  constructor(private readonly log: OxdLog) {}

  /** Whether a server has refused it. */
  has(omission: RejectedParameter): boolean {
    return this.known.has(keyOf(omission));
  }

  /** Keeps that a server has refused it. */
  add(omission: RejectedParameter, why: string): void {
    this.known.add(keyOf(omission));
    this.tell(omission, why);
  }

  /** Has it tried once more: leaving it out was no better. */
  forget(omission: RejectedParameter): void {
    this.known.delete(keyOf(omission));
  }

  /** Tells what a server does not get, and why: each reason the first time only. */
  tell({ server, what }: RejectedParameter, why: string): void {
    const key = JSON.stringify([server, what, why]);
    if (this.told.has(key)) return;
    this.told.add(key);
    this.log.warn(`${nameOf(server)}: ${what} is left out. ${why}`);
  }
}

function keyOf({ server, client, what }: RejectedParameter): string {
  return JSON.stringify([server, client ?? null, what]);
}

/** Without what a URL may have in it that is no business of a log. */
function nameOf(server: string): string {
  if (!URL.canParse(server)) return 'The server';
  const { origin, pathname } = new URL(server);
  return `${origin}${pathname.replace(/\/$/, '')}`;
}
