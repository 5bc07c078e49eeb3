import { FakeAs } from '../../support/oxd-fake-as.js';
import { FakeOp } from '../../support/fake-op.js';
import { type RestAnswer, type RestWorld, startRest } from '../../support/rest-world.js';

const SITE = {
  redirect_uris: ['https://client.example/cb'],
  grant_types: ['authorization_code'],
  scope: ['openid', 'uma_protection'],
};

let op: FakeOp;
let world: RestWorld;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(async () => {
  world = await startRest({ version: '4.5' });
});
afterEach(async () => {
  await world.close();
  op.reset();
});

async function register(params: object = {}): Promise<RestAnswer['json']> {
  return (await world.ask('register_site', { ...SITE, op_host: op.issuer, ...params })).json;
}

/** Cases that a real oxd-server 4 handles differently; docs/oxd-versions.md lists them. */
describe('OxdServer 4.5 differs from oxd', () => {
  it('in an ID token with several audiences and no azp', async () => {
    const { oxd_id, client_id } = await register();
    op.claims = { aud: [client_id, 'another'] };
    const { json } = await world.ask('get_authorization_url', { oxd_id });
    const { code, state } = op.login(String(json.authorization_url));
    const answer = await world.ask('get_tokens_by_code', { oxd_id, code, state });
    expect(answer.json.error).toBe('invalid_id_token_bad_audience');
  });

  it('in the state of claims gathering, which is not one of a login', async () => {
    const as = await FakeAs.start();
    const { oxd_id } = await register({ op_host: as.issuer });
    const claims_redirect_uri = 'https://client.example/claims';
    const params = { oxd_id, ticket: 't', claims_redirect_uri, state: 'own-state' };
    const { status } = await world.ask('uma_rp_get_claims_gathering_url', params);
    const exchange = { oxd_id, code: 'a-code', state: 'own-state' };
    const { json } = await world.ask('get_tokens_by_code', exchange);
    await as.close();
    expect([status, json.error]).toEqual([200, 'bad_request']);
  });

  it.each([
    ['other response types', { response_types: ['code', 'id_token'] }],
    ['private_key_jwt', { client_token_endpoint_auth_method: 'private_key_jwt' }],
  ])('in a registration with %s', async (_what, params) => {
    expect((await register(params)).error).toBe('internal_error');
  });

  it('in the default name of a client, which the provider does not receive', async () => {
    const { client_name } = await register();
    expect(client_name).toMatch(/^oxd client for rp: /);
    expect(op.seen('register')[0]?.body).not.toContain('client_name');
  });

  it('in the introspection of access tokens, which has the credentials of the client', async () => {
    const { oxd_id } = await register();
    await world.ask('introspect_access_token', { oxd_id, access_token: 't' });
    expect(op.seen('introspect')[0]?.headers.authorization).toMatch(/^Basic /);
  });

  it('in remove_site, which also deletes the client at the provider', async () => {
    const { oxd_id } = await register();
    await world.ask('remove_site', { oxd_id });
    expect(op.seen('client').at(-1)?.method).toBe('DELETE');
  });

  it('in the record of a site, which has no PAT', async () => {
    const as = await FakeAs.start();
    const { oxd_id } = await register({ op_host: as.issuer });
    const conditions = [{ httpMethods: ['GET'], scopes: ['read'] }];
    const resources = [{ path: '/photo', conditions }];
    const { status } = await world.ask('uma_rs_protect', { oxd_id, resources });
    const { node } = (await world.ask('get_rp', { oxd_id })).json;
    await as.close();
    expect(status).toBe(200);
    expect(Object.keys(node as object)).not.toContain('pat');
  });
});
