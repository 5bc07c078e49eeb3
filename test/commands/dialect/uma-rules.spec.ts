import { inspect } from 'node:util';
import type { CommandName } from '../../../lib/commands/command.js';
import { RELEASES } from '../../../lib/base/oxd-releases.js';
import { COMMAND_RULES } from '../../../lib/commands/command-rules.js';
import { fromWire, ignoredParams, toWire } from '../../../lib/commands/dialect/dialect.js';
import { supports, type ParamRule } from '../../../lib/commands/parameter-rules.js';
import { sender } from '../../../lib/oxd-client/command-sender.js';
import {
  InvalidTicketError,
  NeedInfoError,
  OxdCommandError,
  OxdTransportError,
  RequestDeniedError,
  RequestSubmittedError,
  type OxdError,
} from '../../../lib/base/errors.js';
import { OxdTransport, type OxdVersion } from '../../../lib/commands/oxd-transport.js';
import { readReply } from '../../../lib/commands/envelope.js';
import { registerSecret } from '../../support/secrets.js';

const OXD: OxdVersion[] = ['3.1.1', '3.1.2', '3.1.3', '3.1.4'];
const ALL: OxdVersion[] = [...OXD, 'contract'];

const TICKET = 'ticket-0001-sent';
const NEW_TICKET = 'ticket-0002-new';
for (const ticket of [TICKET, NEW_TICKET]) registerSecret(ticket);

function caught(work: () => unknown): OxdError {
  try {
    work();
  } catch (error) {
    return error as OxdError;
  }
  throw new Error('nothing was thrown');
}

const CONDITION = { httpMethods: ['GET'], scopes: ['read'] };
const EXPRESSION = { rule: { or: [{ var: 0 }] }, data: ['read'] };
const resources = (condition: object, resource: object = {}): object => ({
  resources: [{ path: '/photo', conditions: [condition], ...resource }],
});

describe('toWire', () => {
  const whole: readonly (readonly [CommandName, object])[] = [
    ['uma_rs_protect', resources({ ...CONDITION, ticketScopes: ['view'] })],
    ['uma_rs_check_access', { path: '/a?b=c&d', http_method: 'GET', rpt: '' }],
    [
      'uma_rp_get_rpt',
      {
        ...{ ticket: TICKET, claim_token: 'ct', claim_token_format: 'f' },
        ...{ pct: 'pct', rpt: 'rpt', scope: ['read', 'all'] },
      },
    ],
    ['uma_rp_get_claims_gathering_url', { ticket: TICKET }],
  ];

  it.each(whole)('sends %s unchanged on every version', (command, given) => {
    const params = { oxd_id: 'id', protection_access_token: 'token', ...given };
    for (const version of ALL) {
      const sent = toWire(version, command, params);
      const ignored = ignoredParams(version, command, params);
      expect({ version, sent, ignored }).toEqual({
        ...{ version, ignored: [] },
        sent: { command, params },
      });
    }
  });

  it.each(ALL)('handles a token that begins like a GAT on %s', (version) => {
    registerSecret('gat_of-some-other-resource');
    const params = { path: '/a', http_method: 'GET', rpt: 'gat_of-some-other-resource' };
    const { rpt, ...without } = params;
    const sent = toWire(version, 'uma_rs_check_access', params).params;
    expect(sent).toEqual(version === '3.1.1' ? without : { ...without, rpt });
  });

  const lacking: readonly (readonly [CommandName, string, unknown, OxdVersion[], string])[] = [
    ['uma_rs_protect', 'overwrite', true, ['3.1.1', '3.1.2'], 'oxd 3.1.3 and later'],
    ['uma_rs_check_access', 'scopes', ['read'], OXD, 'oxd 4.2 and later'],
    ['uma_rs_check_access', 'mode', 'decision', OXD, 'embedded'],
    ['uma_rs_check_access', 'resource', 'albums', OXD, 'embedded'],
    ['uma_rs_check_access', 'claims', { a: ['b'] }, OXD, 'embedded'],
    ['uma_rp_get_rpt', 'params', { a: 'b' }, OXD, 'oxd 4.0 and later'],
    ['uma_rp_get_claims_gathering_url', 'state', 'own', OXD, 'oxd 4.0 and later'],
    ['uma_rp_get_claims_gathering_url', 'custom_parameters', { a: 'b' }, OXD, 'oxd 4.2 and later'],
  ];
  const valid = (command: CommandName): object =>
    command === 'uma_rp_get_rpt' ? { ticket: TICKET } : {};

  it.each(lacking)(
    'rejects %s %s on each version that lacks it, and sends it on the others',
    (command, name, value, versions, supported) => {
      const params = { ...valid(command), [name]: value };
      for (const version of versions) {
        const error = caught(() => toWire(version, command, params));
        expect({ version, error, ignored: ignoredParams(version, command, params) }).toEqual({
          ...{ version, ignored: [name] },
          error: expect.objectContaining({
            ...{ code: 'OXD_COMMAND_UNSUPPORTED', command, mayHaveRun: false },
            message: expect.stringMatching(new RegExp(`${name}.*${supported}`)),
          }),
        });
      }
      for (const version of ALL.filter((one) => !versions.includes(one))) {
        const sent = toWire(version, command, params).params;
        const ignored = ignoredParams(version, command, params);
        expect({ version, sent, ignored }).toEqual({ version, sent: params, ignored: [] });
      }
    },
  );

  it('has a row for every parameter of the UMA commands that a version rejects', () => {
    const commands = [...whole.map(([command]) => command), 'introspect_rpt'] as const;
    const rejected = commands.flatMap((command) =>
      Object.entries(COMMAND_RULES[command].params as Readonly<Record<string, ParamRule>>)
        .filter(([, rule]) => rule.ifUnsupported === undefined)
        .filter(([, rule]) => RELEASES.slice(0, 4).some((release) => !supports(release, rule)))
        .map(([param]) => `${command} ${param}`),
    );
    expect(new Set(lacking.map(([command, name]) => `${command} ${name}`))).toEqual(
      new Set(rejected),
    );
  });

  it.each([
    ['3.1.1', false],
    ['3.1.2', false],
    ['3.1.3', true],
    ['3.1.4', true],
    ['contract', true],
  ] as const)('on %s, sends the default overwrite: false is %s', (version, sent) => {
    const params = { ...resources(CONDITION), overwrite: false };
    expect('overwrite' in toWire(version, 'uma_rs_protect', params).params).toBe(sent);
    expect(ignoredParams(version, 'uma_rs_protect', params)).toEqual([]);
  });

  it.each(OXD)('on %s, omits state, which oxd ignores', (version) => {
    const params = { ticket: TICKET, state: 'x' };
    expect(toWire(version, 'uma_rp_get_rpt', params).params).toEqual({ ticket: TICKET });
  });

  it('rejects introspect_rpt on 3.1.1', () => {
    const error = caught(() => toWire('3.1.1', 'introspect_rpt', { rpt: 'x' }));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
    expect(error.message).toContain('oxd 3.1.2 and later');
  });

  it.each([
    ['3.1.2', false],
    ['3.1.3', false],
    ['3.1.4', true],
    ['contract', true],
  ] as const)('on %s, sends the protection token of introspect_rpt is %s', (version, sent) => {
    const params = { oxd_id: 'id', rpt: 'x', protection_access_token: 'token' };
    const { params: wire } = toWire(version, 'introspect_rpt', params);
    expect('protection_access_token' in wire).toBe(sent);
  });

  describe('with resources', () => {
    it('rejects a scope_expression on 3.1.1', () => {
      const params = resources({ httpMethods: ['GET'], scope_expression: EXPRESSION });
      const error = caught(() => toWire('3.1.1', 'uma_rs_protect', params));
      expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
      expect(error.message).toContain('scope_expression');
      expect(error.message).toContain('oxd 3.1.2 and later');
    });

    it.each(['3.1.2', '3.1.3', '3.1.4', 'contract'] as const)(
      'sends a scope_expression on %s',
      (version) => {
        const params = resources({ httpMethods: ['GET'], scope_expression: EXPRESSION });
        expect(toWire(version, 'uma_rs_protect', params).params).toEqual(params);
      },
    );

    it.each(OXD)('omits their nulls on %s', (version) => {
      const nulls = { ticketScopes: null, scope_expression: null };
      const params = resources({ ...CONDITION, ...nulls }, { more: undefined });
      expect(toWire(version, 'uma_rs_protect', params).params).toEqual(resources(CONDITION));
    });

    it('retains the nulls of a rule', () => {
      const scope_expression = { rule: { '==': [null, { var: 0 }] }, data: ['a'] };
      const params = resources({ httpMethods: ['GET'], scope_expression });
      expect(toWire('3.1.4', 'uma_rs_protect', params).params).toEqual(params);
    });

    it.each(ALL)('rejects an unknown property on %s', (version) => {
      for (const [params, name] of [
        [resources({ ...CONDITION, ticketscopes: ['a'] }), 'ticketscopes'],
        [resources(CONDITION, { method: 'GET' }), 'method'],
        [resources({ ...CONDITION, ['constructor']: 'x' }), 'constructor'],
      ] as const) {
        const error = caught(() => toWire(version, 'uma_rs_protect', params));
        expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
        expect(error.message).toContain(`${name} is not a parameter of this command`);
      }
    });

    it.each([
      { name: 'a string', invalid: 'text' },
      { name: 'a number', invalid: 7 },
      { name: 'an object', invalid: { path: '/a' } },
      { name: 'a list of other values', invalid: ['/a', null] },
      { name: 'conditions that are a string', invalid: [{ path: '/a', conditions: 'x' }] },
    ])('leaves the rejection of $name to oxd', ({ invalid }) => {
      for (const version of ALL)
        expect(toWire(version, 'uma_rs_protect', { resources: invalid }).params).toEqual({
          resources: invalid,
        });
    });

    it('does not change the resources of the caller', () => {
      const params = resources(Object.freeze({ ...CONDITION, ticketScopes: null }));
      const before = JSON.stringify(params);
      for (const version of ALL) toWire(version, 'uma_rs_protect', params);
      expect(JSON.stringify(params)).toBe(before);
    });
  });

  describe('with parameters that later versions reject with their own error code', () => {
    const both = 'invalid_claim_token_or_claim_token_form';
    const redirect = 'invalid_claims_redirect_uri_parameter';
    const uri = (claims_redirect_uri: string): object => ({ ticket: TICKET, claims_redirect_uri });
    const invalid: readonly (readonly [string, CommandName, object, string])[] = [
      ['rejects a missing ticket', 'uma_rp_get_rpt', {}, 'invalid_ticket_parameter'],
      ['rejects an empty ticket', 'uma_rp_get_rpt', { ticket: '' }, 'invalid_ticket_parameter'],
      ['rejects a blank ticket', 'uma_rp_get_rpt', { ticket: ' ' }, 'invalid_ticket_parameter'],
      [
        'rejects a claim token without format',
        'uma_rp_get_rpt',
        { ticket: TICKET, claim_token: 'x' },
        both,
      ],
      [
        'rejects a format without claim token',
        'uma_rp_get_rpt',
        { ticket: TICKET, claim_token_format: 'x' },
        both,
      ],
      [
        'rejects a claim token with a blank format',
        'uma_rp_get_rpt',
        { ticket: TICKET, claim_token: 'x', claim_token_format: '' },
        both,
      ],
      ['rejects a relative URI', 'uma_rp_get_claims_gathering_url', uri('/claims'), redirect],
      ['rejects a blank URI', 'uma_rp_get_claims_gathering_url', uri(' '), redirect],
      [
        'rejects a URI with a fragment',
        'uma_rp_get_claims_gathering_url',
        uri('https://app.example/#x'),
        redirect,
      ],
    ];

    it.each(invalid)('%s of %s on every version of oxd', (_title, command, params, code) => {
      for (const version of OXD) {
        const error = caught(() => toWire(version, command, params));
        expect(error).toBeInstanceOf(OxdCommandError);
        const expected = { code: 'OXD_COMMAND_FAILED', error: code, command, mayHaveRun: false };
        expect({ version, error }).toEqual({ version, error: expect.objectContaining(expected) });
        expect(error.message).not.toContain(TICKET);
      }
    });

    it.each(OXD)('accepts empty claim token and format on %s', (version) => {
      const params = { ticket: TICKET, claim_token: '', claim_token_format: '' };
      expect(toWire(version, 'uma_rp_get_rpt', params)).toBeDefined();
    });
  });

  it.each(OXD)('encodes ticket and claims_redirect_uri on %s', (version) => {
    const ticket = 't&state=x#y+%20€';
    const claims_redirect_uri = 'https://app.example/claims?a=b&c=d e';
    const params = { oxd_id: 'id', ticket, claims_redirect_uri };
    const { params: wire } = toWire(version, 'uma_rp_get_claims_gathering_url', params);
    const text = `ticket=${String(wire.ticket)}&claims_redirect_uri=${String(wire.claims_redirect_uri)}`;
    const { searchParams } = new URL(`https://as.example/gather?client_id=c&${text}&state=s`);
    expect(Object.fromEntries(searchParams)).toEqual({
      ...{ client_id: 'c', state: 's' },
      ticket,
      claims_redirect_uri,
    });
  });
});

describe('fromWire', () => {
  const header = `UMA realm="rs",as_uri="https://as.example",ticket="${TICKET}"`;
  const denied = { access: 'denied', 'www-authenticate_header': header, ticket: TICKET };
  const permission = { resource_id: 'r', resource_scopes: ['read'], exp: 2 };
  const introspected = {
    ...{ active: true, exp: 2, iat: 1, nbf: null, client_id: 'c' },
    ...{ sub: null, aud: null, iss: null, jti: null, permissions: [permission] },
  };
  const none = Object.keys(introspected).map((name) => [name, null]);
  const dead = { ...Object.fromEntries(none), active: false } as object;

  const responses: readonly (readonly [string, CommandName, object, object])[] = [
    ['protected', 'uma_rs_protect', { oxd_id: 'id' }, { oxd_id: 'id' }],
    [
      'granted',
      'uma_rs_check_access',
      { access: 'granted', ticket: null, 'www-authenticate_header': null },
      { access: 'granted' },
    ],
    ['denied', 'uma_rs_check_access', denied, denied],
    [
      'updated is upgraded',
      'uma_rp_get_rpt',
      { access_token: 'rpt', token_type: 'Bearer', pct: 'pct', updated: false },
      { access_token: 'rpt', token_type: 'Bearer', pct: 'pct', upgraded: false },
    ],
    [
      'true stays true',
      'uma_rp_get_rpt',
      { access_token: 'rpt', token_type: 'bearer', pct: null, updated: true },
      { access_token: 'rpt', token_type: 'Bearer', upgraded: true },
    ],
    [
      'an RPT alone',
      'uma_rp_get_rpt',
      { access_token: 'rpt' },
      { access_token: 'rpt', upgraded: false },
    ],
    [
      'a URL',
      'uma_rp_get_claims_gathering_url',
      { url: 'https://as.example/gather?state=s', state: 's' },
      { url: 'https://as.example/gather?state=s', state: 's' },
    ],
    [
      'a good RPT',
      'introspect_rpt',
      introspected,
      { active: true, exp: 2, iat: 1, client_id: 'c', permissions: [permission] },
    ],
    ['a dead RPT', 'introspect_rpt', dead, { active: false }],
    [
      'permissions with nulls',
      'introspect_rpt',
      { active: true, permissions: [{ ...permission, exp: null, nbf: null }] },
      { active: true, permissions: [{ resource_id: 'r', resource_scopes: ['read'] }] },
    ],
    [
      'permissions with more, without scopes, and none',
      'introspect_rpt',
      { active: true, permissions: [{ ...permission, resource_scopes: [], name: 'n' }] },
      { active: true, permissions: [{ ...permission, resource_scopes: [], name: 'n' }] },
    ],
    [
      'no permissions',
      'introspect_rpt',
      { active: true, permissions: [] },
      { active: true, permissions: [] },
    ],
  ];

  const good = responses.map(([title, command, data, result]) => {
    return { name: `${title} from ${command}`, command, data, result };
  });

  it.each(good)('reads $name', ({ command, data, result }) => {
    for (const version of ALL) expect(fromWire(version, command, {}, data)).toStrictEqual(result);
  });

  it('returns properties of embedded unchanged', () => {
    const data = { access: 'granted', permissions: [permission], sub: 'alice' };
    expect(fromWire('contract', 'uma_rs_check_access', {}, data)).toStrictEqual(data);
    const rpt = { access_token: 'rpt', token_type: 'Bearer', upgraded: true, expires_in: 300 };
    expect(fromWire('contract', 'uma_rp_get_rpt', {}, rpt)).toStrictEqual(rpt);
  });

  const failures: readonly (readonly [string, CommandName, object, string])[] = [
    ['no ticket', 'uma_rs_check_access', { ...denied, ticket: null }, 'internal_error'],
    ['an empty ticket', 'uma_rs_check_access', { ...denied, ticket: '' }, 'internal_error'],
    [
      'no header',
      'uma_rs_check_access',
      { ...denied, 'www-authenticate_header': null },
      'internal_error',
    ],
    ['neither', 'uma_rs_check_access', { access: 'denied' }, 'internal_error'],
    ['no RPT', 'uma_rp_get_rpt', { access_token: null, updated: false }, 'no_access_token'],
    ['an empty RPT', 'uma_rp_get_rpt', { access_token: '' }, 'no_access_token'],
    ['nothing', 'uma_rp_get_rpt', {}, 'no_access_token'],
    [
      'an RPT that is no bearer',
      'uma_rp_get_rpt',
      { access_token: 'rpt', token_type: 'DPoP' },
      'internal_error',
    ],
  ];

  it.each(failures)(
    'treats a success with %s of %s as a failure',
    (_title, command, data, code) => {
      for (const version of ALL) {
        const error = caught(() => fromWire(version, command, {}, data));
        expect(error).toBeInstanceOf(OxdCommandError);
        expect(error).toMatchObject({
          code: 'OXD_COMMAND_FAILED',
          error: code,
          command,
          mayHaveRun: true,
        });
        expect(error.message).toContain('authorization server');
        expect(inspect(error)).not.toContain(TICKET);
      }
    },
  );

  const rpt = { access_token: 'rpt' };
  const items = (...permissions: unknown[]): object => ({ active: true, permissions });
  const malformed: readonly (readonly [CommandName, unknown, string])[] = [
    ['uma_rs_protect', {}, 'oxd_id'],
    ['uma_rs_check_access', {}, 'access'],
    ['uma_rs_check_access', { access: 'Granted' }, 'access'],
    ['uma_rs_check_access', { access: 'yes' }, 'access'],
    ['uma_rs_check_access', { access: true }, 'access'],
    ['uma_rs_check_access', { access: ['granted'] }, 'access'],
    ['uma_rs_check_access', { ...denied, ticket: 7 }, 'ticket'],
    ['uma_rs_check_access', null, 'data'],
    ['uma_rp_get_rpt', { access_token: {} }, 'access_token'],
    ['uma_rp_get_rpt', { ...rpt, updated: 'false' }, 'upgraded'],
    ['uma_rp_get_rpt', { ...rpt, updated: 1 }, 'upgraded'],
    ['uma_rp_get_rpt', { ...rpt, pct: 7 }, 'pct'],
    ['uma_rp_get_claims_gathering_url', { url: '/gather', state: 's' }, 'url'],
    ['uma_rp_get_claims_gathering_url', { url: 'https://as.example/' }, 'state'],
    ['uma_rp_get_claims_gathering_url', { url: 'https://as.example/', state: '' }, 'state'],
    ['introspect_rpt', {}, 'active'],
    ['introspect_rpt', { active: 'true' }, 'active'],
    ['introspect_rpt', { active: 1 }, 'active'],
    ['introspect_rpt', { active: true, exp: '7' }, 'exp'],
    ['introspect_rpt', { active: true, permissions: {} }, 'permissions'],
    ['introspect_rpt', items(null), 'permissions'],
    ['introspect_rpt', items('r'), 'permissions'],
    ['introspect_rpt', items({}), 'permissions'],
    ['introspect_rpt', items({ ...permission, resource_id: '' }), 'permissions'],
    ['introspect_rpt', items({ ...permission, resource_id: 7 }), 'permissions'],
    ['introspect_rpt', items({ ...permission, resource_scopes: null }), 'permissions'],
    ['introspect_rpt', items({ ...permission, resource_scopes: 'read' }), 'permissions'],
    ['introspect_rpt', items({ ...permission, resource_scopes: [7] }), 'permissions'],
    ['introspect_rpt', items({ ...permission, exp: '2' }), 'permissions'],
    ['introspect_rpt', items({ ...permission, nbf: true }), 'permissions'],
    ['introspect_rpt', items(permission, {}), 'permissions'],
    ['uma_rs_check_access', { access: 'granted', permissions: [{}] }, 'permissions'],
  ];

  const named = malformed.map(([command, data, property], index) => {
    const name = `${command} with an invalid ${property} (row ${index + 1})`;
    return { name, command, data, property };
  });

  it.each(named)('rejects $name', ({ command, data, property }) => {
    for (const version of ALL) {
      const error = caught(() => fromWire(version, command, {}, data));
      expect(error).toBeInstanceOf(OxdTransportError);
      expect(error).toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED', command, mayHaveRun: true });
      expect(error.message).toContain(` ${property} `);
    }
  });
});

/** Transport that returns a fixed response of oxd-server. */
class Scripted extends OxdTransport {
  constructor(
    override readonly version: OxdVersion,
    private readonly text: string,
  ) {
    super();
  }

  override async execute(command: string): Promise<unknown> {
    await Promise.resolve();
    return readReply(command, this.text);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('an error response of uma_rp_get_rpt', () => {
  const claims = [{ name: 'email', issuer: ['https://idp.example'] }];
  const page = 'https://as.example/gather?client_id=x';

  const CHECK = { path: '/a', http_method: 'GET' };

  async function raised(
    version: OxdVersion,
    data: object,
    command: CommandName = 'uma_rp_get_rpt',
  ): Promise<OxdError> {
    const transport = new Scripted(version, JSON.stringify({ status: 'error', data }));
    const params: Partial<Record<CommandName, object>> = {
      uma_rp_get_rpt: { oxd_id: 'id', ticket: TICKET },
      uma_rs_check_access: { oxd_id: 'id', ...CHECK },
    };
    return sender(transport)(command, (params[command] ?? {}) as never).then(
      () => Promise.reject(new Error('no error was thrown')),
      (error: unknown) => error as OxdError,
    );
  }

  const needInfo = (properties: object): object => ({
    error: 'need_info',
    details: {
      error: null,
      ticket: null,
      required_claims: null,
      redirect_user: null,
      ...properties,
    },
    error_description: 'The authorization server needs additional information.',
  });
  const status = (code: number, body: object | string): object => ({
    error: `http_status_${code}`,
    details: null,
    error_description: typeof body === 'string' ? body : JSON.stringify(body),
  });

  const info = { ticket: NEW_TICKET, required_claims: claims, redirect_user: page };

  it.each(OXD)('of need_info with all properties becomes NeedInfoError on %s', async (version) => {
    const error = await raised(version, needInfo({ error: 'need_info', ...info }));
    expect(error).toBeInstanceOf(NeedInfoError);
    expect(error).toMatchObject({
      ...{ code: 'UMA_NEED_INFO', command: 'uma_rp_get_rpt', mayHaveRun: false },
      ...info,
    });
  });

  const rows: readonly (readonly [string, object, abstract new (...args: never) => Error])[] = [
    [
      'of need_info with the code invalid_ticket',
      needInfo({ error: 'invalid_ticket' }),
      InvalidTicketError,
    ],
    [
      'of need_info with the code invalid_grant',
      needInfo({ error: 'invalid_grant' }),
      InvalidTicketError,
    ],
    [
      'of need_info with the code access_denied',
      needInfo({ error: 'access_denied' }),
      RequestDeniedError,
    ],
    [
      'of need_info with the code request_denied',
      needInfo({ error: 'request_denied' }),
      RequestDeniedError,
    ],
    [
      'of need_info with the code forbidden_by_policy',
      needInfo({ error: 'forbidden_by_policy' }),
      RequestDeniedError,
    ],
    [
      'of need_info with the code request_submitted',
      needInfo({ error: 'request_submitted', ticket: NEW_TICKET }),
      RequestSubmittedError,
    ],
    ['of need_info without a code', needInfo(info), NeedInfoError],
    [
      'of status 403 with need_info',
      status(403, { error: 'need_info', error_description: 'x', ...info }),
      NeedInfoError,
    ],
    [
      'of status 400 with invalid_ticket',
      status(400, { error: 'invalid_ticket', error_description: 'x' }),
      InvalidTicketError,
    ],
    [
      'of status 403 with forbidden_by_policy',
      status(403, { error: 'forbidden_by_policy', error_description: 'x' }),
      RequestDeniedError,
    ],
    [
      'of status 403 with access_denied and an unrequested submission',
      status(403, { error: 'access_denied', error_description: 'request_submitted' }),
      RequestDeniedError,
    ],
    [
      'of status 403 with request_submitted',
      status(403, { error: 'request_submitted', ticket: NEW_TICKET, interval: 5 }),
      RequestSubmittedError,
    ],
  ];

  it.each(rows)('%s is an outcome of UMA', async (_title, data, type) => {
    for (const version of OXD) {
      const error = await raised(version, data);
      expect(error).toBeInstanceOf(type);
      expect(error).toMatchObject({ command: 'uma_rp_get_rpt', mayHaveRun: false });
      expect(error.cause).toBeInstanceOf(OxdCommandError);
      const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`;
      expect(printed).not.toContain(NEW_TICKET);
    }
  });

  const failures: readonly (readonly [string, object, string, boolean])[] = [
    [
      'of need_info with another code',
      needInfo({ error: 'invalid_client' }),
      'invalid_client',
      false,
    ],
    ['of need_info without a ticket', needInfo({ error: 'need_info' }), 'need_info', false],
    ['of need_info without any property', needInfo({}), 'need_info', false],
    [
      'of need_info without details',
      { error: 'need_info', details: null, error_description: 'x' },
      'need_info',
      false,
    ],
    [
      'of need_info with the ticket of the request',
      needInfo({ error: 'need_info', ticket: TICKET }),
      'need_info',
      false,
    ],
    [
      'of status 401 with invalid_client',
      status(401, { error: 'invalid_client' }),
      'http_status_401',
      true,
    ],
    [
      'of status 401 for a rejected PAT',
      status(401, { error: 'access_denied' }),
      'http_status_401',
      true,
    ],
    ['of status 403 from a proxy', status(403, '<html>403</html>'), 'http_status_403', true],
    ['of status 500', status(500, { error: 'need_info', ...info }), 'http_status_500', true],
    ['of status 502', status(502, '<b>bad gateway</b>'), 'http_status_502', true],
    ['of internal_error', { error: 'internal_error', details: null }, 'internal_error', true],
    [
      'of no_uma_discovery_response',
      { error: 'no_uma_discovery_response' },
      'no_uma_discovery_response',
      false,
    ],
    [
      'of a missing protection token',
      { error: 'blank_protection_access_token' },
      'blank_protection_access_token',
      false,
    ],
  ];

  it.each(failures)('%s is no outcome of UMA', async (_title, data, code, mayHaveRun) => {
    for (const version of OXD) {
      const error = await raised(version, data);
      expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: code, mayHaveRun });
      expect(error.command).toBe('uma_rp_get_rpt');
      const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`;
      for (const ticket of [TICKET, NEW_TICKET]) expect(printed).not.toContain(ticket);
    }
  });

  it.each<[string, CommandName, boolean]>([
    ['http_status_400', 'uma_rs_protect', true],
    ['http_status_403', 'uma_rs_protect', true],
    ['uma_protection_exists', 'uma_rs_protect', false],
    ['http_status_403', 'register_site', true],
    ['inactive_protection_access_token', 'register_site', true],
    ['protection_access_token_insufficient_scope', 'register_site', true],
    ['invalid_op_host', 'register_site', false],
    ['http_status_403', 'uma_rs_check_access', false],
    ['inactive_protection_access_token', 'uma_rs_protect', false],
  ])('of code %s to %s has mayHaveRun %s', async (error, command, mayHaveRun) => {
    for (const version of OXD) {
      const call = raised(version, { error, error_description: 'x', details: null }, command);
      expect(await call).toMatchObject({ code: 'OXD_COMMAND_FAILED', error, mayHaveRun, command });
    }
  });

  it('is converted for uma_rp_get_rpt only', async () => {
    const data = status(403, { error: 'request_denied' });
    const error = await raised('3.1.4', data, 'uma_rs_check_access');
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: 'http_status_403' });
  });

  it('is not converted for the contract', async () => {
    const error = await raised('contract', needInfo({ error: 'request_denied' }));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: 'need_info' });
  });

  it('of another class is passed on unchanged', async () => {
    const reason = new Error('aborted');
    class Broken extends Scripted {
      override execute(): Promise<unknown> {
        return Promise.reject(reason);
      }
    }
    const call = sender(new Broken('3.1.4', ''))('uma_rp_get_rpt', { ticket: TICKET });
    await expect(call).rejects.toBe(reason);
  });
});
