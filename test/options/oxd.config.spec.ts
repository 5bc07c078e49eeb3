import { readFileSync } from 'node:fs';
import { oxdConfig } from '../../lib/options/oxd.config.js';
import { OxdConfigurationError } from '../../lib/base/errors.js';
import type { ParameterKind } from '../../lib/site/parameter-kinds.js';
import { REGISTRATION_ROWS } from '../../lib/site/site-parameters.js';
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

const PEM = readFileSync(new URL('../support/tls/ca.pem', import.meta.url), 'utf8').trim();
const tlsFile = (name: string) =>
  readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8');
const CERT = tlsFile('cert.pem');
const KEY = tlsFile('key.pem');
const [SECRET, OLDER] = ['new-'.repeat(8), 'old-'.repeat(8)] as const;

/** Variables of parameters that only oxd-server supports. */
const OXD_ONLY = new Set(
  REGISTRATION_ROWS.filter(([, { embedded }]) => embedded === false).map(
    ([name]) => `OXD_${name.toUpperCase()}`,
  ),
);

type Row = readonly [name: string, text: string, path: string, value: unknown];

/** A string of a variable and the value that is read, for each kind of site parameter. */
const SAMPLES: Readonly<Record<ParameterKind, readonly [text: string, value: unknown]>> = {
  string: ['RS256', 'RS256'],
  url: ['https://a.example/b', 'https://a.example/b'],
  redirect: ['https://a.example/b', 'https://a.example/b'],
  discovery: [
    'https://op.example.com/r/.well-known/openid-configuration',
    'https://op.example.com/r/.well-known/openid-configuration',
  ],
  path: ['/realms/r', '/realms/r'],
  json: ['{"keys": []}', '{"keys": []}'],
  number: ['3600', 3600],
  boolean: ['true', true],
  strings: ['code', ['code']],
  urls: ['https://a.example/b', ['https://a.example/b']],
  redirects: ['https://a.example/b', ['https://a.example/b']],
  patterns: ['^a:.+$ ^b:\\d{1,3}$', ['^a:.+$', '^b:\\d{1,3}$']],
  map: ['{"department": "music, loud"}', { department: 'music, loud' }],
};

const SITE_VARIABLES = REGISTRATION_ROWS.map(([name, { kind, values }]): Row => {
  const [text, value] = values?.[0] ? [values[0], values[0]] : SAMPLES[kind];
  return [`OXD_${name.toUpperCase()}`, text, `site.${name}`, value];
});

/** Every variable: its name, a string, the path of its option, and the value of the option. */
const VARIABLES: readonly Row[] = [
  ...SITE_VARIABLES,
  ['OXD_GRANT_TYPES', 'a, b', 'site.grant_types', ['a', 'b']],
  ['OXD_SCOPE', 'openid,email', 'site.scope', ['openid', 'email']],
  [
    'OXD_REDIRECT_URIS',
    'https://a.example/1 https://a.example/2',
    'site.redirect_uris',
    ['https://a.example/1', 'https://a.example/2'],
  ],
  ['OXD_CLIENT_NAME', 'My application, new', 'site.client_name', 'My application, new'],
  ['OXD_CLIENT_SECRET', 'its secret, whole', 'site.client_secret', 'its secret, whole'],
  ['OXD_ACCESS_TOKEN_AS_JWT', 'false', 'site.access_token_as_jwt', false],
  ['OXD_OXD_ID', 'site-1', 'site.oxd_id', 'site-1'],
  ['OXD_TRANSPORT_TYPE', 'socket', 'transport.type', 'socket'],
  ['OXD_TRANSPORT_ALLOW_INSECURE_REQUESTS', 'true', 'transport.allowInsecureRequests', true],
  ['OXD_TRANSPORT_CA', PEM, 'transport.ca', PEM],
  ['OXD_TRANSPORT_CA', PEM.replaceAll('\n', '\\n'), 'transport.ca', PEM],
  ['OXD_TRANSPORT_CERT', CERT.replaceAll('\n', '\\n'), 'transport.cert', CERT],
  ['OXD_TRANSPORT_KEY', KEY.replaceAll('\n', '\\n'), 'transport.key', KEY],
  ['OXD_TRANSPORT_URL', 'https://oxd.example:8443', 'transport.url', 'https://oxd.example:8443'],
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
  ['OXD_UMA_MODE', 'decision', 'uma.mode', 'decision'],
  ['OXD_UMA_LOCAL_VERIFICATION', 'true', 'uma.localVerification', true],
  ['OXD_UMA_CACHE_TTL', '5000', 'uma.cache.ttl', 5000],
  ['OXD_UMA_CACHE_MAX', '100', 'uma.cache.max', 100],
  ['OXD_BEARER_AUDIENCE', 'https://api.example', 'bearer.audience', ['https://api.example']],
  ['OXD_BEARER_AUDIENCE', 'a, b', 'bearer.audience', ['a', 'b']],
  ['OXD_BEARER_CLOCK_TOLERANCE', '1000', 'bearer.clockTolerance', 1000],
  ['OXD_BEARER_INTROSPECTION', 'always', 'bearer.introspection', 'always'],
  ['OXD_BEARER_CACHE_TTL', '5000', 'bearer.cache.ttl', 5000],
  ['OXD_BEARER_CACHE_MAX', '100', 'bearer.cache.max', 100],
  ['OXD_BEARER_RESOURCE', 'https://api.example/v1', 'bearer.resource', 'https://api.example/v1'],
  ['OXD_BEARER_SCOPES_SUPPORTED', 'read write', 'bearer.scopesSupported', ['read', 'write']],
  ['OXD_BEARER_ANY_AUDIENCE', 'true', 'bearer.anyAudience', true],
];

/** Variables of the transport https; a client certificate needs its key. */
const HTTPS = {
  OXD_TRANSPORT_TYPE: 'https',
  OXD_TRANSPORT_URL: 'https://oxd.example',
  OXD_TRANSPORT_VERSION: '4.5',
  OXD_TRANSPORT_CERT: CERT,
  OXD_TRANSPORT_KEY: KEY,
};

/** Variables that must be set together with `name`. */
function requiredWith(name: string): Record<string, string> {
  if (OXD_ONLY.has(name) || /^OXD_TRANSPORT_(HOST|PORT|VERSION|CONN|MAX)/.test(name))
    return { OXD_TRANSPORT_TYPE: 'socket' };
  if (/^OXD_TRANSPORT_(URL|CERT|KEY)/.test(name)) return HTTPS;
  if (name === 'OXD_BEARER_SCOPES_SUPPORTED') return { OXD_BEARER_RESOURCE: 'https://api.example' };
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
    const names = VARIABLES.filter((row) => !SITE_VARIABLES.includes(row)).map(([name]) => name);
    expect(known.map(([, name]) => name).filter((name = '') => !names.includes(name))).toEqual([]);
  });

  it('reads all variables of a site together, each into its own option', () => {
    const rows = SITE_VARIABLES.filter(([name]) => name !== 'OXD_OP_CONFIGURATION_ENDPOINT');
    const texts = Object.fromEntries(rows.map(([name, text]) => [name, text]));
    const { site } = read({ ...texts, OXD_TRANSPORT_TYPE: 'socket' });
    expect(site).toEqual(
      Object.fromEntries(rows.map(([, , path, value]) => [path.replace('site.', ''), value])),
    );
  });

  it('reads variables of the other names of parameters of a site', () => {
    const variables = {
      OXD_POST_LOGOUT_REDIRECT_URL: 'https://app.example.com/bye',
      OXD_CLIENT_LOGOUT_URIS: 'https://app.example.com/out',
    };
    expect(read(variables).site).toMatchObject({
      post_logout_redirect_url: 'https://app.example.com/bye',
      client_logout_uris: ['https://app.example.com/out'],
    });
    const both = { ...variables, OXD_POST_LOGOUT_REDIRECT_URI: 'https://app.example.com/bye' };
    expect(issuesOf(both)).toEqual([
      'OXD_POST_LOGOUT_REDIRECT_URL (site.post_logout_redirect_url): is another name of ' +
        'site.post_logout_redirect_uri; set one of them',
    ]);
  });

  it('reads options of every kind', () => {
    expect(
      read({
        OXD_SCOPE: 'openid, email',
        OXD_TRANSPORT_TYPE: 'socket',
        OXD_TRANSPORT_PORT: '8100',
        OXD_SECRET: `${SECRET},${OLDER}`,
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
      secret: [SECRET, OLDER],
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

  it('ignores empty variables, and those of a Kubernetes service whose name begins with oxd', () => {
    const options = read({
      OXD_SCOPE: '',
      OXD_SECERT: '',
      OXD_SERVICE_HOST: '10.0.0.1',
      OXD_SERVICE_PORT: '8099',
      OXD_SERVICE_PORT_RPC: '8099',
      OXD_PORT: 'tcp://10.0.0.1:8099',
      OXD_PORT_8099_TCP: 'tcp://10.0.0.1:8099',
      OXD_PORT_8099_TCP_PROTO: 'tcp',
      OXD_PORT_8099_TCP_PORT: '8099',
      OXD_PORT_8099_TCP_ADDR: '10.0.0.1',
      OXD_SERVER_SERVICE_HOST: '10.0.0.1',
    });
    expect(Object.keys(options)).toEqual(['site']);
  });

  it('reports a missing OXD_OP_HOST as missing', () => {
    expect(issuesOf({ OXD_OP_HOST: '' })).toEqual(['OXD_OP_HOST (site.op_host): is missing']);
  });

  it.each([
    { name: 'a unit', text: '10s' },
    { name: 'a fraction', text: '0.5' },
    { name: 'zero', text: '0' },
    { name: 'too many milliseconds', text: '2147483648' },
  ])('requires milliseconds for a time with $name', ({ text }) => {
    expect(issuesOf({ OXD_TRANSPORT_TIMEOUT: text })).toEqual([
      expect.stringMatching(/^OXD_TRANSPORT_TIMEOUT \(transport\.timeout\): must be milliseconds/),
    ]);
  });

  it('reports a variable that it does not know', () => {
    expect(issuesOf({ OXD_SECERT: 'hidden-value' })).toEqual([
      'OXD_SECERT: is not a variable of this module; correct or remove it',
    ]);
  });

  it('reports every problem at once', () => {
    const issues = issuesOf({
      OXD_OP_HOST: '',
      OXD_TRANSPORT_TYPE: 'embeded',
      OXD_TRANSPORT_TIMEOUT: '10s',
      OXD_SECERT: 'x',
      OXD_EAGER: 'yes',
    });
    expect(issues).toHaveLength(5);
    expect(new Set(issues.map((issue) => issue.split(/[ :]/)[0]))).toEqual(
      new Set([
        ...['OXD_EAGER', 'OXD_OP_HOST', 'OXD_SECERT'],
        ...['OXD_TRANSPORT_TIMEOUT', 'OXD_TRANSPORT_TYPE'],
      ]),
    );
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
