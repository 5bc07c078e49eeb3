import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { methodsOf } from '../declarations/handler-access.js';
import { isRoute } from './http-routes.js';
import {
  hasOwnMarks,
  marksOfClass,
  marksOfMethod,
  type UmaMark,
} from '../declarations/uma-metadata.js';

/** Issues for each `@UmaProtected` outside of routes, which would protect nothing. */
export function unusedDeclarationIssues(modules: ModulesContainer): string[] {
  const all = [...modules.values()];
  const controllers = new Set(all.flatMap((module) => classesOf(module.controllers)));
  const providers = new Set(all.flatMap((module) => classesOf(module.providers)));
  return [
    ...[...controllers].flatMap((type) => unusedOn(type, (method) => isRoute(type, method))),
    ...[...providers]
      .filter((type) => !controllers.has(type))
      .flatMap((type) => unusedOn(type, () => false)),
  ];
}

function unusedOn(type: Type, isRouteOf: (method: string) => boolean): string[] {
  const methods = methodsOf(type);
  const isUnused = marksOfClass(type).some(isProtection) && !methods.some(isRouteOf);
  return [
    ...(isUnused ? [`${type.name}: ${NO_ROUTE}`] : []),
    ...methods
      .filter((method) => !isRouteOf(method) && isProtectedHandler(type, method))
      .map((method) => `${type.name}.${method}: ${NO_ROUTE}`),
  ];
}

/**
 * True for a method with own or inherited protection. False for an undecorated method that
 * overrides a protected one: Nest calls no undecorated method. A decorated method may be a handler
 * of another context type, for which the inherited protection would have no effect.
 */
function isProtectedHandler({ prototype }: Type, method: string): boolean {
  const owner = prototype as object;
  const isDecorated = Reflect.getMetadataKeys(Reflect.get(owner, method) as object).length > 0;
  const isMarked = marksOfMethod(owner, method).some(isProtection);
  return isMarked && (isDecorated || hasOwnMarks(owner, method));
}

const NO_ROUTE = 'is @UmaProtected, but no route of a controller; only routes can be protected';

interface Wrapper {
  readonly metatype: unknown;
  readonly instance: unknown;
}

/** Classes of the providers: registered classes, and classes of instances made by factories. */
function classesOf(wrappers: ReadonlyMap<unknown, Wrapper>): Type[] {
  return [...wrappers.values()].flatMap(({ metatype, instance }) => {
    const made: unknown = isObject(instance) ? Object.getPrototypeOf(instance) : undefined;
    return [metatype, isObject(made) ? made.constructor : undefined].filter(isClass);
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}

function isProtection({ kind }: UmaMark): boolean {
  return kind === 'protected';
}
