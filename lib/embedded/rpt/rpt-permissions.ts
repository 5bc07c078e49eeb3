import { CLOCK_TOLERANCE } from '../../base/clock.js';
import type { IntrospectRptResult, ScopeExpression, UmaPermission } from '../../commands/uma.js';
import { evaluate } from '../resources/scope-expression.js';
import { objectOf, textOf, textsOf, type JsonObject } from '../requests/json.js';

/** What an introspection answer is compared with. */
export interface ExpectedRpt {
  /** The authorization server. */
  readonly issuer: string;
  /** Whom `aud` must name; left out where `aud` does not mean the resource server. */
  readonly audience?: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** Whether an item without scopes is the whole resource (Keycloak), or nothing. */
  readonly hasWholeResources?: boolean;
}

/** What an RPT is good for. */
export interface IntrospectedRpt {
  readonly result: IntrospectRptResult;
  /** Ids of resources that it allows as a whole, whatever their scopes. */
  readonly wholeResources: ReadonlySet<string>;
  /** Check that failed, for the log, if the RPT is not active. */
  readonly reason?: string;
}

/** What is needed at a resource. */
export interface NeededPermission {
  readonly resource_id: string;
  readonly scopes: readonly string[];
  /** Whether one of the scopes is enough, or all are needed. */
  readonly requiredScopes: 'any' | 'all';
  /** Decides instead of the scopes. */
  readonly scope_expression?: ScopeExpression;
}

const TEXTS = ['client_id', 'sub', 'iss', 'jti'] as const;
const TIMES = ['exp', 'iat', 'nbf'] as const;

/** An RPT that is good for nothing. */
export const INACTIVE: IntrospectedRpt = { result: { active: false }, wholeResources: new Set() };

/**
 * Reads an introspection answer in the shapes of Keycloak, Gluu, Janssen and SolidLab. A token that
 * is out of its time, of another issuer or for somebody else is not active; a permission that is out
 * of its time, or has a member of the wrong type, is left out.
 *
 * @returns undefined where this is no introspection answer: `active` is strictly a boolean
 * @see UMA Federated Authorization §5.1.1, RFC 7662 §2.2
 */
export function introspectedRpt(
  answer: unknown,
  expected: ExpectedRpt,
): IntrospectedRpt | undefined {
  const token = objectOf(answer);
  if (typeof token?.active !== 'boolean') return undefined;
  const reason = inactiveReason(token, expected);
  if (reason !== undefined) return { ...INACTIVE, reason };
  const items = (Array.isArray(token.permissions) ? token.permissions : [])
    .map((item) => readItem(item, expected.now))
    .filter((item) => item !== undefined);
  return {
    result: {
      active: true,
      ...membersOf(token),
      permissions: items.map(({ permission }) => permission),
    },
    wholeResources: new Set(
      items
        .filter(({ isWhole }) => isWhole && expected.hasWholeResources)
        .map(({ permission }) => permission.resource_id),
    ),
  };
}

/** Whether an RPT is enough: ids and scopes are compared as they are, and none is like another. */
export function coversResource(
  { result, wholeResources }: IntrospectedRpt,
  { resource_id, scopes, requiredScopes, scope_expression }: NeededPermission,
): boolean {
  if (!result.active) return false;
  if (wholeResources.has(resource_id)) return true;
  const items = (result.permissions ?? []).filter((item) => item.resource_id === resource_id);
  const granted = new Set(items.flatMap(({ resource_scopes }) => resource_scopes));
  if (scope_expression) return evaluate(scope_expression, granted);
  if (scopes.length === 0) return false;
  const isGranted = (scope: string): boolean => granted.has(scope);
  return requiredScopes === 'all' ? scopes.every(isGranted) : scopes.some(isGranted);
}

interface Item {
  readonly permission: UmaPermission;
  readonly isWhole: boolean;
}

/** `rsid` and `scopes` are Keycloak's names. */
function readItem(value: unknown, now: number): Item | undefined {
  const item = objectOf(value);
  if (!item || !isInTime(item, now)) return undefined;
  const { rsid, resource_id = rsid } = item;
  const id = textOf(resource_id);
  const scopes = spellingsOf(item.resource_scopes, item.scopes);
  if (id === undefined || !scopes || (rsid !== undefined && rsid !== id)) return undefined;
  const [resource_scopes = []] = scopes;
  return {
    permission: { resource_id: id, resource_scopes, ...timesOf(item) },
    isWhole: rsid !== undefined && scopes.flat().length === 0 && !hasNullScopes(value),
  };
}

/** Null is not certain to mean every scope, which omitted scopes mean at Keycloak. */
function hasNullScopes(item: unknown): boolean {
  const { scopes, resource_scopes } = item as JsonObject;
  return scopes === null || resource_scopes === null;
}

/** The lists that are there; undefined where one of them is no list of strings. */
function spellingsOf(...values: readonly unknown[]): readonly (readonly string[])[] | undefined {
  const there = values.filter((value) => value !== undefined);
  const lists = there.map(textsOf).filter((list) => list !== undefined);
  return lists.length === there.length ? lists : undefined;
}

/** Times are numbers of seconds; of any other type they count as over. Only `nbf` has a tolerance. */
function isInTime(times: JsonObject, now: number): boolean {
  const { exp, nbf } = times;
  const isTold = (name: string): boolean => times[name] !== undefined && times[name] !== null;
  if (TIMES.some((name) => isTold(name) && !isTime(times[name]))) return false;
  return !(isTime(exp) && exp <= now) && !(isTime(nbf) && nbf > now + CLOCK_TOLERANCE);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function inactiveReason(
  token: JsonObject,
  { issuer, audience, now }: ExpectedRpt,
): string | undefined {
  const { active, iss, aud } = token;
  if (!active) return 'introspection returned active false';
  if (!isInTime(token, now)) return 'exp or nbf does not allow it now';
  if (iss !== undefined && iss !== issuer) return 'iss is another issuer';
  const isForUs = audience === undefined || [aud].flat().includes(audience);
  return isForUs ? undefined : 'aud does not contain the client';
}

function membersOf(token: JsonObject): Partial<IntrospectRptResult> {
  const { aud } = token;
  const audience = textOf(aud) ?? textsOf(aud);
  return { ...timesOf(token), ...textsIn(token), ...(audience && { aud: audience }) };
}

/** A loop over names that are known: this is done for every request that is checked. */
function textsIn(token: JsonObject): Partial<IntrospectRptResult> {
  const found: { -readonly [name in (typeof TEXTS)[number]]?: string } = {};
  for (const name of TEXTS) {
    const text = textOf(token[name]);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function timesOf(from: JsonObject): Pick<UmaPermission, (typeof TIMES)[number]> {
  const found: { -readonly [name in (typeof TIMES)[number]]?: number } = {};
  for (const name of TIMES) {
    const time = from[name];
    if (isTime(time)) found[name] = time;
  }
  return found;
}
