import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { isRoute, methodsOf } from './http-routes.js';
import { marksOfClass, marksOfMethod, type UmaMark } from './uma-metadata.js';

/** Each `@UmaProtected` on something that is not a route, where it would protect nothing. */
export function strayIssues(modules: ModulesContainer): string[] {
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
      .filter((method) => !isRouteOf(method))
      .filter((method) => marksOfMethod(type.prototype as object, method).some(isProtection))
      .map((method) => `${type.name}.${method}: ${NO_ROUTE}`),
  ];
}

const NO_ROUTE = 'is @UmaProtected, but no route of a controller; only routes can be protected';

function classesOf(wrappers: ReadonlyMap<unknown, { readonly metatype: unknown }>): Type[] {
  return [...wrappers.values()].flatMap(({ metatype }) => (isClass(metatype) ? [metatype] : []));
}

function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}

function isProtection({ kind }: UmaMark): boolean {
  return kind === 'protected';
}
