import { OxdCommandError, printable } from '../../base/errors.js';
import { isJsonObject, isStringList } from '../../base/json.js';
import type { CommandName, Params } from '../../commands/command.js';
import { COMMAND_RULES } from '../../commands/command-rules.js';
import type { ParamRule } from '../../commands/parameter-rules.js';
import type { ParameterKind } from '../../site/parameter-kinds.js';
import { OperationError } from '../requests/operation-error.js';

/** JSON type of a value. */
interface JsonType {
  readonly name: string;
  readonly type: 'string' | 'number' | 'boolean' | 'object';
  /** Further check; default none. */
  readonly fits?: (value: unknown) => boolean;
}

const STRING: JsonType = { name: 'a string', type: 'string' };
const STRINGS: JsonType = { name: 'a list of strings', type: 'object', fits: isStringList };
const RESOURCES: JsonType = {
  name: 'a list of resources with conditions',
  type: 'object',
  fits: Array.isArray,
};

const JSON_TYPES: Readonly<Record<ParameterKind, JsonType>> = {
  string: STRING,
  url: STRING,
  discovery: STRING,
  path: STRING,
  json: STRING,
  number: { name: 'a number', type: 'number', fits: Number.isFinite },
  boolean: { name: 'a boolean', type: 'boolean' },
  strings: STRINGS,
  urls: STRINGS,
  patterns: STRINGS,
  map: { name: 'an object of strings', type: 'object', fits: isMap },
};

/**
 * Returns the parameters of a command and checks their names and JSON types; null counts as omitted.
 *
 * @throws {OperationError} `bad_request` for a wrong type; the message names the parameter
 * @throws {OxdCommandError} OXD_COMMAND_UNSUPPORTED for an unknown parameter, and for one that only
 *   oxd-server supports
 */
export function checkParams<C extends CommandName>(command: C, params: unknown): Params<C> {
  if (!isJsonObject(params)) {
    throw new OperationError('bad_request', 'params: must be an object.');
  }
  const rules: Readonly<Record<string, ParamRule>> = COMMAND_RULES[command].params;
  const checked: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw unknownParam(command, name);
    if (rule.embedded === false) throw onlyOxd(command, name);
    const expected = rule.items ? RESOURCES : JSON_TYPES[rule.kind ?? 'string'];
    if (typeof value !== expected.type || expected.fits?.(value) === false) {
      throw new OperationError('bad_request', `${name}: must be ${expected.name}.`);
    }
    checked[name] = value;
  }
  return checked as Params<C>;
}

/** Error for a name that is not a parameter of a command, nor a property of one of its parameters. */
export function unknownParam(command: CommandName, name: string): OxdCommandError {
  return unsupported(command, `${printable(name)} is not a parameter of this command.`);
}

function onlyOxd(command: CommandName, name: string): OxdCommandError {
  const reason = `the embedded transport does not support ${name}, only oxd-server does.`;
  return unsupported(command, `${reason} Omit the parameter.`);
}

function unsupported(command: CommandName, reason: string): OxdCommandError {
  return new OxdCommandError(
    `${command} was not executed: ${reason}`,
    { error: 'unsupported_operation' },
    { code: 'OXD_COMMAND_UNSUPPORTED', command },
  );
}

/**
 * Returns the value of a required parameter.
 *
 * @throws {OperationError} `bad_request` if the value is missing or blank; the message names the
 *   parameter
 */
export function required(name: string, value: string | undefined): string {
  if (value !== undefined && value.trim() !== '') return value;
  throw new OperationError('bad_request', `${name}: must not be empty.`);
}

function isMap(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every((item) => typeof item === 'string');
}
