import jsonLogic from 'json-logic-js';
import type { ScopeExpression } from '../../commands/uma.js';
import { objectOf, stringsOf } from '../../base/json.js';

/** JsonLogic operators for logic, comparison and counting. Excludes `log`, which would print. */
const OPERATORS = new Set([
  ...['var', 'and', 'or', '!', '!!', 'if', '?:', '==', '===', '!=', '!=='],
  ...['>', '>=', '<', '<=', '+', '-', '*'],
]);

const MAX_DEPTH = 32;

/**
 * Reads a scope expression. Every operator must be known and every `var` the index of a scope in
 * `data`; the rule must be true with all scopes and false without any scope.
 *
 * @returns the expression, or a description of its first problem
 * @see oxd command uma_rs_protect
 */
export function scopeExpression(value: unknown): ScopeExpression | string {
  const { rule, data } = objectOf(value) ?? {};
  const scopes = stringsOf(data) ?? [];
  if (scopes.length === 0 || !scopes.every((scope) => scope.trim() !== '')) {
    return 'data must list the scopes of the rule';
  }
  const logic = objectOf(rule);
  if (!logic) return 'rule must be a JsonLogic rule';
  const problem = problemOf(logic, scopes.length);
  if (problem !== undefined) return problem;
  const expression = { rule: logic, data: scopes };
  if (!evaluate(expression, () => true)) return 'the rule is false even with every scope';
  if (evaluate(expression, () => false)) return 'the rule is true without any scope';
  return expression;
}

/** True if the granted scopes satisfy the expression; any result other than `true` is false. */
export function evaluate(
  { rule, data }: ScopeExpression,
  isGranted: (scope: string) => boolean,
): boolean {
  return jsonLogic.apply(rule as jsonLogic.RulesLogic, data.map(isGranted)) === true;
}

/**
 * Result of the rule of any expression with the names of its scopes as data, as oxd 4 computes it; undefined
 * if the rule cannot be evaluated.
 */
export function ruleResult(expression: unknown): unknown {
  const { rule, data } = objectOf(expression) ?? {};
  if (problemOf(rule, stringsOf(data)?.length ?? 0) !== undefined) return undefined;
  return jsonLogic.apply(rule as jsonLogic.RulesLogic, data);
}

function problemOf(part: unknown, scopeCount: number, depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return 'the rule is nested too deeply';
  const inner = (value: unknown): string | undefined => problemOf(value, scopeCount, depth + 1);
  if (Array.isArray(part)) return part.map(inner).find((problem) => problem !== undefined);
  const logic = objectOf(part);
  if (!logic) return undefined;
  const [operator = '', ...others] = Object.keys(logic);
  if (others.length > 0 || !OPERATORS.has(operator)) {
    return 'each object of the rule must have exactly one supported operator';
  }
  if (operator === 'var') return isIndex(logic.var, scopeCount) ? undefined : VAR_PROBLEM;
  return inner(logic[operator]);
}

const VAR_PROBLEM = 'var must be the index of a scope in data';

function isIndex(value: unknown, length: number): boolean {
  const index: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return Number.isInteger(index) && (index as number) >= 0 && (index as number) < length;
}
