import { markIssues, type Protection } from '../declarations/declaration-rules.js';
import { accessOf, type Level } from '../declarations/handler-access.js';
import { decoratorIssues } from '../../routes/decorator-issues.js';
import { guardIssues, type GuardedRoute } from '../../routes/guard-issues.js';
import { UMA_MARKS } from '../declarations/uma-marks.js';
import { UMA_FAMILY } from '../guard/uma.guard.js';
import type { UmaAuthorizer } from '../guard/uma-authorizer.js';
import type { HttpRoute } from '../../routes/http-routes.js';
import { covers } from './route-access.js';

/** Problems in the declarations of the routes, each as `Controller.method: message`. */
export function routeIssues(
  routes: readonly GuardedRoute<UmaAuthorizer>[],
  environment: string | undefined = process.env.NODE_ENV,
): string[] {
  const malformed = decoratorIssues(routes, UMA_MARKS, (mark) =>
    mark.kind === 'public' ? [] : markIssues(mark),
  );
  if (malformed.length > 0) return malformed;
  const classes = [...new Set(routes.map(({ controller }) => controller))];
  return [
    ...classes.flatMap((controller) =>
      unusedMethods(routes.filter((route) => route.controller === controller)),
    ),
    ...routes.flatMap((route) =>
      [...guardIssues(route, UMA_FAMILY, environment), ...levelIssues(route)].map(
        (issue) => `${route.name}: ${issue}`,
      ),
    ),
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

function levelIssues(route: HttpRoute): string[] {
  return levelsOf(route).flatMap((level) => [
    ...level.protections.flatMap((protection) => placeIssues(route, protection)),
    ...coverageIssues(route, level),
  ]);
}

function placeIssues(route: HttpRoute, { path, method, options }: Protection): string[] {
  const named = path !== undefined || options.resource !== undefined;
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
