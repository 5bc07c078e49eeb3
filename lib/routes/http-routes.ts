import { RequestMethod, type Type } from '@nestjs/common';
import {
  GUARDS_METADATA,
  METHOD_METADATA,
  MODULE_PATH,
  PATH_METADATA,
} from '@nestjs/common/constants.js';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { methodsOf } from './handler-place.js';
import { routeSelector, routeTemplates } from './route-templates.js';

/** Guards that `@UseGuards()` names, on the method or the class. */
export interface GuardReferences {
  /** Classes or instances. */
  readonly references: readonly unknown[];
  /** Injectables of the controller's module, in which Nest looks up classes. */
  readonly injectables: ReadonlyMap<unknown, InstanceWrapper>;
}

/** Route with the properties that the router uses. */
export interface HttpRoute extends GuardReferences {
  readonly controller: Type;
  readonly method: string;
  /** The handler, as `AlbumsController.find`. */
  readonly name: string;
  /** Functions that the router may report as the handler. */
  readonly callbacks: readonly unknown[];
  /** The HTTP method, or `ALL`. */
  readonly verb: string;
  /** Full templates: one for each path and version. */
  readonly templates: readonly string[];
  /** Criterion besides the template by which the router selects the route. */
  readonly chosenBy?: 'host' | 'version';
}

/** Parts of the application from which routes are read. */
export interface RouteSource {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  /** Converts a template to the spelling that the router reports. */
  readonly normalize: (template: string) => string;
}

interface Owner {
  readonly controller: Type;
  readonly instance: object;
  /** Serves every request with this instance; false for a request-scoped controller. */
  readonly isShared: boolean;
  readonly modulePath: string | undefined;
  readonly injectables: GuardReferences['injectables'];
}

interface Handler extends Owner {
  readonly method: string;
  readonly handler: object;
}

/** Every route of the application. */
export function httpRoutes(source: RouteSource): HttpRoute[] {
  return [...source.modules.values()].flatMap(({ controllers, injectables, metatype }) => {
    const modulePath = modulePathOf(source.modules, metatype);
    return [...controllers.values()].flatMap((wrapper) => {
      const controller = wrapper.metatype as Type;
      const instance = (wrapper.instance ?? {}) as object;
      const isShared = wrapper.isDependencyTreeStatic();
      return routesOf(source, { controller, instance, isShared, modulePath, injectables });
    });
  });
}

/** True for a route; false for a message handler or a helper method. */
export function isRoute({ prototype }: Type, method: string): boolean {
  const handler = propertyOf(prototype as object, method);
  return handler !== undefined && Reflect.hasMetadata(PATH_METADATA, handler);
}

function routesOf(source: RouteSource, owner: Owner): HttpRoute[] {
  const { controller } = owner;
  return methodsOf(controller)
    .filter((method) => isRoute(controller, method))
    .flatMap((method) => {
      const handler = propertyOf(controller.prototype as object, method);
      return handler ? [routeOf(source, { ...owner, method, handler })] : [];
    });
}

function routeOf({ config, normalize }: RouteSource, place: Handler): HttpRoute {
  const { controller, instance, isShared, method, handler, injectables } = place;
  const called = propertyOf(instance, method) ?? handler;
  const verb = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod;
  return {
    controller,
    method,
    name: `${controller.name}.${method}`,
    callbacks: [...new Set([handler, called])],
    verb: RequestMethod[verb],
    templates: [...new Set(routeTemplates(config, place).map(normalize))],
    chosenBy: routeSelector(config, place),
    // Nest reads the metadata of the function it calls. A constructor may have replaced that
    // function, so it is unknown until the instance exists.
    references: [...(isShared ? guardsOf(called) : []), ...guardsOf(controller)],
    injectables,
  };
}

function modulePathOf(modules: ModulesContainer, module: object): string | undefined {
  const own = Reflect.getMetadata(MODULE_PATH + modules.applicationId, module) as unknown;
  return (own ?? Reflect.getMetadata(MODULE_PATH, module)) as string | undefined;
}

function guardsOf(target: object): readonly unknown[] {
  return (Reflect.getMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? [];
}

function propertyOf(owner: object, name: string): object | undefined {
  return (owner as Record<string, object | undefined>)[name];
}
