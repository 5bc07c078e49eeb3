import { Injectable } from '@nestjs/common';
import { labelOf, type UmaDeclaration } from './declaration.js';

/** Declarations for one template of a route. */
export interface DeclaredRoute {
  /** The handler, as `AlbumsController.find`. */
  readonly handler: string;
  /** Skips the check: every client may call the route. */
  readonly isPublic: boolean;
  /** Declarations that must all grant access, by HTTP method; other methods are denied. */
  readonly required: ReadonlyMap<string, readonly UmaDeclaration[]>;
}

/**
 * Declarations that must all grant access, each once, by HTTP method.
 *
 * @param levels declarations of the method and of the class, one level each; every level must have a
 *   declaration for a method
 */
export function requiredByMethod(
  levels: readonly (readonly UmaDeclaration[])[],
): ReadonlyMap<string, readonly UmaDeclaration[]> {
  const required = new Map<string, readonly UmaDeclaration[]>();
  for (const { http_method } of levels.flat()) {
    const each = levels.map((level) => level.filter((one) => one.http_method === http_method));
    if (each.every((level) => level.length > 0)) required.set(http_method, distinct(each.flat()));
  }
  return required;
}

function distinct(declarations: readonly UmaDeclaration[]): UmaDeclaration[] {
  return [...new Map(declarations.map((one) => [labelOf(one), one])).values()];
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
