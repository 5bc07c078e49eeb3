import type { Params } from '../../../lib/commands/command.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import type { Answer } from '../../support/fake-op.js';
import { DecisionPolicies } from '../../support/decision-policies.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { registerSecret } from '../../support/secrets.js';
import { protectedSite, resource } from '../../support/uma-site.js';

type Check = Partial<Params<'uma_rs_check_access'>>;

const TOKEN = 'access-token-of-alice';
registerSecret(TOKEN);
const ROUTE = { path: '/photo', http_method: 'GET' };
const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';

let as: FakeAs;
let policies: DecisionPolicies;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(() => TestTransport.closeAll());

async function start(options: ConstructorParameters<typeof TestTransport>[0] = {}) {
  as.reset('keycloak');
  policies = new DecisionPolicies(as);
  transport = new TestTransport(options);
  oxd_id = await protectedSite(transport, as, resource('/photo', ['GET'], 'view', 'edit'));
}

const photo = (): string => as.idOf('[GET] /photo');

/** Lets the policies grant scopes of the photo to the token. */
const allow = (...scopes: string[]): void =>
  policies.set(TOKEN, (id, scope = '') => id === photo() && scopes.includes(scope));

const decide = (more: Check = {}) =>
  transport.run('uma_rs_check_access', {
    ...{ oxd_id, mode: 'decision', rpt: TOKEN, ...(more.resource === undefined && ROUTE) },
    ...more,
  });

const only = (): Record<string, string> => Object.fromEntries(policies.seen.at(-1)?.form ?? []);

describe('a decision', () => {
  beforeEach(() => start());

  it('is requested with the access token as Bearer, and without client credentials', async () => {
    allow('view');
    expect(await decide({ scopes: ['view'] })).toEqual({ access: 'granted' });
    expect(policies.seen).toHaveLength(1);
    expect(policies.seen[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(only()).toEqual({
      grant_type: UMA_GRANT,
      audience: RS.client_id,
      permission: `${photo()}#view`,
      response_mode: 'decision',
      submit_request: 'false',
    });
  });

  it('is denied without a ticket', async () => {
    allow('edit');
    expect(await decide({ scopes: ['view'] })).toEqual({ access: 'denied' });
    expect(as.seen('permission')).toHaveLength(0);
  });

  it('needs one of several scopes by default', async () => {
    allow('edit');
    expect(await decide()).toEqual({ access: 'granted' });
    expect(only()).toMatchObject({ permission: `${photo()}#view,edit`, response_mode: 'decision' });
  });

  it('is requested with every character of a scope', async () => {
    // The resource has no such scope.
    await rejectionOf(decide({ scopes: ['a&b=c+d %é\ud800'] }));
    expect(only()).toMatchObject({ permission: `${photo()}#a&b=c+d %é\ufffd` });
  });

  it.each([{ rpt: undefined }, { rpt: '  ' }])('is no request for the token $rpt', async (none) => {
    expect(await decide(none)).toEqual({ access: 'denied' });
    expect(policies.seen).toHaveLength(0);
  });

  it.each<{ name: string; answer: Answer }>([
    { name: 'result false', answer: { json: { result: false } } },
    { name: 'result "true"', answer: { json: { result: 'true' } } },
    { name: 'a further property', answer: { json: { result: true, scope: 'view' } } },
    { name: 'a list of permissions', answer: { json: [{ result: true }] } },
    { name: 'an RPT', answer: { json: { access_token: 'an-rpt', upgraded: false } } },
    { name: 'no JSON', answer: { text: '<html>true</html>' } },
    { name: 'an empty body', answer: { text: '' } },
    { name: 'the status 201', answer: { status: 201, json: { result: true } } },
    { name: 'a redirect', answer: { status: 302, headers: { location: '/' } } },
    { name: 'the status 500', answer: { status: 500, json: { result: true } } },
    { name: 'the status 403 without a code', answer: { status: 403, text: '' } },
    { name: 'a broken connection', answer: { drop: true } },
    { name: 'a connection that breaks in the body', answer: { cut: true } },
  ])('grants nothing for $name', async ({ answer }) => {
    policies.answer(answer);
    const { error } = await rejectionOf(decide({ scopes: ['view'] }));
    expect(error).not.toMatch(/^invalid_/);
  });

  it.each<[string, number, string, string]>([
    ['the token', 400, 'invalid_grant', 'invalid_token'],
    ['the token', 401, 'invalid_grant', 'invalid_token'],
    ['the resource', 400, 'invalid_resource', 'invalid_request'],
    ['a scope', 400, 'invalid_scope', 'invalid_request'],
    ['the audience', 400, 'invalid_request', 'http_status_400'],
    ['the request', 401, 'invalid_client', 'http_status_401'],
    ['the request', 403, 'invalid_grant', 'http_status_403'],
    ['the request', 400, 'unauthorized_client', 'http_status_400'],
  ])('that rejects %s (%i %s) fails with the code %s', async (_, status, error, expected) => {
    policies.answer({ status, json: { error } });
    expect(await rejectionOf(decide({ scopes: ['view'] }))).toMatchObject({ error: expected });
  });

  it('is not requested at a server without this grant', async () => {
    allow('view');
    as.discovery = { grant_types_supported: ['client_credentials'] };
    transport = new TestTransport({ store: transport.store });
    const error = await rejectionOf(decide());
    expect(error).toMatchObject({ error: 'unsupported_grant_type' });
    expect(error.message).toContain(UMA_GRANT);
    expect(policies.seen).toHaveLength(0);
  });

  it('is not requested for a token over 16384 characters', async () => {
    const rpt = 'a'.repeat(16_385);
    expect(await rejectionOf(decide({ rpt }))).toMatchObject({ error: 'invalid_token' });
    expect(policies.seen).toHaveLength(0);
  });

  it.each([
    { name: 'with a comma', scope: 'view,edit' },
    { name: 'with a hash', scope: 'vi#ew' },
    { name: 'that begins with a blank', scope: ' view' },
    { name: 'that ends with a blank', scope: 'view ' },
    { name: 'without characters', scope: '' },
    { name: 'of 4000 characters', scope: 'x'.repeat(4000) },
  ])('is not requested for a scope $name, which Keycloak would misread', async ({ scope }) => {
    allow('view', 'edit');
    expect(await rejectionOf(decide({ scopes: [scope] }))).toMatchObject({
      error: 'bad_request',
    });
    expect(policies.seen).toHaveLength(0);
  });

  it.each(['a#b', 'resource-type:album'])('is not requested for the id %s', async (id) => {
    as.nextId = id;
    await transport.run('uma_rs_protect', {
      oxd_id,
      resources: [resource('/odd', ['GET'], 'view')],
    });
    policies.set(TOKEN, () => true);
    const error = await rejectionOf(decide({ path: '/odd' }));
    expect(error).toMatchObject({ error: 'bad_request' });
    expect(policies.seen).toHaveLength(0);
  });

  it('is not requested for a scope_expression', async () => {
    const scope_expression = { rule: { and: [{ var: 0 }, { var: 1 }] }, data: ['view', 'edit'] };
    const conditions = [{ httpMethods: ['GET'], scope_expression }];
    await transport.run('uma_rs_protect', { oxd_id, resources: [{ path: '/doc', conditions }] });
    policies.set(TOKEN, () => true);
    expect(await rejectionOf(decide({ path: '/doc' }))).toMatchObject({ error: 'bad_request' });
    expect(policies.seen).toHaveLength(0);
  });

  it.each<{ name: string; more: Check }>([
    { name: 'an unknown mode', more: { mode: 'other' as 'rpt' } },
    { name: 'claims in rpt mode', more: { mode: 'rpt', claims: {} } },
    { name: 'a path and a resource', more: { resource: 'Album', ...ROUTE } },
    { name: 'a blank resource', more: { resource: ' ' } },
    { name: 'claims that are no lists', more: { claims: { ip: '1' } as never } },
  ])('is rejected for $name', async ({ more }) => {
    allow('view', 'edit');
    expect(await rejectionOf(decide(more))).toMatchObject({ error: 'bad_request' });
    expect(policies.seen).toHaveLength(0);
  });
});

describe('a decision that needs all of several scopes', () => {
  beforeEach(() => start({ requiredScopes: 'all' }));

  it('compares the permissions, because the decision is positive for one scope', async () => {
    allow('view');
    expect(await decide()).toEqual({ access: 'denied' });
    expect(only()).toMatchObject({
      permission: `${photo()}#view,edit`,
      response_mode: 'permissions',
    });
    allow('view', 'edit');
    const permissions = [{ resource_id: photo(), resource_scopes: ['view', 'edit'] }];
    expect(await decide()).toEqual({ access: 'granted', permissions });
  });

  it('requests a decision for one scope', async () => {
    allow('view');
    expect(await decide({ scopes: ['view'] })).toEqual({ access: 'granted' });
    expect(only()).toMatchObject({ response_mode: 'decision' });
  });

  it.each([
    { name: 'of another resource', item: { rsid: 'other', scopes: ['view', 'edit'] } },
    { name: 'without scopes', item: {} },
    { name: 'with scopes that are null', item: { scopes: null } },
    { name: 'with one of the scopes', item: { scopes: ['edit'] } },
    { name: 'with scopes in another case', item: { scopes: ['VIEW', 'edit'] } },
    { name: 'with scopes in one string', item: { scopes: 'view,edit' } },
    { name: 'that has expired', item: { scopes: ['view', 'edit'], exp: 1 } },
  ])('is denied by a permission $name', async ({ item }) => {
    policies.answer({ json: [{ rsid: photo(), ...item }] });
    expect(await decide()).toEqual({ access: 'denied' });
  });

  it.each([
    { name: 'a decision', json: { result: true } },
    { name: 'an empty object', json: {} },
    { name: 'a string', json: 'view' },
    { name: 'a single permission', json: { rsid: 'x', scopes: ['view', 'edit'] } },
  ])('grants nothing for $name instead of a list', async ({ json }) => {
    policies.answer({ json });
    expect(await rejectionOf(decide())).toMatchObject({ error: 'internal_error' });
  });
});

describe('a decision with pushed claims', () => {
  const claims = { ip: ['10.0.0.1'], network: ['office', 'vpn'] };
  beforeEach(() => start());

  it('authenticates the client and sends the token as subject_token', async () => {
    policies.set(TOKEN, (_, scope, { network }) => scope === 'view' && network?.[1] === 'vpn');
    expect(await decide({ scopes: ['view'], claims })).toEqual({ access: 'granted' });
    expect(policies.seen[0]?.headers.authorization).toMatch(/^Basic /);
    const { claim_token = '', ...form } = only();
    expect(JSON.parse(Buffer.from(claim_token, 'base64url').toString())).toEqual(claims);
    expect(form).toMatchObject({
      subject_token: TOKEN,
      claim_token_format: 'urn:ietf:params:oauth:token-type:jwt',
    });
    const others = { network: ['home'] };
    expect(await decide({ scopes: ['view'], claims: others })).toEqual({ access: 'denied' });
  });

  it.each<[string, number, string, string]>([
    ['the token', 400, 'unauthorized_client', 'invalid_token'],
    ['the client', 401, 'unauthorized_client', 'http_status_401'],
    ['the client', 401, 'invalid_client', 'http_status_401'],
  ])('that rejects %s (%i %s) fails with the code %s', async (_, status, error, expected) => {
    policies.answer({ status, json: { error } });
    expect(await rejectionOf(decide({ claims }))).toMatchObject({ error: expected });
  });

  it.each([
    { name: 'a token', more: { rpt: 'a'.repeat(4001), claims } },
    { name: 'claims', more: { rpt: TOKEN, claims: { long: ['a'.repeat(4000)] } } },
  ])(
    'is not requested for $name over 4000 characters, as Keycloak may ignore it',
    async ({ more }) => {
      policies.set(more.rpt, () => true);
      expect(await rejectionOf(decide(more))).toMatchObject({ error: 'bad_request' });
      expect(policies.seen).toHaveLength(0);
    },
  );
});
