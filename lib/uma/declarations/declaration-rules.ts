import { METHODS } from 'node:http';
import { RequestMethod } from '@nestjs/common';
import type { UmaMark } from './uma-marks.js';
import type { UmaProtectedOptions } from './uma-protected.decorator.js';
import { isJsonObject, type JsonObject } from '../../base/json.js';

/** Valid arguments of one `@UmaProtected`. */
export interface Protection {
  readonly path?: string;
  readonly method?: string;
  readonly options: UmaProtectedOptions;
}

type ProtectedMark = Extract<UmaMark, { kind: 'protected' }>;

const VERBS = new Set([...METHODS, ...Object.keys(RequestMethod).filter((name) => name !== 'ALL')]);
const OPTION_NAMES = [
  ...['scopes', 'ticketScopes', 'scope_expression'],
  ...['mode', 'resource', 'claims'],
];
/** Neither blanks nor control characters. */
const PATH = /^\/[^\s\p{C}]*$/u;

/** Issues of the arguments of one `@UmaProtected`; an empty list if they are valid. */
export function markIssues({ path, method, options }: ProtectedMark): string[] {
  return [
    ...(path === undefined || isPath(path) ? [] : ['path: must begin with "/" and have no blanks']),
    ...(method === undefined || isVerb(method) ? [] : ['method: must be an HTTP method']),
    ...(options === undefined ? [] : optionIssues(options)),
    ...(path !== undefined && isJsonObject(options) && options.resource !== undefined
      ? ['resource: replaces the path; remove one of them']
      : []),
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
    ...resourceIssues(options),
  ];
}

function resourceIssues({ mode, resource, claims, ...others }: JsonObject): string[] {
  const named = ['ticketScopes', 'scope_expression'].filter((name) => others[name] !== undefined);
  const isFunction = (value: unknown): boolean => typeof value === 'function';
  return [
    ...(mode === undefined || mode === 'rpt' || mode === 'decision' ? [] : [MODE_ISSUE]),
    ...(resource === undefined || isFunction(resource) || isResourceName(resource)
      ? []
      : [RESOURCE_ISSUE]),
    ...(claims === undefined || isFunction(claims) ? [] : ['claims: must be a function']),
    ...(resource === undefined ? [] : named.map((name) => `${name}: excludes resource`)),
  ];
}

/** True for a name or an id of a resource at the authorization server. */
export function isResourceName(value: unknown): value is string {
  if (typeof value !== 'string' || value.trim() === '' || value.length > MAX_NAME) return false;
  return !/[\p{Cc}\p{Cs}]/u.test(value);
}

/** Longest name or id of a resource, in characters. */
const MAX_NAME = 1024;

const MODE_ISSUE = "mode: must be 'rpt' or 'decision'";
const RESOURCE_ISSUE =
  'resource: must be a name or an id, or a function of the context that returns one';

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
