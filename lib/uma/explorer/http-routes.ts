import { RequestMethod, type Type } from '@nestjs/common';
import {
  GUARDS_METADATA,
  METHOD_METADATA,
  MODULE_PATH,
  PATH_METADATA,
} from '@nestjs/common/constants.js';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { PresentGuard, PresentGuards } from './guard-presence.js';
import { methodsOf } from '../declarations/handler-access.js';
import { choosing, routeTemplates } from './route-templates.js';

/** A route as the router knows it. */
export interface HttpRoute {
  readonly controller: Type;
  readonly method: string;
  /** The handler, as `AlbumsController.find`. */
  readonly name: string;
  /** What the router may report as the handler. */
  readonly callbacks: readonly unknown[];
  /** The HTTP method, or `ALL`. */
  readonly verb: string;
  /** Full templates: one for each path and version. */
  readonly templates: readonly string[];
  /** What besides the template chooses the route. */
  readonly chosenBy?: 'host' | 'version';
  /** The `UmaGuard`s that are certain to run: of method, class and application. */
  readonly guards: readonly PresentGuard[];
}

/** What reading routes needs of the application. */
export interface RouteSource {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  /** Spells a template as the router will report it. */
  readonly normalize: (template: string) => string;
  readonly guards: PresentGuards;
}

interface Owner {
  readonly controller: Type;
  readonly instance: object;
  /** Whether every request is served by this instance. */
  readonly isShared: boolean;
  readonly modulePath: string | undefined;
  /** Enhancers of the controller's module. */
  readonly injectables: ReadonlyMap<unknown, InstanceWrapper>;
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

/** Whether a method is a route; it is one of microservices or a helper otherwise. */
export function isRoute({ prototype }: Type, method: string): boolean {
  const handler = member(prototype as object, method);
  return handler !== undefined && Reflect.hasMetadata(PATH_METADATA, handler);
}

function routesOf(source: RouteSource, owner: Owner): HttpRoute[] {
  const { controller } = owner;
  return methodsOf(controller)
    .filter((method) => isRoute(controller, method))
    .flatMap((method) => {
      const handler = member(controller.prototype as object, method);
      return handler ? [routeOf(source, { ...owner, method, handler })] : [];
    });
}

function routeOf({ config, normalize, guards }: RouteSource, place: Handler): HttpRoute {
  const { controller, instance, isShared, method, handler, injectables } = place;
  const called = member(instance, method) ?? handler;
  const verb = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod;
  return {
    controller,
    method,
    name: `${controller.name}.${method}`,
    callbacks: [...new Set([handler, called])],
    verb: RequestMethod[verb],
    templates: [...new Set(routeTemplates(config, place).map(normalize))],
    chosenBy: choosing(config, place),
    guards: [
      // Nest reads the function that it calls, which a constructor may have replaced. It is
      // unknown while the instance does not exist.
      ...guards.ofReferences(isShared ? guardsOf(called) : [], injectables),
      ...guards.ofReferences(guardsOf(controller), injectables),
      ...guards.ofApplication(config),
    ],
  };
}

function modulePathOf(modules: ModulesContainer, module: object): string | undefined {
  const own = Reflect.getMetadata(MODULE_PATH + modules.applicationId, module) as unknown;
  return (own ?? Reflect.getMetadata(MODULE_PATH, module)) as string | undefined;
}

function guardsOf(target: object): readonly unknown[] {
  return (Reflect.getMetadata(GUARDS_METADATA, target) as unknown[] | undefined) ?? [];
}

function member(owner: object, name: string): object | undefined {
  return (owner as Record<string, object | undefined>)[name];
}
