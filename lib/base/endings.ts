/** Receives the reason of an early end. */
type End = (reason: unknown) => void;

interface Ending {
  readonly end: End;
  /** Index in the list. */
  index: number;
}

/**
 * Functions that end the calls in progress. A list instead of a `Set`, because V8 keeps deleted entries of
 * a busy `Set` until a full garbage collection.
 */
export class Endings {
  private readonly list: Ending[] = [];

  /**
   * Adds the function that ends a call.
   *
   * @returns function that removes it when the call has ended
   */
  add(end: End): () => void {
    const ending = { end, index: this.list.length };
    this.list.push(ending);
    return () => this.remove(ending);
  }

  /** Ends all calls. */
  endAll(reason: () => unknown): void {
    for (const { end } of [...this.list]) end(reason());
  }

  /** Moves the last one to the place of the removed one. */
  private remove(ending: Ending): void {
    const { index } = ending;
    if (this.list[index] !== ending) return;
    const last = this.list.pop();
    if (!last || last === ending) return;
    last.index = index;
    this.list[index] = last;
  }
}
