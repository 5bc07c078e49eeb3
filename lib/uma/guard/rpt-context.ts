import type { UmaPermission } from '../../commands/uma.js';

/** Properties of the RPT of a granted request. */
export interface RptContext {
  /** Permissions of the RPT; undefined on oxd, which does not return them. */
  readonly permissions?: readonly UmaPermission[];
  /** User for whom the RPT was issued; undefined if not certain. */
  readonly sub?: string;
}

const RPT_CONTEXT = Symbol('nestjs-oxd.uma.context');

/** Stores the context on the request, not enumerable so that logs of the request do not show it. */
export function attachRptContext(request: object, context: RptContext): void {
  Object.defineProperty(request, RPT_CONTEXT, {
    value: context,
    enumerable: false,
    configurable: true,
  });
}

/** Context of a request that `UmaGuard` granted. */
export function rptContextOf(request: object): RptContext | undefined {
  return (request as { readonly [RPT_CONTEXT]?: RptContext })[RPT_CONTEXT];
}

/**
 * Merges contexts: each permission once, and the subject if both contexts have the same.
 *
 * @param earlier undefined before the first context
 */
export function mergeRptContexts(earlier: RptContext | undefined, later: RptContext): RptContext {
  if (!earlier) return later;
  const { permissions } = earlier;
  const sub = earlier.sub === later.sub ? later.sub : undefined;
  if (!permissions || !later.permissions)
    return { permissions: permissions ?? later.permissions, sub };
  const all = [...permissions, ...later.permissions];
  const each = new Map(all.map((item) => [JSON.stringify(item), item]));
  return { permissions: [...each.values()], sub };
}
