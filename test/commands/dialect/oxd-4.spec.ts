import { SignJWT } from 'jose';
import type { CommandName } from '../../../lib/commands/command.js';
import { COMMAND_RULES } from '../../../lib/commands/command-rules.js';
import { fromWire, ignoredParams, toWire } from '../../../lib/commands/dialect/dialect.js';
import {
  supports,
  type CommandRule,
  type ParamRule,
} from '../../../lib/commands/parameter-rules.js';
import { RELEASES, within, type Release } from '../../../lib/base/oxd-releases.js';
import type { OxdVersion } from '../../../lib/commands/oxd-transport.js';
import { OxdCommandError, type OxdError } from '../../../lib/base/errors.js';
import { CLIENT_METADATA_ROWS } from '../../support/client-metadata.js';

const OXD_4 = RELEASES.slice(RELEASES.indexOf('4.0'));
const UP_TO_4_1 = ['4.0', '4.1'] as const;
const FROM_4_2 = ['4.2', '4.5'] as const;
const OXD_3 = ['3.1.1', '3.1.2', '3.1.3', '3.1.4'] as const;

function caught(work: () => unknown): OxdError {
  try {
    work();
  } catch (error) {
    return error as OxdError;
  }
  throw new Error('nothing was thrown');
}

/** Error code of the work; undefined if it succeeds. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as OxdError).code;
  }
}

const paramsOf = (command: CommandName): [string, ParamRule][] =>
  Object.entries(COMMAND_RULES[command].params);

const COMMANDS = Object.keys(COMMAND_RULES) as CommandName[];

/** Parameters that a command needs, always or together with one parameter. */
function neededWith(release: Release, command: CommandName, param?: string): object {
  const rule: CommandRule<unknown> = COMMAND_RULES[command];
  const needed = (rule.requires ?? []).filter(
    (one) => within(release, one) && (one.with === undefined || one.with === param),
  );
  return Object.fromEntries(needed.map((one) => [one.param, 'needed']));
}

function sent(release: Release, command: CommandName, params: object): Record<string, unknown> {
  return toWire(release, command, params).params;
}

describe('toWire on oxd 4', () => {
  const lists = new Set(['authorization_redirect_uri', 'post_logout_redirect_uri']);
  const cases = COMMANDS.filter((command) => within('4.5', COMMAND_RULES[command])).flatMap(
    (command) => OXD_4.map((release) => ({ command, release })),
  );

  /** A value that no rule excludes. */
  const valueOf = (param: string, { kind }: ParamRule): unknown => {
    if (kind === 'map') return { a: 'b' };
    if (kind === 'boolean') return true;
    return { state: 'value', nonce: 'value', claims_redirect_uri: 'a:b' }[param] ?? '/value';
  };

  it.each(cases)(
    'sends, omits or rejects each parameter of $command as its table states, on $release',
    ({ command, release }) => {
      if (!within(release, COMMAND_RULES[command])) return;
      for (const [param, rule] of paramsOf(command)) {
        if (rule.items) continue;
        const value = valueOf(param, rule);
        const params = { ...neededWith(release, command, param), [param]: value };
        const isSupported = supports(release, rule);
        const isOmitted = !isSupported && rule.ifUnsupported === 'omit';
        const ignored = ignoredParams(release, command, params);
        expect({ param, ignored }).toEqual({
          param,
          ignored: isSupported || isOmitted ? [] : [param],
        });
        const code = isSupported || isOmitted ? undefined : 'OXD_COMMAND_UNSUPPORTED';
        expect({ param, code: codeOf(() => toWire(release, command, params)) }).toEqual({
          param,
          code,
        });
        const isMerged = lists.has(param) && command.endsWith('_site');
        const isSent = isSupported && !isMerged;
        const names = isSupported || isOmitted ? Object.keys(sent(release, command, params)) : [];
        expect({ param, isSent: names.includes(param) }).toEqual({ param, isSent });
      }
    },
  );

  type Fact = readonly [CommandName, string, readonly Release[]];
  const facts: readonly Fact[] = [
    ['register_site', 'trusted_client', FROM_4_2],
    ['register_site', 'oxd_rp_programming_language', OXD_4],
    ['register_site', 'op_configuration_endpoint', UP_TO_4_1],
    ['get_client_token', 'op_configuration_endpoint', UP_TO_4_1],
    ['get_authorization_url', 'nonce', UP_TO_4_1],
    ['get_tokens_by_code', 'authentication_method', UP_TO_4_1],
    ['get_tokens_by_code', 'algorithm', UP_TO_4_1],
    ['uma_rs_check_access', 'scopes', UP_TO_4_1],
    ['uma_rp_get_claims_gathering_url', 'custom_parameters', UP_TO_4_1],
    ['update_site', 'client_secret_expires_at', OXD_4],
    ['update_site', 'ui_locales', OXD_4],
    ['update_site', 'claims_locales', OXD_4],
    ['update_site', 'client_token_endpoint_auth_method', OXD_4],
    ...CLIENT_METADATA_ROWS.filter(([, { since }]) => since === '4.2').flatMap(([name]) =>
      (['register_site', 'update_site'] as const).map((command): Fact => [
        command,
        name,
        UP_TO_4_1,
      ]),
    ),
    ...['update_site client_id', 'update_site client_secret', 'update_site remove'].map(embedded),
    ...['client_registration_access_token', 'client_registration_client_uri'].map((name) =>
      embedded(`update_site ${name}`),
    ),
    ...['register_site application_type', 'update_site application_type'].map(embedded),
    ...['code_verifier', 'nonce', 'redirect_uri', 'min_auth_time'].map((name) =>
      embedded(`get_tokens_by_code ${name}`),
    ),
    embedded('get_access_token_by_refresh_token id_token'),
    ...['audience', 'introspection', 'anyAudience'].map((name) =>
      embedded(`introspect_access_token ${name}`),
    ),
    ...['mode', 'resource', 'claims'].map((name) => embedded(`uma_rs_check_access ${name}`)),
  ];

  function embedded(name: string): Fact {
    const [command, param = ''] = name.split(' ');
    return [command as CommandName, param, OXD_4];
  }

  it('rejects exactly the parameters that the releases lack', () => {
    const lacking = cases.flatMap(({ command, release }) =>
      paramsOf(command)
        .filter(([, rule]) => !supports(release, rule) && rule.ifUnsupported === undefined)
        .map(([param]) => `${release} ${command} ${param}`),
    );
    const expected = facts.flatMap(([command, param, releases]) =>
      releases.map((release) => `${release} ${command} ${param}`),
    );
    expect(new Set(lacking)).toEqual(new Set(expected));
  });

  it.each(OXD_4)('rejects setup_client on %s', (release) => {
    const error = caught(() => toWire(release, 'setup_client', {}));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
    expect(error.message).toContain('oxd up to 3.1.4');
  });

  it.each(OXD_4)(
    'sends update_site and its front-channel logout URIs unchanged on %s',
    (release) => {
      const params = { oxd_id: 'id', client_frontchannel_logout_uris: ['https://app.example/x'] };
      const wire = { command: 'update_site', params };
      expect(toWire(release, 'update_site', params)).toEqual(wire);
    },
  );

  describe('with redirect URIs', () => {
    const uri = 'https://app.example/cb';
    const out = 'https://app.example/out';
    const more = 'https://app.example/more';
    const pairs = [
      ['authorization_redirect_uri', 'redirect_uris', uri],
      ['post_logout_redirect_uri', 'post_logout_redirect_uris', out],
    ] as const;
    const rows = pairs.flatMap(([single, list, value]) =>
      (['register_site', 'update_site'] as const).map((command) => ({
        ...{ single, list, value, command },
      })),
    );

    it.each(rows)('makes $single the first of $list in $command', (row) => {
      const { single, list, value, command } = row;
      const listOf = (release: Release, given: object): unknown => {
        const wire = sent(release, command, { ...given, [single]: value });
        expect(wire).not.toHaveProperty(single);
        return wire[list];
      };
      for (const release of OXD_4) {
        expect(listOf(release, {})).toEqual([value]);
        expect(listOf(release, { [list]: [more] })).toEqual([value, more]);
        expect(listOf(release, { [list]: [more, value] })).toEqual([value, more]);
        expect(sent(release, command, { [list]: [more] })[list]).toEqual([more]);
        expect(sent(release, command, {})).not.toHaveProperty(list);
      }
    });

    it.each(OXD_3)('leaves single URIs and lists apart on %s', (release) => {
      const params = {
        authorization_redirect_uri: uri,
        redirect_uris: [more],
        post_logout_redirect_uri: out,
      };
      expect(sent(release, 'register_site', params)).toEqual(params);
    });

    it.each(OXD_4)('sends the single logout URI to get_logout_uri on %s', (release) => {
      const params = { oxd_id: 'id', post_logout_redirect_uri: out };
      expect(sent(release, 'get_logout_uri', params)).toEqual(params);
    });

    it('does not change the lists of the caller', () => {
      const redirect_uris = Object.freeze([more]);
      const params = { authorization_redirect_uri: uri, redirect_uris };
      sent('4.2', 'register_site', params);
      expect(params).toEqual({ authorization_redirect_uri: uri, redirect_uris: [more] });
    });
  });

  describe('with grant types', () => {
    it.each(OXD_4)('registers authorization_code if none is given, on %s', (release) => {
      expect(sent(release, 'register_site', {})).toEqual({ grant_types: ['authorization_code'] });
      const grant_types = ['authorization_code', 'refresh_token'];
      expect(sent(release, 'register_site', { grant_types })).toEqual({ grant_types });
    });

    it.each(OXD_4)(
      'adds the grant that oxd adds at a registration to an update, on %s',
      (release) => {
        const grant_types = ['authorization_code'];
        expect(sent(release, 'update_site', { grant_types })).toEqual({
          grant_types: ['authorization_code', 'client_credentials'],
        });
        expect(sent(release, 'update_site', { oxd_id: 'id' })).toEqual({ oxd_id: 'id' });
      },
    );

    it.each(OXD_3)('sends them unchanged on %s', (release) => {
      expect(sent(release, 'register_site', {})).toEqual({});
      const params = { grant_types: ['authorization_code'] };
      expect(sent(release, 'update_site', params)).toEqual(params);
    });
  });

  describe('with response types', () => {
    const combined = { response_types: ['code id_token'] };
    const until41 = RELEASES.filter((release) => !within(release, { since: '4.2' }));

    it.each(until41)('rejects a combined value, which %s does not register', (release) => {
      for (const command of ['register_site', 'update_site'] as const) {
        const error = caught(() => toWire(release, command, combined));
        expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
        expect(error.message).toContain('response_types');
      }
    });

    it.each(FROM_4_2)('sends a combined value on %s', (release) => {
      expect(sent(release, 'register_site', combined)).toMatchObject(combined);
    });
  });

  describe('with a state or nonce of the caller', () => {
    const lost = ['a b', 'a/b', 'a+b', 'a=b', 'a%20', 'a~b', 'ä', 'a&x=1', 'a#b'];
    const params: readonly (readonly [CommandName, string, readonly Release[]])[] = [
      ['get_authorization_url', 'state', OXD_4],
      ['get_authorization_url', 'nonce', FROM_4_2],
      ['uma_rp_get_claims_gathering_url', 'state', OXD_4],
    ];

    it.each(params)(
      'rejects in %s a %s that oxd would change or not find',
      (command, param, on) => {
        for (const release of on) {
          for (const value of lost) {
            const error = caught(() => toWire(release, command, { [param]: value }));
            expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
            expect(error.message).toContain(`change ${param}`);
          }
          const value = 'Az09.*-_';
          expect(sent(release, command, { [param]: value })).toEqual({ [param]: value });
        }
      },
    );

    it.each([
      ['4.0', 'state', true],
      ['4.1', 'state', true],
      ['4.2', 'state', false],
      ['4.5', 'state', false],
      ['4.2', 'nonce', false],
      ['4.5', 'nonce', false],
    ] as const)('on %s, sends a %s of 51 characters is %s', (release, param, isSent) => {
      const of = (length: number) => () =>
        sent(release, 'get_authorization_url', { [param]: 's'.repeat(length) });
      expect(of(50)()).toBeDefined();
      const ignored = isSent ? undefined : 'OXD_COMMAND_UNSUPPORTED';
      expect(codeOf(of(51))).toBe(ignored);
    });
  });

  describe('with values that oxd copies into URLs', () => {
    const broken = ['?a=b&c=d', '#x', '?a=b+c', '/%20'].map(
      (end) => `https://app.example/cb${end}`,
    );
    const uris: readonly (readonly [CommandName, string])[] = [
      ['register_site', 'authorization_redirect_uri'],
      ['update_site', 'authorization_redirect_uri'],
      ['get_authorization_url', 'redirect_uri'],
    ];

    it.each(uris)('rejects in %s a %s that the URL would change', (command, param) => {
      for (const release of OXD_4) {
        for (const value of broken) {
          const error = caught(() => toWire(release, command, { [param]: value }));
          expect(error.message).toContain(`change ${param}`);
        }
      }
    });

    it.each(['prompt', 'hd'])('encodes %s', (param) => {
      for (const release of OXD_4)
        expect(sent(release, 'get_authorization_url', { [param]: 'a b&c' })).toEqual({
          [param]: 'a%20b%26c',
        });
    });

    it.each([
      ['get_authorization_url', 'params', OXD_4],
      ['uma_rp_get_claims_gathering_url', 'custom_parameters', FROM_4_2],
    ] as const)('rejects in %s %s with a name that would change others', (command, param, on) => {
      for (const release of on) {
        for (const name of ['a&state', 'a=b', 'a b', 'a#', 'a+b', 'a%20']) {
          const error = caught(() =>
            toWire(release, command, { [param]: { ok: 'x', [name]: 'x' } }),
          );
          expect(error.message).toContain(`change ${param}`);
        }
        const params = { [param]: { claims_x: 'a b&c' } };
        expect(sent(release, command, params)).toEqual(params);
      }
    });

    it.each(['oxd_id', 'client_id', 'ticket', 'state', 'claims_redirect_uri'])(
      'rejects custom_parameters of claims gathering named %s, which oxd ignores',
      (name) => {
        for (const release of FROM_4_2) {
          const params = { custom_parameters: { [name]: 'x' } };
          const error = caught(() => toWire(release, 'uma_rp_get_claims_gathering_url', params));
          expect(error.message).toContain('custom_parameters');
        }
      },
    );
  });

  describe('with the token of another site', () => {
    const ofSites = COMMANDS.filter(
      (command) => 'authorization_oxd_id' in COMMAND_RULES[command].params,
    );

    it('knows authorization_oxd_id for every command of a site', () => {
      const others = COMMANDS.filter((command) => !ofSites.includes(command));
      expect(new Set(others)).toEqual(
        new Set(['setup_client', 'register_site', 'get_client_token']),
      );
    });

    it.each(ofSites)('sends authorization_oxd_id with %s from 4.2 on only', (command) => {
      for (const release of RELEASES) {
        if (!within(release, COMMAND_RULES[command])) continue;
        const given = { ...neededWith(release, command), authorization_oxd_id: 'own' };
        const isSent = 'authorization_oxd_id' in sent(release, command, given);
        expect({ release, isSent }).toEqual({ release, isSent: within(release, { since: '4.2' }) });
        expect(ignoredParams(release, command, given)).toEqual([]);
      }
    });
  });
});

describe('fromWire on oxd 4', () => {
  const registered = {
    oxd_id: 'id',
    op_host: 'https://op.example',
    client_id: 'c',
    client_secret: 's',
    client_id_issued_at: 1,
    client_secret_expires_at: 0,
  };
  const claims = { iss: 'i', sub: 's', aud: ['c'], exp: 2, iat: 1, amr: ['pwd'] };
  const rows: readonly (readonly [string, CommandName, unknown, object])[] = [
    [
      'reads the credentials of a site',
      'register_site',
      {
        ...registered,
        client_registration_access_token: '',
        'initiate_login_uri ': 'https://a.b/',
      },
      { ...registered, initiate_login_uri: 'https://a.b/' },
    ],
    [
      'joins the scopes of a client token',
      'get_client_token',
      { access_token: 'at', expires_in: 600, scope: ['openid', 'oxd'] },
      { access_token: 'at', expires_in: 600, scope: 'openid oxd' },
    ],
    [
      'joins the scopes of a refreshed token',
      'get_access_token_by_refresh_token',
      { access_token: 'at', scope: ['openid'], refresh_token: null },
      { access_token: 'at', scope: 'openid' },
    ],
    [
      'returns the claims of an ID token unchanged',
      'get_tokens_by_code',
      { access_token: 'at', id_token: 'it', id_token_claims: claims, refresh_token: '' },
      { access_token: 'at', id_token: 'it', id_token_claims: claims },
    ],
    [
      'reads the bare document of the userinfo endpoint',
      'get_user_info',
      { sub: 's', name: 'Alice', email_verified: true, address: { country: 'CH' }, nickname: null },
      { claims: { sub: 's', name: 'Alice', email_verified: true, address: { country: 'CH' } } },
    ],
    [
      'retains a user claim named claims',
      'get_user_info',
      { sub: 's', claims: { a: 1 } },
      { claims: { sub: 's', claims: { a: 1 } } },
    ],
    [
      'reads a boolean claim that is a string',
      'get_user_info',
      { sub: 's', email_verified: 'false' },
      { claims: { sub: 's', email_verified: false } },
    ],
    [
      'joins the scopes of an introspection',
      'introspect_access_token',
      { active: true, scope: ['openid', 'oxd'] },
      { active: true, scope: 'openid oxd' },
    ],
    ['reads a dead token', 'introspect_access_token', { active: false }, { active: false }],
    ['reads a grant', 'uma_rs_check_access', { access: 'granted' }, { access: 'granted' }],
    [
      'reads updated as upgraded',
      'uma_rp_get_rpt',
      { access_token: 'rpt', token_type: 'Bearer', pct: '', updated: true },
      { access_token: 'rpt', token_type: 'Bearer', upgraded: true },
    ],
  ];

  it.each(rows)('%s: %s', (_title, command, data, result) => {
    for (const release of OXD_4) {
      expect(fromWire(release, command, {}, data)).toStrictEqual(result);
    }
  });

  const failures: readonly (readonly [string, CommandName, unknown, string])[] = [
    [
      'an error of the provider',
      'get_user_info',
      { error: 'invalid_token', error_description: 'expired' },
      'invalid_token',
    ],
    ['a document without sub', 'get_user_info', { name: 'Alice' }, 'internal_error'],
    ['a sub that is a list', 'get_user_info', { sub: ['s'] }, 'internal_error'],
    ['an empty document', 'get_user_info', {}, 'internal_error'],
    ...(['get_user_info', 'introspect_rpt', 'introspect_access_token'] as const).map(
      (command) => ['null', command, null, 'internal_error'] as const,
    ),
    ['a denial without ticket', 'uma_rs_check_access', { access: 'denied' }, 'internal_error'],
    ['no RPT', 'uma_rp_get_rpt', {}, 'no_access_token'],
  ];

  it.each(failures)('treats %s as a failure of %s', (_title, command, data, code) => {
    for (const release of OXD_4) {
      const error = caught(() => fromWire(release, command, {}, data));
      expect(error).toBeInstanceOf(OxdCommandError);
      expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: code, mayHaveRun: true });
    }
  });

  describe('of get_user_info with an ID token', () => {
    const idTokenOf = (sub: string): Promise<string> =>
      new SignJWT({ sub }).setProtectedHeader({ alg: 'HS256' }).sign(new Uint8Array(32));
    const read = (id_token: string, release: Release): unknown =>
      fromWire(release, 'get_user_info', { id_token }, { sub: 's' });

    it.each(OXD_4)(
      'rejects another user on %s, also if oxd compares only on request',
      async (on) => {
        const error = caught(read.bind(null, await idTokenOf('other'), on));
        expect(error).toMatchObject({
          code: 'OXD_COMMAND_FAILED',
          error: 'invalid_subject_identifier',
        });
        expect(caught(() => read('no JWT', on))).toMatchObject({ code: 'OXD_COMMAND_FAILED' });
      },
    );

    it.each(OXD_4)('accepts the same user on %s', async (release) => {
      expect(read(await idTokenOf('s'), release)).toEqual({ claims: { sub: 's' } });
    });
  });

  describe('of get_authorization_url with response types', () => {
    const data = {
      authorization_url: 'https://op.example/auth?response_type=code+id_token&state=s',
    };
    const read = (release: OxdVersion, response_types: readonly string[]): unknown =>
      fromWire(release, 'get_authorization_url', { response_types }, data);

    it.each(OXD_4)('fails if oxd has used others on %s', (release) => {
      expect(caught(() => read(release, ['code']))).toMatchObject({
        ...{ code: 'OXD_COMMAND_FAILED', error: 'unsupported_response_type', mayHaveRun: true },
      });
    });

    it.each([...OXD_4, 'contract'] as const)('returns the URL with those on %s', (release) => {
      expect(read(release, ['code', 'id_token'])).toEqual(data);
      expect(read(release, [])).toEqual(data);
    });
  });

  it.each(OXD_4)('adds the hint to the logout URI on %s, which is sent without it', (release) => {
    const params = { oxd_id: 'id', id_token_hint: 'a.b.c', state: 'x' };
    expect(sent(release, 'get_logout_uri', params)).toEqual({ oxd_id: 'id', state: 'x' });
    const uri = 'https://op.example/end?state=x';
    const read = new URL(fromWire(release, 'get_logout_uri', params, { uri }).uri);
    expect(Object.fromEntries(read.searchParams)).toEqual({ state: 'x', id_token_hint: 'a.b.c' });
  });
});
