import { CLOCK_TOLERANCE } from '../../base/limits.js';
import type { IntrospectRptResult, ScopeExpression, UmaPermission } from '../../commands/uma.js';
import type { RptStatus } from '../context/rpt-snapshots.js';
import { evaluate } from '../resources/scope-expression.js';
import { isStringList, objectOf, textOf, stringsOf, type JsonObject } from '../../base/json.js';

/** Expected values of an introspection response. */
export interface ExpectedRpt {
  /** Issuer of the authorization server. */
  readonly issuer: string;
  /** Client that `aud` must contain; undefined if `aud` does not denote the resource server. */
  readonly audience?: string;
  /** Current time in seconds since 1970. */
  readonly now: number;
  /** A permission without scopes covers the whole resource (Keycloak); default: covers nothing. */
  readonly hasWholeResources?: boolean;
}

/** Result of an introspection. */
export interface IntrospectedRpt extends RptStatus {
  /** Check that failed, for the log, if the RPT is not active. */
  readonly reason?: string;
}

/** Permission that a request needs. */
export interface NeededPermission {
  readonly resource_id: string;
  readonly scopes: readonly string[];
  /** Requires one of the scopes, or all. */
  readonly requiredScopes: 'any' | 'all';
  /** Replaces `scopes` and `requiredScopes`. */
  readonly scope_expression?: ScopeExpression;
}

const TEXTS = ['client_id', 'sub', 'iss', 'jti'] as const;
const TIMES = ['exp', 'iat', 'nbf'] as const;

/** RPT that is not active. */
export const INACTIVE: IntrospectedRpt = {
  result: Object.freeze({ active: false }),
  wholeResources: new Set(),
};

/**
 * Reads an introspection response of Keycloak, Gluu, Janssen or SolidLab. A token that is expired,
 * not yet valid, of another issuer or for another audience is not active. A permission that is
 * expired, not yet valid or has a property of the wrong type is omitted.
 *
 * @returns undefined if the response has no boolean `active`
 * @see UMA Federated Authorization §5.1.1, RFC 7662 §2.2
 */
export function introspectedRpt(
  response: unknown,
  expected: ExpectedRpt,
): IntrospectedRpt | undefined {
  const token = objectOf(response);
  if (typeof token?.active !== 'boolean') return undefined;
  if (!token.active) return { ...INACTIVE, reason: 'introspection returned active false' };
  return rptOfClaims(token, token.permissions, expected);
}

/**
 * Reads the claims of an RPT that is genuine, with the rules of {@link introspectedRpt}.
 *
 * @param permissions list of the permissions; another type counts as an empty list
 */
export function rptOfClaims(
  token: JsonObject,
  permissions: unknown,
  expected: ExpectedRpt,
): IntrospectedRpt {
  const times = currentTimes(token, expected.now);
  const reason = inactiveReason(token, times, expected);
  if (reason !== undefined) return { ...INACTIVE, reason };
  const valid: UmaPermission[] = [];
  const wholeResources = new Set<string>();
  // A loop instead of array methods, because every request is checked.
  for (const item of Array.isArray(permissions) ? permissions : []) {
    const read = readItem(item, expected.now);
    if (!read) continue;
    valid.push(read.permission);
    if (read.isWhole && expected.hasWholeResources) wholeResources.add(read.permission.resource_id);
  }
  return {
    result: { active: true, permissions: valid, ...times, ...textsIn(token) },
    wholeResources,
  };
}

/** True if an RPT covers the needed permission. Ids and scopes are compared as exact strings. */
export function coversResource(
  { result, wholeResources }: RptStatus,
  { resource_id, scopes, requiredScopes, scope_expression }: NeededPermission,
): boolean {
  if (!result.active) return false;
  if (wholeResources.has(resource_id)) return true;
  const { permissions = [] } = result;
  const isGranted = (scope: string): boolean =>
    permissions.some(
      (one) => one.resource_id === resource_id && one.resource_scopes.includes(scope),
    );
  if (scope_expression) return evaluate(scope_expression, isGranted);
  if (scopes.length === 0) return false;
  return requiredScopes === 'all' ? scopes.every(isGranted) : scopes.some(isGranted);
}

interface Item {
  readonly permission: UmaPermission;
  readonly isWhole: boolean;
}

/** Reads one permission; Keycloak names its properties `rsid` and `scopes`. */
function readItem(value: unknown, now: number): Item | undefined {
  const item = objectOf(value);
  const times = item && currentTimes(item, now);
  if (!times) return undefined;
  const { rsid, resource_id = rsid } = item;
  const { resource_scopes = item.scopes ?? [], scopes = resource_scopes } = item;
  const id = textOf(resource_id);
  if (id === undefined || (rsid !== undefined && rsid !== id)) return undefined;
  if (!isStringList(resource_scopes)) return undefined;
  if (scopes !== resource_scopes && !isStringList(scopes)) return undefined;
  return {
    permission: { resource_id: id, resource_scopes, ...times },
    isWhole:
      rsid !== undefined && [scopes, resource_scopes].flat().length === 0 && !hasNullScopes(value),
  };
}

/**
 * True for scopes that are null, which need not mean every scope as omitted scopes do at Keycloak.
 */
function hasNullScopes(item: unknown): boolean {
  const { scopes, resource_scopes } = item as JsonObject;
  return scopes === null || resource_scopes === null;
}

type Times = { -readonly [name in (typeof TIMES)[number]]?: number };

/**
 * Times of a token or permission; undefined before `nbf`, from `exp` on, and for a time that is not
 * a number. Only `nbf` has a tolerance.
 */
function currentTimes(from: JsonObject, now: number): Times | undefined {
  const found: Times = {};
  for (const name of TIMES) {
    const time = from[name];
    if (time === undefined || time === null) continue;
    if (typeof time !== 'number' || !Number.isFinite(time)) return undefined;
    found[name] = time;
  }
  const { exp = Infinity, nbf = -Infinity } = found;
  return now < exp && nbf <= now + CLOCK_TOLERANCE ? found : undefined;
}

function inactiveReason(
  token: JsonObject,
  times: Times | undefined,
  { issuer, audience }: ExpectedRpt,
): string | undefined {
  const { iss, aud } = token;
  if (!times) return 'exp has passed, or nbf is in the future';
  if (iss !== undefined && iss !== issuer) return 'iss is another issuer';
  const isForClient =
    audience === undefined || aud === audience || (Array.isArray(aud) && aud.includes(audience));
  return isForClient ? undefined : 'aud does not contain the client';
}

/** String claims of a token. A loop instead of array methods, because every request is checked. */
function textsIn(token: JsonObject): Partial<IntrospectRptResult> {
  const found: { -readonly [name in (typeof TEXTS)[number]]?: string } = {};
  for (const name of TEXTS) {
    const text = token[name] === undefined ? undefined : textOf(token[name]);
    if (text !== undefined) found[name] = text;
  }
  const aud = token.aud === undefined ? undefined : (textOf(token.aud) ?? stringsOf(token.aud));
  return aud === undefined ? found : { aud, ...found };
}
