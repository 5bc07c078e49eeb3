import 'reflect-metadata';
import { Type, plainToInstance } from 'class-transformer';
import {
  Allow,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsJSON,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  MinLength,
  NotEquals,
  ValidateBy,
  ValidateNested,
  isObject,
  validateSync,
  type ValidationArguments,
  type ValidationError,
} from 'class-validator';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import { addressProblems, proxyProblem } from '../base/network-rules.js';
import type { ParameterKind, SiteParameter } from '../site/parameter-kinds.js';
import { REGISTRATION_ROWS } from '../site/site-parameters.js';

const URL_RULE = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };
const URL_TEXT = { message: missingOr('must be an absolute http or https URL') };
const EACH_URL = { each: true, message: 'must list absolute http or https URLs' };
const LIST = { message: 'must be a list' };
const EACH_TEXT = { each: true, message: 'must be a list of strings' };
const VERSIONS = ['3.1.1', '3.1.2', '3.1.3', '3.1.4'];
const VERSION_TEXT = {
  message: `must be one of ${VERSIONS.join(', ')}; for oxd-server 3.1.5 to 3.1.8 use 3.1.4`,
};
const SITE_TEXT = { message: 'is required: an object with the parameters of the site' };
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const NAME_RULE = {
  message: 'must be 1 to 32 lower-case letters, digits and hyphens, beginning with a letter',
};
const PATH_TEXT = { message: 'must begin with "/"' };
const CONFIGURATION = /^https?:\/\/[^?#]+\/\.well-known\/openid-configuration\/?(?:\?[^#]*)?$/;
const CONFIGURATION_TEXT = {
  message: 'must be an absolute http or https URL that ends in /.well-known/openid-configuration',
};

function missingOr(message: string) {
  return ({ value }: ValidationArguments): string =>
    value === undefined || value === null ? 'is missing' : message;
}

/** Requires an object whose values are strings. */
function IsStringMap(): PropertyDecorator {
  return ValidateBy({
    name: 'isStringMap',
    validator: {
      validate: (value: unknown) =>
        isObject(value) && Object.values(value as object).every((item) => typeof item === 'string'),
      defaultMessage: () => 'must be an object of strings',
    },
  });
}

/** Requires a time; one message for every invalid value, such as `10s`. */
function IsMilliseconds(min: number, max = Number.MAX_SAFE_INTEGER): PropertyDecorator {
  return ValidateBy({
    name: 'isMilliseconds',
    validator: {
      validate: (value: unknown) =>
        Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
      defaultMessage: () => `must be milliseconds, an integer from ${min} to ${max}`,
    },
  });
}

/** Requires the URL of a forward proxy, or `false`. */
function IsProxy(): PropertyDecorator {
  const problemOf = (value: unknown) => (value === false ? undefined : proxyProblem(value));
  return ValidateBy({
    name: 'isProxy',
    validator: {
      validate: (value: unknown) => problemOf(value) === undefined,
      defaultMessage: (args) => problemOf(args?.value) ?? '',
    },
  });
}

/** Rules of each kind of site parameter. */
const KIND_RULES: Readonly<Record<ParameterKind, readonly PropertyDecorator[]>> = {
  string: [IsString()],
  url: [IsUrl(URL_RULE, URL_TEXT)],
  discovery: [Matches(CONFIGURATION, CONFIGURATION_TEXT)],
  path: [Matches(/^\//, PATH_TEXT)],
  json: [IsJSON()],
  number: [IsInt()],
  boolean: [IsBoolean()],
  strings: [IsString(EACH_TEXT), IsArray(LIST)],
  urls: [IsUrl(URL_RULE, EACH_URL), IsArray(LIST)],
  patterns: [IsString(EACH_TEXT), IsArray(LIST)],
  map: [IsStringMap()],
};

class SiteRules {
  @IsOptional() @IsString() @MinLength(1) oxd_id?: string;
}

for (const [name, row] of REGISTRATION_ROWS) {
  Reflect.decorate(rulesOf(row), SiteRules.prototype, name);
}

/** The last decorator that fails gives the message: that of the type is last. */
function rulesOf({ kind, values, not, min, required }: SiteParameter): PropertyDecorator[] {
  return [
    ...(required ? [] : [IsOptional()]),
    ...(not === undefined ? [] : [NotEquals(not)]),
    ...(min === undefined ? [] : [minimum(kind, min)]),
    ...(values ? [IsIn(values)] : KIND_RULES[kind]),
  ];
}

function minimum(kind: ParameterKind, min: number): PropertyDecorator {
  if (kind === 'number') return Min(min);
  return kind === 'string' ? MinLength(min) : ArrayMinSize(min);
}

class EmbeddedRules {
  @IsOptional() @IsIn(['embedded']) type?: string;
  @IsOptional() @IsBoolean() allowInsecureRequests?: boolean;
  @IsOptional() @IsString({ each: true }) ca?: string | string[];
  @IsOptional() @IsProxy() proxy?: string | false;
  @Allow() addresses?: object;
  @IsOptional() @IsMilliseconds(1, MAX_TIMER_DELAY) timeout?: number;
  @IsOptional() @IsString() @MinLength(1) initialAccessToken?: string;
  @IsOptional() @IsIn(['any', 'all']) requiredScopes?: string;
}

class SocketRules {
  @IsIn(['socket']) type: string;
  @IsOptional() @IsString() @MinLength(1) host?: string;
  @IsOptional() @IsInt() @Min(1) @Max(65535) port?: number;
  @IsOptional() @IsIn(VERSIONS, VERSION_TEXT) version?: string;
  @IsOptional() @IsInt() @Min(1) @Max(1024) connections?: number;
  @IsOptional() @IsInt() @Min(0) maxQueue?: number;
  @IsOptional() @IsMilliseconds(1, MAX_TIMER_DELAY) connectTimeout?: number;
  @IsOptional() @IsMilliseconds(1, MAX_TIMER_DELAY) timeout?: number;
}

class LoginRules {
  @IsOptional() @IsMilliseconds(1_000) stateLifetime?: number;
  @IsOptional() @IsBoolean() userinfo?: boolean;
}

class UmaRules {
  @IsOptional() @IsBoolean() overwrite?: boolean;
}

class OptionsRules {
  @IsOptional() @Matches(NAME, NAME_RULE) name?: string;
  @ValidateNested() @Type(() => SiteRules) @IsObject(SITE_TEXT) site: SiteRules;
  @IsOptional() @ValidateNested() @Type(() => LoginRules) @IsObject() login?: LoginRules;
  @IsOptional() @ValidateNested() @Type(() => UmaRules) @IsObject() uma?: UmaRules;
  @IsOptional() @IsBoolean() eager?: boolean;
}

const TRANSPORT_RULES = { embedded: EmbeddedRules, socket: SocketRules } as const;

/** Returns every problem of `options` as `path: message`; an unknown option is a problem, too. */
export function checkOptions(options: object): string[] {
  return check(OptionsRules, options, '');
}

interface TypedTransport {
  readonly type?: unknown;
}

/** Returns every problem of the option `transport` as `path: message`. */
export function checkTransport(transport: unknown): string[] {
  const type = isObject(transport) ? ((transport as TypedTransport).type ?? 'embedded') : undefined;
  if (!isObject(transport)) return [TRANSPORT_TYPE];
  if (type !== 'embedded' && type !== 'socket') return [TRANSPORT_TYPE, ...checkUntyped(transport)];
  const issues = check(TRANSPORT_RULES[type], transport, 'transport.');
  return type === 'embedded' ? [...issues, ...checkAddresses(transport)] : issues;
}

const TRANSPORT_TYPE =
  "transport.type: must be 'embedded' or 'socket', or transport an OxdTransport";
const UNKNOWN_OPTION = 'is not an option';

/** Returns the problems of transport options with an unknown type: those for any of the types. */
function checkUntyped(transport: object): string[] {
  const [one = [], other = []] = Object.entries(TRANSPORT_RULES).map(([type, rules]) =>
    check(rules, { ...transport, type }, 'transport.'),
  );
  const isUnknown = (issue: string): boolean => issue.endsWith(UNKNOWN_OPTION);
  const unknown = one.filter((issue) => isUnknown(issue) && other.includes(issue));
  const invalid = [...one, ...other].filter((issue) => !isUnknown(issue));
  return [...new Set([...unknown, ...invalid])];
}

function checkAddresses({ addresses }: { addresses?: unknown }): string[] {
  if (addresses === undefined || addresses === null) return [];
  return addressProblems(addresses).map((problem) => `transport.addresses${problem}`);
}

function check(rules: new () => object, value: object, path: string): string[] {
  const instance = plainToInstance(rules, value);
  return validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    stopAtFirstError: true,
  }).flatMap((error) => describe(error, path));
}

function describe({ property, constraints, children }: ValidationError, path: string): string[] {
  const own = Object.entries(constraints ?? {}).map(([rule, message]) => {
    const text = rule === 'whitelistValidation' ? UNKNOWN_OPTION : message;
    return `${path}${property}: ${text.replace(`${property} `, '')}`;
  });
  return [...own, ...(children ?? []).flatMap((child) => describe(child, `${path}${property}.`))];
}
