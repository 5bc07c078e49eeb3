import { isJsonObject } from '../../base/json.js';
import type { BearerMark } from './bearer-marks.js';

const OPTION_NAMES = ['scopes', 'roles', 'acr_values', 'max_age'];

/** Token of `scope`; also the characters that a challenge can quote (RFC 6749 §3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Issues of the arguments of one decorator; an empty list if they are valid. */
export function bearerIssues(mark: BearerMark): string[] {
  if (mark.kind === 'public' || mark.options === undefined) return [];
  const { options } = mark;
  if (!isJsonObject(options)) return ['options: must be an object'];
  const { scopes, roles, acr_values, max_age } = options;
  const unknown = Object.keys(options).filter((name) => !OPTION_NAMES.includes(name));
  return [
    ...unknown.map((name) => `${name}: is not an option`),
    ...(isOptional(scopes, isScopes) ? [] : [`scopes: ${TOKENS_ISSUE}, or a function`]),
    ...(isOptional(roles, isRoles) ? [] : [ROLES_ISSUE]),
    ...(isOptional(acr_values, isTokenList) ? [] : [`acr_values: ${TOKENS_ISSUE}`]),
    ...(isOptional(max_age, isSeconds)
      ? []
      : ['max_age: must be a whole number of seconds, from 0']),
  ];
}

/** True for a list of scopes as RFC 6749 §3.3 defines them; the list may be empty. */
export function areScopes(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isToken);
}

const TOKENS_ISSUE =
  'must be a list that is not empty, of names in ASCII without blanks, quotes and backslashes';
const ROLES_ISSUE = 'roles: must be a list of names that is not empty, or { all } with such a list';

function isOptional(value: unknown, isValid: (value: unknown) => boolean): boolean {
  return value === undefined || isValid(value);
}

function isScopes(value: unknown): boolean {
  return typeof value === 'function' || isTokenList(value);
}

function isRoles(value: unknown): boolean {
  if (!isJsonObject(value)) return isNameList(value);
  return Object.keys(value).join() === 'all' && isNameList(value.all);
}

function isNameList(value: unknown): boolean {
  const isName = (name: unknown): boolean => typeof name === 'string' && name.trim() !== '';
  return Array.isArray(value) && value.length > 0 && value.every(isName);
}

function isTokenList(value: unknown): boolean {
  return areScopes(value) && value.length > 0;
}

function isToken(value: unknown): boolean {
  return typeof value === 'string' && SCOPE_TOKEN.test(value);
}

function isSeconds(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
