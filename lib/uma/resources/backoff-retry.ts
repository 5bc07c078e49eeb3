import type { OxdClock } from '../../base/clock.js';

const INITIAL_PAUSE = 1_000;
const MAX_PAUSE = 60_000;

/** Bounds of the next pause, in milliseconds. */
export interface PauseRange {
  readonly min: number;
  readonly max: number;
}

const DEFAULT_PAUSES: PauseRange = { min: INITIAL_PAUSE, max: MAX_PAUSE };

/**
 * Repeats work until it succeeds, with pauses that double, by default from one second to one
 * minute. A start soon after a success continues with the current pause, because many requests may
 * detect the same outage.
 */
export class BackoffRetry {
  private pause = INITIAL_PAUSE;
  private lastPause = 0;
  private earliest = -Infinity;
  private endedAt = -Infinity;
  private running = false;
  private stopped = false;
  private cancel: (() => void) | undefined;

  /**
   * @param work resolves to true after success, to false or the bounds of the next pause after a
   *   failure; never rejects
   */
  constructor(
    private readonly clock: OxdClock,
    private readonly work: () => Promise<boolean | PauseRange>,
  ) {}

  /** Runs the work, now or after the pause. */
  start(): void {
    if (this.stopped || this.running || this.cancel) return;
    const wait = this.earliest - this.clock.now();
    if (wait > 0) this.cancel = this.clock.after(wait, () => this.run());
    else this.run();
  }

  /** Milliseconds until the next run, at least one second. */
  get wait(): number {
    return Math.max(INITIAL_PAUSE, this.running ? 0 : this.earliest - this.clock.now());
  }

  /** Ends the repetition; a run in progress is not interrupted. */
  stop(): void {
    this.stopped = true;
    this.cancel?.();
  }

  private run(): void {
    this.cancel = undefined;
    this.running = true;
    void this.work().then((outcome) => {
      this.running = false;
      this.lengthen(typeof outcome === 'object' ? outcome : DEFAULT_PAUSES);
      if (outcome !== true) this.start();
    });
  }

  private lengthen({ min, max }: PauseRange): void {
    const now = this.clock.now();
    const isQuiet = now - this.endedAt > 2 * Math.max(MAX_PAUSE, this.lastPause);
    this.lastPause = Math.min(Math.max(isQuiet ? INITIAL_PAUSE : this.pause, min), max);
    this.pause = 2 * this.lastPause;
    this.endedAt = now;
    this.earliest = now + this.lastPause;
  }
}
