import { registerAs } from '@nestjs/config';
import { SITE_ALIASES } from '../commands/aliases.js';
import { OxdConfigurationError, printable } from '../base/errors.js';
import type { ParameterKind } from '../site/parameter-kinds.js';
import { REGISTRATION_ROWS, SITE_PARAMETERS } from '../site/site-parameters.js';
import { resolveOptions, type OxdModuleOptions } from './oxd.options.js';
import { parseJson } from '../base/json.js';

type Read = (text: string) => unknown;

const text: Read = (value) => value;
const list: Read = (value) => value.split(/[\s,]+/).filter((item) => item !== '');
/** Regular expressions may contain commas: only blanks separate them. */
const patterns: Read = (value) => value.trim().split(/\s+/);
const secrets: Read = (value) => value.split(',').map((secret) => secret.trim());
/** Other values remain strings, which the validation reports. */
const flag: Read = (value) => (value === 'true' ? true : value === 'false' ? false : value);
const json: Read = (value) => parseJson(value) ?? value;
const number: Read = (value) => (/^\d+$/.test(value) ? Number(value) : value);
/** Line breaks in a variable are often written as a backslash and an n. */
const pem: Read = (value) => value.replaceAll('\\n', '\n');

const READERS: Readonly<Record<ParameterKind, Read>> = {
  string: text,
  url: text,
  redirect: text,
  discovery: text,
  path: text,
  json: text,
  number,
  boolean: flag,
  strings: list,
  urls: list,
  redirects: list,
  patterns,
  map: json,
};

type Variable = readonly [path: string, read: Read];

const SITE_VARIABLES = REGISTRATION_ROWS.map(([name, { kind }]): [string, Variable] => [
  `OXD_${name.toUpperCase()}`,
  [`site.${name}`, READERS[kind]],
]);

/** Variables of the other names of parameters of the site, read like those of the names. */
const ALIAS_VARIABLES = Object.entries(SITE_ALIASES).map(([alias, name]): [string, Variable] => [
  `OXD_${alias.toUpperCase()}`,
  [`site.${alias}`, READERS[SITE_PARAMETERS[name].kind]],
]);

/** Every variable: the path of its option in upper snake case, without `site.`. */
const VARIABLES: Readonly<Record<string, Variable>> = {
  ...Object.fromEntries([...SITE_VARIABLES, ...ALIAS_VARIABLES]),
  OXD_OXD_ID: ['site.oxd_id', text],
  OXD_TRANSPORT_TYPE: ['transport.type', text],
  OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: ['transport.allowInsecureRequests', flag],
  OXD_TRANSPORT_CA: ['transport.ca', pem],
  OXD_TRANSPORT_CERT: ['transport.cert', pem],
  OXD_TRANSPORT_KEY: ['transport.key', pem],
  OXD_TRANSPORT_PROXY: ['transport.proxy', flag],
  OXD_TRANSPORT_ADDRESSES: ['transport.addresses', json],
  OXD_TRANSPORT_INITIAL_ACCESS_TOKEN: ['transport.initialAccessToken', text],
  OXD_TRANSPORT_REQUIRED_SCOPES: ['transport.requiredScopes', text],
  OXD_TRANSPORT_TIMEOUT: ['transport.timeout', number],
  OXD_TRANSPORT_URL: ['transport.url', text],
  OXD_TRANSPORT_HOST: ['transport.host', text],
  OXD_TRANSPORT_PORT: ['transport.port', number],
  OXD_TRANSPORT_VERSION: ['transport.version', text],
  OXD_TRANSPORT_CONNECTIONS: ['transport.connections', number],
  OXD_TRANSPORT_MAX_QUEUE: ['transport.maxQueue', number],
  OXD_TRANSPORT_CONNECT_TIMEOUT: ['transport.connectTimeout', number],
  OXD_BASE_URL: ['baseUrl', text],
  OXD_NAME: ['name', text],
  OXD_SECRET: ['secret', secrets],
  OXD_STORE_FILE: ['store', text],
  OXD_EAGER: ['eager', flag],
  OXD_LOGIN_STATE_LIFETIME: ['login.stateLifetime', number],
  OXD_LOGIN_USERINFO: ['login.userinfo', flag],
  OXD_UMA_MODE: ['uma.mode', text],
  OXD_UMA_OVERWRITE: ['uma.overwrite', flag],
  OXD_UMA_LOCAL_VERIFICATION: ['uma.localVerification', flag],
  OXD_UMA_CACHE_TTL: ['uma.cache.ttl', number],
  OXD_UMA_CACHE_MAX: ['uma.cache.max', number],
  OXD_BEARER_AUDIENCE: ['bearer.audience', list],
  OXD_BEARER_CLOCK_TOLERANCE: ['bearer.clockTolerance', number],
  OXD_BEARER_INTROSPECTION: ['bearer.introspection', text],
  OXD_BEARER_CACHE_TTL: ['bearer.cache.ttl', number],
  OXD_BEARER_CACHE_MAX: ['bearer.cache.max', number],
  OXD_BEARER_RESOURCE: ['bearer.resource', text],
  OXD_BEARER_SCOPES_SUPPORTED: ['bearer.scopesSupported', list],
  OXD_BEARER_ANY_AUDIENCE: ['bearer.anyAudience', flag],
};

/**
 * Options from the `OXD_*` environment variables, for `@nestjs/config`:
 * `OxdModule.forRootAsync(oxdConfig.asProvider())`. Lists are separated by commas or blanks, secrets by
 * commas; `OXD_CUSTOM_ATTRIBUTES` and `OXD_TRANSPORT_ADDRESSES` are JSON objects.
 *
 * An unknown `OXD_*` variable is an error, except those that Kubernetes sets for a service named `oxd`.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID with the names of the variables
 */
export const oxdConfig = registerAs('oxd', (): OxdModuleOptions => readEnvironment(process.env));

function readEnvironment(environment: NodeJS.ProcessEnv): OxdModuleOptions {
  const options: Record<string, unknown> = { site: {} };
  for (const [name, [path, read]] of Object.entries(VARIABLES)) {
    const value = environment[name];
    if (value !== undefined && value !== '') assign(options, path, read(value));
  }
  // The options of the transport need a type; the default is embedded.
  if (options.transport) options.transport = { type: 'embedded', ...(options.transport as object) };
  return checked(options, unknownVariables(environment));
}

/** Variables of service links in Kubernetes, such as `OXD_PORT_8099_TCP_ADDR`. */
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT)(?:_|$)|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_|$)/;
const SERVICE_URL = /^(?:tcp|udp|sctp):\/\//;

function unknownVariables(environment: NodeJS.ProcessEnv): string[] {
  return Object.entries(environment)
    .filter(([name, value]) => name.startsWith('OXD_') && !Object.hasOwn(VARIABLES, name) && value)
    .filter(([name, value = '']) => !SERVICE_LINK.test(name) && !SERVICE_URL.test(value))
    .map(([name]) => `${printable(name)}: is not a variable of this module; correct or remove it`);
}

function assign(options: Record<string, unknown>, path: string, value: unknown): void {
  const [group = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    options[group] = value;
    return;
  }
  const inner = { ...(options[group] as object) };
  assign(inner, rest.join('.'), value);
  options[group] = inner;
}

function checked(options: Record<string, unknown>, unknown: readonly string[]): OxdModuleOptions {
  // This cast is safe: resolveOptions() validates the values of the environment.
  const read = options as unknown as OxdModuleOptions;
  try {
    resolveOptions(read);
  } catch (error) {
    if (!(error instanceof OxdConfigurationError)) throw error;
    const issues = [...error.issues.map(namingVariable), ...unknown];
    throw new OxdConfigurationError(issues, { cause: error });
  }
  if (unknown.length > 0) throw new OxdConfigurationError(unknown);
  return read;
}

function namingVariable(issue: string): string {
  const path = issue.slice(0, issue.indexOf(':'));
  const variable = Object.entries(VARIABLES).find(([, [option]]) => option === path)?.[0];
  return variable ? `${variable} (${issue.replace(':', '):')}` : issue;
}
