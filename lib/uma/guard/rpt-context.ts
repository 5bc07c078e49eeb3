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

/** Merges contexts: each permission once, and the subject if all contexts have the same. */
export function mergeRptContexts(contexts: readonly RptContext[]): RptContext {
  const [first] = contexts;
  if (first && contexts.length === 1) return first;
  const lists = contexts.flatMap(({ permissions }) => (permissions ? [permissions] : []));
  const each = new Map(lists.flat().map((item) => [JSON.stringify(item), item]));
  const subjects = new Set(contexts.map(({ sub }) => sub));
  const [sub] = subjects.size === 1 ? subjects : [];
  return { ...(lists.length > 0 && { permissions: [...each.values()] }), ...(sub && { sub }) };
}
