import { OxdCommandError, printable } from '../errors.js';
import type { OxdVersion } from '../transport/transport.js';
import type { CommandName, Result } from './command.js';
import { COMMAND_RULES, knows, within } from './dialect-params.js';
import type { CommandRule, Demand, ParamRule, Release, Span } from './dialect-params.js';
import { readResult } from './dialect-results.js';

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
 *   param; the message names the versions that have it, and nothing was sent
 */
export function toWire(version: OxdVersion, command: CommandName, params: object): WireCommand {
  const rule = ruleOf(command);
  if (version === 'contract') return asItIs(command, rule, params);
  if (!within(version, rule)) throw unsupported(command, lacks(version, 'the command', rule));
  const context = { version, command, rule };
  if (rule.demands) checkDemands(context, new Set(givenParams(params).map(([name]) => name)));
  const wire: Record<string, unknown> = {};
  const given = params as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (value !== undefined && value !== null) translate(context, wire, [name, value]);
  }
  return { command: spelled(version, command, rule), params: wire };
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
 * The params that one oxd version would ignore without a word, and that {@link toWire} refuses.
 *
 * @returns their names
 */
export function ignoredParams(version: OxdVersion, command: CommandName, params: object): string[] {
  if (version === 'contract') return [];
  const { params: rules } = ruleOf(command);
  return givenParams(params)
    .map(([name]) => name)
    .filter((name) => {
      const rule = own(rules, name);
      return !rule || (rule.lacking !== 'drop' && !knows(version, rule));
    });
}

type Rule = CommandRule<Record<string, unknown>>;

function asItIs(command: CommandName, { params: rules }: Rule, params: object): WireCommand {
  const unknown = givenParams(params).find(([name]) => !own(rules, name));
  if (unknown) throw unknownParam(command, unknown[0]);
  return { command, params: { ...params } };
}

interface Context {
  readonly version: Release;
  readonly command: CommandName;
  readonly rule: Rule;
}

function ruleOf(command: CommandName): Rule {
  const rule = own<Rule>(COMMAND_RULES, command);
  if (!rule) throw unsupported(command, 'there is no such command');
  return rule;
}

/** oxd takes null for absent. */
function givenParams(params: object): [string, unknown][] {
  return Object.entries(params).filter(([, value]) => value !== undefined && value !== null);
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Adds one param to those that are sent. */
function translate(
  { version, command, rule: { params } }: Context,
  wire: Record<string, unknown>,
  [name, value]: [string, unknown],
): void {
  const rule = own(params, name);
  if (!rule) throw unknownParam(command, name);
  if (!knows(version, rule)) {
    if (rule.lacking === 'drop') return;
    throw unsupported(command, lacks(version, name, rule));
  }
  if (rule.excludes) checkText(command, name, { rule, value });
  wire[spelled(version, name, rule)] = rule.encoded ? encodeURIComponent(String(value)) : value;
}

function checkText(
  command: CommandName,
  name: string,
  { rule, value }: { rule: ParamRule; value: unknown },
): void {
  if (!rule.excludes?.pattern.test(String(value))) return;
  throw unsupported(command, `change ${name}: ${rule.excludes.because}`);
}

function checkDemands({ version, command, rule }: Context, given: ReadonlySet<string>): void {
  const unmet = (demand: Demand): boolean =>
    within(version, demand) &&
    !given.has(demand.param) &&
    (demand.beside === undefined || given.has(demand.beside));
  const demand = rule.demands?.find(unmet);
  if (demand) throw unsupported(command, `pass ${demand.param}: ${demand.because}`);
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
  return new OxdCommandError(
    `${command} was not sent: ${why}.`,
    { error: 'unsupported_operation' },
    { code: 'OXD_COMMAND_UNSUPPORTED', command },
  );
}
