/** Route that the router matched. */
export interface MatchedRoute {
  readonly controller: unknown;
  readonly callback: unknown;
  /** Template that the router reports; undefined if it reports none. */
  readonly template: string | undefined;
}

/** Declared routes, by the properties that the router reports. Empty before start-up fills it. */
export class RouteTable<R> {
  private readonly routes = new Map<unknown, Map<unknown, Map<string, R>>>();

  add({ controller, callback, template = '' }: MatchedRoute, route: R): void {
    const callbacks = entry(this.routes, controller, () => new Map());
    entry(callbacks, callback, () => new Map()).set(template, route);
  }

  /** Declaration of the matched route; undefined for an undeclared route. */
  find({ controller, callback, template }: MatchedRoute): R | undefined {
    if (template === undefined) return undefined;
    return this.routes.get(controller)?.get(callback)?.get(template);
  }
}

function entry<V>(map: Map<unknown, V>, key: unknown, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}
