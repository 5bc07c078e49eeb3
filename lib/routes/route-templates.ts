import { VERSION_NEUTRAL, VersioningType, type RequestMethod } from '@nestjs/common';
import {
  HOST_METADATA,
  METHOD_METADATA,
  PATH_METADATA,
  VERSION_METADATA,
} from '@nestjs/common/constants.js';
import type { ApplicationConfig } from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';

/** Place of a route in the code. */
export interface RoutePlace {
  readonly controller: object;
  readonly handler: object;
  /** Path of the module, if `RouterModule` sets one. */
  readonly modulePath: string | undefined;
}

type Metadata = Parameters<RoutePathFactory['create']>[0];
type Version = Metadata['controllerVersion'];

/** Full templates of a route, as the router builds them: one for each path and version. */
export function routeTemplates(config: ApplicationConfig, place: RoutePlace): string[] {
  const factory = new RoutePathFactory(config);
  const { controller, handler, modulePath } = place;
  const common: Metadata = {
    modulePath,
    globalPrefix: slashed(config.getGlobalPrefix()),
    controllerVersion: controllerVersion(config, controller),
    methodVersion: versionOf(handler),
    versioningOptions: config.getVersioning(),
  };
  const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod;
  return pathsOf(controller).flatMap((ctrlPath) =>
    pathsOf(handler).flatMap((methodPath) =>
      factory.create({ ...common, ctrlPath, methodPath }, method),
    ),
  );
}

/** Criterion that selects between routes of one template; such a template identifies no route. */
export function routeSelector(
  config: ApplicationConfig,
  { controller, handler }: RoutePlace,
): 'host' | 'version' | undefined {
  if (Reflect.getMetadata(HOST_METADATA, controller) !== undefined) return 'host';
  const versioning = config.getVersioning();
  if (!versioning || versioning.type === VersioningType.URI) return undefined;
  const versions = [versionOf(handler) ?? controllerVersion(config, controller)].flat();
  const chosen = versions.some((version) => version !== undefined && version !== VERSION_NEUTRAL);
  return chosen ? 'version' : undefined;
}

function controllerVersion(config: ApplicationConfig, controller: object): Version {
  return versionOf(controller) ?? config.getVersioning()?.defaultVersion;
}

function versionOf(target: object): Version {
  return Reflect.getMetadata(VERSION_METADATA, target) as Version;
}

function pathsOf(target: object): string[] {
  const path = Reflect.getMetadata(PATH_METADATA, target) as string | string[];
  return [path].flat().map(slashed);
}

function slashed(path: string): string {
  return path === '' || path.startsWith('/') || path.startsWith('{/') ? path : `/${path}`;
}
