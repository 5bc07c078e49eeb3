import { markIssues, type Protection } from '../declarations/declaration-rules.js';
import { accessOf, isPublic, type Level } from '../declarations/handler-access.js';
import type { HttpRoute } from './http-routes.js';
import { covers } from './route-access.js';
import { marksOfClass, marksOfMethod, type UmaMark } from '../declarations/uma-metadata.js';

/** Problems in the declarations of the routes, each as `Controller.method: message`. */
export function routeIssues(
  routes: readonly HttpRoute[],
  environment: string | undefined = process.env.NODE_ENV,
): string[] {
  const malformed = unique(routes.flatMap(decoratorIssues));
  if (malformed.length > 0) return malformed;
  const classes = [...new Set(routes.map(({ controller }) => controller))];
  return unique([
    ...classes.flatMap((controller) =>
      unusedMethods(routes.filter((route) => route.controller === controller)),
    ),
    ...routes.flatMap((route) =>
      [...guardIssues(route, environment), ...levelIssues(route)].map(
        (issue) => `${route.name}: ${issue}`,
      ),
    ),
  ]);
}

function decoratorIssues({ controller, method, name }: HttpRoute): string[] {
  return [
    ...targetIssues(marksOfClass(controller)).map((issue) => `${controller.name}: ${issue}`),
    ...targetIssues(marksOfMethod(controller.prototype as object, method)).map(
      (issue) => `${name}: ${issue}`,
    ),
  ];
}

function targetIssues(marks: readonly UmaMark[]): string[] {
  const both = marks.some(isPublic) && !marks.every(isPublic);
  return [
    ...(both ? ['is both @UmaProtected and @UmaPublic; remove one of them'] : []),
    ...marks.flatMap((mark) => (mark.kind === 'public' ? [] : markIssues(mark))),
  ];
}

/** HTTP methods that a class declares, but that none of its protected routes serves. */
function unusedMethods(routes: readonly HttpRoute[]): string[] {
  const shared = routes.flatMap((route) =>
    levelsOf(route).flatMap(({ target, protections }) =>
      target === 'class' ? protections.map((protection) => ({ route, protection })) : [],
    ),
  );
  const [first] = shared;
  return shared
    .filter((one) => !shared.some(({ route }) => covers(route.verb, one.protection)))
    .map(
      ({ protection: { method = '' } }) => `${first?.route.controller.name}: ${notServed(method)}`,
    );
}

/**
 * Requires that all guards of a declared route are of one `OxdModule`, and that a protected route has a
 * guard.
 */
function guardIssues(route: HttpRoute, environment?: string): string[] {
  const access = accessOf(route);
  if (access === undefined) return [];
  const modules = [...new Set(route.guards)].flatMap((guard) =>
    typeof guard === 'string' ? [] : [guard.module],
  );
  return [
    ...(access !== 'public' && route.guards.length === 0 ? [NO_GUARD] : []),
    ...(access !== 'public' && isReplaced(route) && environment !== 'test' ? [REPLACED] : []),
    ...(route.guards.includes('unknown') ? [UNKNOWN_MODULE] : []),
    ...(modules.length > 1
      ? [`is behind the UmaGuards of ${modules.join(' and ')}; ${ONE_MODULE}`]
      : []),
  ];
}

/** True when another object replaces every `UmaGuard`: the route may be open. */
function isReplaced({ guards }: HttpRoute): boolean {
  return guards.length > 0 && guards.every((guard) => guard === 'replaced');
}

function levelIssues(route: HttpRoute): string[] {
  return levelsOf(route).flatMap((level) => [
    ...level.protections.flatMap((protection) => placeIssues(route, protection)),
    ...coverageIssues(route, level),
  ]);
}

function placeIssues(route: HttpRoute, { path, method }: Protection): string[] {
  const named = path !== undefined;
  return [
    ...(route.verb === 'ALL' && method === undefined ? [NAME_METHOD] : []),
    ...(!named && route.templates.some(isPattern) ? [NAME_PATH_OF_PATTERN] : []),
    ...(!named && route.chosenBy ? [`is chosen by its ${route.chosenBy}; ${NAME_PATH}`] : []),
  ];
}

function coverageIssues({ verb }: HttpRoute, { target, protections }: Level): string[] {
  const foreign = protections.filter((protection) => !covers(verb, protection));
  if (target === 'method') return foreign.map(({ method = '' }) => notServed(method));
  return foreign.length === protections.length
    ? [`is a ${verb} route, but its class declares other methods; name no method there, or ${verb}`]
    : [];
}

const NO_GUARD =
  'is @UmaProtected, but no UmaGuard runs before it; add @UseGuards(UmaGuard), on the class if its ' +
  'constructor replaces the method or it is request-scoped';
const REPLACED =
  'is @UmaProtected, but another object replaces its UmaGuard; extend the class UmaGuard instead ' +
  '(overrides are accepted under NODE_ENV=test)';
const UNKNOWN_MODULE =
  'is behind a UmaGuard whose OxdModule is unknown; remove the constructor of the subclass and ' +
  'inject its services as properties with @Inject()';
const ONE_MODULE = 'use the guard of one of them';
const NAME_METHOD = 'serves every method; name each in @UmaProtected(path, method)';
const NAME_PATH = 'name a path in @UmaProtected(path)';
const NAME_PATH_OF_PATTERN = `has a wildcard or a pattern in its path; ${NAME_PATH}`;

function notServed(method: string): string {
  return `is declared for ${method}, which the route does not serve`;
}

function isPattern(template: string): boolean {
  return /[*+?(){}[\]!\\]/.test(template);
}

function levelsOf(route: HttpRoute): readonly Level[] {
  const access = accessOf(route);
  return access === undefined || access === 'public' ? [] : access;
}

function unique(issues: readonly string[]): string[] {
  return [...new Set(issues)];
}
