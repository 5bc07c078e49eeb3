import { METHODS } from 'node:http';
import { RequestMethod } from '@nestjs/common';
import type { UmaMark } from './uma-metadata.js';
import type { UmaProtectedOptions } from './uma-protected.decorator.js';

/** A mark of `@UmaProtected` whose parts have been checked. */
export interface Protection {
  readonly path?: string;
  readonly method?: string;
  readonly options: UmaProtectedOptions;
}

type ProtectedMark = Extract<UmaMark, { kind: 'protected' }>;

const VERBS = new Set([...METHODS, ...Object.keys(RequestMethod).filter((name) => name !== 'ALL')]);
const MEMBERS = ['scopes', 'ticketScopes', 'scope_expression'];
/** Neither blanks nor control characters. */
const PATH = /^\/[^\s\p{C}]*$/u;

/** What is wrong with a mark of `@UmaProtected`; nothing for a good one. */
export function markIssues({ path, method, options }: ProtectedMark): string[] {
  return [
    ...(path === undefined || isPath(path) ? [] : ['path: must begin with "/" and have no blanks']),
    ...(method === undefined || isVerb(method) ? [] : ['method: must be an HTTP method']),
    ...(options === undefined ? [] : optionIssues(options)),
  ];
}

/** The parts of a mark that has no issues. */
export function protectionOf({ path, method, options }: ProtectedMark): Protection {
  return { path, method, options: options ?? {} } as Protection;
}

function optionIssues(options: unknown): string[] {
  if (!isObject(options)) return ['options: must be an object'];
  const { scopes, ticketScopes, scope_expression: expression } = options;
  const unknown = Object.keys(options).filter((name) => !MEMBERS.includes(name));
  return [
    ...unknown.map((name) => `${name}: is not an option`),
    ...(scopes === undefined || isTexts(scopes) ? [] : [`scopes: ${TEXTS}`]),
    ...(ticketScopes === undefined || isTexts(ticketScopes) ? [] : [`ticketScopes: ${TEXTS}`]),
    ...(expression === undefined || isExpression(expression) ? [] : [EXPRESSION]),
    ...(expression !== undefined && scopes !== undefined ? [EITHER] : []),
  ];
}

const TEXTS = 'must be a list of names that is not empty';
const EXPRESSION =
  'scope_expression: must be { rule, data } with a JsonLogic rule and a list of scopes';
const EITHER = 'scopes: cannot stand beside scope_expression; name them in its data';

function isPath(value: unknown): boolean {
  return typeof value === 'string' && PATH.test(value);
}

function isVerb(value: unknown): boolean {
  return typeof value === 'string' && VERBS.has(value.toUpperCase());
}

function isTexts(value: unknown): boolean {
  const isText = (one: unknown): boolean => typeof one === 'string' && one.trim() !== '';
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

function isExpression(value: unknown): boolean {
  return isObject(value) && isObject(value.rule) && isTexts(value.data);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
