import { OxdCommandError, printable } from '../../base/errors.js';
import type { OxdVersion } from '../oxd-transport.js';
import type { CommandName, Result } from '../command.js';
import { COMMAND_RULES } from '../command-rules.js';
import { isJsonObject } from '../../base/json.js';
import { within, type Release, type Span } from '../../base/oxd-releases.js';
import { supports } from '../parameter-rules.js';
import type {
  CommandRule,
  Exclusion,
  Requirement,
  ParamRule,
  RejectionCode,
} from '../parameter-rules.js';
import { contractError } from './error-replies.js';
import { completeLists } from './list-parameters.js';
import { readResult, type Call } from './results.js';

/** Command as a transport sends it. */
export interface WireCommand {
  readonly command: string;
  readonly params: Record<string, unknown>;
}

/**
 * Translates a command of the contract to one oxd version. A parameter that this version would
 * silently ignore is rejected; a value that it copies into URLs without encoding is percent-encoded.
 *
 * @param version with `contract` nothing is translated, but unknown parameters are rejected
 * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED when this version lacks the command or a parameter;
 *   the message contains the versions that have it. OXD_COMMAND_FAILED with the error code of later
 *   versions when they reject the same parameters. Nothing was sent in both cases
 */
export function toWire(version: OxdVersion, command: CommandName, params: object): WireCommand {
  const rule = ruleOf(command);
  if (version === 'contract') return checkContract(command, rule, params);
  if (!within(version, rule)) throw unsupported(command, lacks(version, 'the command', rule));
  const context = { version, command, rules: rule.params };
  if (rule.requires) checkRequirements(context, rule.requires, nonBlankParams(params));
  const wire = translated(context, params);
  if (rule.lists) completeLists(version, rule.lists, wire);
  return { command: spelled(version, command, rule), params: wire };
}

/** Returns true if an oxd version has a command. */
export function hasCommand(version: OxdVersion, command: CommandName): boolean {
  return version === 'contract' || within(version, COMMAND_RULES[command]);
}

/**
 * Translates the response of one oxd version to the contract: drops nulls, joins scopes to one string,
 * converts claims to plain values.
 *
 * @param version with `contract` only nulls are dropped; the result is checked as for oxd
 * @param params parameters of the command
 * @param data property `data` of the response
 * @throws {OxdCommandError} OXD_COMMAND_FAILED when the response hides a failure, such as a
 *   `get_user_info` without `sub`
 * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED when it is no response to this command
 */
// oxlint-disable-next-line max-params -- a response is read against the whole call
export function fromWire<C extends CommandName>(
  version: OxdVersion,
  command: C,
  params: object,
  data: unknown,
): Result<C> {
  const call = { version, command, params: params as Call['params'] };
  // This cast is safe: readResult() has checked the properties against the table of this command.
  return readResult(call, data) as unknown as Result<C>;
}

/**
 * Translates the error response of one oxd version to the contract.
 *
 * @param params parameters of the command
 * @param error error thrown by the transport
 * @returns the error to throw
 */
// oxlint-disable-next-line max-params -- an error is read against the whole call, as a response is
export function fromWireError(
  version: OxdVersion,
  command: CommandName,
  params: object,
  error: unknown,
): unknown {
  return contractError({ version, command, params: params as Call['params'] }, error);
}

/**
 * Returns the names of the parameters that one oxd version would silently ignore, and that
 * {@link toWire} therefore rejects.
 */
export function ignoredParams(version: OxdVersion, command: CommandName, params: object): string[] {
  if (version === 'contract') return [];
  const { params: rules } = ruleOf(command);
  return givenParams(params)
    .filter(([name, value]) => {
      const rule = own(rules, name);
      return !rule || !(supports(version, rule) || canOmit(rule, value));
    })
    .map(([name]) => name);
}

type Rule = CommandRule<Record<string, unknown>>;

type ParamTable = Readonly<Record<string, ParamRule>>;

function checkContract(command: CommandName, { params: rules }: Rule, params: object): WireCommand {
  checkNames(command, rules, params);
  return { command, params: { ...params } };
}

function checkNames(command: CommandName, rules: ParamTable, params: object): void {
  for (const [name, value] of givenParams(params)) {
    const rule = own(rules, name);
    if (!rule) throw unknownParam(command, name);
    const { items } = rule;
    if (items) itemsOf(value).forEach((item) => checkNames(command, items, item));
  }
}

function itemsOf(value: unknown): readonly object[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

interface Context {
  readonly version: Release;
  readonly command: CommandName;
  /** Rules of the parameters, or of the properties of an item of a parameter. */
  readonly rules: ParamTable;
}

function ruleOf(command: CommandName): Rule {
  const rule = own<Rule>(COMMAND_RULES, command);
  if (!rule) throw unsupported(command, 'this command does not exist');
  return rule;
}

/** Names of the parameters with a value; a blank string and an empty list count as missing. */
function nonBlankParams(params: object): ReadonlySet<string> {
  const nonBlank = givenParams(params).filter(([, value]) => !isBlank(value));
  return new Set(nonBlank.map(([name]) => name));
}

function isBlank(value: unknown): boolean {
  return typeof value === 'string' ? value.trim() === '' : Array.isArray(value) && !value.length;
}

/** Parameters other than undefined and null: oxd treats null as missing. */
function givenParams(params: object): [string, unknown][] {
  return Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function translated(context: Context, params: object): Record<string, unknown> {
  const { version, command, rules } = context;
  const wire: Record<string, unknown> = {};
  const given = params as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    const rule = own(rules, name);
    if (!rule) throw unknownParam(command, name);
    if (!supports(version, rule)) {
      if (canOmit(rule, value)) continue;
      throw unsupported(command, lacks(version, name, rule));
    }
    if (isMisread(version, rule, value)) continue;
    if (rule.excludes) checkExcluded(context, [rule.excludes].flat(), [name, value]);
    wire[spelled(version, name, rule)] = valueOf(context, rule, value);
  }
  return wire;
}

function isMisread(version: Release, { omits }: ParamRule, value: unknown): boolean {
  return omits !== undefined && within(version, omits) && omits.pattern.test(String(value));
}

function valueOf(context: Context, { encoded, asJson, items }: ParamRule, value: unknown): unknown {
  if (encoded) return encodeURIComponent(String(value));
  if (asJson) return JSON.stringify(value);
  if (!items || !Array.isArray(value)) return value;
  const inner = { ...context, rules: items };
  return value.map((item: unknown) => (isJsonObject(item) ? translated(inner, item) : item));
}

/** Returns true if a release without this parameter behaves the same when the parameter is omitted. */
function canOmit({ ifUnsupported, defaultValue }: ParamRule, value: unknown): boolean {
  return ifUnsupported === 'omit' || (defaultValue !== undefined && defaultValue === value);
}

function checkExcluded(
  { version, command }: Context,
  exclusions: readonly Exclusion[],
  [name, value]: [string, unknown],
): void {
  const texts = isJsonObject(value) ? Object.keys(value) : [value].flat().map(String);
  const found = exclusions.find(
    (one) => within(version, one) && texts.some((text) => one.pattern.test(text)),
  );
  if (found) throw notSent(command, `change ${name}: ${found.because}`, found);
}

function checkRequirements(
  { version, command }: Context,
  requirements: readonly Requirement[],
  names: ReadonlySet<string>,
): void {
  const isUnmet = (requirement: Requirement): boolean =>
    within(version, requirement) &&
    !names.has(requirement.param) &&
    (requirement.with === undefined || names.has(requirement.with)) &&
    (requirement.without === undefined || !names.has(requirement.without));
  const unmet = requirements.find(isUnmet);
  if (unmet) throw notSent(command, `pass ${unmet.param}: ${unmet.because}`, unmet);
}

function spelled(
  version: Release,
  name: string,
  rule: { readonly spelled?: Span & { readonly as: string } },
): string {
  return rule.spelled && within(version, rule.spelled) ? rule.spelled.as : name;
}

function lacks(version: Release, what: string, rule: ParamRule): string {
  const { since, until } = rule;
  const oxd = since
    ? `oxd ${since} ${until ? `to ${until}` : 'and later'}`
    : `oxd up to ${until ?? 'now'}`;
  const supporters = [
    ...(rule.embedded === false ? [] : ['the embedded transport']),
    ...(rule.oxd === false ? [] : [oxd]),
  ];
  return `oxd ${version} does not support ${what}; supported by ${supporters.join(' and by ')}`;
}

function unknownParam(command: string, name: string): OxdCommandError {
  return unsupported(command, `${printable(name)} is not a parameter of this command`);
}

function unsupported(command: string, why: string): OxdCommandError {
  return notSent(command, why, {});
}

function notSent(command: string, why: string, { error }: RejectionCode): OxdCommandError {
  const code = error === undefined ? 'OXD_COMMAND_UNSUPPORTED' : 'OXD_COMMAND_FAILED';
  return new OxdCommandError(
    `${command} was not sent: ${why}.`,
    { error: error ?? 'unsupported_operation' },
    { code, command },
  );
}
