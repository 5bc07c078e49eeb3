import type { Type } from '@nestjs/common';
import { effectiveMethod, type UmaDeclaration } from './declaration.js';
import { protectionOf, type Protection } from './declaration-rules.js';
import { methodsOf, type HttpRoute } from './http-routes.js';
import { marksOfClass, marksOfMethod, type UmaMark } from './uma-metadata.js';

/** What is declared of a route: nothing, that it is public, or levels that must all grant. */
export type RouteAccess = undefined | 'public' | readonly Level[];

/** The protections of one target: the method or the class. */
export interface Level {
  readonly target: 'method' | 'class';
  readonly protections: readonly Protection[];
}

/** Name of a method and its class: a route, or a handler of another context type. */
type HandlerPlace = Pick<HttpRoute, 'controller' | 'method'>;

/** What a route's decorators declare: its own decide whether those of the class hold. */
export function accessOf({ controller, method }: HandlerPlace): RouteAccess {
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

/**
 * True if `@UmaPublic()` opens a handler. False for a function that is no method of the class, for
 * instance one that the constructor assigned: decorators cannot be found for it.
 */
export function isPublicHandler(type: Type, callback: unknown): boolean {
  const methods = methodsOf(type).filter((name) => Reflect.get(type.prototype, name) === callback);
  const isOpen = (method: string): boolean => accessOf({ controller: type, method }) === 'public';
  return methods.length > 0 && methods.every(isOpen);
}

/** Whether a mark is one of `@UmaPublic`. */
export function isPublic({ kind }: UmaMark): boolean {
  return kind === 'public';
}

function level(target: Level['target'], marks: readonly UmaMark[]): Level {
  const protections = marks.flatMap((mark) => (mark.kind === 'public' ? [] : [protectionOf(mark)]));
  return { target, protections };
}
