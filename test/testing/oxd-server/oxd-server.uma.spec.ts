import { MemoryStore } from '../../../lib/store/oxd-store.js';
import { OxdServer, type OxdServerOptions } from '../../../lib/testing/testing.js';
import { type RecordedReply, replyOf } from '../../recordings/recordings.js';
import { registerSecret } from '../../support/secrets.js';
import { FakeAs } from '../../support/oxd-fake-as.js';
import { FrameClient, frameOf } from '../../support/frame-client.js';

const GENERIC = 'Unknown internal server error occurs.';
const MALFORMED = 'Command parameters are not specified or otherwise malformed.';
const CLOSES = { error: 'internal_error', text: GENERIC, closed: true };
const ANY = { or: [{ var: 0 }, { var: 1 }] };

type Version = '3.1.1' | '3.1.4';
type Data = Readonly<Record<string, unknown>>;

/** Result of a command: the data of a success, or the error. */
interface Outcome extends Data {
  readonly error?: string;
}

let as: FakeAs;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  as = await FakeAs.start();
});
afterEach(async () => {
  as.reset();
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => as.close());

/** A site at a server. */
class Site {
  private constructor(
    readonly server: OxdServer,
    readonly oxd_id: string,
  ) {}

  static async register(version: Version, options: OxdServerOptions = {}): Promise<Site> {
    const server = await start(version, options);
    const { oxd_id } = await ask(server, 'register_site', {
      op_host: as.issuer,
      authorization_redirect_uri: 'https://app.example/callback',
    });
    return new Site(server, String(oxd_id));
  }

  ask(command: string, params: Data = {}): Promise<Outcome> {
    return ask(this.server, command, { oxd_id: this.oxd_id, ...params });
  }

  protect(resources: unknown, more: Data = {}): Promise<Outcome> {
    return this.ask('uma_rs_protect', { resources, ...more });
  }

  check(path: string, http_method: string, rpt?: string): Promise<Outcome> {
    return this.ask('uma_rs_check_access', { path, http_method, rpt });
  }

  /** Id of the resource for which a ticket is requested. */
  async ticketFor(path: string, method: string): Promise<unknown> {
    await this.check(path, method);
    return JSON.parse(as.seen('perm').at(-1)?.body ?? '');
  }
}

async function start(version: Version, options: OxdServerOptions = {}): Promise<OxdServer> {
  const server = await OxdServer.start({
    ...{ version, allowInsecureRequests: true, onSecret: registerSecret },
    ...options,
  });
  open.push(server);
  return server;
}

async function ask(server: OxdServer, command: string, params: object): Promise<Outcome> {
  const client = await FrameClient.open(server.port);
  const { frame } = await client.ask([frameOf(command, params)]);
  // An open connection takes another command.
  const next = await client.ask([frameOf('no_such_command', {})]);
  client.close();
  return outcomeOf(replyOf(frame), next.frame === '');
}

function outcomeOf(reply: RecordedReply | undefined, closed: boolean): Outcome {
  if (reply?.status === 'ok') return reply.data;
  const { error, error_description, details } = reply?.data ?? {};
  return { error: String(error), text: error_description, details, closed };
}

function condition(httpMethods: readonly string[], scopes: readonly string[], more: Data = {}) {
  return { httpMethods, scopes, ...more };
}

function photo(...conditions: readonly Data[]): readonly Data[] {
  return [{ path: '/photo', conditions }];
}

/** Registered resource descriptions, in order of registration. */
function registered(): readonly Data[] {
  return as
    .seen('rsrc')
    .filter(({ path }) => path === '/rsrc')
    .map(({ body }) => JSON.parse(body) as Data);
}

/** Makes the authorization server report an RPT with scopes at a resource. */
function grantScopes(resource_id: unknown, ...resource_scopes: readonly string[]): void {
  as.on('rpt', { json: { active: true, permissions: [{ resource_id, resource_scopes }] } });
}

describe('uma_rs_protect', () => {
  it.each(['3.1.1', '3.1.4'] as const)(
    '%s names resources by methods and path',
    async (version) => {
      const site = await Site.register(version);
      const conditions = [
        condition(['GET'], ['read']),
        condition(['PUT', 'POST'], ['write', 'all']),
      ];
      expect(await site.protect(photo(...conditions))).toEqual({ oxd_id: site.oxd_id });
      expect(registered()).toEqual([
        { name: '[GET] /photo', resource_scopes: ['read'] },
        { name: '[PUT, POST] /photo', resource_scopes: ['write', 'all'] },
      ]);
    },
  );

  it('3.1.4 registers the scopes of an expression, and the expression unread', async () => {
    const site = await Site.register('3.1.4');
    const scope_expression = { rule: { nonsense: [] }, data: ['read', 'all'] };
    await site.protect(photo({ httpMethods: ['GET'], scope_expression }));
    expect(registered()).toEqual([
      {
        name: '[GET] /photo',
        resource_scopes: ['read', 'all'],
        scope_expression: JSON.stringify(scope_expression),
      },
    ]);
  });

  const get = condition(['GET'], ['read']);
  const malformed = { error: 'internal_error', text: MALFORMED, closed: false };
  const expression = (value: unknown): Data => ({ httpMethods: ['GET'], scope_expression: value });
  it.each<[string, unknown, Data, Data]>([
    ['no resources', undefined, { error: 'invalid_uma_request' }, { error: 'invalid_uma_request' }],
    ['null', null, { error: 'invalid_uma_request' }, { error: 'invalid_uma_request' }],
    ['an empty list', [], { error: 'invalid_uma_request' }, { error: 'invalid_uma_request' }],
    ['a text', 'x', malformed, malformed],
    ['a list of texts', ['x'], malformed, malformed],
    ['conditions that are no list', [{ path: '/photo', conditions: {} }], malformed, malformed],
    ['a method that is no list', photo({ ...get, httpMethods: 'GET' }), malformed, malformed],
    ['a resource without conditions', [{ path: '/photo' }], CLOSES, CLOSES],
    ['a resource without a path', [{ conditions: [get] }], CLOSES, CLOSES],
    ['a condition without methods', photo({ scopes: ['read'] }), CLOSES, CLOSES],
    ['a condition without scopes', photo({ httpMethods: ['GET'] }), CLOSES, CLOSES],
    ['a method twice', photo(get, get), {}, { error: 'http_method_not_unique' }],
    ['a method in another case', photo(get, condition(['get'], ['read'])), {}, {}],
    ['a path in another case', [...photo(get), { path: '/PHOTO', conditions: [get] }], {}, {}],
    ['a foreign member', photo({ ...get, other: 1 }), malformed, {}],
    ['a foreign member of a resource', [{ ...photo(get)[0], iat: 1 }], malformed, {}],
    ['an expression', photo(expression({ rule: ANY, data: ['a', 'b'] })), malformed, {}],
    [
      'an expression without a rule',
      photo(expression({ data: ['a'] })),
      malformed,
      { error: 'invalid_scope_expressioin' },
    ],
    [
      'an expression with empty data',
      photo(expression({ rule: ANY, data: [] })),
      malformed,
      { error: 'invalid_scope_expressioin' },
    ],
  ])('%s', async (_title, resources, old, modern) => {
    for (const [version, outcome] of [
      ['3.1.1', old],
      ['3.1.4', modern],
    ] as const) {
      const site = await Site.register(version);
      const { oxd_id } = site;
      expect(await site.protect(resources)).toMatchObject(outcome.error ? outcome : { oxd_id });
    }
  });

  it('3.1.4 first reports existing resources, and then deletes all of them', async () => {
    const site = await Site.register('3.1.4');
    await site.protect(photo(condition(['GET'], ['read']), condition(['PUT'], ['write'])));
    const other = [{ path: '/doc', conditions: [condition(['GET'], ['view'])] }];
    expect(await site.protect(other)).toMatchObject({ error: 'uma_protection_exists' });
    expect(as.seen('rsrcdel')).toEqual([]);
    expect(await site.protect(other, { overwrite: true })).toEqual({ oxd_id: site.oxd_id });
    expect(as.seen('rsrcdel').length).toBe(2);
    expect(await site.check('/photo', 'GET')).toMatchObject({ error: 'invalid_request' });
    expect(await site.check('/doc', 'GET')).toMatchObject({ access: 'denied' });
  });

  it('3.1.4 stops when a resource cannot be deleted', async () => {
    const site = await Site.register('3.1.4');
    await site.protect(photo(get));
    as.on('rsrcdel', { status: 500, json: { error: 'x_error' } });
    expect(await site.protect(photo(get), { overwrite: true })).toMatchObject({
      error: 'http_status_500',
      text: '{"error":"x_error"}',
      closed: false,
    });
    expect(registered().length).toBe(1);
    expect(await site.check('/photo', 'GET')).toMatchObject({ access: 'denied' });
  });

  it.each(['', '.', '..', 7, undefined])('stores no resource with the id %s', async (_id) => {
    const site = await Site.register('3.1.4');
    as.on('rsrc', { status: 201, json: { _id } });
    expect(await site.protect(photo(get))).toMatchObject(CLOSES);
    expect(await site.check('/photo', 'GET')).toMatchObject({ error: 'invalid_request' });
  });

  it('3.1.1 adds to the registered resources, whatever the value of overwrite', async () => {
    const site = await Site.register('3.1.1');
    await site.protect(photo(condition(['GET'], ['first'])));
    await site.protect(photo(condition(['GET'], ['second'])), { overwrite: true });
    expect([registered().length, as.seen('rsrcdel').length]).toEqual([2, 0]);
  });

  it.each([
    ['3.1.1', 'first'],
    ['3.1.4', 'last'],
  ] as const)('%s: of several for one path the %s counts', async (version, which) => {
    const site = await Site.register(version);
    await site.protect([
      ...photo(condition(['GET'], ['first'])),
      { path: '/Photo', conditions: [condition(['GET'], ['last'])] },
    ]);
    expect(await site.ticketFor('/PHOTO', 'get')).toMatchObject({ resource_scopes: [which] });
  });

  it('is persisted in the store, and deleted with the site', async () => {
    const store = new MemoryStore();
    const site = await Site.register('3.1.4', { store });
    await site.protect(photo(get));
    const again = await start('3.1.4', { store });
    const { oxd_id } = site;
    const check = { oxd_id, path: '/photo', http_method: 'GET' };
    expect(await ask(again, 'uma_rs_check_access', check)).toMatchObject({ access: 'denied' });
    await ask(again, 'remove_site', { oxd_id });
    expect(await ask(again, 'uma_rs_check_access', check)).toMatchObject({
      error: 'invalid_oxd_id',
    });
  });
});

describe('uma_rs_check_access', () => {
  it('requests the ticketScopes, or else the scopes', async () => {
    const site = await Site.register('3.1.4');
    await site.protect(
      photo(
        condition(['GET'], ['read', 'all'], { ticketScopes: ['read'] }),
        condition(['PUT'], ['write'], { ticketScopes: [] }),
        condition(['POST'], [], { scope_expression: { rule: ANY, data: ['add', 'all'] } }),
      ),
    );
    expect(await site.ticketFor('/photo', 'GET')).toMatchObject({ resource_scopes: ['read'] });
    expect(await site.ticketFor('/photo', 'PUT')).toMatchObject({ resource_scopes: ['write'] });
    expect(await site.ticketFor('/photo', 'POST')).toMatchObject({
      resource_scopes: ['add', 'all'],
    });
  });

  it('replies to a denial with the exact challenge of oxd', async () => {
    const site = await Site.register('3.1.4');
    await site.protect(photo(condition(['GET'], ['read'])));
    const { access, ticket, ...rest } = await site.check('/photo', 'GET');
    expect(access).toBe('denied');
    const as_uri = as.issuer;
    expect(rest).toEqual({
      'www-authenticate_header': `UMA realm="rs",as_uri="${as_uri}",error="insufficient_scope",ticket="${String(ticket)}"`,
    });
    expect(as.seen('rpt')).toEqual([]);
  });

  const granted = { access: 'granted', ticket: null, 'www-authenticate_header': null };
  it.each<[string, Version, (id: string) => void, Data, string?]>([
    ['one of the scopes', '3.1.4', (id) => grantScopes(id, 'all', 'other'), granted],
    ['one of the scopes', '3.1.1', (id) => grantScopes(id, 'read'), granted],
    ['one scope of an expression', '3.1.4', (id) => grantScopes(id, 'all'), granted],
    ['none of them', '3.1.4', (id) => grantScopes(id, 'other'), { access: 'denied' }],
    ['the beginning of a scope', '3.1.4', (id) => grantScopes(id, 'rea'), { access: 'denied' }],
    ['all of them elsewhere', '3.1.4', () => grantScopes('x', 'read', 'all'), { access: 'denied' }],
    ['nothing', '3.1.4', () => as.on('rpt', { json: { active: true } }), { access: 'denied' }],
    [
      'a GAT elsewhere',
      '3.1.4',
      () => grantScopes('x', 'read'),
      { access: 'denied' },
      'gat_of-3.1.1',
    ],
    ['a GAT elsewhere', '3.1.1', () => grantScopes('x', 'read'), granted, 'gat_of-3.1.1'],
    [
      'a GAT with another scope',
      '3.1.1',
      () => grantScopes('x', 'r'),
      { access: 'denied' },
      'gat_other',
    ],
    [
      'everything, but is dead',
      '3.1.4',
      (id) =>
        as.on('rpt', {
          json: { active: false, permissions: [{ resource_id: id, resource_scopes: ['read'] }] },
        }),
      { access: 'denied' },
    ],
    [
      'everything, but is "true"',
      '3.1.4',
      (id) =>
        as.on('rpt', {
          json: { active: 'true', permissions: [{ resource_id: id, resource_scopes: ['read'] }] },
        }),
      { access: 'denied' },
    ],
  ])('an RPT that has %s on %s', async (_title, version, script, outcome, rpt = 'an-rpt') => {
    const site = await Site.register(version);
    await site.protect(photo(condition(['GET'], ['read', 'all'])));
    const { resource_id } = (await site.ticketFor('/photo', 'GET')) as Data;
    script(String(resource_id));
    expect(await site.check('/photo', 'GET', rpt)).toMatchObject(outcome);
  });

  it('requests another PAT when one is rejected, once', async () => {
    const site = await Site.register('3.1.4');
    await site.protect(photo(condition(['GET'], ['read'])));
    as.on('perm', { status: 401, json: { error: 'invalid_token' } });
    expect(await site.check('/photo', 'GET')).toMatchObject(CLOSES);
    const pats = as.seen('perm').map(({ authorization }) => authorization);
    expect([pats.length, new Set(pats).size]).toEqual([2, 2]);
  });

  it.each([
    [403, { error: 'http_status_403', text: 'said by the AS', closed: false }],
    [400, CLOSES],
    [401, CLOSES],
  ] as const)('3.1.4, when the ticket request is rejected with %i', async (status, outcome) => {
    const site = await Site.register('3.1.4');
    await site.protect(photo(condition(['GET'], ['read'])));
    as.on('perm', { status, text: 'said by the AS' });
    expect(await site.check('/photo', 'GET')).toMatchObject(outcome);
  });
});

describe('the resources of two sites', () => {
  const site = { authorization_redirect_uri: 'https://app.example/callback' };
  it.each([
    { version: '3.1.1', outcome: { access: 'denied' }, name: 'one list' },
    { version: '3.1.4', outcome: { error: 'invalid_request' }, name: 'a list each' },
  ] as const)('are $name on $version', async ({ version, outcome }) => {
    const store = new MemoryStore();
    const first = await Site.register(version, { store });
    const before = await ask(first.server, 'register_site', { op_host: as.issuer, ...site });
    await first.protect(photo(condition(['GET'], ['read'])));
    const later = await ask(first.server, 'register_site', { op_host: as.issuer, ...site });
    const check = { path: '/photo', http_method: 'GET' };
    for (const { oxd_id } of [before, later])
      expect(await ask(first.server, 'uma_rs_check_access', { oxd_id, ...check })).toMatchObject(
        outcome,
      );
    // A restart ends the common list; each site has kept its copy.
    const restarted = await start(version, { store });
    const { oxd_id } = await ask(restarted, 'register_site', { op_host: as.issuer, ...site });
    expect(await ask(restarted, 'uma_rs_check_access', { oxd_id, ...check })).toMatchObject({
      error: 'invalid_request',
    });
    const own = { oxd_id: first.oxd_id, ...check };
    expect(await ask(restarted, 'uma_rs_check_access', own)).toMatchObject({ access: 'denied' });
  });
});

describe('uma_rp_get_rpt', () => {
  it('sends its parameters with the credentials of the site', async () => {
    const site = await Site.register('3.1.4');
    const params = {
      ticket: 'the ticket&',
      claim_token: 'a-claim-token',
      claim_token_format: 'urn:format',
      pct: 'a-pct',
      rpt: 'an-old-rpt',
      scope: ['read', 'all'],
    };
    as.on('umatoken', {
      json: { access_token: 'the-new-rpt', token_type: 'Bearer', upgraded: true, pct: 'the-pct' },
    });
    expect(await site.ask('uma_rp_get_rpt', { ...params, state: 's', params: { x: 'y' } })).toEqual(
      {
        access_token: 'the-new-rpt',
        token_type: 'Bearer',
        updated: true,
        pct: 'the-pct',
      },
    );
    const [seen] = as.seen('umatoken');
    expect(Object.fromEntries(new URLSearchParams(seen?.body))).toEqual({
      ...params,
      grant_type: 'urn:ietf:params:oauth:grant-type:uma-ticket',
      scope: 'read all',
    });
    expect(seen?.authorization).toMatch(/^Basic /);
  });

  it.each([
    ['is not active', { active: false }],
    ['is "true"', { active: 'true' }],
  ])('returns no RPT that %s, and stays open', async (_title, json) => {
    const site = await Site.register('3.1.4');
    as.on('rpt', { json });
    const outcome = await site.ask('uma_rp_get_rpt', { ticket: 'a-ticket' });
    expect(outcome).toMatchObject({ error: 'internal_error', closed: false });
    expect([GENERIC, MALFORMED]).not.toContain(outcome.text);
  });

  const more = { error: 'need_info', ticket: 'the-next-ticket', error_description: 'More.' };
  it.each([
    ['3.1.4', { error: 'http_status_403', text: JSON.stringify(more), details: null }],
    ['3.1.1', CLOSES],
  ] as const)('%s takes need_info with a member more for a failure', async (version, outcome) => {
    const secrets: string[] = [];
    const onSecret = (value: string): void => void secrets.push(value);
    const site = await Site.register(version, { onSecret });
    as.on('umatoken', { status: 403, json: more });
    expect(await site.ask('uma_rp_get_rpt', { ticket: 'a-ticket' })).toMatchObject(outcome);
    expect(secrets.includes('the-next-ticket')).toBe(version === '3.1.4');
  });
});

describe('uma_rp_get_claims_gathering_url', () => {
  it('reports its state and ticket, the ticket of an error and the PCT as secrets', async () => {
    const secrets: string[] = [];
    const onSecret = (value: string): void => void secrets.push(value);
    const site = await Site.register('3.1.4', { onSecret });
    await site.protect(photo(condition(['GET'], ['read'])));
    const { ticket } = await site.check('/photo', 'GET');
    const { pct } = await site.ask('uma_rp_get_rpt', { ticket });
    as.on('umatoken', { status: 403, json: { error: 'need_info', ticket: 'the-next-ticket' } });
    await site.ask('uma_rp_get_rpt', { ticket });
    const claims_redirect_uri = 'https://app.example/claims';
    const params = { ticket, claims_redirect_uri };
    const { state } = await site.ask('uma_rp_get_claims_gathering_url', params);
    for (const secret of [ticket, pct, 'the-next-ticket', state])
      expect(secrets.includes(String(secret))).toBe(true);
  });

  it('fails when the authorization server has no claims interaction endpoint', async () => {
    const { issuer } = as;
    const endpoints = { token_endpoint: issuer, permission_endpoint: issuer, jwks_uri: issuer };
    const more = { resource_registration_endpoint: issuer, introspection_endpoint: issuer };
    as.on('uma', { json: { issuer, ...endpoints, ...more } });
    const site = await Site.register('3.1.4');
    const params = { ticket: 't', claims_redirect_uri: 'https://app.example/claims' };
    expect(await site.ask('uma_rp_get_claims_gathering_url', params)).toMatchObject(CLOSES);
  });
});

describe('a protection token', () => {
  const blank = { error: 'blank_protection_access_token', closed: false };
  it.each([
    ['3.1.1', 'uma_rs_protect', blank],
    ['3.1.1', 'uma_rs_check_access', blank],
    ['3.1.1', 'uma_rp_get_rpt', blank],
    ['3.1.1', 'uma_rp_get_claims_gathering_url', blank],
    ['3.1.1', 'introspect_rpt', { error: 'unsupported_operation' }],
    ['3.1.4', 'uma_rs_protect', blank],
    ['3.1.4', 'uma_rs_check_access', blank],
    ['3.1.4', 'uma_rp_get_rpt', blank],
    ['3.1.4', 'uma_rp_get_claims_gathering_url', blank],
    ['3.1.4', 'introspect_rpt', blank],
  ] as const)('of %s: %s', async (version, command, outcome) => {
    const site = await Site.register(version, { protectCommands: true });
    expect(await site.ask(command)).toMatchObject(outcome);
  });
});
