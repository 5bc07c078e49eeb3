import { inspect } from 'node:util';
import { jest } from '@jest/globals';
import { OxdConfigurationError } from '../../lib/base/errors.js';
import { resolveOptions, type OxdModuleOptions } from '../../lib/options/oxd.options.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { OxdTransport } from '../../lib/commands/oxd-transport.js';
import { CLIENT_METADATA_ROWS } from '../support/client-metadata.js';

const secret = 'a secret of more than 32 characters';
const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
};
const good: OxdModuleOptions = { site, secret };
/** Minimal custom transport. */
const own = { execute: () => undefined };

function issuesOf(options: unknown, environment?: string): readonly string[] {
  try {
    resolveOptions(options as OxdModuleOptions, environment);
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

const EMBEDDED_ONLY =
  'uma.localVerification: is supported by the embedded transport only; remove it';
const NO_DECISIONS =
  "uma.mode: 'decision' is not supported by oxd; remove it, or use the embedded transport";

describe('options', () => {
  it('have the parameters of the site under their names in the contract', () => {
    const names = {
      post_logout_redirect_url: 'https://app.example.com/bye',
      client_logout_uris: ['https://app.example.com/out'],
      op_discovery_path: 'realms/shop',
    };
    expect(resolveOptions({ ...good, site: { ...site, ...names } }).site).toEqual({
      ...site,
      post_logout_redirect_uri: 'https://app.example.com/bye',
      client_frontchannel_logout_uris: ['https://app.example.com/out'],
      op_discovery_path: '/realms/shop',
      scope: ['openid', 'profile', 'email'],
    });
  });

  it('have the documented defaults', () => {
    expect(resolveOptions({ site, secret }, 'development')).toEqual({
      name: 'oxd',
      site: { ...site, scope: ['openid', 'profile', 'email'] },
      baseUrl: 'https://app.example.com',
      transport: {
        type: 'embedded',
        allowInsecureRequests: false,
        timeout: 10_000,
        requiredScopes: 'any',
      },
      secret: [secret],
      secretIsRandom: false,
      store: '.oxd/store.json',
      eager: false,
      login: { stateLifetime: 1_800_000 },
      uma: { mode: 'rpt', overwrite: false, localVerification: false, paths: undefined },
      bearer: { audience: [], clockTolerance: 30_000, introspection: 'opaque' },
    });
    expect(resolveOptions({ ...good, transport: { type: 'socket' } }).transport).toEqual({
      type: 'socket',
      host: '127.0.0.1',
      port: 8099,
      version: '3.1.4',
      connections: 8,
      maxQueue: 1024,
      connectTimeout: 3_000,
      timeout: 30_000,
    });
  });

  it.each([
    { name: 'no cache by default', cache: undefined, resolved: undefined },
    { name: 'no cache for null', cache: null, resolved: undefined },
    { name: 'the defaults of an empty cache', cache: {}, resolved: { ttl: 30_000, max: 10_000 } },
    {
      name: 'the default of an undefined limit',
      cache: { ttl: undefined, max: 5 },
      resolved: { ttl: 30_000, max: 5 },
    },
    {
      name: 'the longest ttl',
      cache: { ttl: 300_000 },
      resolved: { ttl: 300_000, max: 10_000 },
    },
  ])('have $name', ({ cache, resolved }) => {
    const options = { ...good, uma: { cache } } as unknown as OxdModuleOptions;
    expect(resolveOptions(options).uma.cache).toEqual(resolved);
  });

  it('treat undefined and null as omitted', () => {
    const options = {
      ...good,
      uma: null,
      transport: { type: 'socket', port: undefined, host: null },
    };
    expect(resolveOptions(options as unknown as OxdModuleOptions).transport).toMatchObject({
      host: '127.0.0.1',
      port: 8099,
    });
  });

  it.each<[string, unknown, string]>([
    ['undefined instead of options', undefined, 'site: is required'],
    ['no site', { secret }, 'site: is required'],
    ['a site that is a list', { ...good, site: [] }, 'site:'],
    ['no op_host', { secret, site: { ...site, op_host: undefined } }, 'site.op_host: is missing'],
    ['op_host without scheme', { secret, site: { ...site, op_host: 'op' } }, 'site.op_host:'],
    [
      'op_host with another scheme than http or https',
      { secret, site: { ...site, op_host: 'ftp://op' } },
      'site.op_host:',
    ],
    [
      'no redirect URI',
      { secret, site: { op_host: site.op_host } },
      'site.authorization_redirect_uri: is missing',
    ],
    [
      'an empty discovery path',
      { secret, site: { ...site, op_discovery_path: '' } },
      'site.op_discovery_path: must begin with "/"',
    ],
    [
      'post_logout_redirect_url beside post_logout_redirect_uri',
      {
        secret,
        site: {
          ...site,
          post_logout_redirect_url: 'https://a',
          post_logout_redirect_uri: 'https://a',
        },
      },
      'site.post_logout_redirect_url: is another name of site.post_logout_redirect_uri',
    ],
    [
      'an invalid post_logout_redirect_url',
      { secret, site: { ...site, post_logout_redirect_url: '/bye' } },
      'site.post_logout_redirect_uri:',
    ],
    [
      'scope as a string',
      { secret, site: { ...site, scope: 'openid profile' } },
      'site.scope: must be a list',
    ],
    [
      'redirect_uris as a string',
      { secret, site: { ...site, redirect_uris: site.authorization_redirect_uri } },
      'site.redirect_uris: must be a list',
    ],
    [
      'redirect_uris as a number',
      { secret, site: { ...site, redirect_uris: 7 } },
      'site.redirect_uris: must be a list',
    ],
    ['an empty scope', { secret, site: { ...site, scope: [] } }, 'site.scope:'],
    [
      'a misspelled option',
      { secret, site: { ...site, op_hots: 'x' } },
      'site.op_hots: is not an option',
    ],
    [
      'client_id without client_secret',
      { secret, site: { ...site, client_id: 'mine' } },
      'site.client_secret: is missing; client_id and client_secret go together',
    ],
    [
      'client_secret without client_id',
      { secret, site: { ...site, client_secret: 'hidden' } },
      'site.client_id: is missing; client_id and client_secret go together',
    ],
    [
      'client_id with client_secret null',
      { secret, site: { ...site, client_id: 'mine', client_secret: null } },
      'site.client_secret: is missing',
    ],
    [
      'oxd_id and client_id without client_secret',
      { secret, site: { ...site, oxd_id: 'site-1', client_id: 'mine' } },
      'site.client_secret: is missing',
    ],
    [
      'an existing public client on socket',
      {
        secret,
        site: { ...site, client_id: 'mine', client_token_endpoint_auth_method: 'none' },
        transport: { type: 'socket' },
      },
      'site.client_secret: is missing',
    ],
    [
      'a user name in the redirect URI',
      { ...good, site: { ...site, authorization_redirect_uri: 'https://user@app.example.com/cb' } },
      'site.authorization_redirect_uri: must have no user name and password',
    ],
    [
      'a password in one of the redirect URIs',
      { ...good, site: { ...site, redirect_uris: ['https://:pw@app.example.com/cb'] } },
      'site.redirect_uris: must have no user name and password',
    ],
    [
      'a registration access token without client_id',
      { secret, site: { ...site, client_registration_access_token: 'hidden' } },
      'site.client_id: is missing',
    ],
    [
      'a registration client URI without client_secret',
      { secret, site: { ...site, client_registration_client_uri: 'https://op.example.com/1' } },
      'site.client_secret: is missing',
    ],
    ['an unknown option', { ...good, umma: {} }, 'umma: is not an option'],
    ['an unknown option of uma', { ...good, uma: { path: 1 } }, 'uma.path: is not an option'],
    ['uma.paths as a string', { ...good, uma: { paths: '/x' } }, 'uma.paths:'],
    ['an unknown uma.mode', { ...good, uma: { mode: 'rpts' } }, 'uma.mode:'],
    ['uma.overwrite as a string', { ...good, uma: { overwrite: 'yes' } }, 'uma.overwrite:'],
    [
      'uma.localVerification as a string',
      { ...good, uma: { localVerification: 'yes' } },
      'uma.localVerification:',
    ],
    ['uma.cache as a boolean', { ...good, uma: { cache: true } }, 'uma.cache:'],
    ['an unknown option of uma.cache', { ...good, uma: { cache: { size: 1 } } }, 'uma.cache.size:'],
    [
      'a uma.cache.ttl of more than 5 minutes',
      { ...good, uma: { cache: { ttl: 300_001 } } },
      'uma.cache.ttl: must be milliseconds, an integer from 0 to 300000',
    ],
    ['a negative uma.cache.ttl', { ...good, uma: { cache: { ttl: -1 } } }, 'uma.cache.ttl:'],
    ['a uma.cache.max of 0', { ...good, uma: { cache: { max: 0 } } }, 'uma.cache.max:'],
    ['a uma.cache.max without end', { ...good, uma: { cache: { max: 1e9 } } }, 'uma.cache.max:'],
    ['uma as a string', { ...good, uma: 'x' }, 'uma.'],
    ['an unknown transport', { ...good, transport: { type: 'tcp' } }, 'transport.type:'],
    ['a transport that is a string', { ...good, transport: 'socket' }, 'transport.type:'],
    ['a transport that is null', { ...good, transport: null }, 'transport.type:'],
    [
      'an option of the other transport',
      { ...good, transport: { type: 'embedded', port: 1 } },
      'transport.port: is not an option',
    ],
    [
      'requiredScopes other than any and all',
      { ...good, transport: { type: 'embedded', requiredScopes: 'some' } },
      'transport.requiredScopes:',
    ],
    [
      'a port out of range',
      { ...good, transport: { type: 'socket', port: 70_000 } },
      'transport.port:',
    ],
    [
      'a port as a string',
      { ...good, transport: { type: 'socket', port: '8099' } },
      'transport.port:',
    ],
    [
      'an unknown version',
      { ...good, transport: { type: 'socket', version: '2.4' } },
      'transport.version:',
    ],
    ...['3.1.5', '3.1.8'].map((version): [string, unknown, string] => [
      `version ${version}, which equals 3.1.4`,
      { ...good, transport: { type: 'socket', version } },
      'transport.version: must be one of 3.1.1, 3.1.2, 3.1.3, 3.1.4; for oxd-server 3.1.5 to 3.1.8 use 3.1.4',
    ]),
    [
      'zero connections',
      { ...good, transport: { type: 'socket', connections: 0 } },
      'transport.connections:',
    ],
    [
      'a timeout of zero',
      { ...good, transport: { type: 'socket', timeout: 0 } },
      'transport.timeout: must be milliseconds',
    ],
    [
      'an invalid time of a transport of unknown type',
      { ...good, transport: { type: 'embeded', timeout: '10s' } },
      'transport.timeout: must be milliseconds',
    ],
    [
      'an unknown option of a transport of unknown type',
      { ...good, transport: { type: 'embeded', timout: 1 } },
      'transport.timout: is not an option',
    ],
    ['a short secret', { site, secret: 'short' }, 'secret:'],
    ['an empty list of secrets', { site, secret: [] }, 'secret:'],
    [
      'a secret of one repeated character',
      { site, secret: 'a'.repeat(32) },
      'secret: must not repeat one character',
    ],
    [
      'a secret of one repeated character in a list',
      { site, secret: [secret, 'a'.repeat(40)] },
      'secret: must not repeat one character',
    ],
    ['a short secret in a list', { site, secret: [secret, 'short'] }, 'secret:'],
    ['a store without delete', { ...good, store: { get() {}, set() {} } }, 'store:'],
    ['a store whose path is blank', { ...good, store: ' ' }, 'store:'],
    ['a store that is null', { ...good, store: null }, 'store:'],
    ['eager as a string', { ...good, eager: 'yes' }, 'eager:'],
    [
      'a state lifetime below a second',
      { ...good, login: { stateLifetime: 10 } },
      'login.stateLifetime: must be milliseconds',
    ],
    [
      'a connect timeout with a unit',
      { ...good, transport: { type: 'socket', connectTimeout: '3s' } },
      'transport.connectTimeout: must be milliseconds',
    ],
    ['userinfo as a string', { ...good, login: { userinfo: 'yes' } }, 'login.userinfo:'],
  ])('reject %s', (_, options, issue) => {
    expect(issuesOf(options)).toEqual(expect.arrayContaining([expect.stringContaining(issue)]));
  });

  it.each([
    { name: 'an origin', baseUrl: 'https://shop.example.com', environment: 'production' },
    { name: 'a path', baseUrl: 'https://apps.example.com/shop/', environment: 'production' },
    { name: 'loopback on http', baseUrl: 'http://[::1]:3000/shop', environment: 'production' },
    { name: 'plain http', baseUrl: 'http://shop.test', environment: 'development' },
  ])('accept a baseUrl with $name in $environment', ({ baseUrl, environment }) => {
    expect(resolveOptions({ ...good, baseUrl }, environment).baseUrl).toBe(baseUrl);
  });

  it.each([
    { name: 'no scheme', baseUrl: 'hidden.example.com', text: 'must be an absolute' },
    { name: 'another scheme', baseUrl: 'ftp://hidden.example.com', text: 'must be an absolute' },
    { name: 'a query', baseUrl: 'https://a.example.com/?hidden', text: 'without query' },
    { name: 'an empty query', baseUrl: 'https://a.example.com/?', text: 'without query' },
    { name: 'a fragment', baseUrl: 'https://a.example.com/#hidden', text: 'without query' },
    { name: 'a user name', baseUrl: 'https://hidden@a.example.com/', text: 'user name' },
    { name: 'a password', baseUrl: 'https://:hidden@a.example.com/', text: 'user name' },
    { name: 'another type', baseUrl: 7, text: 'must be an absolute' },
    { name: 'plain http', baseUrl: 'http://hidden.test', text: 'must be https in production' },
  ])('reject a baseUrl with $name in production', ({ baseUrl, text }) => {
    const [issue = '', ...others] = issuesOf({ ...good, baseUrl }, 'production');
    expect(issue).toMatch(/^baseUrl: /);
    expect(issue).toContain(text);
    expect(issue + others.join()).not.toContain('hidden');
  });

  it.each([
    { kind: 'one letter', name: 'a' },
    { kind: '32 characters with digits and hyphens', name: `a1-${'x'.repeat(29)}` },
  ])('accept a name of $kind', ({ name }) => {
    expect(resolveOptions({ ...good, name }).name).toBe(name);
  });

  it.each([
    { kind: 'that is empty', name: '' },
    { kind: 'of 33 characters', name: 'x'.repeat(33) },
    { kind: 'with an upper-case letter', name: 'Oxd' },
    { kind: 'with a dot', name: 'oxd.login' },
    { kind: 'that begins with a digit', name: '1oxd' },
    { kind: 'with a line break', name: 'oxd\n' },
    { kind: 'that is a number', name: 7 },
    { kind: 'that is a list', name: ['oxd'] },
  ])('reject a name $kind', ({ name }) => {
    expect(issuesOf({ ...good, name })).toEqual([expect.stringMatching(/^name: must be 1 to 32 /)]);
  });

  it.each<[string, object, string | undefined, string[]]>([
    ['a missing site, without further issues of it', { secret }, undefined, ['site']],
    [
      'an op_host that is no URL',
      { site: { op_host: 'hidden-1', scope: 'hidden-2' }, secret: 'hidden-3', x: 1 },
      undefined,
      ['secret', 'site.authorization_redirect_uri', 'site.op_host', 'site.scope', 'x'],
    ],
    [
      'a provider on plain http and other problems',
      {
        site: { ...site, op_host: 'http://hidden-1.test', client_id: 'hidden-2' },
        secret: 'short',
      },
      undefined,
      ['secret', 'site.client_secret', 'site.op_host'],
    ],
    [
      'every URL on plain http and other problems in production',
      {
        site: { op_host: 'http://hidden-1.test', authorization_redirect_uri: 'http://hidden-2/cb' },
        transport: { type: 'embedded', allowInsecureRequests: true, timeout: 0 },
        store: {},
      },
      'production',
      [
        ...['secret', 'site.authorization_redirect_uri', 'site.op_host', 'store'],
        'transport.timeout',
      ],
    ],
    [
      'an op_host that is no URL, without further issues of it in production',
      {
        site: { ...site, op_host: 'hidden-1' },
        transport: { type: 'embedded', allowInsecureRequests: true },
        secret,
      },
      'production',
      ['site.op_host'],
    ],
    [
      'a redirect URI on plain http with an invalid transport and provider',
      {
        site: { op_host: 'hidden-1', authorization_redirect_uri: 'http://hidden-2/cb' },
        transport: null,
        secret,
      },
      'production',
      ['site.authorization_redirect_uri', 'site.op_host', 'transport.type'],
    ],
  ])('list every problem in one error that contains no value: %s', (...row) => {
    const [, options, environment, paths] = row;
    const issues = issuesOf(options, environment);
    expect(issues).toHaveLength(paths.length);
    expect(new Set(issues.map((issue) => issue.split(':')[0]))).toEqual(new Set(paths));
    expect(issues.join('\n')).not.toContain('hidden');
  });

  it.each([
    { name: 'embedded', transport: { type: 'embedded' } as const },
    { name: 'a custom transport', transport: new ScriptedTransport() },
  ])('accept an existing public client without client_secret on $name', ({ transport }) => {
    const client = { client_id: 'mine', client_token_endpoint_auth_method: 'none' } as const;
    expect(issuesOf({ secret, site: { ...site, ...client }, transport })).toEqual([]);
  });

  it('use the embedded transport when transport has no type', () => {
    const transport = { allowInsecureRequests: true, timeout: 5 };
    const options = { ...good, site: { ...site, op_host: 'http://127.0.0.1:9' }, transport };
    expect(resolveOptions(options).transport).toEqual({
      ...{ type: 'embedded', requiredScopes: 'any' },
      ...transport,
    });
    expect(issuesOf({ ...good, transport: { port: 1 } })).toEqual([
      'transport.port: is not an option',
    ]);
  });

  it.each([
    { name: 'undefined', type: undefined },
    { name: 'null', type: null },
  ])('have the same rules in production for type $name as without a type', ({ type }) => {
    const insecure = { allowInsecureRequests: true };
    const options = { ...good, site: { ...site, op_host: 'http://sso.example.com' } };
    const issues = issuesOf({ ...options, transport: { ...insecure, type } }, 'production');
    expect(issues).toEqual(issuesOf({ ...options, transport: insecure }, 'production'));
    expect(issues).not.toEqual([]);
  });

  it('report the problems of a transport of unknown type for the type and its options only', () => {
    const transport = { type: 'embeded', timeout: '10s', ca: 7, port: 'x', proxy: false };
    const paths = issuesOf({ ...good, transport }).map((issue) => issue.split(':')[0]);
    expect(paths).toHaveLength(4);
    expect(new Set(paths)).toEqual(
      new Set(['transport.ca', 'transport.port', 'transport.timeout', 'transport.type']),
    );
  });

  it.each(['production', 'Production', 'PROD', ' prod '])(
    'have the rules for production when NODE_ENV is "%s"',
    (environment) => {
      expect(issuesOf({ site }, environment)).toEqual([expect.stringContaining('secret:')]);
    },
  );

  it.each(['development', 'test', 'preproduction', '', undefined])(
    'do not have the rules for production when NODE_ENV is "%s"',
    (environment) => {
      expect(issuesOf({ site }, environment)).toEqual([]);
    },
  );

  it('accept an existing client with both credentials and its registration', () => {
    const client = {
      client_id: 'mine',
      client_secret: 'its secret',
      client_registration_access_token: 'its token',
      client_registration_client_uri: 'https://op.example.com/clients/mine',
    };
    expect(resolveOptions({ secret, site: { ...site, ...client } }).site).toMatchObject(client);
  });

  describe.each(CLIENT_METADATA_ROWS)('site.%s', (name, { value, sent }) => {
    const described = { ...site, [name]: value };
    const rejections = sent ? [] : [`site.${name}: is supported by oxd-server only`];

    it(`is accepted for oxd-server${sent ? ' and for embedded' : ', rejected for embedded'}`, () => {
      const transport = { type: sent ? 'embedded' : 'socket' } as const;
      expect(resolveOptions({ secret, site: described, transport }).site).toMatchObject({
        [name]: value,
      });
      const issues = issuesOf({ secret, site: described });
      expect(issues).toEqual(rejections.map((text) => expect.stringContaining(text) as string));
    });

    it('is rejected with a value of another type', () => {
      const invalid = [7.5, [7], { a: 7 }, typeof value === 'boolean' ? 'true' : true];
      for (const other of invalid) {
        const issues = issuesOf({ secret, site: { ...site, [name]: other }, transport: own });
        expect(issues).toEqual([expect.stringContaining(`site.${name}: must`)]);
      }
    });
  });

  describe('that only embedded rejects', () => {
    const uris = ['https://app.example.com/1', 'https://app.example.com/2'];
    const privateKey = '{"keys":[{"kty":"EC","crv":"P-256","d":"hidden"}]}';

    it.each<[string, object, string]>([
      ['a private key', { jwks: privateKey }, 'site.jwks: must be the JSON of a JWK Set of public'],
      [
        'a symmetric key',
        { jwks: '{"keys":[{"kty":"oct","k":"hidden"}]}' },
        'site.jwks: must be the JSON of a JWK Set of public',
      ],
      ['no JWK Set', { jwks: '[]' }, 'site.jwks: must be the JSON of a JWK Set of public'],
      [
        'both jwks and client_jwks_uri',
        { jwks: '{"keys":[]}', client_jwks_uri: uris[0] },
        'site.jwks: must not be set with client_jwks_uri',
      ],
      [
        'userinfo without signature',
        { user_info_signed_response_alg: 'none' },
        'site.user_info_signed_response_alg: is no supported signature algorithm',
      ],
      [
        'ID tokens of an unknown algorithm',
        { id_token_signed_response_alg: 'RS1' },
        'site.id_token_signed_response_alg: is no supported signature algorithm',
      ],
      [
        'ID tokens signed with the secret of a client without a secret',
        { id_token_signed_response_alg: 'HS256', client_token_endpoint_auth_method: 'none' },
        'site.id_token_signed_response_alg: is for clients with a secret',
      ],
      ...['redirect_uris', 'logo_uri', 'userinfo_signed_response_alg', 'client_secret'].map(
        (name): [string, object, string] => [
          `${name} as a custom attribute`,
          { custom_attributes: { [name]: 'hidden', department: 'music' } },
          `site.custom_attributes: must not have ${name}`,
        ],
      ),
      [
        'a client that authenticates with a private key',
        { client_token_endpoint_auth_method: 'private_key_jwt' },
        'site.client_token_endpoint_auth_method: must be one of client_secret_basic',
      ],
      [
        'a client assertion of another algorithm than HS256',
        {
          client_token_endpoint_auth_method: 'client_secret_jwt',
          client_token_endpoint_auth_signing_alg: 'HS512',
        },
        'site.client_token_endpoint_auth_signing_alg: must be HS256',
      ],
      [
        'another response type than code',
        { response_types: ['token'] },
        'site.response_types: must be ["code"]',
      ],
      [
        'several front-channel logout URIs',
        { client_frontchannel_logout_uris: uris },
        'site.client_frontchannel_logout_uris: must contain one URI only',
      ],
      [
        'a redirect URI with a fragment',
        { redirect_uris: [`${uris[0]}#x`] },
        'site.redirect_uris: must be absolute, without a fragment',
      ],
    ])('are reported for it: %s', (_, more, issue) => {
      const given = { secret, site: { ...site, ...more } };
      const issues = issuesOf(given);
      expect(issues).toEqual([expect.stringContaining(issue)]);
      expect(issues.join()).not.toContain('hidden');
      expect(issuesOf({ ...given, transport: { type: 'socket' } })).toEqual([]);
      expect(issuesOf({ ...given, transport: own })).toEqual([]);
    });

    it('are listed once each, together with the problems for any transport', () => {
      const invalid = {
        authorization_redirect_uri: '/callback',
        jwks: privateKey,
        logo_uri: 7,
        custom_attributes: { scope: 'x', jwks_uri: 'y' },
        response_types: 'token',
        subject_type: 'anonymous',
        user_info_signed_response_alg: 'none',
      };
      const issues = issuesOf({ secret, site: { ...site, ...invalid } });
      const paths = issues.map((text) => text.split(':')[0]);
      expect(paths).toHaveLength(Object.keys(invalid).length + 1);
      expect(new Set(paths)).toEqual(new Set(Object.keys(invalid).map((name) => `site.${name}`)));
    });
  });

  describe('an op_configuration_endpoint', () => {
    const endpoint = `${site.op_host}/r/.well-known/openid-configuration`;
    const open = { type: 'embedded', allowInsecureRequests: true } as const;
    const plain = endpoint.replace('https:', 'http:');

    it.each<[string, object, string | undefined, readonly string[]]>([
      ['is accepted', {}, undefined, []],
      ['is accepted with a query', { op_configuration_endpoint: `${endpoint}?p=1` }, undefined, []],
      [
        'is rejected if it is another document',
        { op_configuration_endpoint: site.op_host },
        undefined,
        ['site.op_configuration_endpoint: must be an absolute http or https URL that ends'],
      ],
      [
        'is rejected with a fragment',
        { op_configuration_endpoint: `${endpoint}#x` },
        undefined,
        ['site.op_configuration_endpoint: must be an absolute http or https URL that ends'],
      ],
      [
        'is rejected with an op_discovery_path',
        { op_discovery_path: '/r' },
        undefined,
        ['site.op_discovery_path: must not be set with op_configuration_endpoint'],
      ],
      [
        'is rejected on plain http',
        { op_configuration_endpoint: plain },
        undefined,
        ['site.op_configuration_endpoint: is plain http'],
      ],
      [
        'is accepted on plain http with allowInsecureRequests',
        { op_configuration_endpoint: plain, transport: open },
        undefined,
        [],
      ],
      [
        'is rejected on plain http in production',
        { op_configuration_endpoint: plain, transport: open },
        'production',
        ['site.op_configuration_endpoint: must be https in production'],
      ],
      [
        'is rejected for oxd 3.x, which does not support it',
        { transport: { type: 'socket' } },
        undefined,
        ['site.op_configuration_endpoint: is not supported by oxd before 4.2'],
      ],
    ])('%s', (_, { transport, ...more }: { transport?: object }, environment, expected) => {
      const given = { ...site, op_configuration_endpoint: endpoint, ...more };
      const issues = issuesOf({ secret, site: given, transport }, environment);
      expect(issues).toEqual(expected.map((text) => expect.stringContaining(text) as string));
    });
  });

  describe('with plain http', () => {
    const http = (host: string) => ({ ...site, op_host: `http://${host}` });
    const open = { type: 'embedded', allowInsecureRequests: true } as const;

    it.each<[string, OxdModuleOptions, string | undefined, boolean]>([
      ['are rejected for a provider', { secret, site: http('op.test') }, undefined, false],
      [
        'are accepted for a provider with allowInsecureRequests',
        { secret, site: http('op.test'), transport: open },
        undefined,
        true,
      ],
      [
        'are rejected for a provider with allowInsecureRequests in production',
        { secret, site: http('op.test'), transport: open },
        'production',
        false,
      ],
      [
        'are accepted for a loopback provider with allowInsecureRequests in production',
        { secret, site: http('127.0.0.1:9'), transport: open },
        'production',
        true,
      ],
      [
        'are rejected if allowInsecureRequests is set for an https provider in production',
        { secret, site: { ...site, op_host: 'https://op.test' }, transport: open },
        'production',
        false,
      ],
      [
        'are rejected for a host whose name begins with localhost in production',
        { secret, site: http('localhost.evil.test'), transport: open },
        'production',
        false,
      ],
      [
        'are accepted for a provider behind oxd-server',
        { secret, site: http('op.test'), transport: { type: 'socket' } },
        'production',
        true,
      ],
      [
        'are accepted for a redirect URI',
        { secret, site: { ...site, authorization_redirect_uri: 'http://app.test/cb' } },
        undefined,
        true,
      ],
      [
        'are rejected for a redirect URI in production',
        { secret, site: { ...site, authorization_redirect_uri: 'http://app.test/cb' } },
        'production',
        false,
      ],
      [
        'are accepted for a loopback redirect URI in production',
        { secret, site: { ...site, authorization_redirect_uri: 'http://[::1]:3000/cb' } },
        'production',
        true,
      ],
    ])('%s', (_, options, environment, accepted) => {
      expect(issuesOf(options, environment)).toHaveLength(accepted ? 0 : 1);
    });
  });

  describe('for the network', () => {
    const PUBLIC = 'https://sso.example.com';
    const dialled = { [PUBLIC]: 'http://keycloak:8080' };
    const inside = {
      ...site,
      op_host: `${PUBLIC}/realms/shop`,
      op_configuration_endpoint:
        'http://keycloak:8080/realms/shop/.well-known/openid-configuration',
    };
    const issues = (transport: object, given: object = site, environment?: string) =>
      issuesOf({ secret, site: given, transport: { type: 'embedded', ...transport } }, environment);

    it.each([
      { name: 'an http URL', proxy: 'http://proxy.example.com:3128' },
      { name: 'an https URL with a slash', proxy: 'https://proxy.example.com/' },
      { name: 'user name and password', proxy: 'http://user:p%40ss@[::1]:3128' },
      { name: 'false', proxy: false },
    ])('accept $name as proxy', ({ proxy }) => {
      expect(issues({ proxy })).toEqual([]);
    });

    it.each([
      { name: 'true', proxy: true, text: 'must be an http or https URL' },
      { name: 'an empty string', proxy: '', text: 'must be an http or https URL' },
      { name: 'a host', proxy: 'proxy:3128', text: 'must be an http or https URL' },
      { name: 'a socks URL', proxy: 'socks5://proxy:1080', text: 'must be an http or https URL' },
      { name: 'a path', proxy: 'http://proxy/hidden-1', text: 'without path and query' },
      { name: 'a query', proxy: 'http://proxy/?hidden-1', text: 'without path and query' },
      {
        name: 'a user name only',
        proxy: 'http://hidden-1@proxy',
        text: 'a user name and a password',
      },
      { name: 'a bad escape', proxy: 'http://u:hidden-1%zz@proxy', text: 'percent-encoded' },
    ])('reject $name as proxy', ({ proxy, text }) => {
      const [issue = '', ...others] = issues({ proxy });
      expect(issue).toContain(`transport.proxy: `);
      expect(issue).toContain(text);
      expect(issue + others.join()).not.toContain('hidden');
    });

    it('print no credentials of the proxy', () => {
      const proxy = 'http://hidden-1:hidden-2@proxy.example.com:3128';
      const options = resolveOptions({ ...good, transport: { type: 'embedded', proxy } });
      expect(options.transport).toHaveProperty('proxy', proxy);
      const printed = `${inspect(options, { depth: 9, showHidden: true })} ${JSON.stringify(options)}`;
      expect(printed).toContain('proxy.example.com:3128');
      expect(printed).not.toContain('hidden-');
    });

    it.each([
      { name: 'an https origin for https', addresses: { [PUBLIC]: 'https://10.0.0.7:8443/' } },
      { name: 'an http origin for https', addresses: { [`${PUBLIC}:443`]: 'http://[::1]:8080' } },
    ])('accept $name as address', ({ addresses }) => {
      expect(issues({ addresses }, site, 'production')).toEqual([]);
    });

    it.each([
      { name: 'a list', addresses: [PUBLIC] },
      { name: 'a string', addresses: PUBLIC },
      { name: 'a path', addresses: { [`${PUBLIC}/realms/shop`]: 'http://keycloak:8080' } },
      { name: 'a path of the address', addresses: { [PUBLIC]: 'http://keycloak:8080/auth' } },
      { name: 'a query', addresses: { [PUBLIC]: 'http://keycloak:8080?x=1' } },
      { name: 'user info', addresses: { [PUBLIC]: 'http://user:hidden-1@keycloak:8080' } },
      { name: 'a host', addresses: { [PUBLIC]: 'keycloak:8080' } },
      { name: 'a number', addresses: { [PUBLIC]: 8080 } },
      { name: 'one origin twice', addresses: { [PUBLIC]: 'http://a', [`${PUBLIC}/`]: 'http://b' } },
    ])('reject $name as address', ({ addresses }) => {
      const [issue = '', ...others] = issues({ addresses });
      expect(issue).toMatch(/^transport\.addresses: /);
      expect(issue + others.join()).not.toContain('hidden');
    });

    it.each<[string, object, object, number]>([
      ['accept a public provider with an address on plain http', { addresses: dialled }, inside, 0],
      [
        'accept a public provider with an address on plain http and allowInsecureRequests',
        { addresses: dialled, allowInsecureRequests: true },
        inside,
        0,
      ],
      [
        'reject an endpoint on plain http at an origin that addresses do not contain',
        { addresses: { [PUBLIC]: 'http://other:8080' }, allowInsecureRequests: true },
        inside,
        1,
      ],
      [
        'reject op_host at an address on plain http',
        { addresses: dialled, allowInsecureRequests: true },
        { ...site, op_host: 'http://keycloak:8080' },
        1,
      ],
      [
        'reject an address for a public origin on plain http',
        { addresses: { 'http://sso.test': 'http://kc' } },
        site,
        1,
      ],
      [
        'reject plain http on loopback through a remote proxy',
        { proxy: 'http://proxy.test', allowInsecureRequests: true },
        { ...site, op_host: 'http://localhost:8080' },
        1,
      ],
    ])('%s in production', (_, transport, given, count) => {
      expect(issues(transport, given, 'production')).toHaveLength(count);
    });
  });

  it('reject a query in op_host', () => {
    const given = { ...site, op_host: 'https://op.example.com/?hidden-1' };
    expect(issuesOf({ secret, site: given })).toEqual([
      'site.op_host: must have no query; set op_configuration_endpoint instead',
    ]);
  });

  it('contain a random secret by default outside production only', () => {
    const [first, second] = [resolveOptions({ site }), resolveOptions({ site })];
    expect(first.secretIsRandom).toBe(true);
    expect(first.secret[0]).toHaveLength(43);
    expect(first.secret).not.toEqual(second.secret);
    expect(issuesOf({ site }, 'production')).toEqual([expect.stringContaining('secret:')]);
  });

  it.each([
    { name: 'if NODE_ENV is test', environment: 'test', more: {} },
    {
      name: 'with a transport instance',
      environment: 'production',
      more: { transport: new ScriptedTransport() },
    },
  ])('have a store in memory by default $name', ({ environment, more }) => {
    const resolved = resolveOptions({ ...good, ...more }, environment);
    expect(resolved.store).toBeInstanceOf(MemoryStore);
    expect(resolveOptions({ ...good, ...more, store: 'a.json' }, environment).store).toBe('a.json');
  });

  it.each([
    { name: 'embedded', transport: { type: 'embedded' }, problems: [] },
    { name: 'the default transport', transport: undefined, problems: [] },
    { name: 'socket', transport: { type: 'socket' }, problems: [EMBEDDED_ONLY] },
    {
      name: 'https',
      transport: { type: 'https', url: 'https://oxd.example.com', version: '4.5' },
      problems: [EMBEDDED_ONLY],
    },
    { name: 'an instance', transport: new ScriptedTransport(), problems: [EMBEDDED_ONLY] },
  ])('allow uma.localVerification on embedded only: $name', ({ transport, problems }) => {
    const options = { ...good, transport } as OxdModuleOptions;
    expect(issuesOf({ ...options, uma: { localVerification: true } })).toEqual(problems);
    expect(issuesOf({ ...options, uma: { localVerification: false } })).toEqual([]);
  });

  it.each([
    { name: 'embedded', transport: undefined, problems: [] },
    { name: 'an instance', transport: new ScriptedTransport(), problems: [] },
    { name: 'socket', transport: { type: 'socket' }, problems: [NO_DECISIONS] },
  ])('allow uma.mode decision except on oxd: $name', ({ transport, problems }) => {
    const options = { ...good, transport } as OxdModuleOptions;
    expect(issuesOf({ ...options, uma: { mode: 'decision' } })).toEqual(problems);
    expect(issuesOf({ ...options, uma: { mode: 'rpt' } })).toEqual([]);
  });

  it('contain the given store, transport and functions, unfrozen', () => {
    class CustomTransport extends OxdTransport {
      readonly inner = { calls: 0 };
      override execute = jest.fn(() => Promise.resolve({}));
      override close = () => Promise.resolve();
    }
    const store = new MemoryStore();
    const transport = new CustomTransport();
    const paths = () => '/albums/1';
    const options = resolveOptions({ ...good, store, transport, uma: { paths } });
    expect(options.uma.paths).toBe(paths);
    expect(options.store).toBe(store);
    expect(options.transport).toBe(transport);
    expect(Object.isFrozen(store) || Object.isFrozen(transport.inner)).toBe(false);
  });

  it('are a frozen copy of the given object', () => {
    const given = { secret, site: { ...site, scope: ['openid'] } };
    const options = resolveOptions(given);
    expect(Object.isFrozen(options.site.scope)).toBe(true);
    given.site.scope.push('email');
    expect(options.site.scope).toEqual(['openid']);
  });
});

describe('a native client', () => {
  const native = { op_host: site.op_host, application_type: 'native' };
  const on = (more: object, options: object = { baseUrl: 'http://127.0.0.1:3000' }) =>
    issuesOf({ secret, ...options, site: { ...native, ...more } }, 'production');

  it.each([
    'com.example.app:/callback',
    'com.example.app://callback',
    'http://127.0.0.1/callback',
    'http://[::1]:3000/callback',
    'http://localhost:3000/callback',
    'https://app.example.com/callback',
  ])('may have the redirect URI %s in production', (uri) => {
    const uris = { redirect_uris: [uri], post_logout_redirect_uri: uri };
    expect(on({ authorization_redirect_uri: uri, ...uris })).toEqual([]);
  });

  it.each([
    ['http on another host', 'http://app.example.com/callback'],
    ['a scheme without a dot', 'myapp:/callback'],
    ['a scheme of a browser', 'javascript:alert(1)'],
    ['a path', '/callback'],
  ])('must not have a redirect URI with %s', (_name, uri) => {
    const issue = 'must be an absolute https URL, an http URL on a loopback host, or a URI with a';
    const uris = { authorization_redirect_uri: uri, redirect_uris: [uri] };
    const options = { secret, baseUrl: 'http://127.0.0.1:3000', site: { ...native, ...uris } };
    expect(issuesOf(options)).toEqual([
      expect.stringContaining(`site.authorization_redirect_uri: ${issue}`),
      expect.stringContaining(`site.redirect_uris: ${issue}`),
    ]);
  });

  it('needs no baseUrl for a loopback address', () => {
    expect(on({ authorization_redirect_uri: 'http://127.0.0.1/callback' }, {})).toEqual([]);
  });

  it('needs baseUrl for a private scheme', () => {
    expect(on({ authorization_redirect_uri: 'com.example.app:/callback' }, {})).toEqual([
      expect.stringContaining('baseUrl: is missing; a redirect URI with a private scheme'),
    ]);
  });

  it.each<[string, object]>([
    ['no application_type', {}],
    ['application_type web', { application_type: 'web' }],
  ])('is required for a private scheme: %s is rejected', (_name, type) => {
    const given = { ...site, authorization_redirect_uri: 'com.example.app:/callback', ...type };
    expect(issuesOf({ secret, baseUrl: 'https://app.example.com', site: given })).toEqual([
      'site.authorization_redirect_uri: must be an absolute http or https URL; a URI with a private ' +
        "scheme needs application_type: 'native'",
    ]);
  });

  it.each<[string, unknown]>([
    ['the socket', { type: 'socket' }],
    ['oxd over https', { type: 'https', url: 'https://oxd.example', version: '4.5' }],
    ['a transport of its own to oxd', { ...own, version: '3.1.4' }],
  ])('is rejected on %s, which registers web clients', (_name, transport) => {
    expect(on({ authorization_redirect_uri: 'http://127.0.0.1/cb' }, { transport })).toEqual([
      expect.stringContaining('site.application_type: must be web on oxd'),
    ]);
    const web = { application_type: 'web', authorization_redirect_uri: 'https://app.example/cb' };
    expect(on(web, { transport })).toEqual([]);
  });
});
