import { Injectable } from '@nestjs/common';
import type { UmaDeclaration } from './declaration.js';

/** Declarations for one template of a route. */
export interface DeclaredRoute {
  /** The handler, as `AlbumsController.find`. */
  readonly handler: string;
  /** Skips the check: every client may call the route. */
  readonly isPublic: boolean;
  /**
   * Declarations of the method and of the class, one level each. Every level must have a
   * declaration for the HTTP method of the request.
   */
  readonly levels: readonly (readonly UmaDeclaration[])[];
}

/** Route that the router matched. */
export interface MatchedRoute {
  readonly controller: unknown;
  readonly callback: unknown;
  /** Template that the router reports; undefined if it reports none. */
  readonly template: string | undefined;
}

/** Declared routes, by the properties that the router reports. Empty before start-up fills it. */
@Injectable()
export class UmaRouteTable {
  private readonly routes = new Map<unknown, Map<unknown, Map<string, DeclaredRoute>>>();

  add({ controller, callback, template = '' }: MatchedRoute, route: DeclaredRoute): void {
    const callbacks = entry(this.routes, controller, () => new Map());
    entry(callbacks, callback, () => new Map()).set(template, route);
  }

  /** Declarations of the matched route; undefined for an undeclared route. */
  find({ controller, callback, template }: MatchedRoute): DeclaredRoute | undefined {
    if (template === undefined) return undefined;
    return this.routes.get(controller)?.get(callback)?.get(template);
  }
}

function entry<V>(map: Map<unknown, V>, key: unknown, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
