import { SignJWT } from 'jose';
import type { CommandName } from '../../../lib/commands/command.js';
import { fromWire, ignoredParams, toWire } from '../../../lib/commands/dialect/dialect.js';
import { OxdCommandError, OxdTransportError } from '../../../lib/base/errors.js';
import type { OxdError } from '../../../lib/base/errors.js';
import type { OxdVersion } from '../../../lib/commands/oxd-transport.js';
import { CLIENT_METADATA_ROWS } from '../../support/client-metadata.js';

const OXD: OxdVersion[] = ['3.1.1', '3.1.2', '3.1.3', '3.1.4'];
const upTo = (last: OxdVersion): OxdVersion[] => OXD.slice(0, OXD.indexOf(last) + 1);
const from = (first: OxdVersion): OxdVersion[] => OXD.slice(OXD.indexOf(first));

function caught(work: () => unknown): OxdError {
  try {
    work();
  } catch (error) {
    return error as OxdError;
  }
  throw new Error('nothing was thrown');
}

describe('toWire', () => {
  describe('names', () => {
    it.each([
      ['3.1.1', 'update_site_registration'],
      ['3.1.2', 'update_site'],
      ['3.1.4', 'update_site'],
      ['contract', 'update_site'],
    ] as const)('update_site is %s: %s', (version, name) => {
      expect(toWire(version, 'update_site', { oxd_id: 'id' })).toEqual({
        command: name,
        params: { oxd_id: 'id' },
      });
    });

    it.each(OXD)('%s is told client_logout_uris in an update', (version) => {
      const params = { oxd_id: 'id', client_frontchannel_logout_uris: ['https://app.example/x'] };
      expect(toWire(version, 'update_site', params).params).toEqual({
        oxd_id: 'id',
        client_logout_uris: ['https://app.example/x'],
      });
    });

    it.each(OXD)('%s is told client_frontchannel_logout_uris at registration', (version) => {
      const params = { client_frontchannel_logout_uris: ['https://app.example/x'] };
      expect(toWire(version, 'register_site', params).params).toEqual(params);
    });
  });

  describe('what a version lacks is refused before it is sent', () => {
    const text = 'a value';
    const refused: [CommandName, string, readonly OxdVersion[], string][] = [
      ['setup_client', 'setup_client_name', upTo('3.1.3'), 'oxd 3.1.4 and later'],
      [
        'setup_client',
        'client_token_endpoint_auth_signing_alg',
        upTo('3.1.3'),
        'oxd 3.1.4 and later',
      ],
      [
        'register_site',
        'client_token_endpoint_auth_signing_alg',
        upTo('3.1.3'),
        'oxd 3.1.4 and later',
      ],
      ['register_site', 'client_registration_access_token', ['3.1.1'], 'oxd 3.1.2 and later'],
      ['register_site', 'client_registration_client_uri', ['3.1.1'], 'oxd 3.1.2 and later'],
      ['get_client_token', 'authentication_method', ['3.1.1'], 'known to oxd 3.1.2 and later'],
      ['get_client_token', 'algorithm', ['3.1.1'], 'known to oxd 3.1.2 and later'],
      ['get_client_token', 'key_id', ['3.1.1'], 'known to oxd 3.1.2 and later'],
      ['update_site', 'client_name', OXD, 'oxd 4.0 and later'],
      ['update_site', 'acr_values', OXD, 'oxd 4.0 and later'],
      ['update_site', 'claims_redirect_uri', OXD, 'oxd 4.0 and later'],
      ['update_site', 'client_token_endpoint_auth_signing_alg', OXD, 'oxd 4.0 and later'],
      ['update_site', 'ui_locales', OXD, 'known to the embedded transport.'],
      ['update_site', 'claims_locales', OXD, 'known to the embedded transport.'],
      ['update_site', 'client_token_endpoint_auth_method', OXD, 'known to the embedded transport.'],
      ['update_site', 'client_secret_expires_at', ['3.1.4'], 'known to oxd up to 3.1.3'],
      ['get_authorization_url', 'state', OXD, 'oxd 4.0 and later'],
      ['get_authorization_url', 'redirect_uri', OXD, 'oxd 4.0 and later'],
      ['get_authorization_url', 'response_types', OXD, 'oxd 4.0 and later'],
      ['get_authorization_url', 'params', OXD, 'oxd 4.0 and later'],
      ['get_authorization_url', 'nonce', OXD, 'oxd 4.2 and later'],
      ['register_site', 'post_logout_redirect_uris', OXD, 'oxd 4.0 and later'],
      ['update_site', 'post_logout_redirect_uris', OXD, 'oxd 4.0 and later'],
      ['register_site', 'op_configuration_endpoint', OXD, 'oxd 4.2 and later'],
      ['setup_client', 'op_configuration_endpoint', OXD, 'oxd 4.2 and later'],
      ['get_client_token', 'op_configuration_endpoint', OXD, 'oxd 4.2 and later'],
      ['get_tokens_by_code', 'authentication_method', OXD, 'known to oxd 4.2 and later'],
      ['get_tokens_by_code', 'algorithm', OXD, 'known to oxd 4.2 and later'],
      ...CLIENT_METADATA_ROWS.flatMap(([name, { since, sent }]) =>
        (['register_site', 'setup_client', 'update_site'] as const).map(
          (command): [CommandName, string, readonly OxdVersion[], string] => [
            ...([command, name, OXD] as const),
            `known to ${sent ? 'the embedded transport and to ' : ''}oxd ${since} and later`,
          ],
        ),
      ),
    ];
    const rowsOf = (isRefused: boolean): [CommandName, string, OxdVersion, string][] =>
      refused.flatMap(([command, param, versions, known]) =>
        [...OXD, 'contract' as const]
          .filter((version) => versions.includes(version) === isRefused)
          .map((version): [CommandName, string, OxdVersion, string] => [
            command,
            param,
            version,
            known,
          ]),
      );

    it.each(rowsOf(true))('%s %s on %s', (command, param, version, known) => {
      const params = { [param]: text };
      expect(ignoredParams(version, command, params)).toEqual([param]);
      const error = caught(() => toWire(version, command, params));
      expect(error).toBeInstanceOf(OxdCommandError);
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', command, mayHaveRun: false });
      expect(error.message).toContain(param);
      expect(error.message).toContain(known);
      expect(error.message).not.toContain(text);
    });

    it.each(rowsOf(false))('but not %s %s on %s', (command, param, version) => {
      const needed = param.startsWith('client_registration_') && {
        client_id: 'c',
        client_secret: 's',
      };
      const params = { ...needed, [param]: text };
      expect(ignoredParams(version, command, params)).toEqual([]);
      expect(toWire(version, command, params).params).toEqual(params);
    });

    it.each([
      ['remove_site', '3.1.1', 'oxd 3.1.2 and later'],
      ['introspect_access_token', '3.1.1', 'oxd 3.1.2 and later'],
    ] as const)('the command %s on %s', (command, version, known) => {
      const error = caught(() => toWire(version, command, { oxd_id: 'id' }));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
      expect(error.message).toContain(known);
    });

    it.each(OXD)('a param that no version has, on %s', (version) => {
      const error = caught(() => toWire(version, 'get_user_info', { accessToken: 'x' }));
      expect(error.code).toBe('OXD_COMMAND_UNSUPPORTED');
      expect(error.message).toContain('accessToken');
    });

    it.each(['constructor', '__proto__', 'toString'])('the param %s', (name) => {
      const params = JSON.parse(`{"${name}": "x"}`) as object;
      expect(caught(() => toWire('3.1.4', 'remove_site', params)).message).toContain(name);
    });

    it.each(['constructor', 'uma_rs_protec'])('the command %s', (command) => {
      const error = caught(() => toWire('contract', command as CommandName, {}));
      expect(error.code).toBe('OXD_COMMAND_UNSUPPORTED');
    });
  });

  describe('what nothing is lost by is left out', () => {
    const dropped: [CommandName, string, readonly OxdVersion[]][] = [
      ['get_tokens_by_code', 'iss', OXD],
      ['get_user_info', 'id_token', OXD],
      ['get_logout_uri', 'id_token_hint', ['3.1.4']],
      ['setup_client', 'protection_access_token', OXD],
      ['get_access_token_by_refresh_token', 'protection_access_token', upTo('3.1.3')],
      ['introspect_access_token', 'protection_access_token', ['3.1.2', '3.1.3']],
      ['register_site', 'protection_access_token', []],
      ['get_user_info', 'protection_access_token', []],
      ['get_authorization_url', 'protection_access_token', []],
    ];
    const rows = dropped.flatMap(([command, param, versions]) =>
      [...(command === 'introspect_access_token' ? from('3.1.2') : OXD), 'contract' as const].map(
        (version) => [command, param, version, versions.includes(version)] as const,
      ),
    );

    it.each(rows)('%s %s on %s: %s', (command, param, version, isDropped) => {
      const { params } = toWire(version, command, { [param]: 'x' });
      expect(Object.hasOwn(params, param)).toBe(!isDropped);
      expect(ignoredParams(version, command, { [param]: 'x' })).toEqual([]);
    });

    it.each(OXD)('nulls and undefined, on %s', (version) => {
      const params = { oxd_id: 'id', scope: undefined, state: null, prompt: undefined };
      expect(toWire(version, 'get_authorization_url', params).params).toEqual({ oxd_id: 'id' });
      expect(ignoredParams(version, 'get_authorization_url', params)).toEqual([]);
    });
  });

  describe('what oxd puts into a URL as it is', () => {
    const raw = 'a b&c=d#e+f%20g/€😀';
    const intoUrl = (value: unknown): URLSearchParams =>
      new URL(`https://op.example/x?first=1&it=${String(value)}&last=1`).searchParams;

    it.each([
      ['get_authorization_url', 'prompt'],
      ['get_authorization_url', 'hd'],
      ['get_logout_uri', 'state'],
      ['get_logout_uri', 'session_state'],
    ] as const)('%s %s arrives whole and nothing beside it', (command, param) => {
      const needed = command === 'get_logout_uri' ? { id_token_hint: 'x' } : {};
      for (const version of OXD) {
        const { params } = toWire(version, command, { ...needed, [param]: raw });
        const query = intoUrl(params[param]);
        expect(query.get('it')).toBe(raw);
        expect([...query.keys()]).toEqual(['first', 'it', 'last']);
      }
    });

    it.each(OXD)('%s: a client_id that would break URLs is refused', (version) => {
      const call = (client_id: string) => (): unknown =>
        toWire(version, 'register_site', { client_id, client_secret: 'x' });
      for (const bad of ['a&b', 'a#b', 'a+b', 'a%20'])
        expect(caught(call(bad)).message).toContain('client_id');
      expect(call('https://app.example/client')()).toBeDefined();
    });

    it.each(OXD)('%s: a discovery path begins with /', (version) => {
      const call = (op_discovery_path: string) => (): unknown =>
        toWire(version, 'register_site', { op_discovery_path });
      for (const bad of ['', 'oxauth'])
        expect(caught(call(bad)).message).toContain('op_discovery_path');
      expect(call('/oxauth')()).toBeDefined();
    });

    it('half a character is refused', () => {
      const error = caught(() => toWire('3.1.4', 'get_logout_uri', { state: 'a\ud800' }));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED' });
      expect(error.message).toContain('state');
    });

    describe('a redirect URI, which must stay as it is registered', () => {
      const good = 'https://app.example/cb?from=op';
      const broken = ['?a=b&c=d', '#x', '?a=b+c', '/%20'].map(
        (rest) => `https://app.example/cb${rest}`,
      );
      const register = (version: OxdVersion, authorization_redirect_uri: string): unknown =>
        toWire(version, 'register_site', { authorization_redirect_uri }).params;

      it('is broken by what is refused, and by nothing else', () => {
        expect(intoUrl(good).get('it')).toBe(good);
        for (const uri of broken) expect(intoUrl(uri).get('it')).not.toBe(uri);
      });

      it.each(OXD)('%s: what would break is refused', (version) => {
        expect(register(version, good)).toEqual({ authorization_redirect_uri: good });
        for (const uri of broken)
          expect(caught(() => register(version, uri)).message).toContain(
            'authorization_redirect_uri',
          );
      });

      it('contract: nothing breaks, nothing is refused', () => {
        for (const uri of broken)
          expect(register('contract', uri)).toEqual({ authorization_redirect_uri: uri });
      });
    });
  });

  describe('what a call cannot go without', () => {
    it.each(upTo('3.1.3'))('id_token_hint of a logout on %s', (version) => {
      const error = caught(() => toWire(version, 'get_logout_uri', { oxd_id: 'id' }));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
      expect(error.message).toContain('id_token_hint');
    });

    it.each(['3.1.4', 'contract'] as const)('but no id_token_hint on %s', (version) => {
      const params = { oxd_id: 'id' };
      expect(toWire(version, 'get_logout_uri', params).params).toEqual(params);
    });

    const client = { client_id: 'the-client', client_secret: 'the-secret' };
    const management = {
      client_registration_access_token: 't',
      client_registration_client_uri: 'u',
    };
    it.each<[string, object, readonly OxdVersion[]]>([
      ['client_secret', { client_id: 'the-client' }, OXD],
      ['client_secret', { client_id: 'the-client', client_secret: ' ' }, OXD],
      ['client_id', { client_secret: 'the-secret' }, OXD],
      ['client_id', { client_registration_access_token: 't' }, from('3.1.2')],
      ['client_id', { client_registration_client_uri: 'u' }, from('3.1.2')],
      ['client_secret', { client_id: 'the-client', ...management }, from('3.1.2')],
    ])('%s of a client that exists beside %j', (missing, half, versions) => {
      for (const version of versions) {
        for (const command of ['register_site', 'setup_client'] as const) {
          const error = caught(() => toWire(version, command, half));
          expect(error).toMatchObject({
            code: 'OXD_COMMAND_FAILED',
            error: `invalid_${missing}`,
            mayHaveRun: false,
          });
          expect(error.message).toContain(`pass ${missing}: client_id and client_secret go toge`);
          expect(toWire(version, command, client).params).toEqual(client);
        }
      }
    });

    it.each(OXD)('redirect_uris beside a new authorization_redirect_uri on %s', (version) => {
      const authorization_redirect_uri = 'https://app.example/new';
      const call = (more: object) => (): unknown =>
        toWire(version, 'update_site', { authorization_redirect_uri, ...more });
      expect(caught(call({})).message).toContain('redirect_uris');
      expect(call({ redirect_uris: [authorization_redirect_uri] })()).toBeDefined();
      expect(toWire('contract', 'update_site', { authorization_redirect_uri })).toBeDefined();
    });
  });

  it.each([...OXD, 'contract'] as const)('refuses a param that nobody knows on %s', (version) => {
    const error = caught(() => toWire(version, 'get_user_info', { access_token: 'x', token: 'y' }));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
    expect(error.message).toContain('token is not a param of it');
  });

  it('leaves the params of the caller as they are', () => {
    const params = Object.freeze({ oxd_id: 'id', prompt: 'login consent', scope: undefined });
    for (const version of OXD) toWire(version, 'get_authorization_url', params);
    expect(toWire('contract', 'get_authorization_url', params).params).toEqual(params);
    expect(toWire('contract', 'get_authorization_url', params).params).not.toBe(params);
  });
});

describe('fromWire', () => {
  const tokens = {
    access_token: 'at',
    expires_in: 3600,
    id_token: 'it',
    refresh_token: null,
    id_token_claims: { iss: ['i'], sub: ['s'], aud: ['c'], exp: ['2'], iat: ['1'] },
  };
  const setup = {
    oxd_id: 'id',
    op_host: 'https://op.example',
    client_id: 'c',
    client_secret: 's',
    client_registration_access_token: null,
    client_registration_client_uri: null,
    client_id_issued_at: 0,
    client_secret_expires_at: 0,
  };

  describe('shapes', () => {
    const rows: [string, CommandName, OxdVersion, object, object][] = [
      [
        'nulls are dropped, zero stays',
        'setup_client',
        '3.1.1',
        setup,
        {
          oxd_id: 'id',
          op_host: 'https://op.example',
          client_id: 'c',
          client_secret: 's',
          client_id_issued_at: 0,
          client_secret_expires_at: 0,
        },
      ],
      [
        'an unknown lifetime is left out',
        'get_tokens_by_code',
        '3.1.4',
        { ...tokens, expires_in: -1 },
        {
          access_token: 'at',
          id_token: 'it',
          id_token_claims: { iss: 'i', sub: 's', aud: 'c', exp: 2, iat: 1 },
        },
      ],
      [
        'a scope in one string stays',
        'get_client_token',
        '3.1.4',
        { access_token: 'at', expires_in: 1, scope: 'openid oxd', refresh_token: null },
        { access_token: 'at', expires_in: 1, scope: 'openid oxd' },
      ],
      [
        'a list of scopes becomes one string',
        'get_access_token_by_refresh_token',
        'contract',
        { access_token: 'at', scope: ['openid', 'oxd'] },
        { access_token: 'at', scope: 'openid oxd' },
      ],
      [
        'scope: null is no scope',
        'get_client_token',
        '3.1.4',
        { access_token: 'at', scope: null },
        { access_token: 'at' },
      ],
      [
        'introspection of 3.1.2: scopes',
        'introspect_access_token',
        '3.1.2',
        { active: true, scopes: ['openid', 'oxd'], exp: 2, iat: 1, aud: 'c', jti: null },
        { active: true, scope: 'openid oxd', exp: 2, iat: 1, aud: 'c' },
      ],
      [
        'introspection of 3.1.4: scope, scopes null',
        'introspect_access_token',
        '3.1.4',
        { active: true, scopes: null, scope: ['openid', 'oxd'] },
        { active: true, scope: 'openid oxd' },
      ],
      [
        'an audience of one is a string',
        'introspect_access_token',
        'contract',
        { active: true, aud: ['c'] },
        { active: true, aud: 'c' },
      ],
      [
        'several audiences stay',
        'introspect_access_token',
        'contract',
        { active: true, aud: ['c', 'd'] },
        { active: true, aud: ['c', 'd'] },
      ],
      [
        'a dead token',
        'introspect_access_token',
        '3.1.4',
        { active: false, client_id: null, scopes: null, scope: null, exp: null },
        { active: false },
      ],
      [
        'oxd 4.x: the client of a site, initiate_login_uri with its blank',
        'register_site',
        'contract',
        { ...setup, client_name: 'n', 'initiate_login_uri ': 'https://app.example/begin' },
        {
          oxd_id: 'id',
          op_host: 'https://op.example',
          client_id: 'c',
          client_secret: 's',
          client_id_issued_at: 0,
          client_secret_expires_at: 0,
          client_name: 'n',
          initiate_login_uri: 'https://app.example/begin',
        },
      ],
      [
        'further members pass',
        'register_site',
        'contract',
        { oxd_id: 'id', op_host: 'https://op.example', more: { a: 1 }, none: null },
        { oxd_id: 'id', op_host: 'https://op.example', more: { a: 1 } },
      ],
    ];

    it.each(rows)('%s: %s on %s', (_title, command, version, data, result) => {
      expect(fromWire(version, command, {}, data)).toStrictEqual(result);
    });
  });

  describe('claims of 3.x', () => {
    const claims = (of: object): unknown => {
      const data = { claims: { sub: ['s'], ...of }, refresh_token: null, access_token: null };
      const { sub, ...rest } = fromWire('3.1.4', 'get_user_info', {}, data).claims;
      expect(sub).toBe('s');
      return rest;
    };

    it.each([
      ['a text', { name: ['Alice Ünïcode €'] }, { name: 'Alice Ünïcode €' }],
      ['a true', { email_verified: ['true'] }, { email_verified: true }],
      ['a false', { phone_number_verified: ['false'] }, { phone_number_verified: false }],
      ['a flag that is neither is left out', { email_verified: ['yes'] }, {}],
      ['a flag of two values is left out', { email_verified: ['true', 'true'] }, {}],
      ['a time', { updated_at: ['1700000000'] }, { updated_at: 1700000000 }],
      ['a date for a time is left out', { updated_at: ['2024-01-01'] }, {}],
      ['a blank for a time is left out', { updated_at: [' '] }, {}],
      ['no value for a time is left out', { updated_at: [] }, {}],
      ['no value for a text is left out', { name: [] }, {}],
      ['two values for a text are left out', { name: ['a', 'b'] }, {}],
      ['an address', { address: ['{"country":"CH"}'] }, { address: { country: 'CH' } }],
      ['an address that is no JSON is left out', { address: ['Zürich'] }, {}],
      ['an address that is a list is left out', { address: ['[]'] }, {}],
      ['an address that is null is left out', { address: ['null'] }, {}],
      ['amr stays a list', { amr: ['pwd'] }, { amr: ['pwd'] }],
      ['an audience of one', { aud: ['c'] }, { aud: 'c' }],
      ['an audience of two', { aud: ['c', 'd'] }, { aud: ['c', 'd'] }],
      ['an unknown one is text', { level: ['7'] }, { level: '7' }],
      ['an unknown flag is text', { vip: ['true'] }, { vip: 'true' }],
      ['unknown several stay', { roles: ['a', 'b'] }, { roles: ['a', 'b'] }],
      ['a name in another language', { 'name#fr': ['Alice'] }, { 'name#fr': 'Alice' }],
      ['null is none', { nickname: null }, {}],
      ['names of Object.prototype', { constructor: ['x'] }, { constructor: 'x' }],
    ])('%s', (_title, wire, plain) => {
      expect(claims(wire)).toStrictEqual(plain);
    });

    it.each(['contract', '3.1.4'] as const)('%s: __proto__ names no claim', (version) => {
      const text = '{"claims":{"sub":"s","__proto__":{"admin":"x"}},"__proto__":{"admin":"x"}}';
      const result = fromWire(version, 'get_user_info', {}, JSON.parse(text));
      expect(Object.keys(result)).toEqual(['claims']);
      expect(Object.keys(result.claims)).toEqual(['sub']);
      expect(result.claims.admin).toBeUndefined();
      expect(Object.assign({}, result.claims)).toStrictEqual({ sub: 's' });
    });

    it.each([
      ['3.1.4', 'false', false],
      ['3.1.4', 'true', true],
      ['contract', 'false', false],
      ['contract', 'true', true],
      ['contract', 'maybe', undefined],
    ] as const)('%s: email_verified as the text %j is %s', (version, email_verified, read) => {
      const data = { claims: { sub: 's', email_verified } };
      const { claims: result } = fromWire(version, 'get_user_info', {}, data);
      expect(result.email_verified).toBe(read);
    });

    it('plain claims of the contract stay as they are', () => {
      const data = { claims: { sub: 's', roles: ['a'], email_verified: true, middle_name: null } };
      expect(fromWire('contract', 'get_user_info', {}, data)).toStrictEqual({
        claims: { sub: 's', roles: ['a'], email_verified: true },
      });
    });
  });

  describe('a success that hides a failure is that failure', () => {
    const without = (name: string): object => ({
      ...tokens,
      id_token_claims: { ...tokens.id_token_claims, [name]: null },
    });
    const rows: [string, CommandName, OxdVersion, object, string][] = [
      ['no claims', 'get_user_info', '3.1.4', { claims: {} }, 'internal_error'],
      ['no sub', 'get_user_info', '3.1.1', { claims: { name: ['A'] } }, 'internal_error'],
      ['a blank sub', 'get_user_info', '3.1.4', { claims: { sub: [''] } }, 'internal_error'],
      ['two subs', 'get_user_info', '3.1.4', { claims: { sub: ['a', 'b'] } }, 'internal_error'],
      [
        "the provider's word",
        'get_user_info',
        '3.1.4',
        { claims: { error: ['insufficient_scope'] } },
        'insufficient_scope',
      ],
      [
        "the provider's word",
        'get_user_info',
        'contract',
        { claims: { error: 'insufficient_scope' } },
        'insufficient_scope',
      ],
      ['no id_token', 'get_tokens_by_code', '3.1.4', { ...tokens, id_token: null }, 'no_id_token'],
      [
        'no access token',
        'get_tokens_by_code',
        '3.1.1',
        { ...tokens, access_token: null },
        'no_access_token',
      ],
      [
        'a blank access token',
        'get_access_token_by_refresh_token',
        '3.1.4',
        { access_token: '' },
        'no_access_token',
      ],
      ['no token at all', 'get_client_token', 'contract', {}, 'no_access_token'],
      ...['iss', 'sub', 'aud', 'exp', 'iat'].map(
        (name): [string, CommandName, OxdVersion, object, string] => [
          `an id_token without ${name}`,
          'get_tokens_by_code',
          '3.1.4',
          without(name),
          'invalid_id_token',
        ],
      ),
    ];

    it.each(rows)('%s: %s on %s', (_title, command, version, data, word) => {
      const error = caught(() => fromWire(version, command, {}, data));
      expect(error).toBeInstanceOf(OxdCommandError);
      expect(error).toMatchObject({
        code: 'OXD_COMMAND_FAILED',
        error: word,
        command,
        mayHaveRun: true,
      });
    });

    it("carries the provider's text without printing it", () => {
      const claims = { error: ['invalid_token'], error_description: ['token tok-1234 expired'] };
      const error = caught(() => fromWire('3.1.4', 'get_user_info', {}, { claims }));
      expect(error).toMatchObject({ error_description: 'token tok-1234 expired' });
      expect(error.message).not.toContain('tok-1234');
    });
  });

  describe('what is no reply to the command', () => {
    const rows: [CommandName, unknown, string][] = [
      ['register_site', null, 'data'],
      ['register_site', [], 'data'],
      ['register_site', 'text', 'data'],
      ['register_site', { op_host: 'x' }, 'oxd_id'],
      ['register_site', { oxd_id: 7, op_host: 'x' }, 'oxd_id'],
      ['register_site', { oxd_id: '', op_host: 'x' }, 'oxd_id'],
      ['register_site', { oxd_id: 'id', op_host: 'x', client_id: 7 }, 'client_id'],
      ['register_site', { oxd_id: 'id', op_host: 'x', client_name: [] }, 'client_name'],
      ['register_site', { oxd_id: 'id', op_host: 'x', client_secret: {} }, 'client_secret'],
      [
        'register_site',
        { oxd_id: 'id', op_host: 'x', client_registration_access_token: 1 },
        'client_registration_access_token',
      ],
      [
        'register_site',
        { oxd_id: 'id', op_host: 'x', client_registration_client_uri: 1 },
        'client_registration_client_uri',
      ],
      [
        'register_site',
        { oxd_id: 'id', op_host: 'x', client_id_issued_at: '1' },
        'client_id_issued_at',
      ],
      [
        'register_site',
        { oxd_id: 'id', op_host: 'x', client_secret_expires_at: '1' },
        'client_secret_expires_at',
      ],
      [
        'register_site',
        { oxd_id: 'id', op_host: 'x', 'initiate_login_uri ': 1 },
        'initiate_login_uri',
      ],
      ['update_site', {}, 'oxd_id'],
      ['remove_site', { oxd_id: null }, 'oxd_id'],
      ['setup_client', { ...setup, client_id: null }, 'client_id'],
      ['setup_client', { ...setup, client_id_issued_at: 'now' }, 'client_id_issued_at'],
      ['get_client_token', { access_token: {} }, 'access_token'],
      ['get_client_token', { access_token: 'x', expires_in: '600' }, 'expires_in'],
      ['get_client_token', { access_token: 'x', scope: 7 }, 'scope'],
      ['get_client_token', { access_token: 'x', scope: ['a', 7] }, 'scope'],
      ['get_authorization_url', {}, 'authorization_url'],
      ['get_authorization_url', { authorization_url: '/relative' }, 'authorization_url'],
      ['get_logout_uri', { uri: null }, 'uri'],
      ['get_user_info', {}, 'claims'],
      ['get_user_info', { claims: [] }, 'claims'],
      ['get_tokens_by_code', { ...tokens, id_token_claims: null }, 'id_token_claims'],
      ['introspect_access_token', {}, 'active'],
      ['introspect_access_token', { active: 'true' }, 'active'],
      ['introspect_access_token', { active: 1 }, 'active'],
      ['introspect_access_token', { active: true, exp: '7' }, 'exp'],
    ];

    it.each(rows)('%s %j', (command, data, member) => {
      for (const version of ['contract', '3.1.4'] as const) {
        const error = caught(() => fromWire(version, command, {}, data));
        expect(error).toBeInstanceOf(OxdTransportError);
        expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', command, mayHaveRun: true });
        expect(error.message).toContain(` ${member} `);
      }
    });
  });

  describe('get_user_info beside an id_token', () => {
    const idTokenOf = (sub: string): Promise<string> =>
      new SignJWT({ sub }).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32));
    const read = (id_token: string, version: OxdVersion): unknown =>
      fromWire(version, 'get_user_info', { id_token }, { claims: { sub: 's' } });

    it.each(OXD)('%s: another user is refused', async (version) => {
      const error = caught(read.bind(null, await idTokenOf('other'), version));
      expect(error).toMatchObject({
        code: 'OXD_COMMAND_FAILED',
        error: 'invalid_subject_identifier',
      });
    });

    it.each(OXD)('%s: one that cannot be read is refused', (version) => {
      expect(caught(() => read('no JWT', version))).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    });

    it.each(OXD)('%s: the same user is welcome', async (version) => {
      expect(read(await idTokenOf('s'), version)).toEqual({ claims: { sub: 's' } });
    });
  });

  describe('get_logout_uri', () => {
    const uri = 'https://op.example/end?client=a%20b&state=x%26y#f';
    const call = (version: OxdVersion, params: object): URL =>
      new URL(fromWire(version, 'get_logout_uri', params, { uri }).uri);

    it.each(['3.1.1', '3.1.2', '3.1.3', 'contract'] as const)(
      '%s is taken at its word',
      (version) => {
        expect(call(version, { id_token_hint: 'a.b.c' }).href).toBe(uri);
      },
    );

    it('3.1.4: the hint is added, the rest stays', () => {
      const { searchParams, origin, pathname, hash } = call('3.1.4', { id_token_hint: 'a.b.c' });
      expect(Object.fromEntries(searchParams)).toEqual({
        client: 'a b',
        state: 'x&y',
        id_token_hint: 'a.b.c',
      });
      expect([origin, pathname, hash]).toEqual(['https://op.example', '/end', '#f']);
    });

    it('3.1.4: without a hint nothing is added', () => {
      expect(call('3.1.4', {}).href).toBe(uri);
    });
  });
});
