import type { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { GuardFamily, ModuleAuthorizer } from './guard-family.js';
import type { GuardedRoute } from './guard-issues.js';
import { PresentGuards } from './guard-presence.js';
import { httpRoutes } from './http-routes.js';

/** Application whose routes are read. */
export interface ExploredApplication {
  readonly modules: ModulesContainer;
  readonly config: ApplicationConfig;
  readonly adapterHost: HttpAdapterHost;
}

/** Every route with its guards of one family; an empty list in an application without HTTP. */
export function guardedRoutes<A extends ModuleAuthorizer>(
  { modules, config, adapterHost }: ExploredApplication,
  family: GuardFamily<A>,
): GuardedRoute<A>[] {
  const { httpAdapter } = adapterHost;
  if (!httpAdapter) return [];
  const normalize = (path: string): string => httpAdapter.normalizePath?.(path) ?? path;
  const present = new PresentGuards(modules, family);
  const ofApplication = present.ofApplication(config);
  return httpRoutes({ modules, config, normalize }).map((route) => ({
    ...route,
    guards: [...present.ofReferences(route), ...ofApplication],
  }));
}
