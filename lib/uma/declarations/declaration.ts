import { createHash } from 'node:crypto';
import type { ScopeExpression, UmaCondition, UmaResource } from '../../commands/uma.js';
import type { UmaRouteDeclaration } from '../../options/oxd.options.js';

/** A resource that a route needs: what one `@UmaProtected` says of one template and method. */
export interface UmaDeclaration extends UmaRouteDeclaration {
  readonly scopes?: readonly string[];
  readonly ticketScopes?: readonly string[];
  readonly scope_expression?: ScopeExpression;
}

/** The method that decides: HEAD is answered by what GET would answer. */
export function effectiveMethod(method: string): string {
  const upper = method.toUpperCase();
  return upper === 'HEAD' ? 'GET' : upper;
}

/** What identifies a resource, also in log lines. */
export function labelOf({ http_method, path }: UmaRouteDeclaration): string {
  return `${http_method} ${path}`;
}

/** A hash of what the resource needs, the same for whatever means the same. */
export function contentHash({ scopes, ticketScopes, scope_expression }: UmaDeclaration): string {
  const needed = sorted(scopes);
  const content = [needed, sorted(ticketScopes) ?? needed, scope_expression];
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url');
}

/** The declarations as `uma_rs_protect` takes them: one condition each, by path. */
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
