import type { OxdLog } from '../../base/log.js';

/** A parameter or scope that is not sent to a server. */
export interface RejectedParameter {
  /** Issuer of the server. */
  readonly server: string;
  /** `client_id`, if the server may accept the parameter from other clients. */
  readonly client?: string;
  /** Name for the log, such as `the scope uma_protection`. */
  readonly what: string;
}

/**
 * Parameters to omit because a server has rejected them. Stored in memory, so that a server rejects
 * each parameter only once; each server is logged once.
 */
export class RejectedParameters {
  private readonly known = new Set<string>();
  private readonly logged = new Set<string>();

  constructor(private readonly log: OxdLog) {}

  /** Returns true if the server has rejected the parameter. */
  has(rejection: RejectedParameter): boolean {
    return this.known.has(keyOf(rejection));
  }

  /** Records that a server has rejected the parameter, and logs it. */
  add(rejection: RejectedParameter, why: string): void {
    this.known.add(keyOf(rejection));
    this.warn(rejection, why);
  }

  /**
   * Deletes the record, so that the parameter is sent again: without it the request failed, too.
   */
  forget(rejection: RejectedParameter): void {
    this.known.delete(keyOf(rejection));
  }

  /** Logs that a parameter is omitted, each reason once for each server. */
  warn({ server, what }: RejectedParameter, why: string): void {
    const key = JSON.stringify([server, what, why]);
    if (this.logged.has(key)) return;
    this.logged.add(key);
    this.log.warn(`${nameOf(server)}: ${what} is omitted. ${why}`);
  }
}

function keyOf({ server, client, what }: RejectedParameter): string {
  return JSON.stringify([server, client ?? null, what]);
}

/** Origin and path only: credentials and query must not be logged. */
function nameOf(server: string): string {
  if (!URL.canParse(server)) return 'The server';
  const { origin, pathname } = new URL(server);
  return `${origin}${pathname.replace(/\/$/, '')}`;
}
