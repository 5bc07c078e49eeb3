import { FakeAs, type Endpoint, type Said } from '../../support/oxd-fake-as.js';
import { type RestAnswer, type RestWorld, startRest } from '../../support/rest-world.js';

const PHOTO = { path: '/photo', http_method: 'GET' };
const ERROR: Said = { json: { error: 'x_error', error_description: 'why' } };
const HTML = '<b>bad gateway</b>';
const RULE = { or: [{ var: 0 }, { var: 1 }] };

let as: FakeAs;
let world: RestWorld;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(async () => {
  await world.close();
  as.reset();
});

/** Registers a site. */
async function setUp(version: '4.2' | '4.5'): Promise<void> {
  world = await startRest({ version });
  const site = { op_host: as.issuer, redirect_uris: ['https://client.example/cb'] };
  oxd_id = String((await world.ask('register_site', site)).json.oxd_id);
}

function protect(
  condition: object = { scopes: ['read'] },
  params: object = {},
): Promise<RestAnswer> {
  const conditions = [{ httpMethods: ['GET'], ...condition }];
  const resources = [{ path: '/photo', conditions, iat: 1, exp: 2 }];
  return world.ask('uma_rs_protect', { oxd_id, resources, ...params });
}

const check = (params: object = {}): Promise<RestAnswer> =>
  world.ask('uma_rs_check_access', { oxd_id, ...PHOTO, ...params });

const getRpt = (params: object = { ticket: 't' }): Promise<RestAnswer> =>
  world.ask('uma_rp_get_rpt', { oxd_id, ...params });

/** Status and body, with the text of a message of the web framework. */
function outcome({ status, contentType, json, text }: RestAnswer): unknown {
  if (contentType === 'text/html') return [status, text];
  if (json.code !== undefined) return [status, 'wrapped', json.message];
  return [status, json.error, json.error_description === 'why' ? 'bare' : 'oxd'];
}

const bodiesOf = (endpoint: Endpoint): Record<string, unknown>[] =>
  as
    .seen(endpoint)
    .filter(({ body }) => body !== '')
    .map(({ body }) => JSON.parse(body) as Record<string, unknown>);

const WRAPPED = ['wrapped', JSON.stringify(ERROR.json)];
const BARE = ['x_error', 'bare'];
const INVALID = [400, 'invalid_scope_expression'];
const HIDDEN = [500, 'internal_error', 'oxd'];

const INTROSPECTED = (): Promise<RestAnswer> => check({ rpt: 'an-rpt' });

describe.each(['4.2', '4.5'] as const)('OxdServer %s', (version) => {
  beforeEach(() => setUp(version));

  describe('uma_rs_protect', () => {
    it('sends the times of a resource', async () => {
      expect((await protect()).json).toEqual({ oxd_id });
      expect(bodiesOf('rsrc')).toEqual([
        { name: '[GET] /photo', resource_scopes: ['read'], iat: 1, exp: 2 },
      ]);
    });

    it('rejects a second call without overwrite', async () => {
      await protect();
      expect(outcome(await protect())).toEqual([400, 'uma_protection_exists', 'oxd']);
      expect((await protect(undefined, { overwrite: true })).status).toBe(200);
    });

    it.each([
      ['that names one of its scopes', { rule: RULE, data: ['a', 'b'] }, [200, undefined]],
      ['with an unknown operator', { rule: { unknown: [] }, data: ['a'] }, INVALID],
      ['whose result is no scope', { rule: { '!': [{ var: 0 }] }, data: ['a'] }, INVALID],
      ['without data', { rule: RULE }, INVALID],
      ['as text', JSON.stringify({ rule: RULE, data: ['a', 'b'] }), INVALID],
    ])('evaluates an expression %s', async (_what, scope_expression, expected) => {
      const { status, json } = await protect({ scope_expression });
      expect([status, json.error]).toEqual(expected);
    });
  });

  describe('uma_rs_check_access', () => {
    it('returns the access only when it is granted', async () => {
      await protect();
      const [{ id }] = (await rp()).uma_protected_resources as [{ id: string }];
      const permissions = [{ resource_id: id, resource_scopes: ['read'] }];
      as.on('rpt', { json: { active: true, permissions } });
      expect((await check({ rpt: 'an-rpt' })).json).toEqual({ access: 'granted' });
      const other = await check({ rpt: 'an-rpt', scopes: ['write'] });
      expect(other.json.access).toBe('denied');
      expect(bodiesOf('perm')).toEqual([{ resource_id: id, resource_scopes: ['write'] }]);
    });

    it.each([
      ['an inactive RPT', false, {}],
      ['an RPT for another resource', true, { resource_id: 'another' }],
      ['an RPT with another scope', true, { resource_scopes: ['write'] }],
    ])('denies %s', async (_what, active, changes) => {
      await protect();
      const [{ id }] = (await rp()).uma_protected_resources as [{ id: string }];
      const permission = { resource_id: id, resource_scopes: ['read'], ...changes };
      as.on('rpt', { json: { active, permissions: [permission] } });
      expect((await check({ rpt: 'an-rpt' })).json).toMatchObject({ access: 'denied' });
    });

    it('denies with a ticket when the introspection response is empty', async () => {
      await protect();
      as.on('rpt', { text: '' });
      expect((await check({ rpt: 'an-rpt' })).json).toMatchObject({ access: 'denied' });
    });

    it('names the issuer in the challenge', async () => {
      await protect();
      const { json } = await check();
      expect(json['www-authenticate_header']).toBe(
        `UMA realm="rs",as_uri="${as.issuer}",error="insufficient_scope",ticket="${String(json.ticket)}"`,
      );
    });
  });

  describe('uma_rs_modify', () => {
    it('replaces the scopes at the authorization server and for checks', async () => {
      await protect();
      const { json } = await world.ask('uma_rs_modify', { oxd_id, ...PHOTO, scopes: ['write'] });
      expect(json).toEqual({ oxd_id });
      expect(bodiesOf('rsrc').at(-1)).toMatchObject({ resource_scopes: ['write'] });
      await check();
      expect(bodiesOf('perm')).toMatchObject([{ resource_scopes: ['write'] }]);
    });

    it('stores an expression', async () => {
      await protect();
      const scope_expression = JSON.stringify({ rule: RULE, data: ['a', 'b'] });
      await world.ask('uma_rs_modify', { oxd_id, ...PHOTO, scope_expression });
      expect((await rp()).uma_protected_resources).toMatchObject([
        { scope_expressions: [scope_expression], ticketScopes: ['a', 'b'] },
      ]);
    });

    it.each([
      ['invalid_http_method', { ...PHOTO, http_method: '' }],
      ['invalid_path_parameter', { ...PHOTO, path: '' }],
      ['invalid_request', { ...PHOTO, path: '/other' }],
      ['invalid_scope_expression', { ...PHOTO, scope_expression: '{"rule":{},"data":["a"]}' }],
    ])('reports %s', async (error, params) => {
      await protect();
      const answer = await world.ask('uma_rs_modify', { oxd_id, ...params });
      expect(outcome(answer)).toEqual([400, error, 'oxd']);
    });
  });

  describe('a rejection of the authorization server', () => {
    it.each<
      [string, Endpoint, () => Promise<RestAnswer>, Said, readonly unknown[], readonly unknown[]]
    >([
      [
        '403 of a resource',
        'rsrc',
        protect,
        { status: 403, ...ERROR },
        [403, ...BARE],
        [403, ...WRAPPED],
      ],
      [
        '500 of a resource',
        'rsrc',
        protect,
        { status: 500, ...ERROR },
        [500, ...BARE],
        [500, ...BARE],
      ],
      [
        'HTML of a resource',
        'rsrc',
        protect,
        { status: 502, text: HTML },
        [502, HTML],
        [502, HTML],
      ],
      [
        '401 of an introspection',
        'rpt',
        INTROSPECTED,
        { status: 401, ...ERROR },
        [401, ...WRAPPED],
        [401, ...WRAPPED],
      ],
      [
        '500 of an introspection',
        'rpt',
        INTROSPECTED,
        { status: 500, ...ERROR },
        [500, ...WRAPPED],
        [500, ...BARE],
      ],
      [
        'HTML of an introspection',
        'rpt',
        INTROSPECTED,
        { status: 502, text: HTML },
        [502, 'wrapped', HTML],
        [502, HTML],
      ],
      ['400 of a ticket', 'perm', check, { status: 400, ...ERROR }, HIDDEN, HIDDEN],
      ['403 of a ticket', 'perm', check, { status: 403, ...ERROR }, HIDDEN, [403, ...WRAPPED]],
      ['404 of a ticket', 'perm', check, { status: 404, ...ERROR }, HIDDEN, [404, ...WRAPPED]],
      ['502 of a ticket', 'perm', check, { status: 502, text: HTML }, HIDDEN, HIDDEN],
    ])('is passed on: %s', async (_what, endpoint, act, said, in42, in45) => {
      if (act !== protect) await protect();
      as.on(endpoint, said);
      expect(outcome(await act())).toEqual(version === '4.2' ? in42 : in45);
    });

    it('without UMA discovery is passed on by uma_rs_protect only', async () => {
      as.on('uma', { status: 404, ...ERROR });
      const expected = version === '4.2' ? [404, ...BARE] : [404, ...WRAPPED];
      expect(outcome(await protect())).toEqual(expected);
      expect(outcome(await getRpt())).toEqual([500, 'no_uma_discovery_response', 'oxd']);
    });
  });

  describe('uma_rp_get_rpt', () => {
    it('sends additional parameters, and returns the RPT', async () => {
      const { json } = await getRpt({ ticket: 't', params: { foo: 'a b' } });
      expect(json).toMatchObject({ token_type: 'Bearer', updated: false });
      expect(new URLSearchParams(as.seen('umatoken')[0]?.body).get('foo')).toBe('a b');
    });

    it.each([
      ['no ticket', {}, 'invalid_ticket_parameter'],
      ['a blank ticket', { ticket: ' ' }, 'invalid_ticket_parameter'],
      [
        'a claim token without a format',
        { ticket: 't', claim_token: 'c' },
        'invalid_claim_token_or_claim_token_form',
      ],
      [
        'a format without a claim token',
        { ticket: 't', claim_token_format: 'f' },
        'invalid_claim_token_or_claim_token_form',
      ],
    ])('rejects %s', async (_what, params, error) => {
      expect(outcome(await getRpt(params))).toEqual([400, error, 'oxd']);
    });

    it.each<[string, Said, number, object]>([
      [
        'need_info',
        { status: 403, json: { error: 'need_info', ticket: 'n', required_claims: [], x: 1 } },
        403,
        { error: 'need_info', ticket: 'n' },
      ],
      [
        'an invalid ticket',
        { status: 404, json: { error: 'invalid_ticket' } },
        400,
        { error: 'invalid_ticket' },
      ],
      ['another error', { status: 500, ...ERROR }, 403, { error: 'x_error' }],
      ['HTML', { status: 502, text: HTML }, 502, { code: 502, message: HTML }],
      ['a success without JSON', { status: 200, text: 'x' }, 200, { code: 200, message: 'x' }],
      ['an empty success', { status: 200, text: '' }, 200, { code: 200, message: '' }],
    ])('returns %s bare', async (_what, said, status, json) => {
      as.on('umatoken', said);
      const answer = await getRpt();
      expect([answer.status, answer.json]).toEqual([status, json]);
    });

    it('reports a rejected introspection of the new RPT', async () => {
      as.on('rpt', { status: 500, ...ERROR });
      const expected = version === '4.2' ? [403, 'x_error', 'oxd'] : [500, ...BARE];
      expect(outcome(await getRpt())).toEqual(expected);
    });

    it('rejects an RPT that is not active', async () => {
      as.on('rpt', { json: { active: false } });
      expect(outcome(await getRpt())).toEqual([500, 'internal_error', 'oxd']);
    });
  });

  it('returns null for an empty introspection response', async () => {
    as.on('rpt', { text: '' });
    const { status, text } = await world.ask('introspect_rpt', { oxd_id, rpt: 'an-rpt' });
    expect([status, text]).toEqual([200, 'null']);
  });

  it('adds custom parameters to the URL for claims gathering, but not those of oxd', async () => {
    const { json } = await world.ask('uma_rp_get_claims_gathering_url', {
      oxd_id,
      ticket: 't&x',
      claims_redirect_uri: 'https://client.example/claims',
      state: 'own-state',
      custom_parameters: { a: 'b c', ticket: 'other' },
    });
    expect(json.state).toBe('own-state');
    expect(json.url).toMatch(
      /&ticket=t&x&claims_redirect_uri=https:\/\/client\.example\/claims&state=own-state&a=b\+c$/,
    );
  });

  async function rp(): Promise<Record<string, unknown>> {
    return (await world.ask('get_rp', { oxd_id })).json.node as Record<string, unknown>;
  }
});
