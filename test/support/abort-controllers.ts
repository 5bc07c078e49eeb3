import type { CallEnd } from '../../lib/base/call-end.js';
import type { ExecuteOptions } from '../../lib/commands/oxd-transport.js';

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

/** Options of a command as a guard passes them: reading `signal` creates an `AbortController`. */
export function endOptions(end: CallEnd): ExecuteOptions {
  return {
    end,
    get signal() {
      return end.signal;
    },
  };
}
