import type { OxdOptions } from '../../options/oxd.options.js';
import { transportSide } from '../../options/oxd.options.js';
import { decoratorIssues } from '../../routes/decorator-issues.js';
import { guardIssues, type GuardedRoute } from '../../routes/guard-issues.js';
import type { HttpRoute } from '../../routes/http-routes.js';
import { isPublic } from '../../routes/marks.js';
import { BEARER_MARKS } from '../declarations/bearer-marks.js';
import { requirementOf } from '../declarations/bearer-requirement.js';
import { bearerIssues } from '../declarations/bearer-rules.js';
import type { BearerAuthorizer } from '../guard/bearer-authorizer.js';
import { BEARER_FAMILY } from '../guard/bearer.guard.js';

/** Problems in the declarations of the routes, each as `Controller.method: message`. */
export function bearerRouteIssues(
  routes: readonly GuardedRoute<BearerAuthorizer>[],
  environment: string | undefined = process.env.NODE_ENV,
): string[] {
  const malformed = [
    ...decoratorIssues(routes, BEARER_MARKS, bearerIssues),
    ...routes.flatMap(repeatedIssues),
  ];
  if (malformed.length > 0) return malformed;
  return routes.flatMap((route) =>
    guardIssues(route, BEARER_FAMILY, environment).map((issue) => `${route.name}: ${issue}`),
  );
}

/**
 * Problems of the options with the routes of this module.
 *
 * @param isSupported false if the transport cannot introspect access tokens
 */
export function bearerOptionIssues(
  routes: readonly HttpRoute[],
  options: OxdOptions,
  isSupported: boolean,
): string[] {
  if (routes.length === 0) return [];
  return [
    ...(options.bearer.audience.length === 0 ? [NO_AUDIENCE] : []),
    ...(isSupported ? [] : [UNSUPPORTED]),
    ...routes.flatMap((route) =>
      requirementIssues(route, options).map((issue) => `${route.name}: ${issue}`),
    ),
  ];
}

function repeatedIssues({ controller, method, name }: HttpRoute): string[] {
  const isRepeated = (marks: ReturnType<typeof BEARER_MARKS.ofClass>): boolean =>
    marks.filter((mark) => !isPublic(mark)).length > 1;
  return [
    ...(isRepeated(BEARER_MARKS.ofClass(controller)) ? [`${controller.name}: ${REPEATED}`] : []),
    ...(isRepeated(BEARER_MARKS.ofMethod(controller.prototype as object, method))
      ? [`${name}: ${REPEATED}`]
      : []),
  ];
}

function requirementIssues(route: HttpRoute, { bearer, transport }: OxdOptions): string[] {
  const required = requirementOf(route);
  if (required === undefined || required === 'public') return [];
  const { roles, max_age } = required;
  return [
    ...(roles && !bearer.roles ? [NO_ROLES] : []),
    ...(max_age !== undefined && transportSide(transport) === 'oxd' ? [MAX_AGE_ON_OXD] : []),
  ];
}

const NO_AUDIENCE =
  'bearer.audience: is required, because BearerGuard runs before routes; set it to the identifier of ' +
  'this API';
const UNSUPPORTED =
  'transport.version: oxd 3.1.1 cannot introspect access tokens, which BearerGuard needs; use 3.1.2 ' +
  'or later';
const REPEATED = 'has several @BearerProtected; combine them in one';
const NO_ROLES =
  'requires roles in @BearerProtected, but option bearer.roles is not set; for Keycloak set it to ' +
  'keycloakRoles()';
const MAX_AGE_ON_OXD =
  'requires max_age in @BearerProtected, but the introspection of oxd has no auth_time; remove it, or ' +
  'use the embedded transport';
