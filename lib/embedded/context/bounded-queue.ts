import type { Abortable } from '../../base/call-end.js';

/** Limits of a {@link BoundedQueue} for each key. */
export interface QueueLimits {
  /** Tasks that run at a time. */
  readonly concurrent: number;
  /** Tasks that wait in the queue. */
  readonly waiting: number;
}

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
}

/**
 * Runs a limited number of tasks at a time for each key; a limited number waits, first in, first
 * out.
 */
export class BoundedQueue {
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly limits: QueueLimits) {}

  /**
   * Runs a task, possibly after it has waited.
   *
   * @param work rejects instead of throwing
   * @param task.signal removes the task from the queue; the promise rejects with its reason
   * @returns undefined, without running the task, if the queue is full
   * @throws the reason of a signal that is already aborted
   */
  run<T>(
    { key, signal }: { readonly key: string; readonly signal?: Abortable },
    work: () => Promise<T>,
  ): Promise<T> | undefined {
    signal?.throwIfAborted();
    const lane = this.lanes.get(key) ?? { running: 0, waiting: [] };
    this.lanes.set(key, lane);
    if (lane.running < this.limits.concurrent) {
      lane.running++;
      return this.work(key, lane, work);
    }
    if (lane.waiting.length >= this.limits.waiting) return undefined;
    // A task that ends passes its slot to the first one in the queue.
    return waitIn(lane.waiting, signal).then(() => this.work(key, lane, work));
  }

  private work<T>(key: string, lane: Lane, work: () => Promise<T>): Promise<T> {
    const leave = (): void => this.leave(key, lane);
    const result = work();
    // Not `finally()`, which needs more promises: every denial without an RPT comes here.
    result.then(leave, leave);
    return result;
  }

  private leave(key: string, lane: Lane): void {
    const next = lane.waiting.shift();
    if (next) return next();
    lane.running--;
    if (lane.running === 0) this.lanes.delete(key);
  }
}

function waitIn(queue: (() => void)[], signal?: Abortable): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      queue.splice(queue.indexOf(next), 1);
      reject(signal?.reason);
    };
    const next = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    signal?.addEventListener('abort', leave, { once: true });
    queue.push(next);
  });
}
