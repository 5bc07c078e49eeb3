import type { OxdClock } from './clock.js';

/** Time between two lines of one kind, in milliseconds. */
const INTERVAL = 60_000;

/** Limit of remembered kinds, which contain names of handlers and error codes. */
const MAX_KINDS = 1000;

/**
 * Logs one line per kind and minute, so that clients cannot flood the log. The next line of a kind
 * states the number of omitted lines.
 */
export class LimitedLog {
  private readonly kinds = new Map<string, { readonly at: number; omitted: number }>();

  constructor(
    private readonly write: (line: string) => void,
    private readonly clock: OxdClock,
  ) {}

  /** @param kind default: the line */
  log(line: string, kind = line): void {
    const now = this.clock.now();
    const last = this.kinds.get(kind);
    if (last && now < last.at + INTERVAL) {
      last.omitted += 1;
      return;
    }
    if (this.kinds.size >= MAX_KINDS) this.kinds.clear();
    this.kinds.set(kind, { at: now, omitted: 0 });
    this.write(last?.omitted ? `${line} (${last.omitted} more since the last such line)` : line);
  }
}
