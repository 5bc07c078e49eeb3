/** Properties of an `AbortSignal` that this package uses. */
export interface Abortable {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Returns the early end of a call; reads `signal`, which may have to be created, only without `end`. */
export function endOf(
  options: { readonly end?: Abortable; readonly signal?: Abortable } = {},
): Abortable | undefined {
  return options.end ?? options.signal;
}

/**
 * Early end of a call. Creates an `AbortSignal` only when it is read: together with its first listener
 * the signal costs as much time as a tenth of an introspection.
 */
export class CallEnd implements Abortable {
  aborted = false;
  reason: unknown;
  private listener?: () => void;
  /** Further listeners; a call seldom has any. */
  private others?: (() => void)[];
  private aborter?: AbortController;

  /** Signal for code that is not part of this package. */
  get signal(): AbortSignal {
    if (!this.aborter) {
      this.aborter = new AbortController();
      if (this.aborted) this.aborter.abort(this.reason);
    }
    return this.aborter.signal;
  }

  /** Ends the call; further calls have no effect. */
  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.aborter?.abort(reason);
    // One at a time: a listener that an earlier one removes is not called, as on an AbortSignal.
    for (let next = this.listener; next; next = this.listener) {
      this.removeEventListener('abort', next);
      next();
    }
  }

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.aborted) return;
    if (this.listener) (this.others ??= []).push(listener);
    else this.listener = listener;
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.listener === listener) this.listener = this.others?.shift();
    else this.others = this.others?.filter((one) => one !== listener);
  }
}
