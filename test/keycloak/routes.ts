import { Controller, Get, UseGuards, type Type } from '@nestjs/common';
import {
  Rpt,
  UmaGuard,
  UmaProtected,
  type UmaPermission,
  type UmaProtectedOptions,
} from '../../lib/index.js';

/** A route of a test application, as `@Get(path) @UmaProtected({ scopes })` declares it. */
export interface Route {
  readonly path: string;
  readonly scopes: readonly string[];
  /** Further options of `@UmaProtected`. */
  readonly options?: Omit<UmaProtectedOptions, 'scopes'>;
}

/** Response of an opened route. */
export interface Opened {
  readonly sub?: string;
  readonly permissions?: readonly UmaPermission[];
}

/** A controller with these routes, each behind the guard. */
export function controllerOf(routes: readonly Route[]): Type {
  @Controller()
  @UseGuards(UmaGuard)
  class Routes {}
  routes.forEach(({ path, scopes, options }, index) => {
    const target = Routes.prototype as object;
    const name = `route${index}`;
    const handler = (sub?: string, permissions?: readonly UmaPermission[]): Opened => ({
      sub,
      permissions,
    });
    const descriptor = { value: handler, writable: true, configurable: true };
    Object.defineProperty(target, name, descriptor);
    Get(path)(target, name, descriptor);
    UmaProtected({ scopes, ...options })(target, name, descriptor);
    Rpt('sub')(target, name, 0);
    Rpt()(target, name, 1);
  });
  return Routes;
}

/** Name that the resource of a route gets. */
export function resourceName({ path }: Pick<Route, 'path'>): string {
  return `[GET] ${path}`;
}
