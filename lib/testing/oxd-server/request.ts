import type { CommandName } from '../../commands/command.js';
import { COMMAND_RULES } from '../../commands/dialect/command-rules.js';
import { supports, within, type Release } from '../../commands/dialect/parameter-rules.js';
import type { CommandRule, ParamRule, Span } from '../../commands/dialect/parameter-rules.js';
import { malformedParams, unexpected, CommandFailure } from './reply.js';
import { readResources, type ServerResources } from './resource-params.js';
import { isObject, readMap, readOptional, readString, readStrings } from './values.js';

/** A command as received, not yet validated. */
export interface WireRequest {
  readonly command: unknown;
  readonly params: unknown;
}

/** Parameters as oxd-server reads them, by their names in the contract. */
export type ServerParams = Readonly<Record<string, ServerParam | undefined>>;

type ServerParam = string | readonly string[] | Readonly<Record<string, string>> | ServerResources;

/**
 * Parses the body of a frame. Ignores everything after the JSON object, as oxd-server does.
 *
 * @throws {CommandFailure} generic internal_error when the body is not an object or has other properties
 */
export function readRequest(text: string): WireRequest {
  const root = parse(text) ?? parse(firstObject(text));
  if (!isObject(root)) throw unexpected();
  const { command, params, ...more } = root;
  if (Object.keys(more).length > 0) throw unexpected();
  return { command, params };
}

/**
 * Maps a name on the wire, case-insensitive, to the command of the contract in a release.
 *
 * @throws {CommandFailure} unsupported_operation
 */
export function commandOf(release: Release, name: unknown): CommandName {
  const requested = typeof name === 'string' ? name.toLowerCase() : undefined;
  const rules: Readonly<Record<string, CommandRule<unknown>>> = COMMAND_RULES;
  const found = Object.entries(rules).find(
    ([command, rule]) => within(release, rule) && spelling(release, command, rule) === requested,
  );
  if (!found) throw new CommandFailure('unsupported_operation');
  // The cast is safe: the string is a key of COMMAND_RULES.
  return found[0] as CommandName;
}

/**
 * Reads the parameters that a release supports and ignores others. Accepts a number or a boolean as a
 * string.
 *
 * @throws {CommandFailure} malformed internal_error when a parameter has the wrong type
 */
export function readParams(release: Release, command: CommandName, params: unknown): ServerParams {
  if (!isObject(params)) throw malformedParams();
  const rules: Readonly<Record<string, ParamRule>> = COMMAND_RULES[command].params;
  const read = Object.entries(rules)
    .filter(([, rule]) => supports(release, rule))
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
  // claims_redirect_uri is one URI in this command, and a list in a registration.
  if (command === 'uma_rp_get_claims_gathering_url') return readString;
  return LISTS.has(name) ? readStrings : readString;
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

/** Part of the text up to the brace that closes the first brace. */
function firstObject(text: string): string {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*(?:"|\\?$)|[{}]/gs)) {
    if (token === '{') depth += 1;
    if (token === '}' && --depth === 0) return text.slice(0, index + 1);
  }
  return '';
}
