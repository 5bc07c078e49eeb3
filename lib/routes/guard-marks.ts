import { declaredKind, type HandlerPlace } from './handler-place.js';
import type { Mark, Marks } from './marks.js';

/** Decorators of every guard of the package. */
export class GuardMarks {
  constructor(private readonly all: readonly Marks<Mark>[]) {}

  /**
   * True if another guard protects the handler. The start-up check of that guard requires that it runs
   * before the handler.
   *
   * @param own decorators of the asking guard
   */
  isProtectedByOther(own: Marks<Mark>, place: HandlerPlace): boolean {
    return this.all.some((marks) => marks !== own && declaredKind(marks, place) === 'protected');
  }
}
