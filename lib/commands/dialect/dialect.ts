import { OxdCommandError, printable } from '../../base/errors.js';
import type { OxdVersion } from '../oxd-transport.js';
import type { CommandName, Result } from '../command.js';
import { COMMAND_RULES } from './command-rules.js';
import { isJsonObject } from './members.js';
import { knows, within } from './parameter-rules.js';
import type {
  CommandRule,
  Requirement,
  ParamRule,
  Release,
  Span,
  RejectionCode,
} from './parameter-rules.js';
import { toUmaOutcome } from './error-replies.js';
import { readResult } from './results.js';

/** A command as a transport is to carry it. */
export interface WireCommand {
  readonly command: string;
  readonly params: Record<string, unknown>;
}

/**
 * Puts a command of the contract into the words of one oxd version. What that version would
 * silently ignore is refused; what it puts into URLs as it is goes there percent-encoded.
 *
 * @param version `contract` leaves everything as it is, but refuses params that nobody knows
 * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED when this version lacks the command or a
 *   param; the message names the versions that have it. OXD_COMMAND_FAILED when later versions
 *   refuse the same in a word of their own. Nothing was sent
 */
export function toWire(version: OxdVersion, command: CommandName, params: object): WireCommand {
  const rule = ruleOf(command);
  if (version === 'contract') return checkContract(command, rule, params);
  if (!within(version, rule)) throw unsupported(command, lacks(version, 'the command', rule));
  const context = { version, command, rules: rule.params };
  if (rule.demands) checkDemands(context, rule.demands, nonBlankParams(params));
  return { command: spelled(version, command, rule), params: translated(context, params) };
}

/**
 * Puts the reply of one oxd version into the words of the contract: nulls are dropped, scopes are
 * one string, claims are plain values.
 *
 * @param version `contract`: only nulls are dropped, and the result is checked
 * @param params what the command was called with
 * @param data the members of the reply
 * @throws {OxdCommandError} OXD_COMMAND_FAILED when the reply hides a failure, such as a
 *   `get_user_info` without `sub`
 * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED when it is not a reply to this command
 */
// oxlint-disable-next-line max-params -- a reply is read against the whole call
export function fromWire<C extends CommandName>(
  version: OxdVersion,
  command: C,
  params: object,
  data: unknown,
): Result<C> {
  // The one cast: readResult() has checked the members against the table of this command.
  return readResult({ version, command, params: { ...params } }, data) as unknown as Result<C>;
}

/**
 * Puts the error reply of one oxd version into the words of the contract.
 *
 * @param params what the command was called with
 * @param error what the transport raised
 * @returns the error to raise
 */
// oxlint-disable-next-line max-params -- an error is read against the whole call, as a reply is
export function fromWireError(
  version: OxdVersion,
  command: CommandName,
  params: object,
  error: unknown,
): unknown {
  return toUmaOutcome({ version, command, params: { ...params } }, error);
}

/**
 * The params that one oxd version would ignore without a word, and that {@link toWire} refuses.
 *
 * @returns their names
 */
export function ignoredParams(version: OxdVersion, command: CommandName, params: object): string[] {
  if (version === 'contract') return [];
  const { params: rules } = ruleOf(command);
  return givenParams(params)
    .filter(([name, value]) => {
      const rule = own(rules, name);
      return !rule || !(knows(version, rule) || maybeLeftOut(rule, value));
    })
    .map(([name]) => name);
}

type Rule = CommandRule<Record<string, unknown>>;

type ParamTable = Readonly<Record<string, ParamRule>>;

function checkContract(command: CommandName, { params: rules }: Rule, params: object): WireCommand {
  checkNames(command, rules, params);
  return { command, params: { ...params } };
}

function checkNames(command: CommandName, rules: ParamTable, members: object): void {
  for (const [name, value] of givenParams(members)) {
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
  /** Of the params, or of the members of a param. */
  readonly rules: ParamTable;
}

function ruleOf(command: CommandName): Rule {
  const rule = own<Rule>(COMMAND_RULES, command);
  if (!rule) throw unsupported(command, 'there is no such command');
  return rule;
}

/** What is blank says nothing. */
function nonBlankParams(params: object): ReadonlySet<string> {
  const said = givenParams(params).filter(
    ([, value]) => typeof value !== 'string' || value.trim() !== '',
  );
  return new Set(said.map(([name]) => name));
}

/** oxd takes null for absent. */
function givenParams(params: object): [string, unknown][] {
  return Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function translated(context: Context, members: object): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  const given = members as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (value !== undefined && value !== null) translate(context, wire, [name, value]);
  }
  return wire;
}

/** Adds one param to those that are sent. */
function translate(
  context: Context,
  wire: Record<string, unknown>,
  [name, value]: [string, unknown],
): void {
  const { version, command, rules } = context;
  const rule = own(rules, name);
  if (!rule) throw unknownParam(command, name);
  if (!knows(version, rule)) {
    if (maybeLeftOut(rule, value)) return;
    throw unsupported(command, lacks(version, name, rule));
  }
  if (rule.never && within(version, rule.never) && rule.never.pattern.test(String(value))) return;
  if (rule.excludes) checkText(command, name, { rule, value });
  wire[spelled(version, name, rule)] = valueOf(context, rule, value);
}

function valueOf(context: Context, { encoded, items }: ParamRule, value: unknown): unknown {
  if (encoded) return encodeURIComponent(String(value));
  if (!items || !Array.isArray(value)) return value;
  const inner = { ...context, rules: items };
  return value.map((item: unknown) => (isJsonObject(item) ? translated(inner, item) : item));
}

/** Whether a release that does not know it does the same without it. */
function maybeLeftOut({ lacking, absentAs }: ParamRule, value: unknown): boolean {
  return lacking === 'drop' || (absentAs !== undefined && absentAs === value);
}

function checkText(
  command: CommandName,
  name: string,
  { rule: { excludes }, value }: { rule: ParamRule; value: unknown },
): void {
  if (!excludes?.pattern.test(String(value))) return;
  throw notSent(command, `change ${name}: ${excludes.because}`, excludes);
}

function checkDemands(
  { version, command }: Context,
  demands: readonly Requirement[],
  said: ReadonlySet<string>,
): void {
  const unmet = (demand: Requirement): boolean =>
    within(version, demand) &&
    !said.has(demand.param) &&
    (demand.beside === undefined || said.has(demand.beside));
  const demand = demands.find(unmet);
  if (demand) throw notSent(command, `pass ${demand.param}: ${demand.because}`, demand);
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
  const having = [
    ...(rule.embedded === false ? [] : ['the embedded transport']),
    ...(rule.oxd === false ? [] : [oxd]),
  ];
  return `oxd ${version} does not know ${what}; known to ${having.join(' and to ')}`;
}

function unknownParam(command: string, name: string): OxdCommandError {
  return unsupported(command, `${printable(name)} is not a param of it`);
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
