import type { OxdClock } from '../../base/clock.js';

const FIRST = 1_000;
const LONGEST = 60_000;

/** Bounds of the next pause, in milliseconds. */
export interface PauseRange {
  readonly least: number;
  readonly most: number;
}

const USUAL: PauseRange = { least: FIRST, most: LONGEST };

/**
 * Repeats work until it has succeeded, with pauses that double, usually from one second to one
 * minute. If it is started again after it has succeeded, the pauses continue: one outage is one run,
 * however many requests notice it.
 */
export class BackoffRetry {
  private pause = FIRST;
  private lastPause = 0;
  private earliest = -Infinity;
  private endedAt = -Infinity;
  private running = false;
  private stopped = false;
  private cancel: (() => void) | undefined;

  /** @param work resolves to true if it succeeded, else to the next pause; never rejects */
  constructor(
    private readonly clock: OxdClock,
    private readonly work: () => Promise<boolean | PauseRange>,
  ) {}

  /** Sees to it that the work is done, now or after the pause. */
  start(): void {
    if (this.stopped || this.running || this.cancel) return;
    const wait = this.earliest - this.clock.now();
    if (wait > 0) this.cancel = this.clock.after(wait, () => this.run());
    else this.run();
  }

  /** Milliseconds until the next run, at least one second. */
  get wait(): number {
    return Math.max(FIRST, this.running ? 0 : this.earliest - this.clock.now());
  }

  /** Ends the repetition; what runs already is not interrupted. */
  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private run(): void {
    this.cancel = undefined;
    this.running = true;
    void this.work().then((outcome) => {
      this.running = false;
      this.lengthen(typeof outcome === 'object' ? outcome : USUAL);
      if (outcome !== true) this.start();
    });
  }

  private lengthen({ least, most }: PauseRange): void {
    const now = this.clock.now();
    const isQuiet = now - this.endedAt > 2 * Math.max(LONGEST, this.lastPause);
    this.lastPause = Math.min(Math.max(isQuiet ? FIRST : this.pause, least), most);
    this.pause = 2 * this.lastPause;
    this.endedAt = now;
    this.earliest = now + this.lastPause;
  }
}
