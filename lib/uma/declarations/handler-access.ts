import { declaredKind, type HandlerPlace } from '../../routes/handler-place.js';
import { protectionOf, type Protection } from './declaration-rules.js';
import { UMA_MARKS, type UmaMark } from './uma-marks.js';

/** Declarations of a handler: undefined for none, `public`, or levels that must all grant. */
export type HandlerAccess = undefined | 'public' | readonly Level[];

/** Protections of one decorated target: the method or the class. */
export interface Level {
  readonly target: 'method' | 'class';
  readonly protections: readonly Protection[];
}

/** Reads the decorators of a handler and its class; those on the handler have precedence. */
export function accessOf(place: HandlerPlace): HandlerAccess {
  const kind = declaredKind(UMA_MARKS, place);
  if (kind !== 'protected') return kind;
  const { controller, method } = place;
  const own = UMA_MARKS.ofMethod(controller.prototype as object, method);
  const levels = [level('method', own), level('class', UMA_MARKS.ofClass(controller))];
  return levels.filter(({ protections }) => protections.length > 0);
}

function level(target: Level['target'], marks: readonly UmaMark[]): Level {
  const protections = marks.flatMap((mark) => (mark.kind === 'public' ? [] : [protectionOf(mark)]));
  return { target, protections };
}
