import type { OxdClock } from '../clock.js';

const FIRST = 1_000;
const LONGEST = 60_000;

/**
 * Repeats work until it has succeeded, with pauses that grow from one second to one minute. Asked
 * for again after it has succeeded, it keeps the same pauses: one outage is one run, however many
 * requests notice it.
 */
export class Repeater {
  private pause = FIRST;
  private earliest = -Infinity;
  private endedAt = -Infinity;
  private running = false;
  private stopped = false;
  private cancel: (() => void) | undefined;

  /** @param work tells whether it succeeded; never rejects */
  constructor(
    private readonly clock: OxdClock,
    private readonly work: () => Promise<boolean>,
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
    void this.work().then((succeeded) => {
      this.running = false;
      this.lengthen();
      if (!succeeded) this.start();
    });
  }

  private lengthen(): void {
    const now = this.clock.now();
    if (now - this.endedAt > 2 * LONGEST) this.pause = FIRST;
    this.endedAt = now;
    this.earliest = now + this.pause;
    this.pause = Math.min(2 * this.pause, LONGEST);
  }
}
