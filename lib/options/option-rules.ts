import 'reflect-metadata';
import { Type } from 'class-transformer';
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
  ValidateNested,
} from 'class-validator';
import type { ParameterKind, SiteParameter } from '../site/parameter-kinds.js';
import { REGISTRATION_ROWS } from '../site/site-parameters.js';
import { check } from './rule-check.js';
import {
  IsIdentifiers,
  IsMilliseconds,
  IsRedirectUri,
  IsStringMap,
  missingOr,
  URL_RULE,
} from './rule-decorators.js';

const URL_TEXT = { message: missingOr('must be an absolute http or https URL') };
const EACH_URL = { each: true, message: 'must list absolute http or https URLs' };
const LIST = { message: 'must be a list' };
const EACH_TEXT = { each: true, message: 'must be a list of strings' };
const SITE_TEXT = { message: 'is required: an object with the parameters of the site' };
const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const NAME_RULE = {
  message: 'must be 1 to 32 lower-case letters, digits and hyphens, beginning with a letter',
};
/** Largest `max` of a cache: the process needs memory for as many tokens or granted checks. */
const MAX_CACHED = 1_000_000;
/** @see RFC 6749 §3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
const EACH_SCOPE = { each: true, message: 'must be a list of scopes, without blanks and quotes' };
const PATH_TEXT = { message: 'must begin with "/"' };
const CONFIGURATION = /^https?:\/\/[^?#]+\/\.well-known\/openid-configuration\/?(?:\?[^#]*)?$/;
const CONFIGURATION_TEXT = {
  message: 'must be an absolute http or https URL that ends in /.well-known/openid-configuration',
};

/** Rules of each kind of site parameter. */
const KIND_RULES: Readonly<Record<ParameterKind, readonly PropertyDecorator[]>> = {
  string: [IsString()],
  url: [IsUrl(URL_RULE, URL_TEXT)],
  redirect: [IsRedirectUri(false)],
  discovery: [Matches(CONFIGURATION, CONFIGURATION_TEXT)],
  path: [Matches(/^\//, PATH_TEXT)],
  json: [IsJSON()],
  number: [IsInt()],
  boolean: [IsBoolean()],
  strings: [IsString(EACH_TEXT), IsArray(LIST)],
  urls: [IsUrl(URL_RULE, EACH_URL), IsArray(LIST)],
  redirects: [IsRedirectUri(true), IsArray(LIST)],
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

class LoginRules {
  @IsOptional() @IsMilliseconds(1_000) stateLifetime?: number;
  @IsOptional() @IsBoolean() userinfo?: boolean;
}

class CacheRules {
  @IsOptional() @IsMilliseconds(0, 300_000) ttl?: number;
  @IsOptional() @IsInt() @Min(1) @Max(MAX_CACHED) max?: number;
}

class UmaRules {
  @IsOptional() @IsIn(['rpt', 'decision']) mode?: string;
  @IsOptional() @IsBoolean() overwrite?: boolean;
  @IsOptional() @IsBoolean() localVerification?: boolean;
  @IsOptional() @ValidateNested() @Type(() => CacheRules) @IsObject() cache?: CacheRules;
}

class BearerRules {
  @IsOptional() @IsIdentifiers() audience?: string | string[];
  @IsOptional() @IsMilliseconds(0, 60_000) clockTolerance?: number;
  @IsOptional() @IsIn(['opaque', 'always', 'never']) introspection?: string;
  @IsOptional() @ValidateNested() @Type(() => CacheRules) @IsObject() cache?: CacheRules;
  @Allow() resource?: string;
  @IsOptional() @Matches(SCOPE, EACH_SCOPE) @IsArray(LIST) scopesSupported?: string[];
  @IsOptional() @IsBoolean() anyAudience?: boolean;
}

class OptionsRules {
  @IsOptional() @Matches(NAME, NAME_RULE) name?: string;
  @ValidateNested() @Type(() => SiteRules) @IsObject(SITE_TEXT) site: SiteRules;
  @IsOptional() @ValidateNested() @Type(() => LoginRules) @IsObject() login?: LoginRules;
  @IsOptional() @ValidateNested() @Type(() => UmaRules) @IsObject() uma?: UmaRules;
  @IsOptional() @ValidateNested() @Type(() => BearerRules) @IsObject() bearer?: BearerRules;
  @IsOptional() @IsBoolean() eager?: boolean;
}

/** Returns every problem of `options` as `path: message`; an unknown option is a problem, too. */
export function checkOptions(options: object): string[] {
  return check(OptionsRules, options, '');
}
