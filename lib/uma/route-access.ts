import { effectiveMethod, type UmaDeclaration } from './declaration.js';
import { protectionOf, type Protection } from './declaration-rules.js';
import type { HttpRoute } from './http-routes.js';
import { marksOfClass, marksOfMethod, type UmaMark } from './uma-metadata.js';

/** What is declared of a route: nothing, that it is public, or levels that must all grant. */
export type RouteAccess = undefined | 'public' | readonly Level[];

/** The protections of one target: the method or the class. */
export interface Level {
  readonly target: 'method' | 'class';
  readonly protections: readonly Protection[];
}

/** What a route's decorators declare: its own decide whether those of the class hold. */
export function accessOf({ controller, method }: HttpRoute): RouteAccess {
  const own = marksOfMethod(controller.prototype as object, method);
  const shared = marksOfClass(controller);
  if (own.length === 0 && shared.length === 0) return undefined;
  if (own.some(isPublic) || (own.length === 0 && shared.some(isPublic))) return 'public';
  const levels = [level('method', own), level('class', shared)];
  return levels.filter(({ protections }) => protections.length > 0);
}

/** The declarations of each level for one template of the route. */
export function declarationsOf(
  { name, verb }: HttpRoute,
  levels: readonly Level[],
  template: string,
): UmaDeclaration[][] {
  return levels.map(({ protections }) =>
    protections
      .filter((protection) => covers(verb, protection))
      .map(({ path = template, method = verb, options }) => {
        const http_method = effectiveMethod(method);
        const { scopes = options.scope_expression ? undefined : [http_method] } = options;
        return { handler: name, path, http_method, ...options, ...(scopes && { scopes }) };
      }),
  );
}

/** Whether a protection speaks of the route's own method; `@All()` has every one. */
export function covers(verb: string, { method }: Protection): boolean {
  return (
    verb === 'ALL' || method === undefined || effectiveMethod(method) === effectiveMethod(verb)
  );
}

/** Whether a mark is one of `@UmaPublic`. */
export function isPublic({ kind }: UmaMark): boolean {
  return kind === 'public';
}

function level(target: Level['target'], marks: readonly UmaMark[]): Level {
  const protections = marks.flatMap((mark) => (mark.kind === 'public' ? [] : [protectionOf(mark)]));
  return { target, protections };
}
