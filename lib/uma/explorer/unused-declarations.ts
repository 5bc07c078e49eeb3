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

/** Each `@UmaProtected` on something that is not a route, where it would protect nothing. */
export function unusedDeclarationIssues(modules: ModulesContainer): string[] {
  const all = [...modules.values()];
  const controllers = new Set(all.flatMap((module) => classesOf(module.controllers)));
  const providers = new Set(all.flatMap((module) => classesOf(module.providers)));
  return [
    ...[...controllers].flatMap((type) => strays(type, (method) => isRoute(type, method))),
    ...[...providers]
      .filter((type) => !controllers.has(type))
      .flatMap((type) => strays(type, () => false)),
  ];
}

function strays(type: Type, isRouteOf: (method: string) => boolean): string[] {
  const methods = methodsOf(type);
  const idle = marksOfClass(type).some(isProtection) && !methods.some(isRouteOf);
  return [
    ...(idle ? [`${type.name}: ${NO_ROUTE}`] : []),
    ...methods
      .filter((method) => !isRouteOf(method) && isProtectedHandler(type, method))
      .map((method) => `${type.name}.${method}: ${NO_ROUTE}`),
  ];
}

/**
 * False for a method that overrides a protected one without any decorator: nothing calls it. With a
 * decorator it may be a handler of another kind, for which the protection would be lost.
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

/** Classes that Nest was given, and those of the instances that factories made. */
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
