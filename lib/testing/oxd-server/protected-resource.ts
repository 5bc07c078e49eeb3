import { unexpected, WireRefusal } from './reply.js';
import type { ServerCondition, ServerResource } from './resource-params.js';
import { isObject } from './values.js';

/** A condition that the authorization server knows. */
export interface ProtectedResource {
  /** Its id at the authorization server. */
  readonly id: string;
  readonly path: string;
  readonly http_methods: readonly string[];
  /** Of which an RPT needs one. */
  readonly scopes: readonly string[];
  /** What a ticket asks for. */
  readonly ticketScopes: readonly string[];
}

/** A condition that the authorization server is to know. */
export interface NewResource extends Omit<ProtectedResource, 'id'> {
  /** oxd's name for it, such as `[PUT, POST] /photo`. */
  readonly name: string;
  /** JSON text. */
  readonly scope_expression?: string;
}

/**
 * Looks into resources as 3.1.2 and later do, in their order.
 *
 * @throws {WireRefusal} http_method_not_unique or invalid_scope_expressioin
 */
export function checkResources(resources: readonly ServerResource[]): void {
  const methods = resources.flatMap((resource) =>
    conditionsOf(resource).flatMap(({ httpMethods = [] }) =>
      httpMethods.map((method) => JSON.stringify([resource.path, method])),
    ),
  );
  if (new Set(methods).size < methods.length) throw new WireRefusal('http_method_not_unique');
  const expressions = resources
    .flatMap(conditionsOf)
    .map(({ scope_expression }) => scope_expression)
    .filter((expression) => expression !== undefined);
  if (expressions.every((expression) => scopesOf(expression) !== undefined)) return;
  throw new WireRefusal('invalid_scope_expressioin');
}

/** The conditions of a resource. @throws {WireRefusal} internal_error where there are none */
export function conditionsOf({ conditions }: ServerResource): readonly ServerCondition[] {
  if (!conditions) throw unexpected();
  return conditions;
}

/** What is registered of a condition. @throws {WireRefusal} internal_error where a part is missing */
export function newResource(
  { path }: ServerResource,
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
    ...(scope_expression !== undefined && { scope_expression: JSON.stringify(scope_expression) }),
  };
}

/** Those for a path and a method, upper and lower case alike, the oldest first. */
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

/** The scopes that an expression speaks of; undefined where it is none. oxd never evaluates it. */
function scopesOf(expression: unknown): readonly string[] | undefined {
  if (!isObject(expression) || !isObject(expression.rule)) return undefined;
  const { data } = expression;
  return Array.isArray(data) && data.length > 0 ? data.map(String) : undefined;
}
