/** Counts the `AbortController`s that are created until {@link AbortControllers.stop}. */
export class AbortControllers {
  count = 0;
  private readonly original = globalThis.AbortController;

  constructor() {
    const count = (): void => void (this.count += 1);
    globalThis.AbortController = class extends AbortController {
      constructor() {
        super();
        count();
      }
    };
  }

  stop(): void {
    globalThis.AbortController = this.original;
  }
}
