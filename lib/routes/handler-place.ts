import type { Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { isPublic, type Mark, type Marks } from './marks.js';

/** Method of a class: a route, or a handler of another context type. */
export interface HandlerPlace {
  readonly controller: Type;
  readonly method: string;
}

/**
 * Kind of the declaration of a handler: by the decorators of the handler, else that of its class;
 * undefined for none.
 */
export function declaredKind(
  marks: Marks<Mark>,
  { controller, method }: HandlerPlace,
): Mark['kind'] | undefined {
  const own = marks.ofMethod(controller.prototype as object, method);
  const effective = own.length > 0 ? own : marks.ofClass(controller);
  if (effective.length === 0) return undefined;
  return effective.some(isPublic) ? 'public' : 'protected';
}

/**
 * True if the public decorator opens a handler. False for a function that is not a method of the
 * class, for instance one that the constructor assigned: its decorators are unknown.
 */
export function isPublicHandler(marks: Marks<Mark>, type: Type, callback: unknown): boolean {
  const prototype = type.prototype as object;
  const methods = methodsOf(type).filter((name) => Reflect.get(prototype, name) === callback);
  const isOpen = (method: string): boolean =>
    declaredKind(marks, { controller: type, method }) === 'public';
  return methods.length > 0 && methods.every(isOpen);
}

/** Names of the methods of a class, inherited ones included. */
export function methodsOf({ prototype }: Type): string[] {
  return new MetadataScanner().getAllMethodNames(prototype as object);
}
