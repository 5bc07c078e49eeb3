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
  type ValidationError,
} from 'class-validator';
import { MAX_TIMER_DELAY } from '../base/limits.js';
import { addressProblems, proxyProblem } from '../base/network-rules.js';
import type { ParameterKind, SiteParameter } from '../site/parameter-kinds.js';
import { REGISTRATION_ROWS } from '../site/site-parameters.js';

const URL_RULE = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };
const URL_TEXT = { message: 'must be an absolute http or https URL' };
const EACH_URL = { each: true, message: 'must list absolute http or https URLs' };
const EACH_TEXT = { each: true, message: 'must be a list of strings' };
const VERSIONS = ['3.1.1', '3.1.2', '3.1.3', '3.1.4'];
const VERSION_TEXT = {
  message: `must be one of ${VERSIONS.join(', ')}; for oxd-server 3.1.5 to 3.1.8 use 3.1.4`,
};
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const NAME_RULE = {
  message: 'must be 1 to 32 lower-case letters, digits and hyphens, beginning with a letter',
};
const PATH_TEXT = { message: 'must begin with "/"' };
const CONFIGURATION = /^https?:\/\/[^?#]+\/\.well-known\/openid-configuration\/?(?:\?[^#]*)?$/;
const CONFIGURATION_TEXT = {
  message: 'must be an absolute http or https URL that ends in /.well-known/openid-configuration',
};

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
  strings: [IsArray(), IsString(EACH_TEXT)],
  urls: [IsArray(), IsUrl(URL_RULE, EACH_URL)],
  patterns: [IsArray(), IsString(EACH_TEXT)],
  map: [IsStringMap()],
};

class SiteRules {
  @IsOptional() @IsString() @MinLength(1) oxd_id?: string;
}

for (const [name, row] of REGISTRATION_ROWS) {
  Reflect.decorate(rulesOf(row), SiteRules.prototype, name);
}

function rulesOf({ kind, values, not, min, required }: SiteParameter): PropertyDecorator[] {
  return [
    ...(required ? [] : [IsOptional()]),
    ...(values ? [IsIn(values)] : KIND_RULES[kind]),
    ...(not === undefined ? [] : [NotEquals(not)]),
    ...(min === undefined ? [] : [minimum(kind, min)]),
  ];
}

function minimum(kind: ParameterKind, min: number): PropertyDecorator {
  if (kind === 'number') return Min(min);
  return kind === 'string' ? MinLength(min) : ArrayMinSize(min);
}

class EmbeddedRules {
  @IsIn(['embedded']) type: string;
  @IsOptional() @IsBoolean() allowInsecureRequests?: boolean;
  @IsOptional() @IsString({ each: true }) ca?: string | string[];
  @IsOptional() @IsProxy() proxy?: string | false;
  @Allow() addresses?: object;
  @IsOptional() @IsInt() @Min(1) @Max(MAX_TIMER_DELAY) timeout?: number;
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
  @IsOptional() @IsInt() @Min(1) @Max(MAX_TIMER_DELAY) connectTimeout?: number;
  @IsOptional() @IsInt() @Min(1) @Max(MAX_TIMER_DELAY) timeout?: number;
}

class LoginRules {
  @IsOptional() @IsInt() @Min(1_000) stateLifetime?: number;
  @IsOptional() @IsBoolean() userinfo?: boolean;
}

class UmaRules {
  @IsOptional() @IsBoolean() overwrite?: boolean;
}

class OptionsRules {
  @IsOptional() @Matches(NAME, NAME_RULE) name?: string;
  @ValidateNested() @Type(() => SiteRules) @IsObject() site: SiteRules;
  @IsOptional() @ValidateNested() @Type(() => LoginRules) @IsObject() login?: LoginRules;
  @IsOptional() @ValidateNested() @Type(() => UmaRules) @IsObject() uma?: UmaRules;
  @IsOptional() @IsBoolean() eager?: boolean;
}

const TRANSPORT_RULES = { embedded: EmbeddedRules, socket: SocketRules } as const;

/** Returns every problem of `options` as `path: message`; an unknown option is a problem, too. */
export function checkOptions(options: object): string[] {
  return check(OptionsRules, options, '');
}

/** Returns every problem of the option `transport` as `path: message`. */
export function checkTransport(transport: object): string[] {
  const type = (transport as { type?: unknown }).type;
  if (type !== 'embedded' && type !== 'socket') {
    return ["transport.type: must be 'embedded' or 'socket', or transport an OxdTransport"];
  }
  const issues = check(TRANSPORT_RULES[type], transport, 'transport.');
  return type === 'embedded' ? [...issues, ...checkAddresses(transport)] : issues;
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
    const text = rule === 'whitelistValidation' ? 'is not an option' : message;
    return `${path}${property}: ${text.replace(`${property} `, '')}`;
  });
  return [...own, ...(children ?? []).flatMap((child) => describe(child, `${path}${property}.`))];
}
