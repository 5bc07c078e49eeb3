import { registerAs } from '@nestjs/config';
import { OxdConfigurationError } from '../base/errors.js';
import { resolveOptions, type OxdModuleOptions } from './oxd.options.js';

type Read = (text: string) => unknown;

const text: Read = (value) => value;
const list: Read = (value) => value.split(/[\s,]+/).filter((item) => item !== '');
/** Regular expressions may contain commas: only blanks separate them. */
const patterns: Read = (value) => value.trim().split(/\s+/);
const secrets: Read = (value) => value.split(',').map((secret) => secret.trim());
/** Other values remain strings, which the validation reports. */
const flag: Read = (value) => (value === 'true' ? true : value === 'false' ? false : value);
const json: Read = (value) => {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
};
const number: Read = (value) => (/^\d+$/.test(value) ? Number(value) : value);
/** Line breaks in a variable are often written as a backslash and an n. */
const pem: Read = (value) => value.replaceAll('\\n', '\n');

/** Every variable: the path of its option in upper snake case, without `site.`. */
const VARIABLES: Readonly<Record<string, readonly [path: string, read: Read]>> = {
  OXD_OP_HOST: ['site.op_host', text],
  OXD_OP_DISCOVERY_PATH: ['site.op_discovery_path', text],
  OXD_OP_CONFIGURATION_ENDPOINT: ['site.op_configuration_endpoint', text],
  OXD_AUTHORIZATION_REDIRECT_URI: ['site.authorization_redirect_uri', text],
  OXD_REDIRECT_URIS: ['site.redirect_uris', list],
  OXD_POST_LOGOUT_REDIRECT_URI: ['site.post_logout_redirect_uri', text],
  OXD_POST_LOGOUT_REDIRECT_URIS: ['site.post_logout_redirect_uris', list],
  OXD_RESPONSE_TYPES: ['site.response_types', list],
  OXD_GRANT_TYPES: ['site.grant_types', list],
  OXD_SCOPE: ['site.scope', list],
  OXD_ACR_VALUES: ['site.acr_values', list],
  OXD_CLIENT_NAME: ['site.client_name', text],
  OXD_CLIENT_JWKS_URI: ['site.client_jwks_uri', text],
  OXD_CLIENT_TOKEN_ENDPOINT_AUTH_METHOD: ['site.client_token_endpoint_auth_method', text],
  OXD_CLIENT_TOKEN_ENDPOINT_AUTH_SIGNING_ALG: ['site.client_token_endpoint_auth_signing_alg', text],
  OXD_CLIENT_REQUEST_URIS: ['site.client_request_uris', list],
  OXD_CLIENT_FRONTCHANNEL_LOGOUT_URIS: ['site.client_frontchannel_logout_uris', list],
  OXD_CLIENT_SECTOR_IDENTIFIER_URI: ['site.client_sector_identifier_uri', text],
  OXD_CONTACTS: ['site.contacts', list],
  OXD_UI_LOCALES: ['site.ui_locales', list],
  OXD_CLAIMS_LOCALES: ['site.claims_locales', list],
  OXD_CLAIMS_REDIRECT_URI: ['site.claims_redirect_uri', list],
  OXD_LOGO_URI: ['site.logo_uri', text],
  OXD_CLIENT_URI: ['site.client_uri', text],
  OXD_POLICY_URI: ['site.policy_uri', text],
  OXD_TOS_URI: ['site.tos_uri', text],
  OXD_JWKS: ['site.jwks', text],
  OXD_SUBJECT_TYPE: ['site.subject_type', text],
  OXD_INITIATE_LOGIN_URI: ['site.initiate_login_uri', text],
  OXD_DEFAULT_MAX_AGE: ['site.default_max_age', number],
  OXD_REQUIRE_AUTH_TIME: ['site.require_auth_time', flag],
  OXD_FRONT_CHANNEL_LOGOUT_SESSION_REQUIRED: ['site.front_channel_logout_session_required', flag],
  OXD_ID_TOKEN_SIGNED_RESPONSE_ALG: ['site.id_token_signed_response_alg', text],
  OXD_ID_TOKEN_ENCRYPTED_RESPONSE_ALG: ['site.id_token_encrypted_response_alg', text],
  OXD_ID_TOKEN_ENCRYPTED_RESPONSE_ENC: ['site.id_token_encrypted_response_enc', text],
  OXD_USER_INFO_SIGNED_RESPONSE_ALG: ['site.user_info_signed_response_alg', text],
  OXD_USER_INFO_ENCRYPTED_RESPONSE_ALG: ['site.user_info_encrypted_response_alg', text],
  OXD_USER_INFO_ENCRYPTED_RESPONSE_ENC: ['site.user_info_encrypted_response_enc', text],
  OXD_REQUEST_OBJECT_SIGNING_ALG: ['site.request_object_signing_alg', text],
  OXD_REQUEST_OBJECT_ENCRYPTION_ALG: ['site.request_object_encryption_alg', text],
  OXD_REQUEST_OBJECT_ENCRYPTION_ENC: ['site.request_object_encryption_enc', text],
  OXD_ID_TOKEN_BINDING_CNF: ['site.id_token_binding_cnf', text],
  OXD_TLS_CLIENT_AUTH_SUBJECT_DN: ['site.tls_client_auth_subject_dn', text],
  OXD_SOFTWARE_ID: ['site.software_id', text],
  OXD_SOFTWARE_VERSION: ['site.software_version', text],
  OXD_SOFTWARE_STATEMENT: ['site.software_statement', text],
  OXD_ACCESS_TOKEN_AS_JWT: ['site.access_token_as_jwt', flag],
  OXD_ACCESS_TOKEN_SIGNING_ALG: ['site.access_token_signing_alg', text],
  OXD_ACCESS_TOKEN_LIFETIME: ['site.access_token_lifetime', number],
  OXD_RPT_AS_JWT: ['site.rpt_as_jwt', flag],
  OXD_RUN_INTROSPECTION_SCRIPT_BEFOREACCESS_TOKEN_AS_JWT_CREATION_AND_INCLUDE_CLAIMS: [
    'site.run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims',
    flag,
  ],
  OXD_AUTHORIZED_ORIGINS: ['site.authorized_origins', list],
  OXD_CUSTOM_ATTRIBUTES: ['site.custom_attributes', json],
  OXD_ALLOW_SPONTANEOUS_SCOPES: ['site.allow_spontaneous_scopes', flag],
  OXD_SPONTANEOUS_SCOPES: ['site.spontaneous_scopes', patterns],
  OXD_SYNC_CLIENT_FROM_OP: ['site.sync_client_from_op', flag],
  OXD_SYNC_CLIENT_PERIOD_IN_SECONDS: ['site.sync_client_period_in_seconds', number],
  OXD_OXD_ID: ['site.oxd_id', text],
  OXD_CLIENT_ID: ['site.client_id', text],
  OXD_CLIENT_SECRET: ['site.client_secret', text],
  OXD_CLIENT_REGISTRATION_ACCESS_TOKEN: ['site.client_registration_access_token', text],
  OXD_CLIENT_REGISTRATION_CLIENT_URI: ['site.client_registration_client_uri', text],
  OXD_TRUSTED_CLIENT: ['site.trusted_client', flag],
  OXD_OXD_RP_PROGRAMMING_LANGUAGE: ['site.oxd_rp_programming_language', text],
  OXD_TRANSPORT_TYPE: ['transport.type', text],
  OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS: ['transport.allowInsecureRequests', flag],
  OXD_TRANSPORT_CA: ['transport.ca', pem],
  OXD_TRANSPORT_PROXY: ['transport.proxy', flag],
  OXD_TRANSPORT_ADDRESSES: ['transport.addresses', json],
  OXD_TRANSPORT_INITIAL_ACCESS_TOKEN: ['transport.initialAccessToken', text],
  OXD_TRANSPORT_REQUIRED_SCOPES: ['transport.requiredScopes', text],
  OXD_TRANSPORT_TIMEOUT: ['transport.timeout', number],
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
  OXD_UMA_OVERWRITE: ['uma.overwrite', flag],
};

/**
 * Options from the `OXD_*` environment variables, for `@nestjs/config`:
 * `OxdModule.forRootAsync(oxdConfig.asProvider())`. Lists are separated by commas or blanks, secrets by
 * commas; `OXD_CUSTOM_ATTRIBUTES` and `OXD_TRANSPORT_ADDRESSES` are JSON objects.
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
  return checked(options);
}

function assign(options: Record<string, unknown>, path: string, value: unknown): void {
  const [group = '', member] = path.split('.');
  if (member === undefined) options[group] = value;
  else options[group] = { ...(options[group] as object), [member]: value };
}

function checked(options: Record<string, unknown>): OxdModuleOptions {
  // This cast is safe: resolveOptions() validates the values of the environment.
  const read = options as unknown as OxdModuleOptions;
  try {
    resolveOptions(read);
    return read;
  } catch (error) {
    if (!(error instanceof OxdConfigurationError)) throw error;
    throw new OxdConfigurationError(error.issues.map(namingVariable), { cause: error });
  }
}

function namingVariable(issue: string): string {
  const path = issue.slice(0, issue.indexOf(':'));
  const variable = Object.entries(VARIABLES).find(([, [option]]) => option === path)?.[0];
  return variable ? `${variable} (${issue.replace(':', '):')}` : issue;
}
