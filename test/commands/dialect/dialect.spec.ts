import { SignJWT } from 'jose';
import type { CommandName } from '../../../lib/commands/command.js';
import { COMMAND_RULES } from '../../../lib/commands/command-rules.js';
import { fromWire, ignoredParams, toWire } from '../../../lib/commands/dialect/dialect.js';
import { RELEASES } from '../../../lib/base/oxd-releases.js';
import { supports, type ParamRule } from '../../../lib/commands/parameter-rules.js';
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

/** Parameters of the verification of an access token, which only embedded has. */
const VERIFICATION = ['audience', 'introspection', 'anyAudience'];

describe('toWire', () => {
  it.each([
    ['3.1.1', 'update_site_registration'],
    ['3.1.2', 'update_site'],
    ['3.1.4', 'update_site'],
    ['contract', 'update_site'],
  ] as const)('on %s, sends update_site as %s', (version, name) => {
    expect(toWire(version, 'update_site', { oxd_id: 'id' })).toEqual({
      command: name,
      params: { oxd_id: 'id' },
    });
  });

  it.each(OXD)(
    'on %s, sends front-channel logout URIs as client_logout_uris in an update',
    (version) => {
      const params = { oxd_id: 'id', client_frontchannel_logout_uris: ['https://app.example/x'] };
      expect(toWire(version, 'update_site', params).params).toEqual({
        oxd_id: 'id',
        client_logout_uris: ['https://app.example/x'],
      });
    },
  );

  it.each(OXD)('on %s, sends front-channel logout URIs unchanged in a registration', (version) => {
    const params = { client_frontchannel_logout_uris: ['https://app.example/x'] };
    expect(toWire(version, 'register_site', params).params).toEqual(params);
  });

  describe('with parameters that a version lacks', () => {
    type Lack = readonly [CommandName, string, readonly OxdVersion[], string];
    const value = 'a value';
    const lacks: readonly Lack[] = [
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
      ['setup_client', 'client_registration_access_token', ['3.1.1'], 'oxd 3.1.2 and later'],
      ['setup_client', 'client_registration_client_uri', ['3.1.1'], 'oxd 3.1.2 and later'],
      ['setup_client', 'post_logout_redirect_uris', OXD, 'oxd 4.0 and later'],
      ['get_client_token', 'authentication_method', ['3.1.1'], 'supported by oxd 3.1.2 and later'],
      ['get_client_token', 'algorithm', ['3.1.1'], 'supported by oxd 3.1.2 and later'],
      ['get_client_token', 'key_id', ['3.1.1'], 'supported by oxd 3.1.2 and later'],
      ['update_site', 'client_name', OXD, 'oxd 4.0 and later'],
      ['update_site', 'acr_values', OXD, 'oxd 4.0 and later'],
      ['update_site', 'claims_redirect_uri', OXD, 'oxd 4.0 and later'],
      ['update_site', 'client_token_endpoint_auth_signing_alg', OXD, 'oxd 4.0 and later'],
      ['update_site', 'ui_locales', OXD, 'supported by the embedded transport.'],
      ['update_site', 'claims_locales', OXD, 'supported by the embedded transport.'],
      [
        'update_site',
        'client_token_endpoint_auth_method',
        OXD,
        'supported by the embedded transport.',
      ],
      ['update_site', 'client_secret_expires_at', ['3.1.4'], 'supported by oxd up to 3.1.3'],
      ...(['register_site', 'setup_client', 'update_site'] as const).map((command): Lack => [
        command,
        'application_type',
        OXD,
        'supported by the embedded transport.',
      ]),
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
      ['get_tokens_by_code', 'authentication_method', OXD, 'supported by oxd 4.2 and later'],
      ['get_tokens_by_code', 'algorithm', OXD, 'supported by oxd 4.2 and later'],
      [
        'get_access_token_by_refresh_token',
        'id_token',
        OXD,
        'supported by the embedded transport.',
      ],
      ...['code_verifier', 'nonce', 'redirect_uri', 'min_auth_time'].map((name): Lack => [
        'get_tokens_by_code',
        name,
        OXD,
        'supported by the embedded transport.',
      ]),
      ...CLIENT_METADATA_ROWS.flatMap(([name, { since, sent }]) =>
        (['register_site', 'setup_client', 'update_site'] as const).map((command): Lack => [
          ...([command, name, OXD] as const),
          `supported by ${sent ? 'the embedded transport and by ' : ''}oxd ${since} and later`,
        ]),
      ),
    ];
    const commands = [...new Set(lacks.map(([command]) => command))];
    const cases = (command: CommandName, isLacking: boolean) =>
      lacks
        .filter(([name]) => name === command)
        .flatMap(([, param, versions, supported]) =>
          [...OXD, 'contract' as const]
            .filter((version) => versions.includes(version) === isLacking)
            .map((version) => ({ param, version, supported })),
        );

    it.each(commands)('rejects every parameter of %s that the version lacks', (command) => {
      for (const { param, version, supported } of cases(command, true)) {
        const params = { [param]: value };
        const ignored = ignoredParams(version, command, params);
        const error = caught(() => toWire(version, command, params));
        const { name, message } = error;
        expect({ version, param, ignored, name, message, error }).toEqual({
          ...{ version, param, ignored: [param], name: 'OxdCommandError' },
          message: expect.stringContaining(param),
          error: expect.objectContaining({
            ...{ code: 'OXD_COMMAND_UNSUPPORTED', command, mayHaveRun: false },
            message: expect.stringContaining(supported),
          }),
        });
        expect(error).toBeInstanceOf(OxdCommandError);
        expect(message).not.toContain(value);
      }
    });

    it.each(commands)('sends every parameter of %s that the version supports', (command) => {
      for (const { param, version } of cases(command, false)) {
        const credentials = param.startsWith('client_registration_') && {
          client_id: 'c',
          client_secret: 's',
        };
        const params = { ...credentials, [param]: value };
        const ignored = ignoredParams(version, command, params);
        const sent = toWire(version, command, params).params;
        expect({ version, param, ignored, sent }).toEqual({
          ...{ version, param, ignored: [], sent: params },
        });
      }
    });

    it('knows every parameter of the table that a version lacks and that is not omitted', () => {
      const table = Object.entries(COMMAND_RULES).flatMap(([command, { params }]) =>
        Object.entries(params as Readonly<Record<string, ParamRule>>)
          .filter(([, rule]) => rule.ifUnsupported === undefined)
          .filter(([, rule]) => RELEASES.slice(0, 4).some((release) => !supports(release, rule)))
          .map(([param]) => `${command} ${param}`),
      );
      const login = table.filter((name) => !/^(uma_|introspect_rpt )/.test(name));
      const embeddedOnly = [
        ...['remove', 'client_id', 'client_secret'],
        ...['client_registration_access_token', 'client_registration_client_uri'],
      ].map((param) => `update_site ${param}`);
      const verification = VERIFICATION.map((param) => `introspect_access_token ${param}`);
      const listed = lacks.map(([command, param]) => `${command} ${param}`);
      expect(new Set([...listed, ...embeddedOnly, ...verification])).toEqual(new Set(login));
    });

    it.each(VERIFICATION)('rejects %s of introspect_access_token on every oxd', (param) => {
      for (const version of RELEASES.slice(1)) {
        const params = { access_token: 'a-token', [param]: value };
        const error = caught(() => toWire(version, 'introspect_access_token', params));
        expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED' });
        expect(error.message).toContain(param);
      }
    });

    it.each([
      ['remove_site', '3.1.1', 'oxd 3.1.2 and later'],
      ['introspect_access_token', '3.1.1', 'oxd 3.1.2 and later'],
    ] as const)('rejects the command %s on %s', (command, version, supported) => {
      const error = caught(() => toWire(version, command, { oxd_id: 'id' }));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
      expect(error.message).toContain(supported);
    });

    it.each(OXD)('rejects a parameter that no version supports, on %s', (version) => {
      const error = caught(() => toWire(version, 'get_user_info', { accessToken: 'x' }));
      expect(error.code).toBe('OXD_COMMAND_UNSUPPORTED');
      expect(error.message).toContain('accessToken');
    });

    it.each(['constructor', '__proto__', 'toString'])('rejects the parameter %s', (name) => {
      const params = JSON.parse(`{"${name}": "x"}`) as object;
      expect(caught(() => toWire('3.1.4', 'remove_site', params)).message).toContain(name);
    });

    it.each(['constructor', 'uma_rs_protec'])('rejects the command %s', (command) => {
      const error = caught(() => toWire('contract', command as CommandName, {}));
      expect(error.code).toBe('OXD_COMMAND_UNSUPPORTED');
    });
  });

  describe('with parameters that a version does not need', () => {
    const omitted: readonly (readonly [CommandName, string, readonly OxdVersion[]])[] = [
      ['get_authorization_url', 'keep_state', OXD],
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

    it.each(omitted)('omits or sends %s %s as the version requires', (command, param, versions) => {
      const first = command === 'introspect_access_token' ? '3.1.2' : '3.1.1';
      for (const version of [...from(first), 'contract'] as const) {
        const params = { [param]: 'x' };
        const isOmitted = !Object.hasOwn(toWire(version, command, params).params, param);
        const ignored = ignoredParams(version, command, params);
        expect({ version, isOmitted, ignored }).toEqual({
          ...{ version, isOmitted: versions.includes(version), ignored: [] },
        });
      }
    });

    it.each(OXD)('omits null and undefined on %s', (version) => {
      const params = { oxd_id: 'id', scope: undefined, state: null, prompt: undefined };
      expect(toWire(version, 'get_authorization_url', params).params).toEqual({ oxd_id: 'id' });
      expect(ignoredParams(version, 'get_authorization_url', params)).toEqual([]);
    });
  });

  describe('with values that oxd copies into URLs', () => {
    const raw = 'a b&c=d#e+f%20g/€😀';
    const intoUrl = (value: unknown): URLSearchParams =>
      new URL(`https://op.example/x?first=1&it=${String(value)}&last=1`).searchParams;

    it.each([
      ['get_authorization_url', 'prompt'],
      ['get_authorization_url', 'hd'],
      ['get_logout_uri', 'state'],
      ['get_logout_uri', 'session_state'],
    ] as const)('encodes %s %s so that it changes no other query parameter', (command, param) => {
      const needed = command === 'get_logout_uri' ? { id_token_hint: 'x' } : {};
      for (const version of OXD) {
        const { params } = toWire(version, command, { ...needed, [param]: raw });
        const query = intoUrl(params[param]);
        expect(query.get('it')).toBe(raw);
        expect([...query.keys()]).toEqual(['first', 'it', 'last']);
      }
    });

    it.each(OXD)('rejects a client_id that would change URLs, on %s', (version) => {
      const call = (client_id: string) => (): unknown =>
        toWire(version, 'register_site', { client_id, client_secret: 'x' });
      for (const invalid of ['a&b', 'a#b', 'a+b', 'a%20'])
        expect(caught(call(invalid)).message).toContain('client_id');
      expect(call('https://app.example/client')()).toBeDefined();
    });

    it.each(OXD)('rejects a discovery path that does not begin with /, on %s', (version) => {
      const call = (op_discovery_path: string) => (): unknown =>
        toWire(version, 'register_site', { op_discovery_path });
      for (const invalid of ['', 'oxauth'])
        expect(caught(call(invalid)).message).toContain('op_discovery_path');
      expect(call('/oxauth')()).toBeDefined();
    });

    it('rejects half of a surrogate pair', () => {
      const error = caught(() => toWire('3.1.4', 'get_logout_uri', { state: 'a\ud800' }));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED' });
      expect(error.message).toContain('state');
    });

    describe('with a redirect URI, which must equal the registered one', () => {
      const good = 'https://app.example/cb?from=op';
      const broken = ['?a=b&c=d', '#x', '?a=b+c', '/%20'].map(
        (rest) => `https://app.example/cb${rest}`,
      );
      const register = (version: OxdVersion, authorization_redirect_uri: string): unknown =>
        toWire(version, 'register_site', { authorization_redirect_uri }).params;

      it('has rejected URIs that a URL would change, and an accepted one that it would not', () => {
        expect(intoUrl(good).get('it')).toBe(good);
        for (const uri of broken) expect(intoUrl(uri).get('it')).not.toBe(uri);
      });

      it.each(OXD)('rejects a URI that the URL would change, on %s', (version) => {
        expect(register(version, good)).toEqual({ authorization_redirect_uri: good });
        for (const uri of broken)
          expect(caught(() => register(version, uri)).message).toContain(
            'authorization_redirect_uri',
          );
      });

      it('accepts every URI for the contract', () => {
        for (const uri of broken)
          expect(register('contract', uri)).toEqual({ authorization_redirect_uri: uri });
      });
    });
  });

  describe('with missing parameters', () => {
    it.each(upTo('3.1.3'))('rejects a logout without id_token_hint on %s', (version) => {
      const error = caught(() => toWire(version, 'get_logout_uri', { oxd_id: 'id' }));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
      expect(error.message).toContain('id_token_hint');
    });

    it.each(['3.1.4', 'contract'] as const)(
      'accepts a logout without id_token_hint on %s',
      (version) => {
        const params = { oxd_id: 'id' };
        expect(toWire(version, 'get_logout_uri', params).params).toEqual(params);
      },
    );

    const client = { client_id: 'the-client', client_secret: 'the-secret' };
    const management = {
      client_registration_access_token: 't',
      client_registration_client_uri: 'u',
    };
    it.each<[name: string, missing: string, half: object, versions: readonly OxdVersion[]]>([
      ['client_id only', 'client_secret', { client_id: 'the-client' }, OXD],
      [
        'client_id with a blank secret',
        'client_secret',
        { client_id: 'the-client', client_secret: ' ' },
        OXD,
      ],
      ['client_secret only', 'client_id', { client_secret: 'the-secret' }, OXD],
      [
        'a registration access token only',
        'client_id',
        { client_registration_access_token: 't' },
        from('3.1.2'),
      ],
      [
        'a client configuration endpoint only',
        'client_id',
        { client_registration_client_uri: 'u' },
        from('3.1.2'),
      ],
      [
        'client_id and its registration only',
        'client_secret',
        { client_id: 'the-client', ...management },
        from('3.1.2'),
      ],
    ])('rejects an existing client with %s', (_name, missing, half, versions) => {
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

    it.each(OXD)(
      'rejects a new authorization_redirect_uri without redirect_uris on %s',
      (version) => {
        const authorization_redirect_uri = 'https://app.example/new';
        const call = (more: object) => (): unknown =>
          toWire(version, 'update_site', { authorization_redirect_uri, ...more });
        expect(caught(call({})).message).toContain('redirect_uris');
        expect(call({ redirect_uris: [authorization_redirect_uri] })()).toBeDefined();
        expect(toWire('contract', 'update_site', { authorization_redirect_uri })).toBeDefined();
      },
    );
  });

  it.each([...OXD, 'contract'] as const)('rejects an unknown parameter on %s', (version) => {
    const error = caught(() => toWire(version, 'get_user_info', { access_token: 'x', token: 'y' }));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
    expect(error.message).toContain('token is not a parameter of this command');
  });

  it('does not change the parameters of the caller', () => {
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

  describe('with valid responses', () => {
    const rows: [string, CommandName, OxdVersion, object, object][] = [
      [
        'drops nulls and retains zeros',
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
        'omits an unknown lifetime',
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
        'retains scopes in one string',
        'get_client_token',
        '3.1.4',
        { access_token: 'at', expires_in: 1, scope: 'openid oxd', refresh_token: null },
        { access_token: 'at', expires_in: 1, scope: 'openid oxd' },
      ],
      [
        'joins a list of scopes',
        'get_access_token_by_refresh_token',
        'contract',
        { access_token: 'at', scope: ['openid', 'oxd'] },
        { access_token: 'at', scope: 'openid oxd' },
      ],
      [
        'omits a scope that is null',
        'get_client_token',
        '3.1.4',
        { access_token: 'at', scope: null },
        { access_token: 'at' },
      ],
      [
        'reads scopes of an introspection by 3.1.2',
        'introspect_access_token',
        '3.1.2',
        { active: true, scopes: ['openid', 'oxd'], exp: 2, iat: 1, aud: 'c', jti: null },
        { active: true, scope: 'openid oxd', exp: 2, iat: 1, aud: 'c' },
      ],
      [
        'reads scope of an introspection by 3.1.4',
        'introspect_access_token',
        '3.1.4',
        { active: true, scopes: null, scope: ['openid', 'oxd'] },
        { active: true, scope: 'openid oxd' },
      ],
      [
        'converts an audience of one to a string',
        'introspect_access_token',
        'contract',
        { active: true, aud: ['c'] },
        { active: true, aud: 'c' },
      ],
      [
        'retains several audiences',
        'introspect_access_token',
        'contract',
        { active: true, aud: ['c', 'd'] },
        { active: true, aud: ['c', 'd'] },
      ],
      [
        'reads an inactive token',
        'introspect_access_token',
        '3.1.4',
        { active: false, client_id: null, scopes: null, scope: null, exp: null },
        { active: false },
      ],
      [
        'reads the client of a site and initiate_login_uri with a trailing blank',
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
        'returns further properties unchanged',
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

  describe('with claims', () => {
    const claims = (of: object): unknown => {
      const data = { claims: { sub: ['s'], ...of }, refresh_token: null, access_token: null };
      const { sub, ...rest } = fromWire('3.1.4', 'get_user_info', {}, data).claims;
      expect(sub).toBe('s');
      return rest;
    };

    it.each([
      ['reads a string', { name: ['Alice Ünïcode €'] }, { name: 'Alice Ünïcode €' }],
      ['reads true', { email_verified: ['true'] }, { email_verified: true }],
      ['reads false', { phone_number_verified: ['false'] }, { phone_number_verified: false }],
      ['omits a boolean claim that is neither true nor false', { email_verified: ['yes'] }, {}],
      ['omits a boolean claim of two values', { email_verified: ['true', 'true'] }, {}],
      ['reads a time', { updated_at: ['1700000000'] }, { updated_at: 1700000000 }],
      ['omits a time that is a date', { updated_at: ['2024-01-01'] }, {}],
      ['omits a time that is blank', { updated_at: [' '] }, {}],
      ['omits a time without a value', { updated_at: [] }, {}],
      ['omits a string claim without a value', { name: [] }, {}],
      ['omits a string claim of two values', { name: ['a', 'b'] }, {}],
      ['reads an address', { address: ['{"country":"CH"}'] }, { address: { country: 'CH' } }],
      ['omits an address that is no JSON', { address: ['Zürich'] }, {}],
      ['omits an address that is a list', { address: ['[]'] }, {}],
      ['omits an address that is null', { address: ['null'] }, {}],
      ['retains amr as a list', { amr: ['pwd'] }, { amr: ['pwd'] }],
      ['reads an audience of one', { aud: ['c'] }, { aud: 'c' }],
      ['reads an audience of two', { aud: ['c', 'd'] }, { aud: ['c', 'd'] }],
      ['reads one value of another claim as a string', { level: ['7'] }, { level: '7' }],
      ['reads true of another claim as a string', { vip: ['true'] }, { vip: 'true' }],
      ['retains several values of another claim', { roles: ['a', 'b'] }, { roles: ['a', 'b'] }],
      ['reads a claim with a language tag', { 'name#fr': ['Alice'] }, { 'name#fr': 'Alice' }],
      ['omits a claim that is null', { nickname: null }, {}],
      [
        'reads a claim named like a property of Object.prototype',
        { constructor: ['x'] },
        { constructor: 'x' },
      ],
    ])('%s', (_title, wire, plain) => {
      expect(claims(wire)).toStrictEqual(plain);
    });

    it.each(['contract', '3.1.4'] as const)('drops the claim __proto__ on %s', (version) => {
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
    ] as const)('on %s, reads the string %s of email_verified as %s', (version, text, read) => {
      const email_verified = text;
      const data = { claims: { sub: 's', email_verified } };
      const { claims: result } = fromWire(version, 'get_user_info', {}, data);
      expect(result.email_verified).toBe(read);
    });

    it('returns plain claims of the contract unchanged', () => {
      const data = { claims: { sub: 's', roles: ['a'], email_verified: true, middle_name: null } };
      expect(fromWire('contract', 'get_user_info', {}, data)).toStrictEqual({
        claims: { sub: 's', roles: ['a'], email_verified: true },
      });
    });
  });

  describe('with a success that hides a failure', () => {
    const without = (name: string): object => ({
      ...tokens,
      id_token_claims: { ...tokens.id_token_claims, [name]: null },
    });
    const rows: [string, CommandName, OxdVersion, object, string][] = [
      ['fails without claims', 'get_user_info', '3.1.4', { claims: {} }, 'internal_error'],
      [
        'fails without sub',
        'get_user_info',
        '3.1.1',
        { claims: { name: ['A'] } },
        'internal_error',
      ],
      [
        'fails with a blank sub',
        'get_user_info',
        '3.1.4',
        { claims: { sub: [''] } },
        'internal_error',
      ],
      [
        'fails with two subs',
        'get_user_info',
        '3.1.4',
        { claims: { sub: ['a', 'b'] } },
        'internal_error',
      ],
      [
        'fails with the error code of the provider',
        'get_user_info',
        '3.1.4',
        { claims: { error: ['insufficient_scope'] } },
        'insufficient_scope',
      ],
      [
        'fails with the error code of the provider',
        'get_user_info',
        'contract',
        { claims: { error: 'insufficient_scope' } },
        'insufficient_scope',
      ],
      [
        'fails without id_token',
        'get_tokens_by_code',
        '3.1.4',
        { ...tokens, id_token: null },
        'no_id_token',
      ],
      [
        'fails without access_token',
        'get_tokens_by_code',
        '3.1.1',
        { ...tokens, access_token: null },
        'no_access_token',
      ],
      [
        'fails with a blank access_token',
        'get_access_token_by_refresh_token',
        '3.1.4',
        { access_token: '' },
        'no_access_token',
      ],
      ['fails without any token', 'get_client_token', 'contract', {}, 'no_access_token'],
      ...['iss', 'sub', 'aud', 'exp', 'iat'].map(
        (name): [string, CommandName, OxdVersion, object, string] => [
          `fails for an ID token without ${name}`,
          'get_tokens_by_code',
          '3.1.4',
          without(name),
          'invalid_id_token',
        ],
      ),
    ];

    it.each(rows)('%s: %s on %s', (_title, command, version, data, code) => {
      const error = caught(() => fromWire(version, command, {}, data));
      expect(error).toBeInstanceOf(OxdCommandError);
      expect(error).toMatchObject({
        code: 'OXD_COMMAND_FAILED',
        error: code,
        command,
        mayHaveRun: true,
      });
    });

    it('carries the description of the provider outside its message', () => {
      const claims = { error: ['invalid_token'], error_description: ['token tok-1234 expired'] };
      const error = caught(() => fromWire('3.1.4', 'get_user_info', {}, { claims }));
      expect(error).toMatchObject({ error_description: 'token tok-1234 expired' });
      expect(error.message).not.toContain('tok-1234');
    });
  });

  describe('with an invalid response', () => {
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

    const named = rows.map(([command, data, property], index) => {
      const name = `${command} with an invalid ${property} (row ${index + 1})`;
      return { name, command, data, property };
    });

    it.each(named)('rejects $name', ({ command, data, property }) => {
      for (const version of ['contract', '3.1.4'] as const) {
        const error = caught(() => fromWire(version, command, {}, data));
        expect(error).toBeInstanceOf(OxdTransportError);
        expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', command, mayHaveRun: true });
        expect(error.message).toContain(` ${property} `);
      }
    });
  });

  describe('of get_user_info with an ID token', () => {
    const idTokenOf = (sub: string): Promise<string> =>
      new SignJWT({ sub }).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32));
    const read = (id_token: string, version: OxdVersion): unknown =>
      fromWire(version, 'get_user_info', { id_token }, { claims: { sub: 's' } });

    it.each(OXD)('rejects another user on %s', async (version) => {
      const error = caught(read.bind(null, await idTokenOf('other'), version));
      expect(error).toMatchObject({
        code: 'OXD_COMMAND_FAILED',
        error: 'invalid_subject_identifier',
      });
    });

    it.each(OXD)('rejects an unreadable ID token on %s', (version) => {
      expect(caught(() => read('no JWT', version))).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
    });

    it.each(OXD)('accepts the same user on %s', async (version) => {
      expect(read(await idTokenOf('s'), version)).toEqual({ claims: { sub: 's' } });
    });
  });

  describe('of get_logout_uri', () => {
    const uri = 'https://op.example/end?client=a%20b&state=x%26y#f';
    const call = (version: OxdVersion, params: object): URL =>
      new URL(fromWire(version, 'get_logout_uri', params, { uri }).uri);

    it.each(['3.1.1', '3.1.2', '3.1.3', 'contract'] as const)(
      'returns the URI of %s unchanged',
      (version) => {
        expect(call(version, { id_token_hint: 'a.b.c' }).href).toBe(uri);
      },
    );

    it('adds the hint to the URI of 3.1.4', () => {
      const { searchParams, origin, pathname, hash } = call('3.1.4', { id_token_hint: 'a.b.c' });
      expect(Object.fromEntries(searchParams)).toEqual({
        client: 'a b',
        state: 'x&y',
        id_token_hint: 'a.b.c',
      });
      expect([origin, pathname, hash]).toEqual(['https://op.example', '/end', '#f']);
    });

    it('returns the URI of 3.1.4 unchanged without a hint', () => {
      expect(call('3.1.4', {}).href).toBe(uri);
    });
  });
});
