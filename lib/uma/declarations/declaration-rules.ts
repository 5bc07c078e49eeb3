import { METHODS } from 'node:http';
import { RequestMethod } from '@nestjs/common';
import type { UmaMark } from './uma-marks.js';
import type { UmaProtectedOptions } from './uma-protected.decorator.js';
import { isJsonObject } from '../../base/json.js';

/** Valid arguments of one `@UmaProtected`. */
export interface Protection {
  readonly path?: string;
  readonly method?: string;
  readonly options: UmaProtectedOptions;
}

type ProtectedMark = Extract<UmaMark, { kind: 'protected' }>;

const VERBS = new Set([...METHODS, ...Object.keys(RequestMethod).filter((name) => name !== 'ALL')]);
const OPTION_NAMES = ['scopes', 'ticketScopes', 'scope_expression'];
/** Neither blanks nor control characters. */
const PATH = /^\/[^\s\p{C}]*$/u;

/** Issues of the arguments of one `@UmaProtected`; an empty list if they are valid. */
export function markIssues({ path, method, options }: ProtectedMark): string[] {
  return [
    ...(path === undefined || isPath(path) ? [] : ['path: must begin with "/" and have no blanks']),
    ...(method === undefined || isVerb(method) ? [] : ['method: must be an HTTP method']),
    ...(options === undefined ? [] : optionIssues(options)),
  ];
}

/** Arguments of an `@UmaProtected` for which {@link markIssues} found none. */
export function protectionOf({ path, method, options }: ProtectedMark): Protection {
  return { path, method, options: options ?? {} } as Protection;
}

function optionIssues(options: unknown): string[] {
  if (!isJsonObject(options)) return ['options: must be an object'];
  const { scopes, ticketScopes, scope_expression: expression } = options;
  const unknown = Object.keys(options).filter((name) => !OPTION_NAMES.includes(name));
  return [
    ...unknown.map((name) => `${name}: is not an option`),
    ...(scopes === undefined || isNameList(scopes) ? [] : [`scopes: ${NAME_LIST_ISSUE}`]),
    ...(ticketScopes === undefined || isNameList(ticketScopes)
      ? []
      : [`ticketScopes: ${NAME_LIST_ISSUE}`]),
    ...(expression === undefined || isExpression(expression) ? [] : [EXPRESSION_ISSUE]),
    ...(expression !== undefined && scopes !== undefined ? [EXCLUSIVE_ISSUE] : []),
  ];
}

const NAME_LIST_ISSUE = 'must be a list of names that is not empty';
const EXPRESSION_ISSUE =
  'scope_expression: must be { rule, data } with a JsonLogic rule and a list of scopes';
const EXCLUSIVE_ISSUE = 'scopes: exclude scope_expression; list them in its data instead';

function isPath(value: unknown): boolean {
  return typeof value === 'string' && PATH.test(value);
}

function isVerb(value: unknown): boolean {
  return typeof value === 'string' && VERBS.has(value.toUpperCase());
}

function isNameList(value: unknown): boolean {
  const isName = (name: unknown): boolean => typeof name === 'string' && name.trim() !== '';
  return Array.isArray(value) && value.length > 0 && value.every(isName);
}

function isExpression(value: unknown): boolean {
  return isJsonObject(value) && isJsonObject(value.rule) && isNameList(value.data);
}
