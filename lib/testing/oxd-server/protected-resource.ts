import { unexpected } from './reply.js';
import type { ServerCondition, ServerResource } from './resource-params.js';
import { isJsonObject } from '../../base/json.js';

/** A condition registered as a resource at the authorization server. */
export interface ProtectedResource {
  /** Resource id at the authorization server. */
  readonly id: string;
  readonly path: string;
  readonly http_methods: readonly string[];
  /** Scopes of which an RPT needs one. */
  readonly scopes: readonly string[];
  /** Scopes that a permission ticket requests. */
  readonly ticketScopes: readonly string[];
  /** Serialized JSON. */
  readonly scope_expression?: string;
}

/** A condition to be registered as a resource at the authorization server. */
export interface NewResource extends Omit<ProtectedResource, 'id'> {
  /** Name that oxd gives the resource, such as `[PUT, POST] /photo`. */
  readonly name: string;
  /** Beginning and end of its validity, in seconds since 1970. */
  readonly times: { readonly iat?: number; readonly exp?: number };
}

/** Conditions of a resource. @throws {CommandFailure} internal_error when they are missing */
export function conditionsOf({ conditions }: ServerResource): readonly ServerCondition[] {
  if (!conditions) throw unexpected();
  return conditions;
}

/** Resource to register for a condition. @throws {CommandFailure} internal_error when a part is missing */
export function newResource(
  { path, iat, exp }: ServerResource,
  { httpMethods, scopes, ticketScopes, scope_expression }: ServerCondition,
): NewResource {
  const needed = scopes?.length ? scopes : (scopesOf(scope_expression) ?? scopes);
  if (path === undefined || !httpMethods || !needed) throw unexpected();
  return {
    name: `[${httpMethods.join(', ')}] ${path}`,
    path,
    http_methods: httpMethods,
    scopes: needed,
    ticketScopes: ticketScopes?.length ? ticketScopes : needed,
    times: { iat, exp },
    ...(scope_expression !== undefined && { scope_expression: JSON.stringify(scope_expression) }),
  };
}

/** Resources that match a path and a method, both case-insensitive; oldest first. */
export function matching(
  resources: readonly ProtectedResource[],
  path: string,
  method: string,
): readonly ProtectedResource[] {
  const fits = ({ http_methods }: ProtectedResource): boolean =>
    http_methods.some((one) => isSame(one, method));
  return resources.filter((resource) => isSame(resource.path, path) && fits(resource));
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Scopes named in a scope expression; undefined when it is invalid. */
export function scopesOf(expression: unknown): readonly string[] | undefined {
  if (!isJsonObject(expression) || !isJsonObject(expression.rule)) return undefined;
  const { data } = expression;
  return Array.isArray(data) && data.length > 0 ? data.map(String) : undefined;
}
