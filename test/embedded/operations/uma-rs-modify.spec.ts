import type { Params } from '../../../lib/commands/command.js';
import { FakeAs } from '../../support/fake-as.js';
import { VENDORS, type Vendor } from '../../support/fake-as-vendors.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { protectedSite, resource } from '../../support/uma-site.js';

const NAME = '[GET, HEAD] /photo';
const PHOTO = resource('/photo', ['GET', 'HEAD'], 'view');
const EXPRESSION = { rule: { and: [{ var: 0 }, { var: 1 }] }, data: ['edit', 'share'] };

let as: FakeAs;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(() => TestTransport.closeAll());

async function start(vendor?: Vendor): Promise<void> {
  as.reset(vendor);
  transport = new TestTransport();
  oxd_id = await protectedSite(transport, as, PHOTO);
}
beforeEach(() => start());

const modify = (params: Partial<Params<'uma_rs_modify'>>) =>
  transport.run('uma_rs_modify', { oxd_id, path: '/photo', http_method: 'GET', ...params });
const protect = (...resources: Params<'uma_rs_protect'>['resources']) =>
  transport.run('uma_rs_protect', { oxd_id, resources });
const check = (rpt?: string) =>
  transport.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'HEAD', rpt });
const rptFor = (...resource_scopes: string[]): string =>
  as.rpt(as.item(as.idOf(NAME), ...resource_scopes));
const descriptionOf = () => as.resources.get(as.idOf(NAME));
const changes = () => as.seen('resources', 'PUT', 'POST', 'DELETE').map(({ method }) => method);
const told = () => transport.warnings.filter((line) => line.includes('uma_rs_modify'));

describe('uma_rs_modify', () => {
  it.each(Object.keys(VENDORS) as Vendor[])('changes the scopes in place at %s', async (vendor) => {
    await start(vendor);
    const id = as.idOf(NAME);
    await expect(modify({ scopes: ['edit'] })).resolves.toEqual({ oxd_id });
    expect(as.idOf(NAME)).toBe(id);
    expect(changes()).toEqual(['POST', 'PUT']);
    await check();
    expect(as.tickets.at(-1)?.permissions).toMatchObject([
      { resource_id: id, resource_scopes: ['edit'] },
    ]);
  });

  it('is in effect for the next check of every method of the resource', async () => {
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'granted');
    await modify({ scopes: ['edit'] });
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'denied');
    await expect(check(rptFor('edit'))).resolves.toHaveProperty('access', 'granted');
  });

  it('is in effect for another process with the same store', async () => {
    await modify({ scopes: ['edit'] });
    transport = new TestTransport({ store: transport.store });
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'denied');
  });

  it('sets an expression, which replaces scopes, and scopes again', async () => {
    await modify({ scope_expression: EXPRESSION, scopes: ['view'] });
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'denied');
    await expect(check(rptFor('edit'))).resolves.toHaveProperty('access', 'denied');
    await expect(check(rptFor('edit', 'share'))).resolves.toHaveProperty('access', 'granted');
    await modify({ scopes: ['view'] });
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'granted');
    await expect(check(rptFor('edit', 'share'))).resolves.toHaveProperty('access', 'denied');
  });

  it('keeps properties and scopes of an administrator', async () => {
    Object.assign(descriptionOf() ?? {}, {
      ...{ icon_uri: 'https://a/icon', type: 'photo' },
      resource_scopes: ['view', 'of-administrator'],
    });
    await modify({ scopes: ['edit'] });
    expect(descriptionOf()).toMatchObject({
      ...{ name: NAME, icon_uri: 'https://a/icon', type: 'photo' },
      resource_scopes: ['edit', 'of-administrator'],
    });
  });

  it('replaces ticket scopes', async () => {
    const condition = { httpMethods: ['GET', 'HEAD'], scopes: ['view'], ticketScopes: ['list'] };
    await protect({ path: '/photo', conditions: [condition] });
    await modify({ scopes: ['edit'] });
    await check();
    expect(as.tickets.at(-1)?.permissions[0]?.resource_scopes).toEqual(['edit']);
  });

  it('changes nothing else in the record', async () => {
    await protect(resource('/doc', ['GET'], 'read'));
    await modify({ scopes: ['edit'] });
    await expect(transport.run('get_rp', { oxd_id })).resolves.toMatchObject({
      node: { uma_protected_resources: [{ scopes: ['edit'] }, { path: '/doc', scopes: ['read'] }] },
    });
  });

  it('runs concurrent changes one after the other', async () => {
    await Promise.all([
      modify({ scopes: ['edit'] }),
      protect(resource('/doc', ['GET'], 'read')),
      modify({ scopes: ['share'] }),
    ]);
    await expect(check(rptFor('share'))).resolves.toHaveProperty('access', 'granted');
    await expect(check(rptFor('edit'))).resolves.toHaveProperty('access', 'denied');
    expect(as.idOf('[GET] /doc')).toBeDefined();
  });

  it.each([
    { name: 'another path', params: { path: '/other' } },
    { name: 'another method', params: { http_method: 'PUT' } },
  ])('rejects $name as not protected', async ({ params }) => {
    const error = await rejectionOf(modify({ scopes: ['edit'], ...params }));
    expect(error).toMatchObject({ code: 'OXD_COMMAND_FAILED', error: 'invalid_request' });
    expect(changes()).toEqual(['POST']);
  });

  it('rejects a resource that was deleted at the authorization server', async () => {
    as.resources.clear();
    const error = await rejectionOf(modify({ scopes: ['edit'] }));
    expect(error).toMatchObject({ error: 'invalid_request' });
    expect(error.message).toContain('protect it again');
  });

  it.each([
    { name: 'no scopes', params: {}, error: 'bad_request' },
    { name: 'an empty list', params: { scopes: [] }, error: 'bad_request' },
    { name: 'a blank scope', params: { scopes: ['edit', ' '] }, error: 'bad_request' },
    { name: 'a blank path', params: { path: '', scopes: ['a'] }, error: 'invalid_path_parameter' },
    {
      name: 'a blank method',
      params: { http_method: ' ', scopes: ['a'] },
      error: 'invalid_http_method',
    },
    {
      name: 'an expression that is true without scopes',
      params: { scope_expression: { rule: { '!': [{ var: 0 }] }, data: ['a'] } },
      error: 'invalid_scope_expression',
    },
    {
      name: 'an expression as a string',
      params: { scope_expression: JSON.stringify(EXPRESSION) as never },
      error: 'bad_request',
    },
  ])('rejects $name before a request', async ({ params, error }) => {
    await expect(modify(params)).rejects.toMatchObject({ error });
    expect(changes()).toEqual(['POST']);
  });

  it('leaves the record unchanged if the authorization server rejects the change', async () => {
    as.on('resources', (seen) =>
      seen.method === 'PUT' ? { status: 403 } : as.usual('resources', seen),
    );
    await rejectionOf(modify({ scopes: ['edit'] }));
    as.on('resources', undefined);
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'granted');
    await expect(check(rptFor('edit'))).resolves.toHaveProperty('access', 'denied');
  });

  it('is completed when the caller aborts', async () => {
    const aborter = new AbortController();
    as.on('resources', (seen) => {
      if (seen.method === 'PUT') aborter.abort(new Error('left'));
      return as.usual('resources', seen);
    });
    const params = { oxd_id, path: '/photo', http_method: 'GET', scopes: ['edit'] };
    const aborted = transport.run('uma_rs_modify', params, { signal: aborter.signal });
    await expect(aborted).rejects.toThrow('left');
    // The next change waits until the first is completed.
    await protect(resource('/doc', ['GET'], 'read'));
    await expect(check(rptFor('edit'))).resolves.toHaveProperty('access', 'granted');
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'denied');
  });
});

describe('a declaration after uma_rs_modify', () => {
  it('applies again, with a warning', async () => {
    await modify({ scopes: ['edit'] });
    await protect(PHOTO);
    await expect(check(rptFor('view'))).resolves.toHaveProperty('access', 'granted');
    expect(descriptionOf()?.resource_scopes).toEqual(['view']);
    expect(told()).toHaveLength(1);
    expect(told()[0]).toContain(NAME);
    await protect(PHOTO);
    expect(told()).toHaveLength(1);
  });

  it('with the modified scopes causes no warning', async () => {
    await modify({ scopes: ['edit'] });
    await protect(resource('/photo', ['GET', 'HEAD'], 'edit'));
    await protect(PHOTO);
    expect(told()).toEqual([]);
  });
});
