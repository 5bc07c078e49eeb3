import { isDeepStrictEqual } from 'node:util';
import type { HttpRoute } from './http-routes.js';

/**
 * Issues for routes of a controller whose constructor gives them one function, but whose access differs: a
 * guard that knows a route by its function would apply the access of one to the other.
 *
 * @param accessOf returns the access by the guard; undefined for a route that it denies
 * @param isMistaken returns false for routes that the guard tells apart by more than their function
 */
export function sharedFunctionIssues<R extends HttpRoute>(
  routes: readonly R[],
  accessOf: (route: R) => unknown,
  isMistaken: (one: R, other: R) => boolean = () => true,
): string[] {
  return routes.flatMap((route) => {
    const others = routes.filter((other) => isShared(route, other) && isMistaken(route, other));
    const access = accessOf(route);
    const other = others.find((one) => !isDeepStrictEqual(accessOf(one), access));
    return other ? [`${route.name}: runs the function of ${other.name}; ${REMEDY}`] : [];
  });
}

const REMEDY = 'declare both routes alike, or give each its own function';

/** True for routes with a common template, which another criterion tells apart: method, host or version. */
export function haveCommonTemplate(one: HttpRoute, other: HttpRoute): boolean {
  return one.templates.some((template) => other.templates.includes(template));
}

function isShared({ controller, method, callbacks }: HttpRoute, other: HttpRoute): boolean {
  if (controller !== other.controller || method === other.method) return false;
  return callbacks.some((callback) => other.callbacks.includes(callback));
}
