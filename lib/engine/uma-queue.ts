/** One piece of work at a time for each key, in the order in which they came. */
export class SerialQueue {
  private readonly last = new Map<string, Promise<void>>();

  /** Does `work` when everything before it is over, whatever became of that. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const current = (this.last.get(key) ?? Promise.resolve()).then(work);
    const over: Promise<void> = current.then(nothing, nothing).then(() => {
      if (this.last.get(key) === over) this.last.delete(key);
    });
    this.last.set(key, over);
    return current;
  }
}

function nothing(): void {}
