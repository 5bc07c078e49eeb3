import { inspect } from 'node:util';
import { MemoryStore, OxdStore } from '../../../lib/store/oxd-store.js';
import { OxdStoreError } from '../../../lib/base/errors.js';
import type { RegisteredSite } from '../../../lib/embedded/registration/site-record.js';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import { CLIENT_METADATA_ROWS } from '../../support/client-metadata.js';
import { FakeOp, type Answer, type Seen } from '../../support/fake-op.js';
import { startQuietly } from '../../support/sandbox-uma-world.js';
import {
  CALLBACK,
  HOME,
  limitEndedBy,
  rejectionOf,
  TestTransport,
} from '../../support/embedded-transport.js';

let op: FakeOp;
let transport: TestTransport;
let now: number;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(() => {
  op.reset();
  now = Date.now();
  transport = new TestTransport({ clock: () => now });
});
afterEach(() => TestTransport.closeAll());

const record = async (oxd_id: string) =>
  (await transport.store.get(`site:${oxd_id}`)) as RegisteredSite;
const body = (seen = op.seen('register')[0]) => JSON.parse(seen?.body ?? '') as object;
const restarted = () => {
  transport = new TestTransport({ store: transport.store, clock: () => now, ...limitEndedBy(op) });
  return transport;
};
const use = (oxd_id: string) => transport.run('get_authorization_url', { oxd_id });
const UMA_TICKET = 'urn:ietf:params:oauth:grant-type:uma-ticket';
const ANSWER = { status: 400, json: { error: 'invalid_client_metadata' } };

/** Returns true if two values are of the same JSON type. */
function isLike(one: unknown, other: unknown): boolean {
  return typeof one === typeof other && Array.isArray(one) === Array.isArray(other);
}

const KEYCLOAK_SCOPES =
  "Policy 'Allowed Client Scopes' rejected request to client-registration service. " +
  'Details: Not permitted to use specified clientScope';
const POST_AND_BASIC = ['client_secret_post', 'client_secret_basic'];

describe('register_site', () => {
  it('registers a client and stores the response of the provider', async () => {
    const site = {
      op_host: op.issuer,
      authorization_redirect_uri: CALLBACK,
      redirect_uris: [CALLBACK, 'https://app.example.com/second'],
      post_logout_redirect_uri: HOME,
      grant_types: ['authorization_code', 'refresh_token'],
      scope: ['openid', 'oxd', 'email'],
      acr_values: ['', 'gold'],
      client_name: 'My application',
      client_jwks_uri: 'https://app.example.com/jwks',
      client_token_endpoint_auth_method: 'client_secret_post',
      client_request_uris: ['https://app.example.com/request'],
      client_frontchannel_logout_uris: ['https://app.example.com/logout'],
      client_sector_identifier_uri: 'https://app.example.com/sector',
      contacts: ['admin@example.com'],
      ui_locales: ['en'],
      claims_locales: ['en'],
      claims_redirect_uri: ['https://app.example.com/claims'],
      oxd_rp_programming_language: 'node',
      protection_access_token: 'ignored',
    } as const;
    const result = await transport.run('register_site', site);
    expect(body()).toEqual({
      redirect_uris: [CALLBACK, 'https://app.example.com/second'],
      post_logout_redirect_uris: [HOME],
      response_types: ['code'],
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'openid email',
      default_acr_values: ['gold'],
      client_name: 'My application',
      jwks_uri: 'https://app.example.com/jwks',
      token_endpoint_auth_method: 'client_secret_post',
      request_uris: ['https://app.example.com/request'],
      frontchannel_logout_uri: 'https://app.example.com/logout',
      sector_identifier_uri: 'https://app.example.com/sector',
      contacts: ['admin@example.com'],
    });
    const { client, ...stored } = await record(result.oxd_id);
    expect(stored).toMatchObject({ oxd_id: result.oxd_id, op_host: op.issuer, registered: true });
    expect(client).toMatchObject({
      client_id: expect.stringMatching(/^client-/) as string,
      client_secret: expect.stringMatching(/^client-/) as string,
      client_secret_expires_at: 0,
      registration_access_token: expect.stringMatching(/^registration-/) as string,
      registration_client_uri: expect.stringContaining(`${op.issuer}/reg/`) as string,
      token_endpoint_auth_method: 'client_secret_post',
    });
    expect(result).toEqual({
      oxd_id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      op_host: op.issuer,
      client_id: client.client_id,
      client_name: 'My application',
      client_secret: client.client_secret,
      client_registration_access_token: client.registration_access_token,
      client_registration_client_uri: client.registration_client_uri,
      client_id_issued_at: 1700000000,
      client_secret_expires_at: 0,
    });
  });

  it('uses defaults, also for empty lists', async () => {
    await transport.site(op, { scope: [] });
    expect(body()).toEqual({
      redirect_uris: [CALLBACK],
      post_logout_redirect_uris: [HOME],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      scope: 'openid profile email',
      token_endpoint_auth_method: 'client_secret_basic',
    });
  });

  it.each([
    { name: 'lists it', listed: ['openid', 'uma_protection'] },
    { name: 'lists no scopes', listed: undefined },
    { name: 'lists null', listed: null },
  ])('sends uma_protection if discovery $name', async ({ listed }) => {
    op.discovery = { scopes_supported: listed };
    await transport.site(op, { scope: ['openid', 'uma_protection'] });
    expect(body()).toMatchObject({ scope: 'openid uma_protection' });
    expect(transport.warnings).toEqual([]);
  });

  const rejecting = (text: string, answer: Answer) => (seen: Seen) =>
    seen.body.includes(text) ? answer : op.usual(seen);
  const INVALID_SCOPE = { status: 400, json: { error: 'invalid_scope' } };
  const INVALID_METADATA = {
    status: 400,
    json: { error: 'invalid_client_metadata', error_description: 'scope is not supported here' },
  };

  it.each([
    { name: 'as invalid scope', answer: INVALID_SCOPE },
    { name: 'in a description', answer: INVALID_METADATA },
  ])('omits uma_protection once the server has rejected it $name', async ({ answer }) => {
    op.on('register', rejecting('uma_protection', answer));
    const scope = ['openid', 'uma_protection'];
    await transport.site(op, { scope });
    await transport.site(op, { scope });
    await transport.site(op, { scope: ['uma_protection'] });
    const scopes = op.seen('register').map((seen) => (body(seen) as { scope?: string }).scope);
    expect(scopes).toEqual(['openid uma_protection', 'openid', 'openid', undefined]);
    expect(transport.warnings).toEqual([
      `${op.issuer}: the scope uma_protection is omitted. The server rejects registrations with this scope.`,
    ]);
  });

  it('does not blame uma_protection if another scope is rejected', async () => {
    op.on('register', rejecting('openid', INVALID_SCOPE));
    const scope = ['openid', 'uma_protection'];
    await transport.site(op, { scope });
    await transport.site(op, { scope: ['uma_protection'] });
    const scopes = op.seen('register').map((seen) => (body(seen) as { scope?: string }).scope);
    expect(scopes).toEqual(['openid uma_protection', 'openid', undefined, 'uma_protection']);
  });

  it('reports a description about other scopes instead of registering without them', async () => {
    op.on('register', rejecting('albums', INVALID_METADATA));
    const error = await rejectionOf(transport.site(op, { scope: ['albums', 'uma_protection'] }));
    expect(error).toMatchObject({ error: 'invalid_client_metadata', mayHaveRun: false });
    expect(op.seen('register')).toHaveLength(2);
  });

  it('never requests uma_protection for a user', async () => {
    const oxd_id = await transport.site(op, { scope: ['openid', 'uma_protection'] });
    const { authorization_url } = await transport.run('get_authorization_url', { oxd_id });
    expect(new URL(authorization_url).searchParams.get('scope')).toBe('openid');
  });

  it('does not warn about uma_protection at Keycloak', async () => {
    const token_endpoint = `${op.issuer}/realms/r/protocol/openid-connect/token`;
    op.discovery = { scopes_supported: ['openid'], token_endpoint };
    await transport.site(op, { scope: ['openid', 'uma_protection'] });
    expect(body()).toMatchObject({ scope: 'openid' });
    expect(transport.warnings).toEqual([]);
  });

  it('logs once that uma_protection is omitted, with the reason', async () => {
    op.discovery = { scopes_supported: ['openid'] };
    for (let times = 0; times < 2; times++) await transport.site(op, { scope: ['uma_protection'] });
    expect(transport.warnings).toEqual([
      `${op.issuer}: the scope uma_protection is omitted. Discovery does not list the scope.`,
    ]);
  });

  it.each([
    {
      name: 'lists both',
      supported: ['client_credentials', UMA_TICKET, 'implicit'],
      requested: ['client_credentials', UMA_TICKET],
    },
    {
      name: 'lists client_credentials',
      supported: ['authorization_code', 'client_credentials'],
      requested: ['client_credentials'],
    },
    { name: 'has no list', supported: undefined, requested: ['client_credentials'] },
  ])('requests the supported grants of a resource server if discovery $name', async (row) => {
    const { supported, requested } = row;
    op.discovery = { grant_types_supported: supported, scopes_supported: ['uma_protection'] };
    await transport.site(op, { scope: ['openid', 'uma_protection'] });
    expect(body()).toMatchObject({ grant_types: ['authorization_code', ...requested] });
    await transport.site(op, { scope: ['uma_protection'], grant_types: ['authorization_code'] });
    expect(body(op.seen('register')[1])).toMatchObject({ grant_types: ['authorization_code'] });
  });

  describe.each(CLIENT_METADATA_ROWS.filter(([, { sent }]) => sent))('%s', (name, row) => {
    it('is sent at registration and at each update', async () => {
      const oxd_id = await transport.site(op, { [name]: row.value });
      expect(body()).toMatchObject(row.sent ?? {});
      await transport.run('update_site', { oxd_id, client_name: 'New name' });
      expect(body(op.seen('client')[0])).toMatchObject({ ...row.sent, client_name: 'New name' });
      const other = await transport.site(op);
      expect(body(op.seen('register')[1])).toEqual(
        expect.not.objectContaining(row.sent as Record<string, unknown>),
      );
      await transport.run('update_site', { oxd_id: other, [name]: row.value });
      expect(body(op.seen('client')[1])).toMatchObject(row.sent ?? {});
    });

    it('is rejected with a wrong type', async () => {
      for (const wrong of [7, 'text', true, {}, []].filter((one) => !isLike(one, row.value))) {
        const failure = await rejectionOf(transport.site(op, { [name]: wrong }));
        expect(failure).toMatchObject({ error: 'bad_request', mayHaveRun: false });
        expect(failure.message).toContain(`${name}: must be`);
      }
      expect(op.requests).toEqual([]);
    });
  });

  it.each(CLIENT_METADATA_ROWS.filter(([, { sent }]) => !sent))(
    'rejects %s, which only oxd supports',
    async (name, { value }) => {
      const oxd_id = await transport.site(op);
      op.requests.length = 0;
      const site = { op_host: op.issuer, authorization_redirect_uri: CALLBACK, [name]: value };
      for (const call of [
        transport.run('register_site', site),
        transport.run('setup_client', site),
        transport.run('update_site', { oxd_id, [name]: value }),
      ]) {
        const failure = await rejectionOf(call);
        expect(failure).toMatchObject({
          code: 'OXD_COMMAND_UNSUPPORTED',
          error: 'unsupported_operation',
          mayHaveRun: false,
        });
        expect(failure.message).toContain(`does not support ${name}`);
      }
      expect(op.requests).toEqual([]);
    },
  );

  it.each([
    {
      name: 'the single URI before those of the list',
      site: { post_logout_redirect_uris: [`${HOME}a`, `${HOME}b`] },
      sent: [HOME, `${HOME}a`, `${HOME}b`],
    },
    {
      name: 'no URI twice',
      site: { post_logout_redirect_uris: [`${HOME}a`, HOME] },
      sent: [HOME, `${HOME}a`],
    },
    {
      name: 'the list without a single URI',
      site: { post_logout_redirect_uri: undefined, post_logout_redirect_uris: [`${HOME}a`] },
      sent: [`${HOME}a`],
    },
    {
      name: 'no URI if none is configured',
      site: { post_logout_redirect_uri: undefined, post_logout_redirect_uris: [] },
      sent: undefined,
    },
  ])('registers as post-logout redirect URIs $name', async ({ site, sent }) => {
    const oxd_id = await transport.site(op, site);
    const registered = body() as { post_logout_redirect_uris?: unknown };
    expect(registered.post_logout_redirect_uris).toEqual(sent);
    const { uri } = await transport.run('get_logout_uri', { oxd_id });
    const query = new URL(uri).searchParams;
    expect(query.get('post_logout_redirect_uri')).toBe(sent?.[0] ?? null);
  });

  it('returns the initiate_login_uri that was sent', async () => {
    const initiate_login_uri = 'https://app.example.com/begin';
    const site = { op_host: op.issuer, authorization_redirect_uri: CALLBACK };
    const result = await transport.run('register_site', { ...site, initiate_login_uri });
    expect(result).toMatchObject({ initiate_login_uri });
  });

  it.each([
    ['register_site', {}],
    ['update_site', { client_name: 'New name' }],
  ] as const)(
    '%s uses the sent algorithms if the provider does not return them',
    async (command, more) => {
      const sent = {
        id_token_signed_response_alg: 'ES384',
        user_info_signed_response_alg: 'ES384',
      };
      const silent = async (seen: Parameters<typeof op.usual>[0]) => {
        const { json, status } = await op.usual(seen);
        const { id_token_signed_response_alg: _, ...rest } = json as Record<string, unknown>;
        return { status, json: { ...rest, userinfo_signed_response_alg: undefined } };
      };
      op.on('register', silent);
      op.on('client', silent);
      const isUpdate = command === 'update_site';
      const oxd_id = await transport.site(op, isUpdate ? {} : sent);
      if (isUpdate) await transport.run(command, { oxd_id, ...sent, ...more });
      expect((await record(oxd_id)).client).toMatchObject({
        id_token_signed_response_alg: 'ES384',
        userinfo_signed_response_alg: 'ES384',
      });
      const login = await transport.callback(op, oxd_id);
      expect(await rejectionOf(transport.run('get_tokens_by_code', login))).toMatchObject({
        error: 'invalid_id_token_unknown',
      });
    },
  );

  it('sends the initial access token to the registration endpoint only', async () => {
    registerSecret('initial-token-1');
    const trusted = new TestTransport({ initialAccessToken: 'initial-token-1' });
    const oxd_id = await trusted.site(op);
    await trusted.run('get_user_info', { oxd_id, access_token: 'a-token' });
    expect(op.seen('register')[0]?.headers.authorization).toBe('Bearer initial-token-1');
    const others = op.requests.filter(({ endpoint }) => endpoint !== 'register');
    expect(inspect(others)).not.toContain('initial-token-1');
  });

  const HOST_NOT_TRUSTED =
    "Policy 'Trusted Hosts' rejected request to client-registration service. Details: Host not trusted.";

  it.each([
    {
      name: '403 of a policy of Keycloak',
      answer: {
        status: 403,
        json: { error: 'insufficient_scope', error_description: HOST_NOT_TRUSTED },
      },
      error: 'insufficient_scope',
    },
    {
      name: '403 about the scope of a token',
      answer: { status: 403, json: { error: 'insufficient_scope' } },
      error: 'insufficient_scope',
    },
    { name: '403 without JSON', answer: { status: 403, text: '' }, error: 'internal_error' },
    {
      name: '401 about a token',
      answer: { status: 401, json: { error: 'invalid_token' } },
      error: 'invalid_token',
    },
    {
      name: '401 about a scope',
      answer: { status: 401, json: { error: 'invalid_scope' } },
      error: 'invalid_scope',
    },
    { name: '401 without JSON', answer: { status: 401, text: '' }, error: 'invalid_token' },
  ])('names the options that help and sends no second request: $name', async (row) => {
    op.on('register', row.answer);
    const error = await rejectionOf(transport.site(op));
    expect(error).toMatchObject({ error: row.error, mayHaveRun: false });
    expect(error.message).toContain('set transport.initialAccessToken, or');
    expect(error.message).toContain('set site.client_id and site.client_secret');
    transport = new TestTransport({ initialAccessToken: 'initial-token-1' });
    const { message } = await rejectionOf(transport.site(op));
    expect(message).toContain('did not accept transport.initialAccessToken');
    expect(op.seen('register')).toHaveLength(2);
    expect(transport.warnings).toEqual([]);
  });

  it('does not name options for a registration token that is rejected', async () => {
    const oxd_id = await transport.site(op);
    op.on('client', { status: 403, json: { error: 'insufficient_scope' } });
    const error = await rejectionOf(
      transport.run('update_site', { oxd_id, client_name: 'New name' }),
    );
    expect(error.message).not.toContain('initialAccessToken');
    expect(op.seen('client')).toHaveLength(1);
  });

  it('registers and updates without scopes that the provider rejects, and logs it', async () => {
    const rejectScope = (seen: Seen) =>
      seen.body.includes('"scope"')
        ? { status: 403, json: { error: 'insufficient_scope', error_description: KEYCLOAK_SCOPES } }
        : op.usual(seen);
    op.on('register', rejectScope);
    op.on('client', rejectScope);
    const oxd_id = await transport.site(op);
    expect(await record(oxd_id)).toHaveProperty('client.client_id');
    expect(op.seen('register')).toHaveLength(2);
    await transport.run('update_site', { oxd_id, client_name: 'Renamed' });
    expect(await record(oxd_id)).toHaveProperty('site.client_name', 'Renamed');
    const updates = op.seen('client').filter(({ method }) => method === 'PUT');
    expect(updates.map(({ body }) => JSON.parse(body) as object)).toEqual([
      expect.objectContaining({ client_name: 'Renamed', scope: 'openid profile email' }),
      expect.not.objectContaining({ scope: expect.anything() }),
    ]);
    expect(transport.warnings).toEqual([
      `${op.issuer}: scope is omitted. The server rejects registrations with these scopes.`,
    ]);
  });

  it('sends no request if client id and secret are given', async () => {
    const oxd_id = await transport.site(op, { client_id: 'mine', client_secret: 's3' });
    expect(op.requests).toEqual([]);
    expect(await record(oxd_id)).toMatchObject({
      registered: false,
      client: { client_id: 'mine', client_secret: 's3' },
    });
  });

  it('sends no request for a public client without a secret', async () => {
    const oxd_id = await transport.site(op, {
      client_id: 'mine',
      client_token_endpoint_auth_method: 'none',
    });
    expect(op.requests).toEqual([]);
    const { client, registered } = await record(oxd_id);
    expect({ client, registered }).toMatchObject({
      registered: false,
      client: { client_id: 'mine', token_endpoint_auth_method: 'none' },
    });
    expect(client).not.toHaveProperty('client_secret');
  });

  it.each([
    {
      trusted_client: true,
      lines: ['register_site: the embedded transport ignores trusted_client.'],
    },
    { trusted_client: false, lines: [] },
  ])('warns of trusted_client only if true: $trusted_client', async ({ trusted_client, lines }) => {
    await transport.site(op, { trusted_client });
    expect(transport.warnings).toEqual(lines);
    expect(body()).not.toHaveProperty('trusted_client');
  });

  it('uses the algorithms of the site for a given client', async () => {
    const oxd_id = await transport.site(op, {
      client_id: 'mine',
      client_secret: 's3',
      id_token_signed_response_alg: 'ES384',
      user_info_signed_response_alg: 'PS256',
    });
    expect((await record(oxd_id)).client).toMatchObject({
      id_token_signed_response_alg: 'ES384',
      userinfo_signed_response_alg: 'PS256',
    });
  });

  it.each([
    { name: 'no secret', error: 'invalid_client_secret', client: { client_id: 'mine' } },
    {
      name: 'a blank secret',
      error: 'invalid_client_secret',
      client: { client_id: 'mine', client_secret: ' ' },
    },
    { name: 'only a secret', error: 'invalid_client_id', client: { client_secret: 's3' } },
    {
      name: 'only a registration access token',
      error: 'invalid_client_id',
      client: { client_registration_access_token: 't' },
    },
    {
      name: 'only a registration client URI',
      error: 'invalid_client_id',
      client: { client_registration_client_uri: 'https://op.example.com/1' },
    },
  ])('rejects a client with $name before a request is sent', async ({ error, client }) => {
    const site = { op_host: op.issuer, authorization_redirect_uri: CALLBACK, ...client };
    for (const command of ['register_site', 'setup_client'] as const) {
      const failure = await rejectionOf(transport.run(command, site));
      expect(failure).toMatchObject({ error, code: 'OXD_COMMAND_FAILED', mayHaveRun: false });
      expect(failure.message).toContain('client_id and client_secret go together');
    }
    expect(op.requests).toEqual([]);
  });

  it.each([
    ['op_host', '', 'invalid_op_host'],
    ['op_host', 'no url', 'invalid_op_host'],
    ['authorization_redirect_uri', undefined, 'invalid_authorization_redirect_uri'],
    ['authorization_redirect_uri', '/callback', 'invalid_authorization_redirect_uri'],
    ['authorization_redirect_uri', `${CALLBACK}#x`, 'invalid_authorization_redirect_uri'],
    ['redirect_uris', [CALLBACK, 'rubbish'], 'invalid_authorization_redirect_uri'],
    ['response_types', ['code', 'token'], 'bad_request'],
    ['client_token_endpoint_auth_method', 'private_key_jwt', 'bad_request'],
    ['client_token_endpoint_auth_method', 'magic', 'bad_request'],
    ['client_frontchannel_logout_uris', ['https://a.example', 'https://b.example'], 'bad_request'],
    ['post_logout_redirect_uris', ['/out'], 'bad_request'],
    ['id_token_signed_response_alg', 'none', 'id_token_without_signature_not_allowed'],
    ['id_token_signed_response_alg', 'RS1', 'invalid_algorithm'],
    ['user_info_signed_response_alg', 'none', 'invalid_algorithm'],
    ['user_info_signed_response_alg', 'HS256', 'invalid_algorithm'],
    ['subject_type', 'anonymous', 'invalid_subject_type'],
    ['jwks', 'no JSON', 'bad_request'],
    ['jwks', '[]', 'bad_request'],
    ['jwks', '{"keys":{}}', 'bad_request'],
    ['jwks', '{"keys":["key"]}', 'bad_request'],
    ['jwks', '{"keys":[{"kty":"EC","d":"its own"}]}', 'bad_request'],
    ['jwks', '{"keys":[{"kty":"oct","k":"shared"}]}', 'bad_request'],
    ['jwks', '{"keys":[{"kty":"AKP","alg":"ML-DSA-44","priv":"its own"}]}', 'bad_request'],
    ['default_max_age', NaN, 'bad_request'],
  ])('rejects an invalid %s before a request is sent (row %#)', async (name, value, error) => {
    const failure = await rejectionOf(transport.site(op, { [name]: value }));
    expect(failure).toMatchObject({ error, mayHaveRun: false, command: 'register_site' });
    expect(failure.message).toContain(name);
    expect(op.requests).toEqual([]);
  });

  it('rejects HS256 for the id_tokens of a client without secret', async () => {
    const alg = { id_token_signed_response_alg: 'HS256' };
    const call = transport.site(op, { ...alg, client_token_endpoint_auth_method: 'none' });
    expect(await rejectionOf(call)).toMatchObject({
      error: 'invalid_algorithm',
      mayHaveRun: false,
    });
    expect(op.requests).toEqual([]);
  });

  it('rejects jwks together with client_jwks_uri', async () => {
    const keys = { jwks: '{"keys":[]}', client_jwks_uri: 'https://app.example.com/jwks' };
    const failure = await rejectionOf(transport.site(op, keys));
    expect(failure).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(op.requests).toEqual([]);
  });

  it.each([
    'redirect_uris',
    'client_id',
    'client_secret',
    'client_name',
    'scope',
    'token_endpoint_auth_method',
    'registration_access_token',
    'jwks_uri',
    'claims_redirect_uris',
    'userinfo_signed_response_alg',
    'id_token_signed_response_alg',
    'id_token_encrypted_response_alg',
    'userinfo_encrypted_response_enc',
    'id_token_binding_cnf',
  ])('rejects %s as a custom attribute', async (name) => {
    const failure = await rejectionOf(transport.site(op, { custom_attributes: { [name]: 'x' } }));
    expect(failure).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(failure.message).toContain(`custom_attributes: must not have ${name}`);
    expect(op.seen('register')).toEqual([]);
  });

  it('names the options to set if the provider has no registration endpoint', async () => {
    op.discovery = { registration_endpoint: undefined };
    const error = await rejectionOf(transport.site(op));
    expect(error).toMatchObject({ error: 'invalid_request', mayHaveRun: false });
    expect(error.message).toContain('client_id');
  });

  it.each([
    ['client_id', 'no_client_id_returned'],
    ['client_secret', 'no_client_secret_returned'],
  ])('rejects a response without %s', async (name, error) => {
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      return { status: 201, json: { ...(json as object), [name]: undefined } };
    });
    expect(await rejectionOf(transport.site(op))).toMatchObject({ error, mayHaveRun: true });
  });

  it('requires no secret for a public client', async () => {
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      return { status: 201, json: { ...(json as object), client_secret: undefined } };
    });
    const oxd_id = await transport.site(op, { client_token_endpoint_auth_method: 'none' });
    await transport.run('get_tokens_by_code', await transport.callback(op, oxd_id));
    const [request] = op.seen('token');
    expect(request?.headers.authorization).toBeUndefined();
    expect(request?.form.get('client_id')).toMatch(/^client-/);
  });

  it.each<[string, Partial<MemoryStore>]>([
    ['is down', { set: () => Promise.reject(new OxdStoreError('The store is down.')) }],
    ['does not persist values', { set: () => Promise.resolve() }],
  ])('registers no client if the store %s', async (_, store) => {
    const engineOn = new TestTransport({ store: Object.assign(new MemoryStore(), store) });
    await expect(engineOn.site(op)).rejects.toBeInstanceOf(OxdStoreError);
    expect(op.requests).toEqual([]);
  });

  it('deletes the new client if the store fails during the registration', async () => {
    const { store } = transport;
    op.on('register', (seen) => {
      store.set = () => Promise.reject(new OxdStoreError('The store is down.'));
      return op.usual(seen);
    });
    await expect(transport.site(op)).rejects.toBeInstanceOf(OxdStoreError);
    expect(op.seen('client').map(({ method }) => method)).toEqual(['DELETE']);
  });

  it('stores the site only', async () => {
    const oxd_id = await transport.site(op);
    expect(transport.store).toHaveProperty('size', 1);
    expect(await record(oxd_id)).toBeDefined();
  });
});

describe('claims redirect URIs', () => {
  const CLAIMS = ['https://app.example.com/claims'];
  const BOTH = { claims_redirect_uris: CLAIMS, claims_redirect_uri: CLAIMS };
  const NONE = {};
  const site = (more: object = {}) => transport.site(op, { claims_redirect_uri: CLAIMS, ...more });
  const claimsIn = (seen?: Seen) => {
    const { claims_redirect_uris, claims_redirect_uri } = body(seen) as Partial<typeof BOTH>;
    return { claims_redirect_uris, claims_redirect_uri };
  };
  const registered = () => op.seen('register').map(claimsIn);
  const updated = () => op.seen('client').filter(({ method }) => method === 'PUT');
  const umaSeen = () => op.seen('client').filter(({ url }) => url.endsWith('uma2-configuration'));

  /** Scripts UMA discovery only. */
  const uma = (answer: Answer): void =>
    op.on('client', (seen) => (seen.url.endsWith('uma2-configuration') ? answer : op.usual(seen)));
  const document = (more: object = {}): Answer => ({
    json: {
      issuer: op.issuer,
      permission_endpoint: `${op.issuer}/permission`,
      resource_registration_endpoint: `${op.issuer}/resources`,
      ...more,
    },
  });
  const gathering = () => document({ claims_interaction_endpoint: `${op.issuer}/claims` });

  /** Rejects parameters like Keycloak, which puts the description into `error`. */
  const rejectParameters = (...names: string[]): void =>
    op.on('register', (seen) => {
      const name = names.find((one) => one in (JSON.parse(seen.body) as object));
      if (name === undefined) return op.usual(seen);
      const error = `Invalid json representation. Unrecognized field "${name}" at line 1`;
      return { status: 400, json: { error } };
    });

  it('are sent in both spellings if UMA discovery has a claims_interaction_endpoint', async () => {
    uma(gathering());
    const oxd_id = await site();
    expect(registered()).toEqual([BOTH]);
    await transport.run('update_site', { oxd_id, client_name: 'New name' });
    expect(updated().map((seen) => body(seen))).toEqual([expect.objectContaining(BOTH)]);
    expect(transport.warnings).toEqual([]);
  });

  it.each<[string, () => Answer]>([
    ['has no such endpoint', () => document()],
    ['returns 404', () => ({ status: 404, json: { error: 'not_found' } })],
    ['returns a page', () => ({ text: '<h1>welcome</h1>' })],
    ['has another issuer', () => document({ issuer: 'https://evil.example' })],
  ])('are omitted if UMA discovery %s, which is logged once', async (_, answer) => {
    op.discovery = { claims_interaction_endpoint: `${op.issuer}/claims` };
    uma(answer());
    for (let times = 0; times < 2; times++) await site();
    expect(registered()).toEqual([NONE, NONE]);
    expect(transport.warnings).toEqual([
      `${op.issuer}: claims_redirect_uri is omitted. UMA discovery has no claims_interaction_endpoint.`,
    ]);
  });

  it.each<[string, Answer]>([
    ['503', { status: 503, text: '' }],
    ['a broken connection', { drop: true }],
  ])('prevent the registration if UMA discovery fails: %s', async (_, answer) => {
    uma(answer);
    expect(await rejectionOf(site())).toMatchObject({ mayHaveRun: false });
    expect(registered()).toEqual([]);
    uma(gathering());
    await site();
    expect(registered()).toEqual([BOTH]);
  });

  it('are registered at the sandbox', async () => {
    const sandbox = await startQuietly();
    try {
      const oxd_id = await transport.site(sandbox, { claims_redirect_uri: CLAIMS });
      const { client } = await record(oxd_id);
      const authorization = `Bearer ${client.registration_access_token}`;
      const uri = client.registration_client_uri ?? '';
      const answer = await fetch(uri, { headers: { authorization } });
      expect(await answer.json()).toMatchObject(BOTH);
    } finally {
      await sandbox.close();
    }
  });

  it('cause no UMA discovery if none are configured', async () => {
    await transport.site(op, { scope: ['openid', 'uma_protection'] });
    expect(umaSeen()).toEqual([]);
  });

  it.each([
    {
      name: 'the spelling of Gluu',
      names: ['claims_redirect_uri'],
      sent: { claims_redirect_uris: CLAIMS },
    },
    { name: 'both spellings', names: ['claims_redirect_uris', 'claims_redirect_uri'], sent: NONE },
  ])('are omitted once the server has rejected $name', async ({ names, sent }) => {
    uma(gathering());
    rejectParameters(...names);
    await site();
    expect(registered()).toHaveLength(names.length + 1);
    expect(registered().at(-1)).toEqual(sent);
    const oxd_id = await site();
    expect(registered()).toHaveLength(names.length + 2);
    expect(registered().at(-1)).toEqual(sent);
    await transport.run('update_site', { oxd_id, client_name: 'New name' });
    expect(updated().map(claimsIn)).toEqual([sent]);
    expect(transport.warnings).toEqual(
      names.map(
        (name) =>
          `${op.issuer}: ${name} is omitted. The server rejects registrations with this parameter.`,
      ),
    );
  });

  it.each([
    [
      'their value',
      { error: 'invalid_client_metadata', error_description: 'claims_redirect_uris must be https' },
    ],
    [
      'an unknown value',
      {
        error: 'invalid_client_metadata',
        error_description: 'unknown host in claims_redirect_uri',
      },
    ],
    ['another parameter', { error: 'Unrecognized field "contacts"' }],
    ['no parameter', { error: 'unknown' }],
  ])('are sent only once if the provider rejects %s', async (_, json) => {
    uma(gathering());
    op.on('register', { status: 400, json });
    expect(await rejectionOf(site())).toMatchObject({ mayHaveRun: false });
    expect(registered()).toHaveLength(1);
  });

  it('are also omitted if the provider rejects them at an update', async () => {
    const oxd_id = await transport.site(op);
    op.on('client', (seen) => {
      if (seen.url.endsWith('uma2-configuration')) return gathering();
      if (!seen.body.includes('claims_redirect_uri"')) return op.usual(seen);
      return { status: 400, json: { error: 'Unrecognized field "claims_redirect_uri"' } };
    });
    await transport.run('update_site', { oxd_id, claims_redirect_uri: CLAIMS });
    expect(body(op.seen('client').at(-1))).toMatchObject({ claims_redirect_uris: CLAIMS });
    expect((await record(oxd_id)).site).toMatchObject({ claims_redirect_uri: CLAIMS });
  });
});

describe('the authentication method of a client', () => {
  const LISTS = [
    { name: 'no list', listed: undefined, registered: 'client_secret_basic' },
    { name: 'null', listed: null, registered: 'client_secret_basic' },
    { name: 'an empty list', listed: [], registered: 'client_secret_basic' },
    { name: 'both', listed: POST_AND_BASIC, registered: 'client_secret_basic' },
    { name: 'only post', listed: ['client_secret_post'], registered: 'client_secret_post' },
    {
      name: 'post and keys',
      listed: ['private_key_jwt', 'client_secret_post'],
      registered: 'client_secret_post',
    },
  ];

  it.each(LISTS)('is $registered if discovery has $name', async ({ listed, registered }) => {
    op.discovery = { token_endpoint_auth_methods_supported: listed };
    await transport.site(op);
    expect(body()).toMatchObject({ token_endpoint_auth_method: registered });
  });

  it('is the configured one whatever discovery lists', async () => {
    op.discovery = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    await transport.site(op, { client_token_endpoint_auth_method: 'client_secret_jwt' });
    expect(body()).toMatchObject({ token_endpoint_auth_method: 'client_secret_jwt' });
  });

  it('must be configured if discovery lists neither basic nor post', async () => {
    op.discovery = { token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'] };
    const error = await rejectionOf(transport.site(op));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain('site.client_token_endpoint_auth_method');
    expect(op.seen('register')).toHaveLength(0);
    await transport.site(op, { client_token_endpoint_auth_method: 'none' });
    expect(op.seen('register')).toHaveLength(1);
  });

  it('lets users log in at a provider that only supports post', async () => {
    op.discovery = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    op.on('register', (seen) =>
      seen.body.includes('"client_secret_post"') ? op.usual(seen) : ANSWER,
    );
    op.on('token', (seen) =>
      seen.headers.authorization === undefined && seen.form.has('client_secret')
        ? op.usual(seen)
        : { status: 401, json: { error: 'invalid_client' } },
    );
    const login = await transport.callback(op, await transport.site(op));
    expect(await transport.run('get_tokens_by_code', login)).toHaveProperty('id_token');
  });

  it('is named to a provider that otherwise registers a client without a secret', async () => {
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      const hasMethod = 'token_endpoint_auth_method' in body(seen);
      const client_secret = hasMethod
        ? (json as { client_secret: string }).client_secret
        : undefined;
      return { status: 201, json: { ...(json as object), client_secret } };
    });
    const login = await transport.callback(op, await transport.site(op));
    expect(await transport.run('get_tokens_by_code', login)).toHaveProperty('id_token');
  });

  it('stays the one that the provider decided when the site is updated', async () => {
    const token_endpoint_auth_method = 'client_secret_post';
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      return { status: 201, json: { ...(json as object), token_endpoint_auth_method } };
    });
    const oxd_id = await transport.site(op);
    await transport.run('update_site', { oxd_id, client_name: 'New name' });
    expect(body(op.seen('client')[0])).toMatchObject({ token_endpoint_auth_method });
    const client_token_endpoint_auth_method = 'client_secret_jwt';
    await transport.run('update_site', { oxd_id, client_token_endpoint_auth_method });
    expect(body(op.seen('client')[1])).toMatchObject({
      token_endpoint_auth_method: client_token_endpoint_auth_method,
    });
    await transport.run('update_site', { oxd_id, remove: ['client_token_endpoint_auth_method'] });
    expect(body(op.seen('client')[2])).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
    });
  });
});

describe('the client at the token endpoint', () => {
  it.each([
    [
      'client_secret_basic',
      (r: string, f: URLSearchParams) => r.startsWith('Basic ') && !f.has('client_secret'),
    ],
    ['client_secret_post', (r: string, f: URLSearchParams) => r === '' && f.has('client_secret')],
    ['client_secret_jwt', (r: string, f: URLSearchParams) => r === '' && f.has('client_assertion')],
  ] as const)('authenticates with the registered method %s', async (method, proves) => {
    const oxd_id = await transport.site(op, { client_token_endpoint_auth_method: method });
    await transport.run('get_tokens_by_code', await transport.callback(op, oxd_id));
    const [request] = op.seen('token');
    expect(
      proves(request?.headers.authorization ?? '', request?.form ?? new URLSearchParams()),
    ).toBe(true);
  });

  it('authenticates with the method that the provider returned, not the requested one', async () => {
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      const token_endpoint_auth_method = 'client_secret_post';
      return { status: 201, json: { ...(json as object), token_endpoint_auth_method } };
    });
    const oxd_id = await transport.site(op, {
      client_token_endpoint_auth_method: 'client_secret_basic',
    });
    await transport.run('get_tokens_by_code', await transport.callback(op, oxd_id));
    expect(op.seen('token')[0]?.form.has('client_secret')).toBe(true);
  });

  it('sends its secret in the body if the provider supports only that', async () => {
    op.discovery = { token_endpoint_auth_methods_supported: ['client_secret_post'] };
    const oxd_id = await transport.site(op, { client_id: 'mine', client_secret: 's3' });
    const refresh = { oxd_id, refresh_token: 'r' };
    op.tokens = { id_token: undefined };
    await transport.run('get_access_token_by_refresh_token', refresh);
    expect(op.seen('token')[0]?.form.get('client_secret')).toBe('s3');
  });

  it('is rejected if its method requires keys', async () => {
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      const token_endpoint_auth_method = 'private_key_jwt';
      return { status: 201, json: { ...(json as object), token_endpoint_auth_method } };
    });
    const error = await rejectionOf(use(await transport.site(op)));
    expect(error.message).toContain('private_key_jwt');
  });
});

describe('a registration', () => {
  it('is read once per process, and new values are stored', async () => {
    const oxd_id = await transport.site(op);
    await use(oxd_id);
    expect(op.seen('client')).toHaveLength(0);
    const before = await record(oxd_id);
    const registration_access_token = 'registration-token-2';
    registerSecret(registration_access_token);
    op.on('client', async (seen) => {
      const { json } = await op.usual(seen);
      return { json: { ...(json as object), registration_access_token } };
    });
    restarted();
    await Promise.all([use(oxd_id), use(oxd_id)]);
    await use(oxd_id);
    const [read, ...more] = op.seen('client');
    expect(more).toEqual([]);
    expect(read?.method).toBe('GET');
    expect(read?.headers.authorization).toBe(`Bearer ${before.client.registration_access_token}`);
    expect(await record(oxd_id)).toEqual({
      ...before,
      client: { ...before.client, registration_access_token },
    });
  });

  it('is repeated once under its oxd_id if the provider no longer has the client', async () => {
    const oxd_id = await transport.site(op);
    const before = await record(oxd_id);
    op.on('client', { status: 401, json: { error: 'invalid_token' } });
    restarted();
    await Promise.all(Array.from({ length: 8 }, () => use(oxd_id)));
    expect(op.seen('register')).toHaveLength(2);
    const after = await record(oxd_id);
    expect(after.client.client_id).not.toBe(before.client.client_id);
    expect(after).toMatchObject({ oxd_id, site: before.site, op_host: op.issuer });
    await use(oxd_id);
    expect(op.seen('register')).toHaveLength(2);
    expect(transport.warnings).toEqual([expect.stringContaining('a new client was registered')]);
    expect(secretsIn(transport.warnings.join())).toEqual([]);
  });

  it('is not repeated by a replica with an older registration access token', async () => {
    const oxd_id = await transport.site(op);
    const stored = await record(oxd_id);
    const { registration_client_uri } = stored.client;
    const renewed = { ...stored.client, registration_access_token: 'the-newer-token' };
    registerSecret('the-newer-token');
    op.on('client', ({ headers }) => {
      if (headers.authorization === 'Bearer the-newer-token') return { status: 200, json: renewed };
      // Another replica stores its new token at the same time.
      void transport.store.set(`site:${oxd_id}`, { ...stored, client: renewed });
      return { status: 401, json: { error: 'invalid_token' } };
    });
    restarted();
    await use(oxd_id);
    expect((await record(oxd_id)).client).toMatchObject({
      client_id: stored.client.client_id,
      registration_client_uri,
      registration_access_token: 'the-newer-token',
    });
    expect(op.seen('register')).toHaveLength(1);
  });

  it('is repeated once if two replicas find the client missing at the same time', async () => {
    const oxd_id = await transport.site(op);
    op.on('client', () => ({ status: 401, json: { error: 'invalid_token' } }));
    const replicas = [restarted(), restarted()];
    await Promise.all(replicas.map((one) => one.run('get_authorization_url', { oxd_id })));
    expect(op.seen('register')).toHaveLength(2);
  });

  it('is not repeated for a given client', async () => {
    const oxd_id = await transport.site(op, {
      client_id: 'mine',
      client_secret: 's3',
      client_registration_client_uri: `${op.issuer}/reg/mine`,
      client_registration_access_token: 'registration-token-3',
    });
    op.on('client', { status: 401, json: { error: 'invalid_token' } });
    restarted();
    await use(oxd_id);
    expect(op.seen('register')).toHaveLength(0);
    expect(await record(oxd_id)).toHaveProperty('client.client_id', 'mine');
    expect(transport.warnings).toHaveLength(1);
  });

  it.each([
    ['404', { status: 404, text: '' }],
    ['405', { status: 405, json: { error: 'method_not_allowed' } }],
    ['500', { status: 500, text: '' }],
    ['a page', { text: '<html>' }],
    ['another client', { json: { client_id: 'somebody' } }],
    ['no response', { hang: true }],
  ])('stays unchanged if a read returns %s', async (_, answer) => {
    const oxd_id = await transport.site(op);
    const before = await record(oxd_id);
    op.on('client', answer);
    restarted();
    await use(oxd_id);
    await use(oxd_id);
    expect(op.seen('client')).toHaveLength(1);
    expect(op.seen('register')).toHaveLength(1);
    expect(await record(oxd_id)).toEqual(before);
  });

  it('is checked again after a minute if the provider returned 503', async () => {
    const oxd_id = await transport.site(op);
    op.on('client', { status: 503, text: '' });
    restarted();
    await use(oxd_id);
    now += 60_000;
    await use(oxd_id);
    expect(op.seen('client')).toHaveLength(2);
  });

  it('is repeated when the client secret has expired', async () => {
    const client_secret_expires_at = Math.floor(now / 1000) + 100;
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      return { status: 201, json: { ...(json as object), client_secret_expires_at } };
    });
    const oxd_id = await transport.site(op);
    await use(oxd_id);
    expect(op.seen('register')).toHaveLength(1);
    now = client_secret_expires_at * 1000;
    op.on('register', (seen) => op.usual(seen));
    await Promise.all([use(oxd_id), use(oxd_id)]);
    await use(oxd_id);
    expect(op.seen('register')).toHaveLength(2);
    expect(await record(oxd_id)).toHaveProperty('client.client_secret_expires_at', 0);
  });

  it('is repeated only once a minute if every new secret has expired', async () => {
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      return { status: 201, json: { ...(json as object), client_secret_expires_at: 1 } };
    });
    const oxd_id = await transport.site(op);
    now += 60_000;
    await use(oxd_id);
    await use(oxd_id);
    expect(op.seen('register')).toHaveLength(2);
  });

  it('is not repeated while the store is not writable', async () => {
    const oxd_id = await transport.site(op);
    const before = await record(oxd_id);
    op.on('client', { status: 401, json: { error: 'invalid_token' } });
    const { store } = restarted();
    const set = store.set.bind(store);
    // Like the default store with an unwritable file: entries with a lifetime are never written to it.
    store.set = (key, value, ttl) =>
      ttl === undefined ? Promise.reject(new OxdStoreError('full')) : set(key, value, ttl);
    await expect(use(oxd_id)).rejects.toBeInstanceOf(OxdStoreError);
    store.set = set;
    expect(op.seen('register')).toHaveLength(1);
    now += 60_000;
    await use(oxd_id);
    expect(op.seen('register')).toHaveLength(2);
    expect((await record(oxd_id)).client.client_id).not.toBe(before.client.client_id);
  });

  it('is not requested while the store is down', async () => {
    class Down extends OxdStore {
      get = () => Promise.reject(new OxdStoreError('down'));
      set = () => Promise.reject(new OxdStoreError('down'));
      delete = () => Promise.reject(new OxdStoreError('down'));
    }
    const down = new TestTransport({ store: new Down() });
    const call = down.run('get_authorization_url', { oxd_id: 'x' });
    await expect(call).rejects.toMatchObject({ code: 'OXD_STORE_UNAVAILABLE' });
    expect(op.requests).toEqual([]);
  });
});

describe('update_site', () => {
  it('sends the complete metadata with the client_id, and stores the changes', async () => {
    const oxd_id = await transport.site(op, {
      client_name: 'Old name',
      contacts: ['a@example.com'],
    });
    const { client } = await record(oxd_id);
    const changes = { client_name: 'New name', redirect_uris: ['https://app.example.com/new'] };
    expect(await transport.run('update_site', { oxd_id, ...changes })).toEqual({ oxd_id });
    const [put] = op.seen('client');
    expect(put?.method).toBe('PUT');
    expect(put?.headers.authorization).toBe(`Bearer ${client.registration_access_token}`);
    expect(body(put)).toEqual({
      client_id: client.client_id,
      client_name: 'New name',
      contacts: ['a@example.com'],
      redirect_uris: [CALLBACK, 'https://app.example.com/new'],
      post_logout_redirect_uris: [HOME],
      response_types: ['code'],
      grant_types: ['authorization_code'],
      scope: 'openid profile email',
      token_endpoint_auth_method: 'client_secret_basic',
    });
    expect(await record(oxd_id)).toMatchObject({
      site: { ...changes, contacts: ['a@example.com'] },
    });
  });

  describe('with a client_id', () => {
    const given = { client_id: 'mine', client_secret: 'secret-of-mine' };

    it('replaces the stored values of a given client, and sends no request', async () => {
      const oxd_id = await transport.site(op, { ...given, contacts: ['a@example.com'] });
      const changes = {
        ...{ client_id: 'mine', client_secret: 'rotated-secret-of-mine' },
        client_token_endpoint_auth_method: 'client_secret_post' as const,
        scope: ['openid'],
      };
      await transport.run('update_site', { oxd_id, ...changes, remove: ['contacts'] });
      const { site, client, registered } = await record(oxd_id);
      expect(client).toEqual({
        ...{ client_id: 'mine', client_secret: 'rotated-secret-of-mine' },
        token_endpoint_auth_method: 'client_secret_post',
      });
      expect(site).toMatchObject({ scope: ['openid'], authorization_redirect_uri: CALLBACK });
      expect(site).not.toHaveProperty('contacts');
      expect(registered).toBe(false);
      expect(op.requests).toEqual([]);
    });

    it.each([
      {
        name: 'another client',
        params: { ...given, client_id: 'other' },
        error: 'invalid_client_id',
      },
      { name: 'no secret', params: { client_id: 'mine' }, error: 'invalid_client_secret' },
    ])('rejects $name', async ({ params, error }) => {
      const oxd_id = await transport.site(op, given);
      const before = await record(oxd_id);
      expect(await rejectionOf(transport.run('update_site', { oxd_id, ...params }))).toMatchObject({
        error,
      });
      expect(await record(oxd_id)).toEqual(before);
    });

    it('rejects a site that registered its own client', async () => {
      const oxd_id = await transport.site(op);
      const { client } = await record(oxd_id);
      const { client_id } = client;
      const update = transport.run('update_site', { oxd_id, client_id, client_secret: 'chosen' });
      expect(await rejectionOf(update)).toMatchObject({ error: 'bad_request' });
      expect((await record(oxd_id)).client).toEqual(client);
    });
  });

  it('stores a new registration access token', async () => {
    const oxd_id = await transport.site(op);
    const registration_access_token = 'registration-token-4';
    registerSecret(registration_access_token);
    op.on('client', async (seen) => {
      const { json } = await op.usual(seen);
      return { json: { ...(json as object), registration_access_token } };
    });
    await transport.run('update_site', { oxd_id, client_name: 'New' });
    await transport.run('update_site', { oxd_id, client_name: 'Newer' });
    const [, second] = op.seen('client');
    expect(second?.headers.authorization).toBe(`Bearer ${registration_access_token}`);
  });

  it('leaves the stored site unchanged if the provider rejects the update', async () => {
    const oxd_id = await transport.site(op);
    const before = await record(oxd_id);
    op.on('client', ANSWER);
    const error = await rejectionOf(
      transport.run('update_site', { oxd_id, client_name: 'New name' }),
    );
    expect(error).toMatchObject({ error: 'invalid_client_metadata', mayHaveRun: false });
    expect(await record(oxd_id)).toEqual(before);
  });

  it('rejects a site without registration client URI', async () => {
    const oxd_id = await transport.site(op, { client_id: 'mine', client_secret: 's3' });
    const error = await rejectionOf(
      transport.run('update_site', { oxd_id, client_name: 'New name' }),
    );
    expect(error).toMatchObject({ error: 'invalid_registration_client_url', mayHaveRun: false });
  });

  it.each(
    CLIENT_METADATA_ROWS.flatMap(([name, { value, sent }]) =>
      sent ? [{ name, value, sent }] : [],
    ),
  )('removes $name if requested, and no other parameter', async (row) => {
    const { name, value, sent } = row;
    const contacts = ['a@example.com'];
    const oxd_id = await transport.site(op, { [name]: value, contacts });
    await transport.run('update_site', { oxd_id, remove: [name] });
    const [put] = op.seen('client');
    expect(Object.keys(body(put))).not.toEqual(expect.arrayContaining(Object.keys(sent)));
    expect(body(put)).toMatchObject({ contacts });
    const stored = await record(oxd_id);
    expect(stored.site).not.toHaveProperty(name);
    expect(stored.site).toMatchObject({ contacts, post_logout_redirect_uri: HOME });
  });

  it('logs parameters that the provider did not remove', async () => {
    const logo_uri = 'https://app.example.com/logo.png';
    const post_logout_redirect_uris = ['https://app.example.com/bye'];
    const oxd_id = await transport.site(op, { logo_uri, contacts: ['a@example.com'] });
    op.on('client', async (seen) => {
      const { json } = await op.usual(seen);
      return { json: { ...(json as object), logo_uri, contacts: [] } };
    });
    await transport.run('update_site', { oxd_id, post_logout_redirect_uris });
    expect(transport.warnings).toEqual([]);
    await transport.run('update_site', { oxd_id, remove: ['logo_uri', 'contacts'] });
    expect(transport.warnings).toEqual([
      'update_site: the provider still has logo_uri. Remove it at the provider.',
    ]);
  });

  it('sets a parameter that is both removed and set', async () => {
    const oxd_id = await transport.site(op, { contacts: ['a@example.com'] });
    const contacts = ['b@example.com'];
    await transport.run('update_site', { oxd_id, contacts, remove: ['contacts'] });
    expect(body(op.seen('client')[0])).toMatchObject({ contacts });
  });

  it('does not check id_tokens against removed parameters', async () => {
    const limits = { require_auth_time: true, default_max_age: 60 };
    const oxd_id = await transport.site(op, limits);
    await transport.run('update_site', {
      oxd_id,
      remove: ['require_auth_time', 'default_max_age'],
    });
    const { authorization_url } = await transport.run('get_authorization_url', { oxd_id });
    expect(new URL(authorization_url).searchParams.has('max_age')).toBe(false);
    const login = { oxd_id, ...op.login(authorization_url) };
    expect(await transport.run('get_tokens_by_code', login)).toHaveProperty('id_token');
  });

  it('uses no removed algorithm, even if the provider returns none', async () => {
    const id_token_signed_response_alg = 'ES384';
    const oxd_id = await transport.site(op, { id_token_signed_response_alg });
    await transport.run('update_site', { oxd_id, remove: ['id_token_signed_response_alg'] });
    expect((await record(oxd_id)).client).not.toHaveProperty('id_token_signed_response_alg');
    const login = await transport.callback(op, oxd_id);
    expect(await transport.run('get_tokens_by_code', login)).toHaveProperty('id_token');
  });

  it.each([
    ['jwks', '{"keys":[]}', 'client_jwks_uri', 'jwks_uri'],
    ['client_jwks_uri', 'https://app.example.com/jwks', 'jwks', 'jwks'],
  ] as const)('replaces the counterpart of %s', async (name, value, other, atProvider) => {
    const keys = { jwks: '{"keys":[]}', client_jwks_uri: 'https://app.example.com/old' };
    const oxd_id = await transport.site(op, { [other]: keys[other] });
    expect(body()).toHaveProperty(atProvider);
    await transport.run('update_site', { oxd_id, [name]: value });
    expect(body(op.seen('client')[0])).not.toHaveProperty(atProvider);
    const { site } = await record(oxd_id);
    expect(site).toMatchObject({ [name]: value });
    expect(site).not.toHaveProperty(other);
  });

  it.each<[string, object, string]>([
    [
      'jwks together with client_jwks_uri',
      { jwks: '{"keys":[]}', client_jwks_uri: HOME },
      'bad_request',
    ],
    ['the removal of an unknown parameter', { remove: ['op_host'] }, 'bad_request'],
    ['the removal of an inherited property', { remove: ['constructor'] }, 'bad_request'],
    [
      'the removal of a required parameter',
      { remove: ['authorization_redirect_uri'] },
      'invalid_authorization_redirect_uri',
    ],
  ])('rejects %s before a request is sent', async (_, params, error) => {
    const oxd_id = await transport.site(op);
    const failure = await rejectionOf(transport.run('update_site', { oxd_id, ...params }));
    expect(failure).toMatchObject({ error, mayHaveRun: false });
    expect(op.seen('client')).toEqual([]);
  });

  it('rejects values that register_site rejects', async () => {
    const oxd_id = await transport.site(op);
    const call = transport.run('update_site', { oxd_id, authorization_redirect_uri: 'rubbish' });
    expect(await rejectionOf(call)).toMatchObject({ error: 'invalid_authorization_redirect_uri' });
  });
});

describe('remove_site', () => {
  it('deletes the registered client and the site', async () => {
    const oxd_id = await transport.site(op);
    const { client } = await record(oxd_id);
    expect(await transport.run('remove_site', { oxd_id })).toEqual({ oxd_id });
    const [request] = op.seen('client');
    expect(request?.method).toBe('DELETE');
    expect(request?.headers.authorization).toBe(`Bearer ${client.registration_access_token}`);
    expect(await rejectionOf(use(oxd_id))).toMatchObject({ error: 'invalid_oxd_id' });
    expect(await rejectionOf(transport.run('remove_site', { oxd_id }))).toMatchObject({
      error: 'invalid_oxd_id',
    });
  });

  it('removes the site even if the provider denies the deletion of the client', async () => {
    const oxd_id = await transport.site(op);
    op.on('client', { status: 403, json: { error: 'access_denied' } });
    await transport.run('remove_site', { oxd_id });
    expect(await record(oxd_id)).toBeUndefined();
    expect(transport.warnings).toHaveLength(1);
  });

  it('does not delete a given client', async () => {
    const oxd_id = await transport.site(op, {
      client_id: 'mine',
      client_secret: 's3',
      client_registration_client_uri: `${op.issuer}/reg/mine`,
      client_registration_access_token: 'registration-token-5',
    });
    await transport.run('remove_site', { oxd_id });
    expect(op.requests).toEqual([]);
  });
});

describe('setup_client', () => {
  const setUp = (more: object = {}) =>
    transport.run('setup_client', {
      op_host: op.issuer,
      authorization_redirect_uri: CALLBACK,
      client_name: 'site',
      ...more,
    });

  it('registers one client for tokens and one for the site', async () => {
    const result = await setUp({ setup_client_name: 'setup' });
    const [setup, site] = op.seen('register').map((seen) => body(seen));
    expect(setup).toMatchObject({
      client_name: 'setup',
      grant_types: ['authorization_code', 'client_credentials'],
      scope: 'openid profile email uma_protection',
    });
    expect(site).toMatchObject({ client_name: 'site', grant_types: ['authorization_code'] });
    const setupSite = await record(result.setup_client_oxd_id ?? '');
    expect(result).toEqual({
      oxd_id: expect.any(String) as string,
      op_host: op.issuer,
      client_id: setupSite.client.client_id,
      client_secret: setupSite.client.client_secret,
      client_registration_access_token: setupSite.client.registration_access_token,
      client_registration_client_uri: setupSite.client.registration_client_uri,
      client_id_issued_at: 1700000000,
      client_secret_expires_at: 0,
      setup_client_oxd_id: setupSite.oxd_id,
      client_id_of_oxd_id: (await record(result.oxd_id)).client.client_id,
    });
    expect(result.oxd_id).not.toBe(result.setup_client_oxd_id);
  });

  it('uses a given client for both', async () => {
    const result = await setUp({ client_id: 'mine', client_secret: 's3' });
    expect(result).toMatchObject({ client_id: 'mine', client_id_of_oxd_id: 'mine' });
    expect(op.requests).toEqual([]);
  });

  it('deletes the first client if the second registration fails', async () => {
    op.on('register', (seen) => (op.seen('register').length > 1 ? ANSWER : op.usual(seen)));
    expect(await rejectionOf(setUp())).toMatchObject({ error: 'invalid_client_metadata' });
    expect(op.seen('client').map(({ method }) => method)).toEqual(['DELETE']);
    expect(transport.store).toHaveProperty('size', 0);
  });
});

describe('The record that the store has for a site', () => {
  it.each<{ name: string; change: (stored: RegisteredSite) => unknown }>([
    { name: 'no client', change: (stored) => ({ ...stored, client: undefined }) },
    { name: 'null as client', change: (stored) => ({ ...stored, client: null }) },
    { name: 'a client without client_id', change: (stored) => ({ ...stored, client: {} }) },
    {
      name: 'a client_id that is a number',
      change: (stored) => ({ ...stored, client: { ...stored.client, client_id: 7 } }),
    },
    { name: 'no op_host', change: (stored) => ({ ...stored, op_host: undefined }) },
    { name: 'an op_host that is a list', change: (stored) => ({ ...stored, op_host: [] }) },
    { name: 'a string in its place', change: () => 'text' },
    { name: 'a list in its place', change: () => [] },
    { name: 'false in its place', change: () => false },
  ])('is reported and not used with $name', async ({ change }) => {
    const oxd_id = await transport.site(op);
    const foreign = change(await record(oxd_id));
    await transport.store.set(`site:${oxd_id}`, foreign);
    op.requests.length = 0;
    for (const command of ['get_authorization_url', 'remove_site'] as const) {
      const failed = transport.run(command, { oxd_id });
      await expect(failed).rejects.toBeInstanceOf(OxdStoreError);
      await expect(failed).rejects.toMatchObject({
        message: expect.stringContaining('is not a site') as string,
        command,
        mayHaveRun: false,
      });
    }
    expect(op.requests).toEqual([]);
  });
});
