import type { UmaPermission } from '../../commands/uma.js';

/** What a check that was passed has seen. */
export interface RptContext {
  /** What the RPT allows; undefined where oxd does not tell. */
  readonly permissions?: readonly UmaPermission[];
  /** Whom the RPT was issued for, where that is certain. */
  readonly sub?: string;
}

const GRANT = Symbol('nestjs-oxd.uma.grant');

/** Leaves the grant on the request, where nothing that prints the request shows it. */
export function attachRptContext(request: object, grant: RptContext): void {
  Object.defineProperty(request, GRANT, { value: grant, enumerable: false, configurable: true });
}

/** The grant of a request that has passed `UmaGuard`. */
export function rptContextOf(request: object): RptContext | undefined {
  return (request as { readonly [GRANT]?: RptContext })[GRANT];
}

/** All permissions of several grants, each once. The subject is told where none says another. */
export function mergeGrants(grants: readonly RptContext[]): RptContext {
  const lists = grants.flatMap(({ permissions }) => (permissions ? [permissions] : []));
  const each = new Map(lists.flat().map((one) => [JSON.stringify(one), one]));
  const subjects = new Set(grants.map(({ sub }) => sub));
  const [sub] = subjects.size === 1 ? subjects : [];
  return { ...(lists.length > 0 && { permissions: [...each.values()] }), ...(sub && { sub }) };
}
