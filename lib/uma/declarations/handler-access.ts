import type { Type } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { protectionOf, type Protection } from './declaration-rules.js';
import { marksOfClass, marksOfMethod, type UmaMark } from './uma-metadata.js';

/** Method of a class: a route, or a handler of another context type. */
export interface HandlerPlace {
  readonly controller: Type;
  readonly method: string;
}

/** Declarations of a handler: undefined for none, `public`, or levels that must all grant. */
export type HandlerAccess = undefined | 'public' | readonly Level[];

/** Protections of one decorated target: the method or the class. */
export interface Level {
  readonly target: 'method' | 'class';
  readonly protections: readonly Protection[];
}

/** Reads the decorators of a handler and its class; those on the handler have precedence. */
export function accessOf({ controller, method }: HandlerPlace): HandlerAccess {
  const own = marksOfMethod(controller.prototype as object, method);
  const shared = marksOfClass(controller);
  if (own.length === 0 && shared.length === 0) return undefined;
  if (own.some(isPublic) || (own.length === 0 && shared.some(isPublic))) return 'public';
  const levels = [level('method', own), level('class', shared)];
  return levels.filter(({ protections }) => protections.length > 0);
}

/**
 * True if `@UmaPublic()` opens a handler. False for a function that is not a method of the class,
 * for instance one that the constructor assigned: its decorators are unknown.
 */
export function isPublicHandler(type: Type, callback: unknown): boolean {
  const prototype = type.prototype as object;
  const methods = methodsOf(type).filter((name) => Reflect.get(prototype, name) === callback);
  const isOpen = (method: string): boolean => accessOf({ controller: type, method }) === 'public';
  return methods.length > 0 && methods.every(isOpen);
}

/** Names of the methods of a class, inherited ones included. */
export function methodsOf({ prototype }: Type): string[] {
  return new MetadataScanner().getAllMethodNames(prototype as object);
}

/** True for a mark of `@UmaPublic`. */
export function isPublic({ kind }: UmaMark): boolean {
  return kind === 'public';
}

function level(target: Level['target'], marks: readonly UmaMark[]): Level {
  const protections = marks.flatMap((mark) => (mark.kind === 'public' ? [] : [protectionOf(mark)]));
  return { target, protections };
}
