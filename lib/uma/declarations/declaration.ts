import { createHash } from 'node:crypto';
import { printable } from '../../base/errors.js';
import type { ScopeExpression, UmaCondition, UmaMode, UmaResource } from '../../commands/uma.js';
import type { UmaRouteDeclaration } from '../../options/oxd.options.js';
import type { UmaProtectedOptions } from './uma-protected.decorator.js';

/** Resource that a route requires: one `@UmaProtected` for one template and method. */
export interface UmaDeclaration extends UmaRouteDeclaration {
  readonly scopes?: readonly string[];
  readonly ticketScopes?: readonly string[];
  readonly scope_expression?: ScopeExpression;
  /** Default `rpt`. */
  readonly mode?: UmaMode;
  /** Resource of an administrator; replaces the path. */
  readonly resource?: UmaProtectedOptions['resource'];
  readonly claims?: UmaProtectedOptions['claims'];
}

/** HTTP method that selects the declaration: HEAD counts as GET, whose headers it returns. */
export function effectiveMethod(method: string): string {
  const upper = method.toUpperCase();
  return upper === 'HEAD' ? 'GET' : upper;
}

/** True for a resource that start-up registers: not for one of an administrator. */
export function isRegistered({ resource }: UmaDeclaration): boolean {
  return resource === undefined;
}

/** Resource of a declaration in log lines: `GET /albums`, or the name of an administrator's resource. */
export function shownResource(declaration: UmaDeclaration): string {
  const { resource } = declaration;
  if (resource === undefined) return labelOf(declaration);
  return typeof resource === 'string'
    ? `resource ${printable(resource)}`
    : 'resource of a function';
}

/** Identifier of a registered resource, also in log lines: `GET /albums`. */
export function labelOf({ http_method, path }: UmaRouteDeclaration): string {
  return `${http_method} ${path}`;
}

/** Hash of the scopes of a declaration; the order and repetition of scopes do not change it. */
export function contentHash({ scopes, ticketScopes, scope_expression }: UmaDeclaration): string {
  const required = sorted(scopes);
  const content = [required, sorted(ticketScopes) ?? required, scope_expression];
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url');
}

/** Converts declarations to the resources of `uma_rs_protect`: one condition each, by path. */
export function resourcesOf(declarations: readonly UmaDeclaration[]): UmaResource[] {
  const byPath = new Map<string, { path: string; conditions: UmaCondition[] }>();
  for (const declaration of declarations) {
    const { path, http_method, scopes, ticketScopes, scope_expression } = declaration;
    const resource = byPath.get(path) ?? { path, conditions: [] };
    resource.conditions.push({
      httpMethods: [http_method],
      ...(scopes && { scopes }),
      ...(ticketScopes && { ticketScopes }),
      ...(scope_expression && { scope_expression }),
    });
    byPath.set(path, resource);
  }
  return [...byPath.values()];
}

function sorted(scopes: readonly string[] | undefined): string[] | undefined {
  return scopes && [...new Set(scopes)].sort();
}
