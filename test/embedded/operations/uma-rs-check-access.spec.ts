import { inspect } from 'node:util';
import { SignJWT, type JWTPayload } from 'jose';
import type { Params } from '../../../lib/commands/command.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite, resource } from '../../support/uma-site.js';

let as: FakeAs;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(async () => {
  as.reset();
  transport = new TestTransport();
  oxd_id = await protectedSite(transport, as);
});
afterEach(() => TestTransport.closeAll());

type Check = Partial<Params<'uma_rs_check_access'>>;

function check(more: Check = {}, of = transport) {
  return of.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'GET', ...more });
}

const photo = (): string => as.idOf('[GET] /photo');

describe('a request without an RPT', () => {
  it('is denied with a ticket and the header of oxd', async () => {
    const answer = await check();
    const ticket = as.tickets[0]?.ticket ?? '';
    expect(answer).toEqual({
      access: 'denied',
      ticket,
      as_uri: as.issuer,
      'www-authenticate_header': `UMA realm="rs",as_uri="${as.issuer}",error="insufficient_scope",ticket="${ticket}"`,
    });
    expect(as.seen('rpt')).toHaveLength(0);
  });

  it.each([
    { name: 'no RPT', rpt: undefined },
    { name: 'an empty RPT', rpt: '' },
    { name: 'a blank RPT', rpt: '   ' },
  ])('introspects nothing for $name', async ({ rpt }) => {
    expect(await check({ rpt })).toMatchObject({ access: 'denied' });
    expect(as.seen('rpt')).toHaveLength(0);
  });

  it('gets a ticket for one resource, requested as a list', async () => {
    await check();
    const [request] = as.seen('permission');
    expect(JSON.parse(request?.body ?? '')).toEqual([
      { resource_id: photo(), resource_scopes: ['view', 'all'] },
    ]);
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      accept: 'application/json',
    });
  });
});

describe('the scopes of a ticket', () => {
  const data = ['view', 'all'];
  const scope_expression = { rule: { or: [{ var: 0 }, { var: 1 }] }, data };
  it.each([
    ['the scopes of the condition', { scopes: data }, {}, data],
    ['ticketScopes', { scopes: data, ticketScopes: ['view'] }, {}, ['view']],
    ['the data of an expression', { scope_expression }, {}, data],
    ['ticketScopes beside an expression', { scope_expression, ticketScopes: ['all'] }, {}, ['all']],
    ['the scopes of the check', { scopes: data, ticketScopes: ['view'] }, { scopes: ['x'] }, ['x']],
    ['the scopes of the condition for an empty list', { scopes: data }, { scopes: [] }, data],
  ])('are %s', async (_, condition, more, expected) => {
    await transport.run('uma_rs_protect', {
      oxd_id,
      resources: [{ path: '/doc', conditions: [{ httpMethods: ['GET'], ...condition }] }],
    });
    await check({ path: '/doc', ...more });
    expect(as.tickets[0]?.permissions[0]?.resource_scopes).toEqual(expected);
  });
});

describe('the resource of a request', () => {
  it('is found regardless of the case of the method', async () => {
    expect(await check({ path: '/photo', http_method: 'get' })).toMatchObject({ access: 'denied' });
  });

  it.each([
    ['/photo/', 'GET'],
    ['/PHOTO', 'GET'],
    ['/photo?x=1', 'GET'],
    ['//photo', 'GET'],
    ['/photo;x=y', 'GET'],
    ['/pho', 'GET'],
    ['/photos', 'GET'],
    ['/%70hoto', 'GET'],
    ['/photo', 'HEAD'],
    ['/photo', 'DELETE'],
    [' /photo', 'GET'],
  ])('is missing for %s %s', async (path, http_method) => {
    const rpt = as.rpt(as.item(photo(), 'view', 'all'));
    const error = await rejectionOf(check({ path, http_method, rpt }));
    expect(error).toMatchObject({ error: 'invalid_request', mayHaveRun: false });
    expect(as.seen('rpt')).toHaveLength(0);
    expect(as.seen('permission')).toHaveLength(0);
  });

  it.each([
    ['an empty http_method', { http_method: '' }, 'invalid_http_method'],
    ['a blank http_method', { http_method: ' ' }, 'invalid_http_method'],
    ['no http_method', { http_method: undefined }, 'invalid_http_method'],
    ['an empty path', { path: '' }, 'invalid_path_parameter'],
    ['no path', { path: undefined }, 'invalid_path_parameter'],
    ['an unknown oxd_id', { oxd_id: 'unknown' }, 'invalid_oxd_id'],
    ['an empty oxd_id', { oxd_id: '' }, 'bad_request'],
  ])('cannot be named by %s', async (_, params, error) => {
    expect(await rejectionOf(check(params as Check))).toMatchObject({ error });
  });

  it('cannot be named by an unknown parameter', async () => {
    const error = await rejectionOf(check({ method: 'GET' } as Check));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_UNSUPPORTED', mayHaveRun: false });
    expect(error.message).toContain('method is not a parameter of this command');
  });

  it('is missing in a site without resources', async () => {
    const other = await transport.site(as, { client_id: 'other', client_secret: 'other-secret' });
    expect(await rejectionOf(check({ oxd_id: other }))).toMatchObject({ error: 'invalid_request' });
  });

  it('is the same in another site of the client', async () => {
    const other = await transport.site(as, { ...RS, client_name: 'another name' });
    expect(await check({ oxd_id: other })).toMatchObject({ access: 'denied' });
  });

  it('is deleted with its site if the client was registered for the site', async () => {
    const { client_id: _, client_secret: __, ...unregistered } = RS;
    const own = await transport.site(as, unregistered);
    await transport.run('uma_rs_protect', {
      oxd_id: own,
      resources: [resource('/own', ['GET'], 'a')],
    });
    const key = await transport.resourcesKey(own);
    expect(await transport.store.get(key)).toBeDefined();
    await transport.run('remove_site', { oxd_id: own });
    expect(await transport.store.get(key)).toBeUndefined();
    expect(as.resources.size).toBe(2);
  });

  it('stays when one of two sites of a given client is removed', async () => {
    const other = await transport.site(as, { ...RS, client_name: 'another name' });
    await transport.run('remove_site', { oxd_id: other });
    expect(await check()).toMatchObject({ access: 'denied' });
  });
});

type Case = readonly [what: string, items: () => object[]];

const exp = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
const at = (id: string, ...resource_scopes: string[]) => ({ resource_id: id, resource_scopes });

const ENOUGH: readonly Case[] = [
  ['one of the scopes', () => [at(photo(), 'view')]],
  ['another one of the scopes', () => [at(photo(), 'x', 'all')]],
  ['all of them, and a foreign resource', () => [at('x', 'y'), at(photo(), 'view', 'all')]],
  [
    'an expired item and a valid one',
    () => [{ ...at(photo(), 'all'), exp: exp(-1) }, at(photo(), 'view')],
  ],
  ['an item that ends later', () => [{ ...at(photo(), 'view'), exp: exp(60) }]],
  ['Keycloak’s names', () => [{ rsid: photo(), scopes: ['view'] }]],
];

const NOT_ENOUGH: readonly Case[] = [
  ['no item', () => []],
  ['the right scope on another resource', () => [at('other', 'view', 'all')]],
  ['a prefix of the required scope', () => [at(photo(), 'vie')]],
  ['a scope that begins with the required one', () => [at(photo(), 'viewer', 'all ')]],
  ['the scope in upper case', () => [at(photo(), 'VIEW')]],
  ['the id in upper case', () => [at(photo().toUpperCase(), 'view')]],
  ['an item without an id', () => [{ resource_scopes: ['view'] }]],
  ['an empty id', () => [at('', 'view')]],
  ['an id that is a number', () => [{ resource_id: 7, resource_scopes: ['view'] }]],
  ['an item without scopes', () => [{ resource_id: photo() }]],
  ['empty scopes', () => [at(photo())]],
  ['scopes that are a string', () => [{ resource_id: photo(), resource_scopes: 'view' }]],
  ['scopes in a list', () => [{ resource_id: photo(), resource_scopes: [['view']] }]],
  [
    'scopes of which one is no string',
    () => [{ resource_id: photo(), resource_scopes: ['view', 1] }],
  ],
  ['an item that has expired', () => [{ ...at(photo(), 'view'), exp: exp(-1) }]],
  ['an item that expires now', () => [{ ...at(photo(), 'view'), exp: exp(0) }]],
  ['an item that is not valid yet', () => [{ ...at(photo(), 'view'), nbf: exp(60) }]],
  ['an expiry that is a string', () => [{ ...at(photo(), 'view'), exp: `${exp(60)}` }]],
  ['two ids', () => [{ resource_id: photo(), rsid: 'other', scopes: ['view'] }]],
  [
    'a whole resource with scopes elsewhere',
    () => [{ rsid: photo(), resource_scopes: [], scopes: ['x'] }],
  ],
  ['Keycloak’s whole resource at another server', () => [{ rsid: photo(), resource_scopes: [] }]],
  ['an item that is a string', () => [photo() as unknown as object]],
  ['an item that is null', () => [null as unknown as object]],
];

describe('an RPT', () => {
  it.each(ENOUGH)('is enough with %s', async (_, items) => {
    const answer = await check({ rpt: as.rpt(...items()) });
    expect(answer.access).toBe('granted');
    expect(answer.permissions).not.toHaveLength(0);
    expect(as.seen('permission')).toHaveLength(0);
  });

  it.each(NOT_ENOUGH)('is not enough with %s', async (_, items) => {
    expect(await check({ rpt: as.rpt(...items()) })).toMatchObject({
      access: 'denied',
      ticket: as.tickets[0]?.ticket,
    });
  });

  it.each([
    ['does not exist', {}, 'unknown-rpt-of-nobody'],
    ['has expired', { exp: exp(-1) }, undefined],
    ['expires now', { exp: exp(0) }, undefined],
    ['is not valid for another 45 s', { nbf: exp(45) }, undefined],
    ['has an expiry that is a string', { exp: `${exp(300)}` }, undefined],
    ['is of another issuer', { iss: 'https://evil.example' }, undefined],
    ['is an ordinary access token', { permissions: undefined, scope: 'view all' }, undefined],
    ['has permissions that are none', { permissions: { length: 1 } }, undefined],
    ['is not active', { active: false }, undefined],
  ])('is not enough if it %s', async (_, introspection, token) => {
    as.introspection = introspection;
    const rpt = token ?? as.rpt(as.item(photo(), 'view'));
    expect(await check({ rpt })).toMatchObject({ access: 'denied' });
  });

  it('is enough up to 30 s before its nbf, for a clock that is behind', async () => {
    as.introspection = { nbf: exp(30) };
    const rpt = as.rpt({ ...as.item(photo(), 'view'), nbf: exp(30) });
    expect(await check({ rpt })).toMatchObject({ access: 'granted' });
  });

  it('is not enough 45 s before the nbf of its permission, nor at its exp', async () => {
    for (const times of [{ nbf: exp(45) }, { exp: exp(0) }]) {
      const rpt = as.rpt({ ...as.item(photo(), 'view'), ...times });
      expect(await check({ rpt })).toMatchObject({ access: 'denied' });
    }
  });

  it('is not sent if it is longer than 16384 characters', async () => {
    const rpt = as.keep('x'.repeat(16_385), [as.item(photo(), 'view')]);
    expect(await check({ rpt })).toMatchObject({ access: 'denied' });
    expect(as.seen('rpt')).toHaveLength(0);
    const longest = as.keep('y'.repeat(16_384), [as.item(photo(), 'view')]);
    expect(await check({ rpt: longest })).toMatchObject({ access: 'granted' });
  });

  it('is checked against the scopes of the check', async () => {
    const rpt = as.rpt(as.item(photo(), 'view'));
    expect(await check({ rpt, scopes: ['edit'] })).toMatchObject({ access: 'denied' });
    expect(await check({ rpt, scopes: ['edit', 'view'] })).toMatchObject({ access: 'granted' });
    expect(await check({ rpt, scopes: [] })).toMatchObject({ access: 'granted' });
  });

  it('is valid for its own site only', async () => {
    const other = await transport.site(as, { client_id: 'other', client_secret: 'other-secret-1' });
    registerSecret('other-secret-1');
    await transport.run('uma_rs_protect', { oxd_id: other, resources: [PHOTO] });
    const [mine = '', theirs = ''] = [...as.resources.keys()];
    const rpt = as.rpt(as.item(mine, 'view'));
    expect(await check({ rpt })).toMatchObject({ access: 'granted' });
    expect(await check({ oxd_id: other, rpt })).toMatchObject({ access: 'denied' });
    expect(as.tickets.at(-1)?.permissions[0]?.resource_id).toBe(theirs);
  });
});

describe('a resource id that two authorization servers issued', () => {
  const ID = 'resource-1';
  let elsewhere: FakeAs;
  let other: string;

  beforeEach(async () => {
    elsewhere = await FakeAs.start();
    as.nextId = elsewhere.nextId = ID;
    oxd_id = await protectedSite(transport, as, resource('/doc', ['GET'], 'view'));
    other = await protectedSite(transport, elsewhere, resource('/doc', ['GET'], 'view'));
  });
  afterEach(() => elsewhere.close());

  const opens = async (site: string, rpt: string) =>
    (await check({ oxd_id: site, path: '/doc', rpt })).access;

  it('is separate at each: an RPT of one grants nothing at the other', async () => {
    expect([as.idOf('[GET] /doc'), elsewhere.idOf('[GET] /doc')]).toEqual([ID, ID]);
    const here = as.rpt(as.item(ID, 'view'));
    const there = elsewhere.rpt(elsewhere.item(ID, 'view'));
    expect([await opens(oxd_id, here), await opens(other, there)]).toEqual(['granted', 'granted']);
    expect([await opens(oxd_id, there), await opens(other, here)]).toEqual(['denied', 'denied']);
    expect(as.tickets).toHaveLength(1);
    expect(elsewhere.tickets).toHaveLength(1);
  });

  it('does not validate a JWT of the other server that introspection calls active', async () => {
    const claims = { iss: elsewhere.issuer, sub: 'alice', exp: exp(300) };
    const rpt = as.keep(await elsewhere.op.sign(claims), [as.item(ID, 'view')]);
    as.introspection = { iss: elsewhere.issuer };
    expect(await opens(oxd_id, rpt)).toBe('denied');
  });
});

describe('an RPT of Keycloak for a whole resource', () => {
  it.each([
    ['is enough', '[GET] /photo', 'granted'],
    ['is not enough for another one', '[GET] /doc', 'denied'],
  ] as const)('%s', async (_, name, access) => {
    as.reset('keycloak');
    transport = new TestTransport();
    oxd_id = await protectedSite(transport, as, PHOTO, resource('/doc', ['GET'], 'view'));
    expect(await check({ rpt: as.rpt(as.item(as.idOf(name))) })).toMatchObject({ access });
  });
});

describe('with requiredScopes', () => {
  it.each([
    ['any', 'view', 'granted'],
    ['all', 'view', 'denied'],
    ['all', 'view x', 'denied'],
    ['all', 'all view', 'granted'],
  ] as const)('%s, an RPT with the scopes %s is %s', async (requiredScopes, scopes, access) => {
    const strict = new TestTransport({ store: transport.store, requiredScopes });
    const rpt = as.rpt(as.item(photo(), ...scopes.split(' ')));
    expect(await check({ rpt }, strict)).toMatchObject({ access });
  });

  it('all, scopes of several items count together, and so does the check’s own list', async () => {
    const strict = new TestTransport({ store: transport.store, requiredScopes: 'all' });
    const rpt = as.rpt(as.item(photo(), 'view'), as.item(photo(), 'all'));
    expect(await check({ rpt }, strict)).toMatchObject({ access: 'granted' });
    expect(await check({ rpt, scopes: ['view', 'edit'] }, strict)).toMatchObject({
      access: 'denied',
    });
  });
});

describe('a scope expression', () => {
  const data = ['view', 'edit', 'all'];
  const rule = { or: [{ and: [{ var: 0 }, { var: 1 }] }, { var: 2 }] };
  beforeEach(() =>
    transport.run('uma_rs_protect', {
      oxd_id,
      resources: [
        {
          path: '/doc',
          conditions: [{ httpMethods: ['GET'], scope_expression: { rule, data } }],
        },
      ],
    }),
  );

  it.each([
    ['view', 'denied'],
    ['edit', 'denied'],
    ['view edit', 'granted'],
    ['all', 'granted'],
    ['View edit', 'denied'],
    ['none', 'denied'],
  ])('decides on the scopes %s: %s', async (scopes, access) => {
    const rpt = as.rpt(
      as.item(as.idOf('[GET] /doc'), ...(scopes === 'none' ? [] : scopes.split(' '))),
    );
    expect(await check({ path: '/doc', rpt })).toMatchObject({ access });
  });

  it('does not see the scopes of another resource', async () => {
    const rpt = as.rpt(as.item(as.idOf('[GET] /doc'), 'view'), as.item(photo(), 'edit', 'all'));
    expect(await check({ path: '/doc', rpt })).toMatchObject({ access: 'denied' });
  });

  it('is replaced by the scopes of the check', async () => {
    const rpt = as.rpt(as.item(as.idOf('[GET] /doc'), 'view'));
    expect(await check({ path: '/doc', rpt, scopes: ['view'] })).toMatchObject({
      access: 'granted',
    });
  });
});

describe('a response of the permission endpoint', () => {
  it.each([
    ['200 without a ticket (SolidLab: public)', { status: 200, json: {} }],
    ['200 with a ticket', { status: 200, json: { ticket: 'ticket-1234567890' } }],
    ['201 without a ticket', { status: 201, json: {} }],
    ['201 without a body', { status: 201, text: '' }],
    ['201 with a page', { status: 201, text: '<h1>hello</h1>' }],
    ['an empty ticket', { status: 201, json: { ticket: '' } }],
    ['a blank ticket', { status: 201, json: { ticket: '  ' } }],
    ['a ticket that is a number', { status: 201, json: { ticket: 7 } }],
    ['a ticket in a list', { status: 201, json: { ticket: ['t'] } }],
    ['CR/LF in the ticket', { status: 201, json: { ticket: 'a\r\nSet-Cookie: x=y' } }],
    ['a tab in the ticket', { status: 201, json: { ticket: 'a\tb' } }],
    ['NUL in the ticket', { status: 201, json: { ticket: 'a\0b' } }],
    ['a character outside ASCII in the ticket', { status: 201, json: { ticket: 'ticket-é' } }],
    ['a ticket too long', { status: 201, json: { ticket: 'x'.repeat(16385) } }],
  ])('is rejected: %s', async (_, answer) => {
    as.on('permission', answer);
    const error = await rejectionOf(check());
    expect(error).toMatchObject({ error: 'internal_error', code: 'OXD_COMMAND_FAILED' });
    expect(inspect(error)).not.toContain('Set-Cookie');
  });

  it.each([
    ['quotes', 'a"b\\c', 'ticket="a\\"b\\\\c"'],
    ['a blank', 'a b', 'ticket="a b"'],
    ['16384 characters', 'x'.repeat(16384), `ticket="${'x'.repeat(16384)}"`],
  ])('may be a ticket with %s', async (_, ticket, header) => {
    registerSecret(ticket);
    as.on('permission', { status: 201, json: { ticket } });
    const answer = await check();
    expect(answer.ticket).toBe(ticket);
    expect(answer['www-authenticate_header']).toContain(header);
  });

  it.each([
    [400, 'invalid_resource_id'],
    [404, 'invalid_resource_id'],
    [404, 'not_found'],
    [404, 'no code'],
  ])('%i with %s: the resource is missing until it is protected again', async (status, error) => {
    as.resources.clear();
    as.on('permission', { status, json: error === 'no code' ? {} : { error } });
    expect(await rejectionOf(check())).toMatchObject({
      error: 'invalid_request',
      mayHaveRun: false,
    });
    as.on('permission', undefined);
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    expect(await check()).toMatchObject({ access: 'denied' });
    expect(as.names).toEqual(['[GET] /photo']);
  });

  it('400 invalid_scope: removed scopes are restored by the next uma_rs_protect', async () => {
    const id = photo();
    as.resources.set(id, { ...as.resources.get(id), resource_scopes: [] });
    as.on('permission', { status: 400, json: { error: 'invalid_scope' } });
    expect(await rejectionOf(check())).toMatchObject({ error: 'invalid_request' });
    as.on('permission', undefined);
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    expect(photo()).toBe(id);
    expect(as.resources.get(id)?.resource_scopes).toEqual(['view', 'all']);
  });

  it('that reports a missing resource lets any replica register it again', async () => {
    const other = new TestTransport({ store: transport.store });
    await other.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    as.resources.clear();
    await rejectionOf(check());
    await other.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    expect(await check()).toMatchObject({ access: 'denied' });
  });

  it('that reports a missing resource does not undo a change of another replica', async () => {
    const other = new TestTransport({ store: transport.store });
    const look = resource('/photo', ['GET'], 'look');
    as.on('permission', async () => {
      await other.run('uma_rs_protect', { oxd_id, resources: [look] });
      return { status: 400, json: { error: 'invalid_resource_id' } };
    });
    await rejectionOf(check());
    as.on('permission', undefined);
    expect(await check()).toMatchObject({ access: 'denied' });
    expect(as.tickets.at(-1)?.permissions[0]?.resource_scopes).toEqual(['look']);
  });

  it('that reports a missing resource does not wait for a running uma_rs_protect', async () => {
    let go = (): void => undefined;
    const goOn = new Promise<void>((resolve) => (go = resolve));
    as.on('resources', async (seen) => {
      if (seen.method === 'POST') await goOn;
      return as.usual('resources', seen);
    });
    const doc = resource('/doc', ['GET'], 'view');
    const running = transport.run('uma_rs_protect', { oxd_id, resources: [doc] });
    as.resources.clear();
    expect(await rejectionOf(check())).toMatchObject({ error: 'invalid_request' });
    go();
    await running;
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    expect(await check()).toMatchObject({ access: 'denied' });
  });

  it.each([
    [400, 'invalid_request'],
    [404, 'Realm does not exist'],
    [404, 'not_found'],
    [404, 'no code'],
    [500, 'invalid_resource_id'],
  ])('%i with %s: the resource stays, and the error code is that of oxd', async (status, error) => {
    as.on('permission', { status, json: error === 'no code' ? {} : { error } });
    expect(await rejectionOf(check())).toMatchObject({ error: `http_status_${status}` });
    as.on('permission', undefined);
    expect(await check()).toMatchObject({ access: 'denied' });
  });

  it('404 is no proof if the resource cannot be read either', async () => {
    as.on('permission', { status: 404, text: '' });
    as.on('resources', { status: 502, text: '' });
    expect(await rejectionOf(check())).toMatchObject({ error: 'http_status_502' });
  });
});

it('never requests a ticket with an invalid id', async () => {
  for (const id of ['', ' ', '..', 7, null, undefined]) {
    const [first] = (
      (await transport.store.get(await transport.resourcesKey(oxd_id))) as { resources: object[] }
    ).resources;
    const other = new TestTransport();
    await other.store.set(`site:${oxd_id}`, await transport.store.get(`site:${oxd_id}`));
    await other.store.set(await transport.resourcesKey(oxd_id), {
      resources: [{ ...first, id }],
      pending: [],
    });
    await expect(check({}, other)).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
  }
  expect(as.seen('permission')).toHaveLength(0);
});

it('returns the sub of introspection', async () => {
  as.introspection = { sub: 'bob' };
  expect(await check({ rpt: as.rpt(as.item(photo(), 'view')) })).toEqual({
    access: 'granted',
    sub: 'bob',
    permissions: [{ resource_id: photo(), resource_scopes: ['view'] }],
  });
});

describe('the subject of an RPT that is a JWT', () => {
  const claims = () => ({ iss: as.issuer, sub: 'alice', exp: exp(300) });
  const granted = (rpt: string) => check({ rpt: as.keep(rpt, [as.item(photo(), 'view')]) });
  const discoveries = () => as.op.seen('discovery').length;

  it('is taken from the JWT if introspection returns none', async () => {
    const rpt = await as.op.sign(claims());
    expect(await granted(rpt)).toMatchObject({ access: 'granted', sub: 'alice' });
  });

  it('is found with a key that is new', async () => {
    await granted(await as.op.sign(claims()));
    await as.op.rotate('k2');
    expect(await granted(await as.op.sign(claims()))).toMatchObject({ sub: 'alice' });
  });

  it('is found again when the key changes twice in a minute', async () => {
    for (const kid of ['k1', 'k2', 'k3']) {
      await as.op.rotate(kid);
      expect(await granted(await as.op.sign(claims()))).toMatchObject({ sub: 'alice' });
    }
  });

  it('is found with one look-up for requests at the same time', async () => {
    await granted(await as.op.sign(claims()));
    const before = discoveries();
    await as.op.rotate('k2');
    const rpt = await as.op.sign(claims());
    const answers = await Promise.all(Array.from({ length: 8 }, () => granted(rpt)));
    expect(answers.map(({ sub }) => sub)).toEqual(answers.map(() => 'alice'));
    expect(discoveries()).toBe(before + 1);
  });

  it('is found for two requests that miss a new key at the same moment', async () => {
    const clock = new ManualClock();
    const both = new TestTransport({ store: transport.store, timers: clock });
    const { jwk } = as.op.key;
    await as.op.rotate('key of two requests');
    const rpt = as.keep(await as.op.sign(claims()), [as.item(photo(), 'view')]);
    let respond = (): void => undefined;
    const waits = new Promise<void>((resolve) => (respond = resolve));
    as.op.on('jwks', async () => {
      as.op.on('jwks', (seen) => as.op.usual(seen));
      await waits;
      return { json: { keys: [jwk] } };
    });
    const answers = [1, 2].map(() => both.run('introspect_rpt', { oxd_id, rpt }));
    // The only pending request is that for the old keys, which both requests wait for.
    while (as.seen('rpt').length < 2 || clock.waiting.length !== 1) await settled();
    await settled();
    const before = discoveries();
    respond();
    expect((await Promise.all(answers)).map(({ sub }) => sub)).toEqual(['alice', 'alice']);
    expect(discoveries()).toBe(before + 1);
  });

  it('is looked up once a minute for each unknown key, and for ten keys at most', async () => {
    let now = Date.now();
    transport = new TestTransport({ store: transport.store, clock: () => now });
    await granted(await as.op.sign(claims()));
    const before = discoveries();
    const rejected = async (kid: string) =>
      expect(await rejectionOf(granted(await as.op.sign(claims(), { kid })))).toMatchObject({
        error: 'key_id_not_found',
        mayHaveRun: false,
      });
    for (let at = 0; at < 12; at++) await rejected('x1');
    expect(discoveries()).toBe(before + 1);
    for (let at = 1; at <= 12; at++) await rejected(`x${at}`);
    expect(discoveries()).toBe(before + 10);
    now += 60_000;
    await rejected('x1');
    expect(discoveries()).toBe(before + 11);
  });

  it.each([
    ['of another issuer', () => as.op.sign({ ...claims(), iss: 'https://evil.example' })],
    ['expired', () => as.op.sign({ ...claims(), exp: exp(-60) })],
    ['without expiry', () => as.op.sign({ ...claims(), exp: undefined })],
    ['without a signature', () => as.op.unsigned(claims())],
    ['without a subject', () => as.op.sign({ ...claims(), sub: '' })],
    ['of a subject that is a number', () => as.op.sign({ ...claims(), sub: 7 as never })],
    ['signed with another key', async () => `${await as.op.sign(claims())}x`],
    ['signed with a shared secret', () => sharedSecret(claims())],
    ['no JWT at all', () => 'eyJ.not.jwt'],
  ])('is omitted if the JWT is %s', async (_, make) => {
    const answer = await granted(await make());
    expect(answer.access).toBe('granted');
    expect(answer.sub).toBeUndefined();
  });
});

describe('while the keys are unavailable', () => {
  it.each([
    ['hang', { hang: true }],
    ['fail', { status: 500, text: '' }],
    ['are none', { json: { hello: 'world' } }],
  ])(
    'requests that %s: no user, no access, and keys are requested once a minute',
    async (_, answer) => {
      let now = Date.now();
      as.op.clock = () => now;
      const limit = limitEndedBy(as.op);
      const other = new TestTransport({ store: transport.store, clock: () => now, ...limit });
      const granted = async () => {
        const claims = { iss: as.issuer, sub: 'alice', exp: Math.floor(now / 1000) + 300 };
        const rpt = as.keep(await as.op.sign(claims), [as.item(photo(), 'view')]);
        return check({ rpt }, other);
      };
      const rejected = async () =>
        expect(await rejectionOf(granted())).toMatchObject({ error: 'key_id_not_found' });
      as.op.on('jwks', answer);
      for (let at = 0; at < 5; at++) await rejected();
      expect(as.op.seen('jwks')).toHaveLength(1);
      as.op.on('jwks', (seen) => as.op.usual(seen));
      now += 59_000;
      await rejected();
      now += 1_000;
      expect(await granted()).toMatchObject({ access: 'granted', sub: 'alice' });
    },
  );

  it('an invalid RPT starts no cooldown', async () => {
    const expired = await as.op.sign({ iss: as.issuer, sub: 'alice', exp: exp(-60) });
    const good = await as.op.sign({ iss: as.issuer, sub: 'alice', exp: exp(300) });
    for (const rpt of [expired, good]) as.keep(rpt, [as.item(photo(), 'view')]);
    expect((await check({ rpt: expired })).sub).toBeUndefined();
    expect((await check({ rpt: good })).sub).toBe('alice');
  });
});

describe.each(['uma_rs_check_access', 'introspect_rpt'] as const)('the sub of %s', (command) => {
  const claims = () => ({ iss: as.issuer, sub: 'alice', exp: exp(300) });
  const ask = async (rpt: string, told: string | undefined, of = transport) => {
    as.introspection = { sub: told };
    as.keep(rpt, [as.item(photo(), 'view')]);
    if (command === 'uma_rs_check_access') return check({ rpt }, of);
    return of.run('introspect_rpt', { oxd_id, rpt });
  };

  it.each([
    ['a JWT of alice, and introspection returns none', 'alice', undefined, 'alice'],
    ['a JWT of alice, and introspection agrees', 'alice', 'alice', 'alice'],
    ['a JWT without a subject, and introspection returns bob', '', 'bob', 'bob'],
  ])('for %s', async (_, sub, told, expected) => {
    expect((await ask(await as.op.sign({ ...claims(), sub }), told)).sub).toBe(expected);
  });

  it.each([
    ['of another issuer', () => as.op.sign({ ...claims(), iss: 'https://evil.example' })],
    ['signed with another key', async () => `${await as.op.sign(claims())}x`],
    ['signed with an unknown key', () => as.op.sign(claims(), { kid: 'unknown' })],
    ['signed with a shared secret', () => sharedSecret(claims())],
    ['without a signature', () => as.op.unsigned(claims())],
    ['that is opaque', () => 'an-opaque-rpt-1'],
    ['that is opaque, in three parts', () => 'an.opaque.rpt-1'],
  ])('for an RPT %s is the sub of introspection', async (_, make) => {
    expect((await ask(await make(), 'bob')).sub).toBe('bob');
  });

  it('is rejected if a signed JWT and introspection disagree', async () => {
    const rpt = await as.op.sign(claims());
    const error = await rejectionOf(ask(rpt, 'bob'));
    expect(error).toMatchObject({ error: 'invalid_subject_identifier', mayHaveRun: false });
    expect(inspect(error)).not.toMatch(/alice|bob/);
    expect(secretsIn(inspect(error))).toEqual([]);
    expect((await ask(rpt, 'alice')).sub).toBe('alice');
  });

  it.each([
    ['hang', { hang: true }],
    ['fail', { status: 503, text: '' }],
    ['are none', { json: { hello: 'world' } }],
  ])('is the sub of introspection while requests for keys %s', async (_, answer) => {
    const other = new TestTransport({ store: transport.store, ...limitEndedBy(as.op) });
    as.op.on('jwks', answer);
    for (let times = 0; times < 3; times++) {
      expect((await ask(await as.op.sign(claims()), 'bob', other)).sub).toBe('bob');
    }
    expect(as.op.seen('jwks')).toHaveLength(1);
  });

  it('of an opaque RPT needs no keys, and is omitted if introspection returns none', async () => {
    as.op.on('jwks', { status: 500, text: '' });
    expect((await ask('an-opaque-rpt-2', 'bob')).sub).toBe('bob');
    expect((await ask('an.opaque.rpt-2', undefined)).sub).toBeUndefined();
    expect(as.op.seen('jwks')).toHaveLength(0);
  });
});

it('a denial needs no keys', async () => {
  const rpt = await as.op.sign({ iss: as.issuer, sub: 'alice', exp: exp(300) });
  expect(await check({ rpt: as.keep(rpt, []) })).toMatchObject({ access: 'denied' });
  expect(as.op.seen('jwks')).toHaveLength(0);
});

function sharedSecret(claims: JWTPayload): Promise<string> {
  const key = Buffer.from(RS.client_secret);
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: as.op.key.kid }).sign(key);
}

it('of two records for one path and method the last one counts', async () => {
  const key = await transport.resourcesKey(oxd_id);
  await transport.run('uma_rs_protect', {
    oxd_id,
    resources: [resource('/other', ['GET'], 'edit')],
  });
  const record = (await transport.store.get(key)) as { resources: [object, object] };
  const [first, second] = record.resources;
  await transport.store.set(key, { ...record, resources: [first, { ...second, path: '/photo' }] });
  await check();
  expect(as.tickets[0]?.permissions[0]?.resource_scopes).toEqual(['edit']);
});
