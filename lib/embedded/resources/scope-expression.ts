import jsonLogic from 'json-logic-js';
import type { ScopeExpression } from '../../commands/uma.js';
import { objectOf, textsOf } from '../requests/json.js';

/** JsonLogic that says yes or no, or counts. `log` would print, the rest is of no use here. */
const OPERATORS = new Set([
  ...['var', 'and', 'or', '!', '!!', 'if', '?:', '==', '===', '!=', '!=='],
  ...['>', '>=', '<', '<=', '+', '-', '*'],
]);

const MAX_DEPTH = 32;

/**
 * Reads a scope expression: every operator is known, every `var` is the place of a scope in `data`,
 * and the rule holds with all scopes and not without any.
 *
 * @returns the expression, or what is wrong with it
 * @see oxd command uma_rs_protect
 */
export function scopeExpression(value: unknown): ScopeExpression | string {
  const { rule, data } = objectOf(value) ?? {};
  const scopes = textsOf(data) ?? [];
  if (scopes.length === 0 || !scopes.every((scope) => scope.trim() !== '')) {
    return 'data must list the scopes that the rule speaks of';
  }
  const logic = objectOf(rule);
  if (!logic) return 'rule must be a JsonLogic rule';
  const problem = problemOf(logic, scopes.length);
  if (problem !== undefined) return problem;
  const expression = { rule: logic, data: scopes };
  if (!evaluate(expression, new Set(scopes))) return 'the rule does not even hold with every scope';
  if (evaluate(expression, new Set())) return 'the rule holds without any scope';
  return expression;
}

/** Whether scopes are enough; nothing but `true` is a yes. */
export function evaluate({ rule, data }: ScopeExpression, granted: ReadonlySet<string>): boolean {
  const places = data.map((scope) => granted.has(scope));
  return jsonLogic.apply(rule as jsonLogic.RulesLogic, places) === true;
}

function problemOf(part: unknown, places: number, depth = 0): string | undefined {
  if (depth > MAX_DEPTH) return 'the rule is too deep';
  const inner = (value: unknown): string | undefined => problemOf(value, places, depth + 1);
  if (Array.isArray(part)) return part.map(inner).find((problem) => problem !== undefined);
  const logic = objectOf(part);
  if (!logic) return undefined;
  const [operator = '', ...others] = Object.keys(logic);
  if (others.length > 0 || !OPERATORS.has(operator)) {
    return 'the rule has something else than one known operator in a place';
  }
  if (operator === 'var') return isPlace(logic.var, places) ? undefined : VAR;
  return inner(logic[operator]);
}

const VAR = 'var must be the place of a scope in data';

function isPlace(value: unknown, places: number): boolean {
  const place: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return Number.isInteger(place) && (place as number) >= 0 && (place as number) < places;
}
