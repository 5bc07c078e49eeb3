import { ruleResult } from '../../embedded/resources/scope-expression.js';
import type { ServerContext } from './context.js';
import { conditionsOf, scopesOf } from './protected-resource.js';
import { CommandFailure } from './reply.js';
import type { ServerResource } from './resource-params.js';

/**
 * Checks resources as 3.1.2 and later releases do, in the same order.
 *
 * @throws {CommandFailure} http_method_not_unique or invalid_scope_expressioin, in oxd 4
 *   invalid_scope_expression
 */
export function checkResources(context: ServerContext, resources: readonly ServerResource[]): void {
  const methods = resources.flatMap((resource) =>
    conditionsOf(resource).flatMap(({ httpMethods = [] }) =>
      httpMethods.map((method) => JSON.stringify([resource.path, method])),
    ),
  );
  if (new Set(methods).size < methods.length) throw new CommandFailure('http_method_not_unique');
  for (const { scope_expression } of resources.flatMap(conditionsOf))
    if (scope_expression !== undefined) checkExpression(context, scope_expression);
}

/**
 * Checks a scope expression. oxd 4 evaluates its rule with the names of the scopes as data: the result
 * must be one of them.
 *
 * @returns the names of the scopes
 * @throws {CommandFailure} invalid_scope_expressioin, in oxd 4 invalid_scope_expression
 */
export function checkExpression(context: ServerContext, expression: unknown): readonly string[] {
  const scopes = scopesOf(expression);
  const result = context.isRest ? ruleResult(expression) : scopes?.[0];
  if (scopes?.some((scope) => scope === result)) return scopes;
  const error = context.isRest ? 'invalid_scope_expression' : 'invalid_scope_expressioin';
  throw new CommandFailure(error);
}
