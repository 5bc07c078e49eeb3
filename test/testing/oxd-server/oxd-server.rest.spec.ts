import { FakeOp } from '../../support/fake-op.js';
import { type RestWorld, startRest } from '../../support/rest-world.js';

const CALLBACK = 'https://client.example/cb';
const SITE = { redirect_uris: [CALLBACK], grant_types: ['authorization_code', 'refresh_token'] };

let op: FakeOp;
let world: RestWorld;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
afterEach(async () => {
  await world.close();
  op.reset();
});

async function register(params: object = {}): Promise<string> {
  const { json } = await world.ask('register_site', { ...SITE, op_host: op.issuer, ...params });
  return String(json.oxd_id);
}

/** Logs a user in; returns the parameters of the code exchange. */
async function logIn(oxd_id: string, params: object = {}): Promise<object> {
  const { json } = await world.ask('get_authorization_url', { oxd_id, ...params });
  const { code, state } = op.login(String(json.authorization_url));
  return { oxd_id, code, state };
}

describe.each(['4.2', '4.5'] as const)('OxdServer %s', (version) => {
  beforeEach(async () => {
    world = await startRest({ version });
  });

  describe('register_site', () => {
    it('returns the client of the site', async () => {
      const { status, json } = await world.ask('register_site', {
        ...SITE,
        op_host: `${op.issuer}/`,
        initiate_login_uri: 'https://client.example/init',
      });
      expect(status).toBe(200);
      expect(json).toEqual({
        oxd_id: expect.any(String) as unknown,
        op_host: op.issuer,
        client_id: expect.stringMatching(/^client-/) as unknown,
        client_name: `oxd client for rp: ${String(json.oxd_id)}`,
        client_secret: expect.any(String) as unknown,
        client_registration_access_token: expect.any(String) as unknown,
        client_registration_client_uri: expect.stringContaining(op.issuer) as unknown,
        client_id_issued_at: 1700000000,
        client_secret_expires_at: 0,
        'initiate_login_uri ': `https://client.example/init/${String(json.oxd_id)}`,
      });
    });

    it('adds the grant of client credentials', async () => {
      await register();
      const { grant_types } = JSON.parse(op.seen('register')[0]?.body ?? '') as object & {
        grant_types: unknown;
      };
      expect(grant_types).toEqual([...SITE.grant_types, 'client_credentials']);
    });

    it('accepts the URL of the discovery document only', async () => {
      const op_configuration_endpoint = `${op.issuer}/.well-known/openid-configuration`;
      const { json } = await world.ask('register_site', { ...SITE, op_configuration_endpoint });
      expect(json.op_host).toBe(op.issuer);
    });

    it('returns given credentials, which have no time of issue', async () => {
      const client = { client_id: 'an-id', client_secret: 'a-secret' };
      const site = { ...SITE, ...client, op_host: op.issuer };
      const { json } = await world.ask('register_site', site);
      expect(json).toMatchObject({ ...client, client_id_issued_at: 0 });
      expect(json).not.toHaveProperty('client_registration_access_token');
      expect(op.seen('register')).toEqual([]);
    });

    it.each([
      ['no op_host', {}, 'invalid_op_host_and_configuration_endpoint', 400],
      [
        'another discovery document',
        { op_configuration_endpoint: 'https://op.example/x' },
        'invalid_op_configuration_endpoint',
        400,
      ],
      ['no redirect URI', { op_host: 'OP' }, 'invalid_redirect_uri', 400],
      [
        'a redirect URI that is no URL',
        { op_host: 'OP', redirect_uris: ['no url'] },
        'invalid_redirect_uri',
        400,
      ],
      [
        'a fragment',
        { op_host: 'OP', redirect_uris: [`${CALLBACK}#x`] },
        'redirect_uri_has_fragment_component',
        400,
      ],
      [
        'a client without a secret',
        { ...SITE, op_host: 'OP', client_id: 'an-id' },
        'invalid_client_secret',
        400,
      ],
      [
        'a secret without a client',
        { ...SITE, op_host: 'OP', client_secret: 's' },
        'invalid_client_id',
        400,
      ],
      [
        'an unknown algorithm',
        { ...SITE, op_host: 'OP', client_token_endpoint_auth_signing_alg: 'X' },
        'invalid_algorithm',
        400,
      ],
      [
        'an unknown grant',
        { ...SITE, op_host: 'OP', grant_types: ['unknown'] },
        'internal_error',
        500,
      ],
    ])('rejects %s', async (_what, params, error, status) => {
      const located = { ...params, ...('op_host' in params && { op_host: op.issuer }) };
      const answer = await world.ask('register_site', located);
      expect([answer.json.error, answer.status]).toEqual([error, status]);
    });

    it('reports a provider without registration with status 500', async () => {
      op.discovery = { registration_endpoint: undefined };
      const answer = await world.ask('register_site', { ...SITE, op_host: op.issuer });
      expect([answer.json.error, answer.status]).toEqual(['invalid_request', 500]);
    });

    it('reports a rejected registration', async () => {
      op.on('register', { status: 403, json: { error: 'x_error' } });
      const answer = await world.ask('register_site', { ...SITE, op_host: op.issuer });
      expect([answer.json.error, answer.status]).toEqual(['no_client_id_returned', 500]);
    });

    it('reports a provider that does not respond', async () => {
      const op_host = 'http://127.0.0.1:9';
      const { json } = await world.ask('register_site', { ...SITE, op_host });
      const expected = { '4.2': 'internal_error', '4.5': 'no_connect_discovery_response' };
      expect(json.error).toBe(expected[version]);
    });
  });

  describe('errors', () => {
    it('contain nulls for ever if the first one came before the first site', async () => {
      await world.ask('get_logout_uri', { oxd_id: 'unknown' });
      await register();
      const { json } = await world.ask('get_logout_uri', { oxd_id: 'unknown' });
      expect(json).toMatchObject({ error: 'invalid_oxd_id', details: null, reason: null });
    });

    it('contain no nulls if the first one came after the first site', async () => {
      await register();
      const { json } = await world.ask('get_logout_uri', { oxd_id: 'unknown' });
      expect(Object.keys(json)).toEqual(['error', 'error_description']);
    });

    it('report a body that is no object as text', async () => {
      const { status, contentType, text } = await world.ask('get_logout_uri', '[]');
      expect([status, contentType]).toEqual([400, 'application/json']);
      expect(text).toMatch(/^Invalid parameters\. Message: /);
    });

    it('report a parameter of the wrong type as text, which quotes the body in 4.2 only', async () => {
      const { status, text } = await world.ask('get_logout_uri', { oxd_id: ['x-in-a-list'] });
      expect([status, text.includes('x-in-a-list')]).toEqual([400, version === '4.2']);
    });

    it('report the body null as a failure of the web framework', async () => {
      const { status, json } = await world.ask('get_logout_uri', 'null');
      expect([status, json.code]).toEqual([500, 500]);
    });

    it('treat an empty body as an object', async () => {
      expect((await world.ask('get_logout_uri', '')).json.error).toBe('bad_request');
    });
  });

  describe('get_client_token', () => {
    const CLIENT = { client_id: 'an-id', client_secret: 'a-secret' };

    it('returns the scopes as a list', async () => {
      op.discovery = { scopes_supported: ['openid', 'oxd'] };
      const params = { ...CLIENT, op_host: op.issuer, scope: ['oxd'] };
      const { json } = await world.ask('get_client_token', params);
      expect(json).toMatchObject({ expires_in: 3600, scope: ['openid', 'oxd'] });
    });

    it('fails without scopes in the response', async () => {
      op.tokens = { scope: undefined };
      const { json, status } = await world.ask('get_client_token', {
        ...CLIENT,
        op_host: op.issuer,
      });
      expect([json.error, status]).toEqual(['internal_error', 500]);
    });

    it('reports a blank op_host', async () => {
      const { json } = await world.ask('get_client_token', { ...CLIENT, op_host: ' ' });
      const expected = { '4.2': 'internal_error', '4.5': 'no_connect_discovery_response' };
      expect(json.error).toBe(expected[version]);
    });
  });

  describe('get_authorization_url', () => {
    it('copies state, nonce and parameter names without encoding, and encodes values', async () => {
      const oxd_id = await register({ acr_values: ['basic'] });
      const params = { state: 'my state/1', nonce: 'n-1', params: { foo: 'a b&c' } };
      const { json } = await world.ask('get_authorization_url', { oxd_id, ...params });
      const url = String(json.authorization_url);
      expect(url).toContain(
        `&redirect_uri=${CALLBACK}&scope=openid+profile+email&state=my state/1`,
      );
      expect(url).toContain('&nonce=n-1&acr_values=basic');
      expect(url).toMatch(/&foo=a\+b%26c$/);
    });

    it.each([
      ['no url', 'invalid_redirect_uri'],
      ['https://client.example/other', 'redirect_uri_is_not_registered'],
    ])('rejects the redirect URI %s', async (redirect_uri, error) => {
      const oxd_id = await register();
      const { json, status } = await world.ask('get_authorization_url', { oxd_id, redirect_uri });
      expect([json.error, status]).toEqual([error, 400]);
    });
  });

  describe('get_tokens_by_code', () => {
    it('returns the claims as the ID token has them', async () => {
      op.claims = { groups: ['a', 'b'], level: 3 };
      const { json } = await world.ask('get_tokens_by_code', await logIn(await register()));
      expect(json.id_token_claims).toMatchObject({ sub: 'alice', groups: ['a', 'b'], level: 3 });
    });

    it('uses the state only in a successful exchange', async () => {
      const params = await logIn(await register(), { state: 'own-state' });
      op.on('token', { status: 400, json: { error: 'invalid_grant' } });
      const rejected = await world.ask('get_tokens_by_code', params);
      expect([rejected.json.error, rejected.status]).toEqual(['bad_request', 400]);
      op.on('token', (seen) => op.usual(seen));
      expect((await world.ask('get_tokens_by_code', params)).status).toBe(200);
      expect((await world.ask('get_tokens_by_code', params)).json.error).toBe('bad_request');
    });

    it('sends the first redirect URI, whatever the login used', async () => {
      const other = 'https://client.example/other';
      const oxd_id = await register({ redirect_uris: [CALLBACK, other] });
      await world.ask('get_tokens_by_code', await logIn(oxd_id, { redirect_uri: other }));
      expect(op.seen('token')[0]?.form.get('redirect_uri')).toBe(CALLBACK);
    });

    it.each([
      ['state', 50, undefined],
      ['state', 51, 'bad_request'],
      ['nonce', 50, undefined],
      ['nonce', 51, 'invalid_nonce'],
    ])('stores a %s of %i characters, up to 50', async (name, length, error) => {
      const params = await logIn(await register(), { [name]: 's'.repeat(length) });
      expect((await world.ask('get_tokens_by_code', params)).json.error).toBe(error);
    });

    it.each([
      ['invalid_id_token_bad_issuer', { iss: 'https://evil.example' }, 500],
      ['invalid_id_token_bad_audience', { aud: 'another' }, 500],
      ['invalid_id_token_expired', { exp: 1 }, 500],
      ['no_subject_identifier', { sub: undefined }, 500],
      ['invalid_access_token_bad_hash', { at_hash: 'AAAA' }, 500],
      ['invalid_nonce', { nonce: undefined }, 400],
    ])('reports %s', async (error, claims, status) => {
      op.claims = claims;
      const { json, ...answer } = await world.ask(
        'get_tokens_by_code',
        await logIn(await register()),
      );
      expect([json.error, answer.status]).toEqual([error, status]);
    });

    it('looks up the site before the state', async () => {
      const params = { oxd_id: 'unknown', code: 'c', state: 's' };
      expect((await world.ask('get_tokens_by_code', params)).json.error).toBe('invalid_oxd_id');
    });
  });

  describe('get_user_info', () => {
    it('returns the document of the provider unchanged', async () => {
      const { text } = await world.ask('get_user_info', {
        oxd_id: await register(),
        access_token: 't',
      });
      expect(text).toBe(JSON.stringify({ sub: 'alice', name: 'Alice', email: null }));
    });

    it.each([
      [
        'an error document',
        { status: 401, json: { error: 'invalid_token' } },
        200,
        '{"error":"invalid_token"}',
      ],
      ['null for an empty response', { text: '' }, 200, 'null'],
      [
        'internal_error for HTML',
        { status: 502, text: '<b>no</b>' },
        500,
        expect.stringContaining('internal_error') as string,
      ],
    ])('returns %s', async (_what, script, status, text) => {
      op.on('userinfo', script);
      const answer = await world.ask('get_user_info', {
        oxd_id: await register(),
        access_token: 't',
      });
      expect([answer.status, answer.text]).toEqual([status, text]);
    });
  });

  describe('get_logout_uri', () => {
    it('contains a hint only if the command does', async () => {
      const post_logout_redirect_uris = ['https://client.example/out'];
      const oxd_id = await register({ post_logout_redirect_uris });
      await world.ask('get_tokens_by_code', await logIn(oxd_id));
      const without = await world.ask('get_logout_uri', { oxd_id });
      expect(without.json.uri).toBe(`${op.issuer}/logout`);
      const params = { oxd_id, state: 's', id_token_hint: 'a.b.c' };
      const { json } = await world.ask('get_logout_uri', params);
      expect(json.uri).toBe(`${op.issuer}/logout?state=s&id_token_hint=a.b.c`);
    });
  });

  describe('get_access_token_by_refresh_token', () => {
    it.each([
      ['a blank token', ' ', 'bad_request', 400],
      ['a rejected token', 'x', 'internal_error', 500],
    ])('reports %s', async (_what, refresh_token, error, status) => {
      op.on('token', { status: 400, json: { error: 'invalid_grant' } });
      const params = { oxd_id: await register(), refresh_token };
      const { json, ...answer } = await world.ask('get_access_token_by_refresh_token', params);
      expect([json.error, answer.status]).toEqual([error, status]);
    });
  });

  describe('get_rp', () => {
    it('returns the record without empty properties, with times in milliseconds', async () => {
      const oxd_id = await register({ contacts: [] });
      const { node } = (await world.ask('get_rp', { oxd_id })).json;
      expect(node).toMatchObject({
        oxd_id,
        redirect_uri: CALLBACK,
        client_id_issued_at: 1700000000000,
        rpt_as_jwt: false,
        custom_attributes: { oxd_id },
      });
      expect(node).not.toHaveProperty('contacts');
    });

    it('lists the sites that were not removed', async () => {
      const oxd_id = await register({ client_name: 'first' });
      await world.ask('remove_site', { oxd_id: await register() });
      const { json } = await world.ask('get_rp', { list: true });
      expect(json.node).toEqual([{ oxd_id, client_name: 'first' }]);
    });

    it.each([
      ['no site', {}, 'bad_request'],
      ['an unknown site', { oxd_id: 'unknown' }, 'invalid_oxd_id'],
    ])('rejects %s', async (_what, params, error) => {
      const { json, status } = await world.ask('get_rp', params);
      expect([json.error, status]).toEqual([error, 400]);
    });
  });

  describe('update_site', () => {
    it('makes the first of the redirect URIs the default', async () => {
      const oxd_id = await register();
      const redirect_uris = ['https://client.example/new', CALLBACK];
      await world.ask('update_site', { oxd_id, redirect_uris, client_name: 'renamed' });
      const { json } = await world.ask('get_authorization_url', { oxd_id });
      expect(json.authorization_url).toContain(`&redirect_uri=${redirect_uris[0]}&`);
      const { node } = (await world.ask('get_rp', { oxd_id })).json;
      expect(node).toMatchObject({ client_name: 'renamed', redirect_uris });
    });

    it('reports a site without a registration client URI as internal_error', async () => {
      const oxd_id = await register({ client_id: 'an-id', client_secret: 'a-secret' });
      const { json, status } = await world.ask('update_site', {
        oxd_id,
        contacts: ['a@b.example'],
      });
      expect([json.error, status]).toEqual(['internal_error', 500]);
    });
  });

  it.each(['setup_client', 'no_such_command'])('has no path for %s', async (command) => {
    const { status, json } = await world.ask(command.replaceAll('_', '-'), {});
    expect([status, json]).toEqual([404, { code: 404, message: 'HTTP 404 Not Found' }]);
  });
});
