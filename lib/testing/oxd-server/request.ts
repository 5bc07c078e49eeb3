import type { CommandName } from '../../commands/command.js';
import { COMMAND_RULES } from '../../commands/dialect/command-rules.js';
import { knows, within, type Release } from '../../commands/dialect/parameter-rules.js';
import type { CommandRule, ParamRule, Span } from '../../commands/dialect/parameter-rules.js';
import { malformedParams, unexpected, WireRefusal } from './reply.js';
import { readResources, type ServerResources } from './resource-params.js';
import { isObject, readMap, readOptional, readText, readTexts } from './values.js';

/** A command as it came. */
export interface WireRequest {
  readonly command: unknown;
  readonly params: unknown;
}

/** Params as oxd-server understood them, by their names in the contract. */
export type ServerParams = Readonly<Record<string, ServerParam | undefined>>;

type ServerParam = string | readonly string[] | Readonly<Record<string, string>> | ServerResources;

/**
 * Reads the text of a frame. What follows the object is ignored.
 *
 * @throws {WireRefusal} the generic internal_error, when it is no object or has other members
 */
export function readRequest(text: string): WireRequest {
  const root = parse(text) ?? parse(firstObject(text));
  if (!isObject(root)) throw unexpected();
  const { command, params, ...more } = root;
  if (Object.keys(more).length > 0) throw unexpected();
  return { command, params };
}

/**
 * The command of the contract that a name means in a release; upper and lower case are alike.
 *
 * @throws {WireRefusal} unsupported_operation
 */
export function commandOf(release: Release, name: unknown): CommandName {
  const asked = typeof name === 'string' ? name.toLowerCase() : undefined;
  const rules: Readonly<Record<string, CommandRule<unknown>>> = COMMAND_RULES;
  const found = Object.entries(rules).find(
    ([command, rule]) => within(release, rule) && spelling(release, command, rule) === asked,
  );
  if (!found) throw new WireRefusal('unsupported_operation');
  // A key of COMMAND_RULES.
  return found[0] as CommandName;
}

/**
 * The params that a release knows. Others are ignored; a number or boolean is good for a string.
 *
 * @throws {WireRefusal} the malformed internal_error, when one is of another type
 */
export function readParams(release: Release, command: CommandName, params: unknown): ServerParams {
  if (!isObject(params)) throw malformedParams();
  const rules: Readonly<Record<string, ParamRule>> = COMMAND_RULES[command].params;
  const read = Object.entries(rules)
    .filter(([, rule]) => knows(release, rule))
    .map(([name, rule]) => [name, params[spelling(release, name, rule)]] as const)
    .map(([name, value]) => {
      const reader = readerOf({ release, command, name });
      return [name, readOptional(value, reader)];
    });
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}

const LISTS = new Set(
  `redirect_uris response_types grant_types scope acr_values client_request_uris
  client_frontchannel_logout_uris contacts ui_locales claims_locales claims_redirect_uri`.split(
    /\s+/,
  ),
);

function readerOf(param: {
  readonly release: Release;
  readonly command: CommandName;
  readonly name: string;
}): (value: unknown) => ServerParam {
  const { release, command, name } = param;
  if (name === 'resources') return (value) => readResources(release, value);
  if (name === 'custom_parameters') return readMap;
  // One URI there, the list of a registration elsewhere.
  if (command === 'uma_rp_get_claims_gathering_url') return readText;
  return LISTS.has(name) ? readTexts : readText;
}

function spelling(
  release: Release,
  name: string,
  rule: { readonly spelled?: Span & { readonly as: string } },
): string {
  return rule.spelled && within(release, rule.spelled) ? rule.spelled.as : name;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The text up to the bracket that closes the first one. */
function firstObject(text: string): string {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*(?:"|\\?$)|[{}]/gs)) {
    if (token === '{') depth += 1;
    if (token === '}' && --depth === 0) return text.slice(0, index + 1);
  }
  return '';
}
