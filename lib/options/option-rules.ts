import 'reflect-metadata';
import { Type, plainToInstance } from 'class-transformer';
import {
  Allow,
  ArrayNotEmpty,
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
import { MAX_TIMER_DELAY } from '../base/clock.js';
import { addressProblems, proxyProblem } from '../base/network-rules.js';

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

/** Rules for `ClientMetadata`. */
class ClientRules {
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) logo_uri?: string;
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) client_uri?: string;
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) policy_uri?: string;
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) tos_uri?: string;
  @IsOptional() @IsJSON() jwks?: string;
  @IsOptional() @IsIn(['pairwise', 'public']) subject_type?: string;
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) initiate_login_uri?: string;
  @IsOptional() @IsInt() @Min(0) default_max_age?: number;
  @IsOptional() @IsBoolean() require_auth_time?: boolean;
  @IsOptional() @IsBoolean() front_channel_logout_session_required?: boolean;
  @IsOptional() @IsString() @NotEquals('none') id_token_signed_response_alg?: string;
  @IsOptional() @IsString() id_token_encrypted_response_alg?: string;
  @IsOptional() @IsString() id_token_encrypted_response_enc?: string;
  @IsOptional() @IsString() user_info_signed_response_alg?: string;
  @IsOptional() @IsString() user_info_encrypted_response_alg?: string;
  @IsOptional() @IsString() user_info_encrypted_response_enc?: string;
  @IsOptional() @IsString() request_object_signing_alg?: string;
  @IsOptional() @IsString() request_object_encryption_alg?: string;
  @IsOptional() @IsString() request_object_encryption_enc?: string;
  @IsOptional() @IsString() id_token_binding_cnf?: string;
  @IsOptional() @IsString() tls_client_auth_subject_dn?: string;
  @IsOptional() @IsString() software_id?: string;
  @IsOptional() @IsString() software_version?: string;
  @IsOptional() @IsString() software_statement?: string;
  @IsOptional() @IsBoolean() access_token_as_jwt?: boolean;
  @IsOptional() @IsString() access_token_signing_alg?: string;
  @IsOptional() @IsInt() @Min(1) access_token_lifetime?: number;
  @IsOptional() @IsBoolean() rpt_as_jwt?: boolean;
  @IsOptional()
  @IsBoolean()
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims?: boolean;
  @IsOptional() @IsArray() @IsString(EACH_TEXT) authorized_origins?: string[];
  @IsOptional() @IsStringMap() custom_attributes?: Record<string, string>;
  @IsOptional() @IsBoolean() allow_spontaneous_scopes?: boolean;
  @IsOptional() @IsArray() @IsString(EACH_TEXT) spontaneous_scopes?: string[];
  @IsOptional() @IsBoolean() sync_client_from_op?: boolean;
  @IsOptional() @IsInt() @Min(1) sync_client_period_in_seconds?: number;
}

class SiteRules extends ClientRules {
  @IsUrl(URL_RULE, URL_TEXT) op_host: string;
  @IsUrl(URL_RULE, URL_TEXT) authorization_redirect_uri: string;
  @IsOptional() @Matches(/^\//, PATH_TEXT) op_discovery_path?: string;
  @IsOptional() @Matches(CONFIGURATION, CONFIGURATION_TEXT) op_configuration_endpoint?: string;
  @IsOptional() @IsArray() @IsUrl(URL_RULE, EACH_URL) redirect_uris?: string[];
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) post_logout_redirect_uri?: string;
  @IsOptional() @IsArray() @IsUrl(URL_RULE, EACH_URL) post_logout_redirect_uris?: string[];
  @IsOptional() @IsArray() @IsString(EACH_TEXT) response_types?: string[];
  @IsOptional() @IsArray() @IsString(EACH_TEXT) grant_types?: string[];
  @IsOptional() @IsArray() @ArrayNotEmpty() @IsString(EACH_TEXT) scope?: string[];
  @IsOptional() @IsArray() @IsString(EACH_TEXT) acr_values?: string[];
  @IsOptional() @IsString() client_name?: string;
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) client_jwks_uri?: string;
  @IsOptional()
  @IsIn([
    'client_secret_basic',
    'client_secret_post',
    'client_secret_jwt',
    'private_key_jwt',
    'none',
  ])
  client_token_endpoint_auth_method?: string;
  @IsOptional() @IsString() client_token_endpoint_auth_signing_alg?: string;
  @IsOptional() @IsArray() @IsUrl(URL_RULE, EACH_URL) client_request_uris?: string[];
  @IsOptional() @IsArray() @IsUrl(URL_RULE, EACH_URL) client_frontchannel_logout_uris?: string[];
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) client_sector_identifier_uri?: string;
  @IsOptional() @IsArray() @IsString(EACH_TEXT) contacts?: string[];
  @IsOptional() @IsArray() @IsString(EACH_TEXT) ui_locales?: string[];
  @IsOptional() @IsArray() @IsString(EACH_TEXT) claims_locales?: string[];
  @IsOptional() @IsArray() @IsUrl(URL_RULE, EACH_URL) claims_redirect_uri?: string[];
  @IsOptional() @IsString() @MinLength(1) oxd_id?: string;
  @IsOptional() @IsString() @MinLength(1) client_id?: string;
  @IsOptional() @IsString() @MinLength(1) client_secret?: string;
  @IsOptional() @IsString() client_registration_access_token?: string;
  @IsOptional() @IsUrl(URL_RULE, URL_TEXT) client_registration_client_uri?: string;
  @IsOptional() @IsBoolean() trusted_client?: boolean;
  @IsOptional() @IsString() oxd_rp_programming_language?: string;
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
