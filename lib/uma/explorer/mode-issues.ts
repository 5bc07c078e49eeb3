import { transportSide, type OxdOptions } from '../../options/oxd.options.js';
import type { Protection } from '../declarations/declaration-rules.js';
import { accessOf } from '../declarations/handler-access.js';
import type { HttpRoute } from '../../routes/http-routes.js';

/** Options that decide about the modes of declarations. */
type ModeOptions = Pick<OxdOptions, 'transport'> & {
  readonly uma: Pick<OxdOptions['uma'], 'mode'>;
};

/**
 * Problems of the modes of a route and its declarations with the options of its module, each as
 * `Controller.method: message`.
 */
export function modeIssues(route: HttpRoute, options: ModeOptions): string[] {
  const access = accessOf(route);
  const protections =
    access === undefined || access === 'public' ? [] : access.flatMap((level) => level.protections);
  const modes = new Set(protections.map((protection) => modeOf(protection, options)));
  const issues = [
    ...(modes.size > 1 ? [TWO_MODES] : []),
    ...protections.flatMap((protection) => protectionIssues(protection, options)),
  ];
  return issues.map((issue) => `${route.name}: ${issue}`);
}

function protectionIssues(protection: Protection, options: ModeOptions): string[] {
  const { ticketScopes, scope_expression, claims, resource, scopes = [] } = protection.options;
  const isDecision = modeOf(protection, options) === 'decision';
  const isOnOxd = transportSide(options.transport) === 'oxd';
  return [
    ...(isOnOxd && (isDecision || resource !== undefined) ? [NOT_ON_OXD] : []),
    ...(isDecision && (ticketScopes ?? scope_expression) ? [RPT_ONLY] : []),
    ...(isDecision && scopes.some((scope) => AMBIGUOUS.test(scope)) ? [AMBIGUOUS_SCOPE] : []),
    ...(!isDecision && claims ? [DECISION_ONLY] : []),
  ];
}

function modeOf(
  { options: { mode } }: Protection,
  { uma }: ModeOptions,
): OxdOptions['uma']['mode'] {
  return mode ?? uma.mode;
}

/** Characters that Keycloak splits a requested permission at, and outer blanks. */
const AMBIGUOUS = /[#,]|^\s|\s$/;

const TWO_MODES =
  'has declarations of both modes, its class included; give all of them the same mode';
const NOT_ON_OXD =
  "is protected with mode 'decision' or with resource, which oxd does not support; remove them, or use " +
  'the embedded transport';
const RPT_ONLY =
  "has ticketScopes or scope_expression in mode 'decision', which has neither ticket nor RPT; use scopes";
const AMBIGUOUS_SCOPE =
  "has a scope with a comma, a hash or an outer blank in mode 'decision', which Keycloak would misread; " +
  'rename it';
const DECISION_ONLY = "has claims in mode 'rpt'; claims need mode: 'decision'";
