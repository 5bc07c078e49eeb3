import { Injectable } from '@nestjs/common';
import type { UmaDeclaration } from './declaration.js';

/** What is declared of one template of a route. */
export interface DeclaredRoute {
  /** The handler, as `AlbumsController.find`. */
  readonly handler: string;
  /** Whether it is open to everybody. */
  readonly isPublic: boolean;
  /**
   * The declarations of the method and of the class, each a level that must have one for the
   * method of a request.
   */
  readonly levels: readonly (readonly UmaDeclaration[])[];
}

/** Which route the router matched. */
export interface MatchedRoute {
  readonly controller: unknown;
  readonly callback: unknown;
  /** The template as the router reports it; undefined where it reports none. */
  readonly template: string | undefined;
}

/** Every declared route, by what the router reports of a request. Empty until start-up has read it. */
@Injectable()
export class UmaRouteTable {
  private readonly routes = new Map<unknown, Map<unknown, Map<string, DeclaredRoute>>>();

  add({ controller, callback, template = '' }: MatchedRoute, route: DeclaredRoute): void {
    const callbacks = entry(this.routes, controller, () => new Map());
    entry(callbacks, callback, () => new Map()).set(template, route);
  }

  /** What is declared of the route; undefined for one that nothing is declared of. */
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
