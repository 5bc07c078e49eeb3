import { OxdCommandError, printable } from '../../base/errors.js';
import { isJsonObject, isStringList, withoutUndefined } from '../../base/json.js';
import type { CommandName, Params } from '../../commands/command.js';
import { COMMAND_RULES } from '../../commands/command-rules.js';
import type { ParamRule } from '../../commands/parameter-rules.js';
import type { ParameterKind } from '../../site/parameter-kinds.js';
import { OperationError } from '../requests/operation-error.js';

/** JSON type of a value. */
interface JsonType {
  readonly name: string;
  readonly json: 'string' | 'number' | 'boolean' | 'object';
  /** Further check; default none. */
  readonly fits?: (value: unknown) => boolean;
}

const STRING: JsonType = { name: 'a string', json: 'string' };
const STRINGS: JsonType = { name: 'a list of strings', json: 'object', fits: isStringList };
const RESOURCES: JsonType = {
  name: 'a list of resources with conditions',
  json: 'object',
  fits: Array.isArray,
};

const OBJECT: JsonType = { name: 'an object', json: 'object', fits: isJsonObject };

const JSON_TYPES: Readonly<Record<ParameterKind, JsonType>> = {
  string: STRING,
  url: STRING,
  redirect: STRING,
  discovery: STRING,
  path: STRING,
  json: STRING,
  number: { name: 'a number', json: 'number', fits: Number.isFinite },
  boolean: { name: 'a boolean', json: 'boolean' },
  strings: STRINGS,
  urls: STRINGS,
  redirects: STRINGS,
  patterns: STRINGS,
  map: { name: 'an object of strings', json: 'object', fits: isMap },
};

/** Parameter of a command. */
interface Parameter {
  readonly rule: ParamRule;
  readonly type: JsonType;
}

const PARAMETERS = Object.fromEntries(
  Object.entries(COMMAND_RULES).map(([command, { params }]) => [command, parametersOf(params)]),
) as Readonly<Record<CommandName, ReadonlyMap<string, Parameter>>>;

/** Strings that a command requires; a blank string counts as missing. */
const REQUIRED: Readonly<Partial<Record<CommandName, readonly string[]>>> = {
  get_client_token: ['client_id', 'client_secret'],
  get_tokens_by_code: ['code', 'state'],
  get_access_token_by_refresh_token: ['refresh_token'],
  get_user_info: ['access_token'],
  introspect_access_token: ['access_token'],
  introspect_rpt: ['rpt'],
};

/**
 * Returns the parameters of a command and checks their names and JSON types; null counts as omitted.
 *
 * @throws {OperationError} `bad_request` for a wrong type and for a missing parameter; the message
 *   names the parameter
 * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED for an unknown parameter, and for one that only
 *   oxd-server supports
 */
export function checkParams<C extends CommandName>(command: C, params: unknown): Params<C> {
  if (!isJsonObject(params)) {
    throw new OperationError('bad_request', 'params: must be an object.');
  }
  let isComplete = true;
  for (const name of Object.keys(params)) {
    const value = params[name];
    if (value === undefined || value === null) {
      isComplete = false;
      continue;
    }
    const parameter = PARAMETERS[command].get(name);
    if (parameter === undefined) throw unknownParam(command, name);
    const { type, rule } = parameter;
    if (rule.embedded === false && rule.defaultValue !== value) throw onlyOxd(command, name);
    if (typeof value !== type.json || type.fits?.(value) === false) {
      throw new OperationError('bad_request', `${name}: must be ${type.name}.`);
    }
  }
  // The copy has no inherited properties.
  const checked = isComplete ? { ...params } : withoutUndefined(params);
  const missing = REQUIRED[command]?.find((name) => {
    const value = checked[name];
    return typeof value !== 'string' || value.trim() === '';
  });
  if (missing !== undefined) {
    throw new OperationError('bad_request', `${missing}: must not be empty.`);
  }
  return checked as Params<C>;
}

function parametersOf(rules: Readonly<Record<string, ParamRule>>): ReadonlyMap<string, Parameter> {
  const parameters = Object.entries(rules).map(([name, rule]): [string, Parameter] => {
    return [name, { rule, type: typeOf(rule) }];
  });
  return new Map(parameters);
}

function typeOf({ items, asJson, kind = 'string' }: ParamRule): JsonType {
  if (items) return RESOURCES;
  return asJson ? OBJECT : JSON_TYPES[kind];
}

/** Error for a name that is not a parameter of a command, nor a property of one of its parameters. */
export function unknownParam(command: CommandName, name: string): OxdCommandError {
  return unsupported(command, `${printable(name)} is not a parameter of this command.`);
}

function onlyOxd(command: CommandName, name: string): OxdCommandError {
  const rule = PARAMETERS[command].get(name)?.rule;
  const since = rule?.since ?? COMMAND_RULES[command].since;
  const releases = since ? ` ${since} and later` : '';
  const reason = `the embedded transport does not support ${name}, only oxd-server${releases} does.`;
  return unsupported(command, `${reason} Omit the parameter.`);
}

function unsupported(command: CommandName, reason: string): OxdCommandError {
  return new OxdCommandError(
    `${command} was not executed: ${reason}`,
    { error: 'unsupported_operation' },
    { code: 'OXD_COMMAND_UNSUPPORTED', command },
  );
}

function isMap(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');
}
