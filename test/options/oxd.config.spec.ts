import { oxdConfig } from '../../lib/options/oxd.config.js';
import { OxdConfigurationError } from '../../lib/base/errors.js';
import { libSource } from '../support/source.js';

const base = {
  OXD_OP_HOST: 'https://op.example.com',
  OXD_AUTHORIZATION_REDIRECT_URI: 'https://app.example.com/callback',
};

function read(variables: Record<string, string>): ReturnType<typeof oxdConfig> {
  const before = process.env;
  process.env = { ...base, ...variables };
  try {
    return oxdConfig();
  } finally {
    process.env = before;
  }
}

function issuesOf(variables: Record<string, string>): readonly string[] {
  try {
    read(variables);
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const [SECRET, OLDER] = ['n'.repeat(32), 'o'.repeat(32)];

/** Every variable: its name, a string, the path of its option, and the value of the option. */
const VARIABLES: readonly [name: string, text: string, path: string, value: unknown][] = [
  ['OXD_OP_HOST', 'https://other.example', 'site.op_host', 'https://other.example'],
  ['OXD_OP_DISCOVERY_PATH', '/realms/r', 'site.op_discovery_path', '/realms/r'],
  [
    'OXD_OP_CONFIGURATION_ENDPOINT',
    'https://op.example.com/r/.well-known/openid-configuration',
    'site.op_configuration_endpoint',
    'https://op.example.com/r/.well-known/openid-configuration',
  ],
  [
    'OXD_AUTHORIZATION_REDIRECT_URI',
    'https://app.example/cb',
    'site.authorization_redirect_uri',
    'https://app.example/cb',
  ],
  [
    'OXD_REDIRECT_URIS',
    'https://a.example/1 https://a.example/2',
    'site.redirect_uris',
    ['https://a.example/1', 'https://a.example/2'],
  ],
  [
    'OXD_POST_LOGOUT_REDIRECT_URI',
    'https://app.example/out',
    'site.post_logout_redirect_uri',
    'https://app.example/out',
  ],
  [
    'OXD_POST_LOGOUT_REDIRECT_URIS',
    'https://a.example/out https://b.example/out',
    'site.post_logout_redirect_uris',
    ['https://a.example/out', 'https://b.example/out'],
  ],
  ['OXD_RESPONSE_TYPES', 'code', 'site.response_types', ['code']],
  ['OXD_GRANT_TYPES', 'a, b', 'site.grant_types', ['a', 'b']],
  ['OXD_SCOPE', 'openid,email', 'site.scope', ['openid', 'email']],
  ['OXD_ACR_VALUES', 'gold silver', 'site.acr_values', ['gold', 'silver']],
  ['OXD_CLIENT_NAME', 'My application', 'site.client_name', 'My application'],
  [
    'OXD_CLIENT_JWKS_URI',
    'https://a.example/jwks',
    'site.client_jwks_uri',
    'https://a.example/jwks',
  ],
  [
    'OXD_CLIENT_TOKEN_ENDPOINT_AUTH_METHOD',
    'client_secret_jwt',
    'site.client_token_endpoint_auth_method',
    'client_secret_jwt',
  ],
  [
    'OXD_CLIENT_TOKEN_ENDPOINT_AUTH_SIGNING_ALG',
    'HS256',
    'site.client_token_endpoint_auth_signing_alg',
    'HS256',
  ],
  [
    'OXD_CLIENT_REQUEST_URIS',
    'https://a.example/request',
    'site.client_request_uris',
    ['https://a.example/request'],
  ],
  [
    'OXD_CLIENT_FRONTCHANNEL_LOGOUT_URIS',
    'https://a.example/logout',
    'site.client_frontchannel_logout_uris',
    ['https://a.example/logout'],
  ],
  [
    'OXD_CLIENT_SECTOR_IDENTIFIER_URI',
    'https://a.example/sector',
    'site.client_sector_identifier_uri',
    'https://a.example/sector',
  ],
  ['OXD_CONTACTS', 'a@a.example b@a.example', 'site.contacts', ['a@a.example', 'b@a.example']],
  ['OXD_UI_LOCALES', 'en, fr', 'site.ui_locales', ['en', 'fr']],
  ['OXD_CLAIMS_LOCALES', 'de', 'site.claims_locales', ['de']],
  [
    'OXD_CLAIMS_REDIRECT_URI',
    'https://a.example/claims',
    'site.claims_redirect_uri',
    ['https://a.example/claims'],
  ],
  ['OXD_LOGO_URI', 'https://a.example/logo', 'site.logo_uri', 'https://a.example/logo'],
  ['OXD_CLIENT_URI', 'https://a.example/about', 'site.client_uri', 'https://a.example/about'],
  ['OXD_POLICY_URI', 'https://a.example/policy', 'site.policy_uri', 'https://a.example/policy'],
  ['OXD_TOS_URI', 'https://a.example/terms', 'site.tos_uri', 'https://a.example/terms'],
  ['OXD_JWKS', '{"keys": []}', 'site.jwks', '{"keys": []}'],
  ['OXD_SUBJECT_TYPE', 'pairwise', 'site.subject_type', 'pairwise'],
  [
    'OXD_INITIATE_LOGIN_URI',
    'https://a.example/begin',
    'site.initiate_login_uri',
    'https://a.example/begin',
  ],
  ['OXD_DEFAULT_MAX_AGE', '3600', 'site.default_max_age', 3600],
  ['OXD_REQUIRE_AUTH_TIME', 'true', 'site.require_auth_time', true],
  [
    'OXD_FRONT_CHANNEL_LOGOUT_SESSION_REQUIRED',
    'true',
    'site.front_channel_logout_session_required',
    true,
  ],
  ['OXD_ID_TOKEN_SIGNED_RESPONSE_ALG', 'ES256', 'site.id_token_signed_response_alg', 'ES256'],
  [
    'OXD_ID_TOKEN_ENCRYPTED_RESPONSE_ALG',
    'RSA-OAEP',
    'site.id_token_encrypted_response_alg',
    'RSA-OAEP',
  ],
  [
    'OXD_ID_TOKEN_ENCRYPTED_RESPONSE_ENC',
    'A128GCM',
    'site.id_token_encrypted_response_enc',
    'A128GCM',
  ],
  ['OXD_USER_INFO_SIGNED_RESPONSE_ALG', 'PS256', 'site.user_info_signed_response_alg', 'PS256'],
  [
    'OXD_USER_INFO_ENCRYPTED_RESPONSE_ALG',
    'RSA-OAEP-256',
    'site.user_info_encrypted_response_alg',
    'RSA-OAEP-256',
  ],
  [
    'OXD_USER_INFO_ENCRYPTED_RESPONSE_ENC',
    'A256GCM',
    'site.user_info_encrypted_response_enc',
    'A256GCM',
  ],
  ['OXD_REQUEST_OBJECT_SIGNING_ALG', 'RS384', 'site.request_object_signing_alg', 'RS384'],
  ['OXD_REQUEST_OBJECT_ENCRYPTION_ALG', 'RSA1_5', 'site.request_object_encryption_alg', 'RSA1_5'],
  ['OXD_REQUEST_OBJECT_ENCRYPTION_ENC', 'A192GCM', 'site.request_object_encryption_enc', 'A192GCM'],
  ['OXD_ID_TOKEN_BINDING_CNF', 'tbh', 'site.id_token_binding_cnf', 'tbh'],
  [
    'OXD_TLS_CLIENT_AUTH_SUBJECT_DN',
    'CN=app, O=us',
    'site.tls_client_auth_subject_dn',
    'CN=app, O=us',
  ],
  ['OXD_SOFTWARE_ID', 'software-1', 'site.software_id', 'software-1'],
  ['OXD_SOFTWARE_VERSION', '2.2', 'site.software_version', '2.2'],
  [
    'OXD_SOFTWARE_STATEMENT',
    'a.software.statement',
    'site.software_statement',
    'a.software.statement',
  ],
  ['OXD_ACCESS_TOKEN_AS_JWT', 'false', 'site.access_token_as_jwt', false],
  ['OXD_ACCESS_TOKEN_SIGNING_ALG', 'RS512', 'site.access_token_signing_alg', 'RS512'],
  ['OXD_ACCESS_TOKEN_LIFETIME', '300', 'site.access_token_lifetime', 300],
  ['OXD_RPT_AS_JWT', 'true', 'site.rpt_as_jwt', true],
  [
    'OXD_RUN_INTROSPECTION_SCRIPT_BEFOREACCESS_TOKEN_AS_JWT_CREATION_AND_INCLUDE_CLAIMS',
    'true',
    'site.run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims',
    true,
  ],
  [
    'OXD_AUTHORIZED_ORIGINS',
    'https://a.example,https://b.example',
    'site.authorized_origins',
    ['https://a.example', 'https://b.example'],
  ],
  [
    'OXD_CUSTOM_ATTRIBUTES',
    '{"department": "music, loud"}',
    'site.custom_attributes',
    { department: 'music, loud' },
  ],
  ['OXD_ALLOW_SPONTANEOUS_SCOPES', 'true', 'site.allow_spontaneous_scopes', true],
  [
    'OXD_SPONTANEOUS_SCOPES',
    '^a:.+$ ^b:\\d{1,3}$',
    'site.spontaneous_scopes',
    ['^a:.+$', '^b:\\d{1,3}$'],
  ],
  ['OXD_SYNC_CLIENT_FROM_OP', 'true', 'site.sync_client_from_op', true],
  ['OXD_SYNC_CLIENT_PERIOD_IN_SECONDS', '60', 'site.sync_client_period_in_seconds', 60],
  ['OXD_OXD_ID', 'site-1', 'site.oxd_id', 'site-1'],
  ['OXD_CLIENT_ID', 'client-1', 'site.client_id', 'client-1'],
  ['OXD_CLIENT_SECRET', 'its secret, whole', 'site.client_secret', 'its secret, whole'],
  [
    'OXD_CLIENT_REGISTRATION_ACCESS_TOKEN',
    'its token',
    'site.client_registration_access_token',
    'its token',
  ],
  [
    'OXD_CLIENT_REGISTRATION_CLIENT_URI',
    'https://other.example/client',
    'site.client_registration_client_uri',
    'https://other.example/client',
  ],
  ['OXD_TRUSTED_CLIENT', 'true', 'site.trusted_client', true],
  ['OXD_OXD_RP_PROGRAMMING_LANGUAGE', 'node', 'site.oxd_rp_programming_language', 'node'],
  ['OXD_TRANSPORT_TYPE', 'socket', 'transport.type', 'socket'],
  ['OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS', 'true', 'transport.allowInsecureRequests', true],
  ['OXD_TRANSPORT_CA', PEM, 'transport.ca', PEM],
  ['OXD_TRANSPORT_CA', PEM.replaceAll('\n', '\\n'), 'transport.ca', PEM],
  ['OXD_TRANSPORT_PROXY', 'http://p.example:3128', 'transport.proxy', 'http://p.example:3128'],
  ['OXD_TRANSPORT_PROXY', 'false', 'transport.proxy', false],
  [
    'OXD_TRANSPORT_ADDRESSES',
    '{"https://sso.example": "http://keycloak:8080"}',
    'transport.addresses',
    { 'https://sso.example': 'http://keycloak:8080' },
  ],
  ['OXD_TRANSPORT_INITIAL_ACCESS_TOKEN', 'initial', 'transport.initialAccessToken', 'initial'],
  ['OXD_TRANSPORT_REQUIRED_SCOPES', 'all', 'transport.requiredScopes', 'all'],
  ['OXD_TRANSPORT_TIMEOUT', '5001', 'transport.timeout', 5001],
  ['OXD_TRANSPORT_HOST', 'oxd.example', 'transport.host', 'oxd.example'],
  ['OXD_TRANSPORT_PORT', '8100', 'transport.port', 8100],
  ['OXD_TRANSPORT_VERSION', '3.1.2', 'transport.version', '3.1.2'],
  ['OXD_TRANSPORT_CONNECTIONS', '3', 'transport.connections', 3],
  ['OXD_TRANSPORT_MAX_QUEUE', '7', 'transport.maxQueue', 7],
  ['OXD_TRANSPORT_CONNECT_TIMEOUT', '1500', 'transport.connectTimeout', 1500],
  ['OXD_BASE_URL', 'https://a.example/shop', 'baseUrl', 'https://a.example/shop'],
  ['OXD_NAME', 'intranet', 'name', 'intranet'],
  ['OXD_SECRET', `${SECRET}, ${OLDER}`, 'secret', [SECRET, OLDER]],
  ['OXD_STORE_FILE', '/var/lib/app/oxd.json', 'store', '/var/lib/app/oxd.json'],
  ['OXD_EAGER', 'false', 'eager', false],
  ['OXD_LOGIN_STATE_LIFETIME', '60000', 'login.stateLifetime', 60_000],
  ['OXD_LOGIN_USERINFO', 'false', 'login.userinfo', false],
  ['OXD_UMA_OVERWRITE', 'true', 'uma.overwrite', true],
];

/** Variables that must be set together with `name`. */
function requiredWith(name: string): Record<string, string> {
  if (/_ENCRYPTED_|_BINDING_|_SYNC_/.test(name)) return { OXD_TRANSPORT_TYPE: 'socket' };
  if (/^OXD_TRANSPORT_(HOST|PORT|VERSION|CONN|MAX)/.test(name))
    return { OXD_TRANSPORT_TYPE: 'socket' };
  const client = { OXD_CLIENT_ID: 'client-1', OXD_CLIENT_SECRET: 'its secret' };
  return /^OXD_CLIENT_(ID|SECRET|REGISTRATION)/.test(name) ? client : {};
}

describe('oxdConfig', () => {
  const named = VARIABLES.map(([name, text, path, value]) => ({ name, text, path, value }));

  it.each(named)('reads $name as option $path', ({ name, text, path, value }) => {
    expect(read({ ...requiredWith(name), [name]: text })).toHaveProperty(path.split('.'), value);
  });

  it('reads no variable beyond those of this table', () => {
    const known = [...libSource('options/oxd.config.ts').matchAll(/^ {2}(OXD_\w+):/gm)];
    const names = new Set(VARIABLES.map(([name]) => name));
    expect(new Set(known.map(([, name]) => name))).toEqual(names);
  });

  it('reads all variables of a site together, each into its own option', () => {
    const rows = VARIABLES.filter(
      ([name, , path]) => path.startsWith('site.') && name !== 'OXD_OP_CONFIGURATION_ENDPOINT',
    );
    const texts = Object.fromEntries(rows.map(([name, text]) => [name, text]));
    const { site } = read({ ...texts, OXD_TRANSPORT_TYPE: 'socket' });
    expect(site).toEqual(
      Object.fromEntries(rows.map(([, , path, value]) => [path.replace('site.', ''), value])),
    );
  });

  it('reads options of every kind', () => {
    expect(
      read({
        OXD_SCOPE: 'openid, email',
        OXD_TRANSPORT_TYPE: 'socket',
        OXD_TRANSPORT_PORT: '8100',
        OXD_SECRET: `${'n'.repeat(32)},${'o'.repeat(32)}`,
        OXD_EAGER: 'true',
        OXD_LOGIN_STATE_LIFETIME: '60000',
      }),
    ).toEqual({
      site: {
        op_host: base.OXD_OP_HOST,
        authorization_redirect_uri: base.OXD_AUTHORIZATION_REDIRECT_URI,
        scope: ['openid', 'email'],
      },
      transport: { type: 'socket', port: 8100 },
      secret: ['n'.repeat(32), 'o'.repeat(32)],
      eager: true,
      login: { stateLifetime: 60_000 },
    });
  });

  it('defaults to the embedded transport for a transport without a type', () => {
    expect(read({ OXD_TRANSPORT_TIMEOUT: '5' }).transport).toEqual({
      type: 'embedded',
      timeout: 5,
    });
  });

  it('ignores empty variables and OXD_ variables of other software', () => {
    const options = read({
      OXD_SCOPE: '',
      OXD_SERVICE_HOST: '10.0.0.1',
      OXD_PORT: 'tcp://10.0.0.1',
    });
    expect(Object.keys(options)).toEqual(['site']);
  });

  it.each([
    ['OXD_TRANSPORT_PORT', { OXD_TRANSPORT_TYPE: 'socket', OXD_TRANSPORT_PORT: '80 99' }],
    ['OXD_STORE_FILE', { OXD_STORE_FILE: '  ' }],
    ['OXD_EAGER', { OXD_EAGER: 'yes' }],
    ['OXD_OP_HOST', { OXD_OP_HOST: 'op.example.com' }],
    ['OXD_TRANSPORT_PORT', { OXD_TRANSPORT_PORT: '8099' }],
    ['OXD_NAME', { OXD_NAME: 'Intranet' }],
    ['OXD_BASE_URL', { OXD_BASE_URL: 'shop.example' }],
    ['OXD_SECRET', { OXD_SECRET: 'short' }],
    ['OXD_CUSTOM_ATTRIBUTES', { OXD_CUSTOM_ATTRIBUTES: '{"a":' }],
    ['OXD_CUSTOM_ATTRIBUTES', { OXD_CUSTOM_ATTRIBUTES: '{"a":{}}' }],
    ['OXD_CUSTOM_ATTRIBUTES', { OXD_CUSTOM_ATTRIBUTES: '["a"]' }],
    ['OXD_CLIENT_SECRET', { OXD_CLIENT_ID: 'client-1' }],
    ['OXD_TRANSPORT_PROXY', { OXD_TRANSPORT_PROXY: 'true' }],
    ['OXD_TRANSPORT_ADDRESSES', { OXD_TRANSPORT_ADDRESSES: '{"a":' }],
    ['OXD_SYNC_CLIENT_FROM_OP', { OXD_SYNC_CLIENT_FROM_OP: 'true' }],
  ])('names the variable of an invalid value: %s', (name, variables) => {
    expect(issuesOf(variables)[0]).toContain(`${name} (`);
  });
});
