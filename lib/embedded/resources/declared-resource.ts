import { createHash } from 'node:crypto';
import type {
  ScopeExpression,
  UmaCondition,
  UmaResource,
  UmaRsProtectParams,
} from '../../commands/uma.js';
import { printable } from '../../base/errors.js';
import { unknownParam } from '../context/command-parameters.js';
import { OperationError } from '../requests/operation-error.js';
import { scopeExpression } from './scope-expression.js';
import { objectOf, stringsOf, textOf, withoutUndefined, type JsonObject } from '../../base/json.js';

/** One condition of one path, which is one resource at the authorization server. */
export interface DeclaredResource {
  /** Name in the form of oxd: `[PUT, POST] /photo`. */
  readonly name: string;
  readonly path: string;
  /** HTTP methods in upper case. */
  readonly http_methods: readonly string[];
  /** Required scopes; empty if `scope_expression` is set. */
  readonly scopes: readonly string[];
  readonly ticketScopes?: readonly string[];
  readonly scope_expression?: ScopeExpression;
  /** Hash of all properties that are sent to the authorization server. */
  readonly hash: string;
}

/**
 * Reads the resources of `uma_rs_protect`.
 *
 * @throws {OperationError} `invalid_uma_request`, `http_method_not_unique`,
 *   `invalid_scope_expression`, or `bad_request` for a property of the wrong JSON type
 * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED for an unknown property
 */
export function declaredResources(
  resources: UmaRsProtectParams['resources'] | undefined,
): DeclaredResource[] {
  if (!resources?.length) throw invalid('resources: must list the resources to protect');
  const declared = resources.flatMap((resource: unknown, at) =>
    ofResource(toObject(resource), `resources[${at}]`),
  );
  checkMethods(declared);
  return declared;
}

/** Adds the name and the hash that match the other properties of a resource. */
export function described<T extends Omit<DeclaredResource, 'name' | 'hash'>>(
  resource: T,
): T & Pick<DeclaredResource, 'name' | 'hash'> {
  const { path, http_methods, scope_expression } = resource;
  const scopes = [...registeredScopes(resource)].sort();
  const content = [path, [...http_methods].sort(), scopes, scope_expression ?? null];
  return {
    ...resource,
    name: `[${http_methods.join(', ')}] ${path}`,
    hash: createHash('sha256').update(JSON.stringify(content)).digest('base64url'),
  };
}

type Scoped = Pick<DeclaredResource, 'scopes' | 'ticketScopes' | 'scope_expression'>;

/**
 * Scopes of a resource at the authorization server. They include the ticket scopes, because a
 * ticket is only issued for registered scopes.
 */
export function registeredScopes(resource: Scoped): readonly string[] {
  return [...new Set([...neededScopes(resource), ...(resource.ticketScopes ?? [])])];
}

/** Scopes that a ticket for a resource requests. */
export function ticketScopes(resource: Scoped): readonly string[] {
  const { ticketScopes: requested = [] } = resource;
  return requested.length > 0 ? requested : neededScopes(resource);
}

function neededScopes({ scopes, scope_expression }: Scoped): readonly string[] {
  return scope_expression ? [...new Set(scope_expression.data)] : scopes;
}

const RESOURCE_NAMES: readonly (keyof UmaResource)[] = ['path', 'conditions'];
const CONDITION_NAMES: readonly (keyof UmaCondition)[] = [
  ...(['httpMethods', 'scopes', 'ticketScopes', 'scope_expression'] as const),
];

function ofResource(resource: JsonObject, at: string): DeclaredResource[] {
  checkNames(resource, RESOURCE_NAMES);
  const { conditions } = resource;
  const path = textOf(resource.path);
  if (path === undefined) throw invalid(`${at}.path: must not be empty`);
  if (!Array.isArray(conditions) || conditions.length === 0) {
    throw invalid(`${at}.conditions: must list the scopes for each method`);
  }
  return conditions.map((condition: unknown, index) =>
    ofCondition(path, toObject(condition), `${at}.conditions[${index}]`),
  );
}

function ofCondition(path: string, condition: JsonObject, at: string): DeclaredResource {
  checkNames(condition, CONDITION_NAMES);
  const http_methods = list(condition, 'httpMethods', at).map((method) => method.toUpperCase());
  if (http_methods.length === 0) throw invalid(`${at}.httpMethods: must name a method`);
  const scopes = list(condition, 'scopes', at);
  const requested = list(condition, 'ticketScopes', at);
  const scope_expression = expressionOf(condition, at);
  if ((scopes.length === 0) === (scope_expression === undefined)) {
    throw invalid(`${at}: must have scopes or a scope_expression`);
  }
  const resource = { path, http_methods, scopes, scope_expression };
  return withoutUndefined(
    described({ ...resource, ticketScopes: requested.length > 0 ? requested : undefined }),
  );
}

function expressionOf({ scope_expression }: JsonObject, at: string): ScopeExpression | undefined {
  if (scope_expression === undefined || scope_expression === null) return undefined;
  const expression = scopeExpression(scope_expression);
  if (typeof expression !== 'string') return expression;
  throw new OperationError('invalid_scope_expression', `${at}.scope_expression: ${expression}.`);
}

function checkMethods(declared: readonly DeclaredResource[]): void {
  const seen = new Set<string>();
  for (const { path, http_methods } of declared) {
    for (const method of http_methods) {
      const key = `${method} ${path}`;
      if (seen.has(key)) {
        const message = `resources: ${printable(`${method} ${path}`)} is named more than once.`;
        throw new OperationError('http_method_not_unique', message);
      }
      seen.add(key);
    }
  }
}

function list(condition: JsonObject, name: string, at: string): readonly string[] {
  const value = condition[name] ?? [];
  const strings = stringsOf(value);
  if (strings?.every((item) => item.trim() !== '')) return [...strings];
  throw new OperationError(
    'bad_request',
    `${at}.${name}: must be a list of strings, none of them empty.`,
  );
}

function checkNames(object: JsonObject, names: readonly string[]): void {
  for (const [name, value] of Object.entries(object)) {
    if (value !== undefined && !names.includes(name)) throw unknownParam('uma_rs_protect', name);
  }
}

function toObject(value: unknown): JsonObject {
  const object = objectOf(value);
  if (object) return object;
  throw new OperationError('bad_request', 'resources: must be objects with a path and conditions.');
}

function invalid(message: string): OperationError {
  return new OperationError('invalid_uma_request', `${message}.`);
}
