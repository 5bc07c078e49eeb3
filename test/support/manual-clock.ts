import { OxdClock } from '../../lib/base/clock.js';

interface Task {
  readonly at: number;
  readonly work: () => void;
}

/** A clock that changes only when a test advances it. */
export class ManualClock extends OxdClock {
  private readonly start = Date.now();
  private time = this.start;
  private readonly tasks = new Set<Task>();

  override readonly now = (): number => this.time;

  override after(milliseconds: number, work: () => void): () => void {
    const task = { at: this.time + milliseconds, work };
    this.tasks.add(task);
    return () => void this.tasks.delete(task);
  }

  /** Milliseconds until each pending task. */
  get waiting(): number[] {
    return [...this.tasks].map(({ at }) => at - this.time).sort((a, b) => a - b);
  }

  /** Milliseconds that the clock was advanced by. */
  get passed(): number {
    return this.time - this.start;
  }

  /** Advances the clock, runs due tasks, and waits until their work has settled. */
  async advance(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    for (const task of [...this.tasks].filter(({ at }) => at <= this.time)) {
      this.tasks.delete(task);
      task.work();
    }
    await settled();
  }
}

/** Waits until all pending work in memory has settled. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
