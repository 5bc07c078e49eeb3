import type { CommandName } from '../../commands/command.js';
import { COMMAND_RULES } from '../../commands/command-rules.js';
import { within, type Release, type Span } from '../../base/oxd-releases.js';
import { SINCE_4_2, supports } from '../../commands/parameter-rules.js';
import type { CommandRule, ParamRule } from '../../commands/parameter-rules.js';
import type { ParameterKind } from '../../site/parameter-kinds.js';
import { malformedParams, unexpected, CommandFailure } from './reply.js';
import { readResources, type ServerResources } from './resource-params.js';
import {
  readBoolean,
  readMap,
  readNumber,
  readOptional,
  readString,
  readStrings,
} from './values.js';
import { isJsonObject, parseJson, withoutUndefined } from '../../base/json.js';

/** Parameters of oxd-server that this package never sends. */
const SERVER_ONLY: { readonly [C in CommandName]?: Readonly<Record<string, ParamRule>> } = {
  get_logout_uri: { id_token_hint: {} },
};

/** A command as received, not yet validated. */
export interface WireRequest {
  readonly command: unknown;
  readonly params: unknown;
}

/** Parameters as oxd-server reads them, by their names in the contract. */
export type ServerParams = Readonly<Record<string, ServerParam | undefined>>;

type ServerParam =
  | string
  | number
  | boolean
  | readonly string[]
  | Readonly<Record<string, string>>
  | ServerResources;

type Reader = (value: unknown) => ServerParam;

/** Readers of values that are no strings; as a string oxd-server also accepts a number or a boolean. */
const READERS: { readonly [K in ParameterKind]?: Reader } = {
  strings: readStrings,
  urls: readStrings,
  redirects: readStrings,
  patterns: readStrings,
  map: readMap,
  boolean: readBoolean,
  number: readNumber,
};

/**
 * Parses the body of a frame. Ignores everything after the JSON object, as oxd-server does.
 *
 * @throws {CommandFailure} generic internal_error when the body is not an object or has other properties
 */
export function readRequest(text: string): WireRequest {
  const root = parseJson(text) ?? parseJson(firstObject(text));
  if (!isJsonObject(root)) throw unexpected();
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
  const found = commandsOf(release).find((command) => wireName(release, command) === requested);
  if (!found) throw new CommandFailure('unsupported_operation');
  return found;
}

/** Names of the commands of a release on the wire. */
export function wireNames(release: Release): readonly string[] {
  return commandsOf(release).map((command) => wireName(release, command));
}

function commandsOf(release: Release): readonly CommandName[] {
  // The cast is safe: the strings are the keys of COMMAND_RULES.
  const commands = Object.keys(COMMAND_RULES) as CommandName[];
  return commands.filter((command) => within(release, COMMAND_RULES[command]));
}

function wireName(release: Release, command: CommandName): string {
  const rule: CommandRule<unknown> = COMMAND_RULES[command];
  return spelling(release, command, rule);
}

/**
 * Reads the parameters that a release supports and ignores others. Accepts a number or a boolean as a
 * string.
 *
 * @throws {CommandFailure} malformed internal_error when a parameter has the wrong type
 */
export function readParams(release: Release, command: CommandName, params: unknown): ServerParams {
  if (!isJsonObject(params)) throw malformedParams();
  const rules: Readonly<Record<string, ParamRule>> = {
    ...COMMAND_RULES[command].params,
    ...SERVER_ONLY[command],
    authorization_oxd_id: SINCE_4_2,
  };
  const read = Object.entries(rules)
    .filter(([, rule]) => supports(release, rule))
    .map(([name, rule]) => {
      const value = params[spelling(release, name, rule)];
      return [name, readOptional(value, readerOf(rule, release))] as const;
    });
  return withoutUndefined(Object.fromEntries(read));
}

function readerOf({ kind = 'string', items }: ParamRule, release: Release): Reader {
  if (items) return (value) => readResources(release, value);
  return READERS[kind] ?? readString;
}

function spelling(
  release: Release,
  name: string,
  rule: { readonly spelled?: Span & { readonly as: string } },
): string {
  return rule.spelled && within(release, rule.spelled) ? rule.spelled.as : name;
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
