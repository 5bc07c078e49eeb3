/** How much a {@link BoundedQueue} takes for each key. */
export interface QueueLimits {
  /** Work that is done at a time. */
  readonly atATime: number;
  /** Work that waits for its turn. */
  readonly waiting: number;
}

interface Lane {
  running: number;
  readonly waiting: (() => void)[];
}

/** Some work at a time for each key, some more waits in the order in which it came; no more than that. */
export class BoundedQueue {
  private readonly lanes = new Map<string, Lane>();

  constructor(private readonly limits: QueueLimits) {}

  /**
   * @param turn.signal gives the place in the line up
   * @returns undefined, and does nothing, where too many wait already
   * @throws the signal's reason
   */
  async run<T>(
    { key, signal }: { readonly key: string; readonly signal?: AbortSignal },
    work: () => Promise<T>,
  ): Promise<{ readonly done: T } | undefined> {
    signal?.throwIfAborted();
    const lane = this.lanes.get(key) ?? { running: 0, waiting: [] };
    this.lanes.set(key, lane);
    if (lane.running < this.limits.atATime) lane.running++;
    else if (lane.waiting.length >= this.limits.waiting) return undefined;
    // Whoever ends leaves its place to the first that waits.
    else await waitIn(lane.waiting, signal);
    try {
      return { done: await work() };
    } finally {
      this.leave(key, lane);
    }
  }

  private leave(key: string, lane: Lane): void {
    const next = lane.waiting.shift();
    if (next) return next();
    lane.running--;
    if (lane.running === 0) this.lanes.delete(key);
  }
}

function waitIn(line: (() => void)[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      line.splice(line.indexOf(next), 1);
      reject(signal?.reason);
    };
    const next = (): void => {
      signal?.removeEventListener('abort', leave);
      resolve();
    };
    signal?.addEventListener('abort', leave, { once: true });
    line.push(next);
  });
}
