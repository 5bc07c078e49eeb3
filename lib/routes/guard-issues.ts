import type { GuardFamily, ModuleAuthorizer } from './guard-family.js';
import type { PresentGuard } from './guard-presence.js';
import { declaredKind } from './handler-place.js';
import type { HttpRoute } from './http-routes.js';

/** Route with the guards of one family that are certain to run: of method, class and application. */
export interface GuardedRoute<A extends ModuleAuthorizer> extends HttpRoute {
  readonly guards: readonly PresentGuard<A>[];
}

/**
 * Requires that all guards of a declared route are of one `OxdModule`, and that a protected route has a
 * guard.
 */
export function guardIssues<A extends ModuleAuthorizer>(
  route: GuardedRoute<A>,
  { marks }: GuardFamily<A>,
  environment?: string,
): string[] {
  const { guards } = route;
  const { prefix } = marks;
  const kind = declaredKind(marks, route);
  if (kind === undefined) return [];
  const modules = [...new Set(guards)].flatMap((guard) =>
    typeof guard === 'string' ? [] : [guard.module],
  );
  const isProtected = kind === 'protected';
  return [
    ...(isProtected && guards.length === 0 ? [noGuard(prefix)] : []),
    ...(isProtected && isReplaced(route) && environment !== 'test' ? [replaced(prefix)] : []),
    ...(guards.includes('unknown') ? [unknownModule(prefix)] : []),
    ...(modules.length > 1 ? [severalModules(prefix, modules)] : []),
  ];
}

/** True when another object replaces every guard: the route may be open. */
function isReplaced<A extends ModuleAuthorizer>({ guards }: GuardedRoute<A>): boolean {
  return guards.length > 0 && guards.every((guard) => guard === 'replaced');
}

function noGuard(prefix: string): string {
  return (
    `is @${prefix}Protected, but no ${prefix}Guard runs before it; add @UseGuards(${prefix}Guard), on ` +
    'the class if its constructor replaces the method or it is request-scoped'
  );
}

function replaced(prefix: string): string {
  return (
    `is @${prefix}Protected, but another object replaces its ${prefix}Guard; extend the class ` +
    `${prefix}Guard instead (overrides are accepted under NODE_ENV=test)`
  );
}

function unknownModule(prefix: string): string {
  return (
    `is behind a ${prefix}Guard whose OxdModule is unknown; remove the constructor of the subclass and ` +
    'inject its services as properties with @Inject()'
  );
}

function severalModules(prefix: string, modules: readonly string[]): string {
  return `is behind the ${prefix}Guards of ${modules.join(' and ')}; use the guard of one of them`;
}
