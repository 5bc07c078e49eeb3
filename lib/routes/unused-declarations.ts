import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { methodsOf } from './handler-place.js';
import { isRoute } from './http-routes.js';
import { isPublic, type Mark, type Marks } from './marks.js';

/** Issues for each protection outside of routes, which would protect nothing. */
export function unusedDeclarationIssues(modules: ModulesContainer, marks: Marks<Mark>): string[] {
  const all = [...modules.values()];
  const controllers = new Set(all.flatMap((module) => classesOf(module.controllers)));
  const providers = new Set(all.flatMap((module) => classesOf(module.providers)));
  return [
    ...[...controllers].flatMap((type) => unusedOn(type, marks, (method) => isRoute(type, method))),
    ...[...providers]
      .filter((type) => !controllers.has(type))
      .flatMap((type) => unusedOn(type, marks, () => false)),
  ];
}

function unusedOn(
  type: Type,
  marks: Marks<Mark>,
  isRouteOf: (method: string) => boolean,
): string[] {
  const methods = methodsOf(type);
  const isUnused = marks.ofClass(type).some(isProtection) && !methods.some(isRouteOf);
  const issue = `is @${marks.prefix}Protected, but no route of a controller; only routes can be protected`;
  return [
    ...(isUnused ? [`${type.name}: ${issue}`] : []),
    ...methods
      .filter((method) => !isRouteOf(method) && isProtectedHandler(type, method, marks))
      .map((method) => `${type.name}.${method}: ${issue}`),
  ];
}

/**
 * True for a method with own or inherited protection. False for an undecorated method that
 * overrides a protected one: Nest calls no undecorated method. A decorated method may be a handler
 * of another context type, for which the inherited protection would have no effect.
 */
function isProtectedHandler({ prototype }: Type, method: string, marks: Marks<Mark>): boolean {
  const owner = prototype as object;
  const isDecorated = Reflect.getMetadataKeys(Reflect.get(owner, method) as object).length > 0;
  const isMarked = marks.ofMethod(owner, method).some(isProtection);
  return isMarked && (isDecorated || marks.hasOwn(owner, method));
}

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

function isProtection(mark: Mark): boolean {
  return !isPublic(mark);
}
