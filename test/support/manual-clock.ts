import { OxdClock } from '../../lib/base/clock.js';

interface Task {
  readonly at: number;
  readonly work: () => void;
}

/** A clock that stands still until it is moved. */
export class ManualClock extends OxdClock {
  private time = Date.now();
  private readonly tasks = new Set<Task>();

  override readonly now = (): number => this.time;

  override after(milliseconds: number, work: () => void): () => void {
    const task = { at: this.time + milliseconds, work };
    this.tasks.add(task);
    return () => void this.tasks.delete(task);
  }

  /** Milliseconds until each task that waits. */
  get waiting(): number[] {
    return [...this.tasks].map(({ at }) => at - this.time).sort((a, b) => a - b);
  }

  /** Moves on, does what is due, and lets what that began come to rest. */
  async advance(milliseconds: number): Promise<void> {
    this.time += milliseconds;
    for (const task of [...this.tasks].filter(({ at }) => at <= this.time)) {
      this.tasks.delete(task);
      task.work();
    }
    await settled();
  }
}

/** Waits until everything in memory that was begun has been done. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
