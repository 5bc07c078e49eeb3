import { generateKeyPair, exportJWK } from 'jose';
import { introspectedRpt, coversResource } from '../../../lib/embedded/rpt/rpt-permissions.js';
import { FakeAs } from '../../support/fake-as.js';
import { FakeOp, type Endpoint } from '../../support/fake-op.js';
import { registerSecret } from '../../support/secrets.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite } from '../../support/uma-site.js';

let op: FakeOp;
let as: FakeAs;
let transport: TestTransport;

beforeAll(async () => {
  [op, as] = await Promise.all([FakeOp.start(), FakeAs.start()]);
});
afterAll(() => Promise.all([op.close(), as.close()]));
beforeEach(() => {
  op.reset();
  as.reset();
  transport = new TestTransport();
});
afterEach(() => TestTransport.closeAll());

const refresh_token = 'refresh-token-of-a-user-2';
const [ticket, rpt] = ['ticket-of-a-user-2', 'rpt-of-a-user-2'];
const client = { client_id: 'given-client', client_secret: 'given-secret-of-a-client-2' };
[refresh_token, ticket, rpt, client.client_secret].forEach(registerSecret);

interface Property {
  readonly name: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** One row for each property and unusable value. */
function rows(values: Readonly<Record<string, readonly unknown[]>>): Property[] {
  return Object.entries(values).flatMap(([property, list]) =>
    list.map((value) => ({
      name: `${kindOf(value)} as ${property}`,
      properties: { [property]: value },
    })),
  );
}

function kindOf(value: unknown): string {
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return value.length > 0 ? 'a filled list' : 'an empty list';
  return value === null ? 'null' : value instanceof Object ? 'an object' : `a ${typeof value}`;
}

const nulls = (...names: string[]): Property[] =>
  rows(Object.fromEntries(names.map((name) => [name, [null]])));

const TOKEN_PROPERTIES = rows({
  refresh_token: [null, '', 7, {}],
  scope: [null, '', 7, ['openid']],
  expires_in: [null, '', 'soon', -1, [], {}],
  an_unknown_property: [null],
});
const TOKEN_PROPERTIES_WITHOUT_USER = [
  ...TOKEN_PROPERTIES,
  ...rows({ id_token: [null, '', 7, 'x.y.z', {}] }),
];

async function login(oxd_id: string) {
  return transport.run('get_tokens_by_code', await transport.callback(op, oxd_id));
}

const clientToken = () =>
  transport.run('get_client_token', { op_host: op.issuer, ...client, scope: ['read'] });
const getRpt = (oxd_id: string) => transport.run('uma_rp_get_rpt', { oxd_id, ticket });

describe('a token response', () => {
  it.each(TOKEN_PROPERTIES)('to a code may have $name', async ({ properties }) => {
    op.tokens = properties;
    const tokens = await login(await transport.site(op));
    expect(tokens).toMatchObject({ id_token_claims: { sub: 'alice' } });
    for (const property of Object.keys(properties)) expect(tokens).not.toHaveProperty(property);
  });

  it.each(TOKEN_PROPERTIES)('to a refresh token may have $name', async ({ properties }) => {
    const oxd_id = await transport.site(op);
    op.tokens = { id_token: null, ...properties };
    const tokens = await transport.run('get_access_token_by_refresh_token', {
      oxd_id,
      refresh_token,
    });
    expect(tokens.access_token).toMatch(/^access-/);
    for (const property of Object.keys(properties)) expect(tokens).not.toHaveProperty(property);
  });

  it.each(rows({ id_token: [null, '', 7, 'x.y.z'] }))(
    'to a code is rejected with $name',
    async (row) => {
      const oxd_id = await transport.site(op);
      op.tokens = row.properties;
      expect((await rejectionOf(login(oxd_id))).error).toMatch(
        /^no_id_token|^internal_error|^invalid_/,
      );
    },
  );

  it.each(rows({ id_token: [7, 'x.y.z'] }))(
    'to a refresh token is rejected with $name',
    async (row) => {
      const oxd_id = await transport.site(op);
      op.tokens = row.properties;
      const call = transport.run('get_access_token_by_refresh_token', { oxd_id, refresh_token });
      expect((await rejectionOf(call)).error).toMatch(/^internal_error|^invalid_/);
    },
  );

  it.each(TOKEN_PROPERTIES_WITHOUT_USER)('for a client may have $name', async ({ properties }) => {
    op.tokens = properties;
    const tokens = await clientToken();
    expect(tokens.access_token).toMatch(/^access-/);
    for (const property of Object.keys(properties)) expect(tokens).not.toHaveProperty(property);
  });

  it.each([...TOKEN_PROPERTIES_WITHOUT_USER, ...nulls('pct', 'upgraded')])(
    'to a ticket may have $name',
    async ({ properties }) => {
      const oxd_id = await transport.site(as, client);
      as.op.on('token', {
        json: { access_token: rpt, token_type: 'Bearer', ...properties },
      });
      const result = { access_token: rpt, token_type: 'Bearer', upgraded: false };
      expect(await getRpt(oxd_id)).toEqual(result);
    },
  );

  it.each(TOKEN_PROPERTIES_WITHOUT_USER)('with a PAT may have $name', async ({ properties }) => {
    as.on('pat', async (seen) => {
      const { json } = as.usual('pat', seen);
      return { status: 201, json: { ...(json as object), ...properties } };
    });
    await protectedSite(transport, as);
    expect(as.names).toEqual(['[GET] /photo']);
    expect(as.seen('pat')).toHaveLength(1);
  });

  it.each(['access_token', 'token_type'])('without a usable %s is rejected', async (name) => {
    for (const value of [null, '', 7]) {
      op.tokens = { [name]: value };
      expect((await rejectionOf(clientToken())).error).toMatch(/^no_access_token|^internal_error/);
    }
  });
});

describe('a registration response', () => {
  const unusable = [
    ...nulls('client_id_issued_at', 'client_secret_expires_at', 'scope', 'client_name'),
    ...nulls('redirect_uris', 'grant_types', 'response_types', 'contacts', 'jwks_uri'),
    ...rows({
      registration_access_token: [null, '', 7],
      registration_client_uri: [null, '', 7],
      token_endpoint_auth_method: [null, '', 7],
      token_endpoint_auth_signing_alg: [null, ''],
      id_token_signed_response_alg: [null, ''],
      userinfo_signed_response_alg: [null, ''],
    }),
  ];

  it.each(unusable)('may have $name', async ({ properties }) => {
    op.on('register', async (seen) => {
      const { json } = await op.usual(seen);
      return { status: 201, json: { ...(json as object), ...properties } };
    });
    const oxd_id = await transport.site(op, {
      client_token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'RS256',
    });
    expect(await login(oxd_id)).toHaveProperty('id_token_claims');
    expect(op.seen('token')[0]?.form.has('client_secret')).toBe(true);
  });

  it.each([...unusable, ...rows({ client_secret: [null, '', 7] })])(
    'that is read back may have $name',
    async ({ properties }) => {
      const oxd_id = await transport.site(op);
      op.on('client', async (seen) => {
        const { json } = await op.usual(seen);
        return { json: { ...(json as object), ...properties } };
      });
      transport = new TestTransport({ store: transport.store });
      await login(oxd_id);
      await transport.run('update_site', { oxd_id, client_name: 'New name' });
      expect(await login(oxd_id)).toHaveProperty('id_token_claims');
    },
  );
});

describe('a discovery document', () => {
  const lists = [
    ...['scopes_supported', 'grant_types_supported', 'token_endpoint_auth_methods_supported'],
    ...['id_token_signing_alg_values_supported', 'userinfo_signing_alg_values_supported'],
  ];
  const endpoints = ['end_session_endpoint', 'introspection_endpoint', 'userinfo_endpoint'];
  const unusable = [
    ...rows(Object.fromEntries(lists.map((name) => [name, [null, 7, 'openid', [7], {}]]))),
    ...rows(Object.fromEntries(endpoints.map((name) => [name, [null, 7, {}]]))),
    ...nulls('authorization_response_iss_parameter_supported', 'code_challenge_methods_supported'),
  ];

  it.each(unusable)('of a provider may have $name', async ({ properties }) => {
    op.discovery = properties;
    const oxd_id = await transport.site(op, { scope: ['openid', 'profile'] });
    expect(await login(oxd_id)).toHaveProperty('id_token_claims');
    expect(await clientToken()).toHaveProperty('access_token');
  });

  it.each([
    ...nulls('token_endpoint', 'jwks_uri', 'claims_interaction_endpoint'),
    ...rows({ scopes_supported: [null, 7], grant_types_supported: [null, 7] }),
  ])('of an authorization server may have $name', async ({ properties }) => {
    as.discovery = properties;
    await protectedSite(transport, as);
    expect(as.names).toEqual(['[GET] /photo']);
  });
});

describe('a key set', () => {
  /** Keys of another signer, unusable keys, and values that are not keys. */
  const entries = async () => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
    const [foreign, secret] = [await exportJWK(publicKey), await exportJWK(privateKey)];
    const { kid } = op.key;
    return {
      null: null,
      'a string': 'key',
      'a list': [],
      'an empty object': {},
      'a key without its modulus': { kty: 'RSA', kid, alg: 'RS256', e: 'AQAB' },
      'a key whose modulus is a number': { kty: 'RSA', kid, alg: 'RS256', n: 7, e: 'AQAB' },
      'a private key': { ...secret, kid, alg: 'RS256' },
      'a symmetric key': { kty: 'oct', k: 'AAAA', kid },
      'a key of an unknown type': { kty: 'XYZ', kid, alg: 'RS256' },
      'another key': { ...foreign, kid: 'other' },
    };
  };
  type Name = keyof Awaited<ReturnType<typeof entries>>;
  const names: Name[] = [
    ...(['null', 'a string', 'a list', 'an empty object', 'a key without its modulus'] as const),
    ...(['a key whose modulus is a number', 'a private key', 'a symmetric key'] as const),
    ...(['a key of an unknown type', 'another key'] as const),
  ];

  it.each(names)('may have %s beside the right key', async (name) => {
    const oxd_id = await transport.site(op);
    const entry = (await entries())[name];
    op.on('jwks', { json: { keys: [entry, op.key.jwk, entry] } });
    expect(await login(oxd_id)).toHaveProperty('id_token_claims');
    expect(op.seen('jwks')).toHaveLength(1);
  });

  it.each(['use', 'key_ops', 'x5c', 'ext'])('may have a key whose %s is null', async (name) => {
    const oxd_id = await transport.site(op);
    op.on('jwks', { json: { keys: [{ ...op.key.jwk, [name]: null }] } });
    expect(await login(oxd_id)).toHaveProperty('id_token_claims');
  });

  it('verifies signed user info although an entry is null', async () => {
    const oxd_id = await transport.site(op, { user_info_signed_response_alg: 'RS256' });
    op.on('jwks', { json: { keys: [null, op.key.jwk] } });
    op.on('userinfo', async () => ({
      text: await op.sign({ sub: 'alice' }),
      headers: { 'content-type': 'application/jwt' },
    }));
    const access_token = (await login(oxd_id)).access_token;
    const { claims } = await transport.run('get_user_info', { oxd_id, access_token });
    expect(claims).toEqual({ sub: 'alice' });
  });

  it.each([
    { name: 'only null', keys: [null] },
    { name: 'only a key of another signer', keys: undefined },
  ])('with $name verifies no id_token', async ({ keys }) => {
    const oxd_id = await transport.site(op);
    const foreign = { ...(await entries())['another key'], kid: op.key.kid, alg: 'RS256' };
    op.on('jwks', { json: { keys: keys ?? [foreign] } });
    expect((await rejectionOf(login(oxd_id))).error).toMatch(/internal_error|bad_signature/);
  });
});

describe('another response', () => {
  it.each<[Endpoint, string]>([
    ['userinfo', 'get_user_info'],
    ['introspect', 'introspect_access_token'],
  ])('of %s may have null properties', async (endpoint, command) => {
    const oxd_id = await transport.site(op);
    const properties = ['name', 'email', 'exp', 'iat', 'scope', 'aud', 'iss', 'client_id'];
    const empty = Object.fromEntries(properties.map((name) => [name, null]));
    op.on(endpoint, { json: { active: true, sub: 'alice', ...empty } });
    const result = await transport.raw(command, { oxd_id, access_token: 'an-access-token' });
    expect(JSON.stringify(result)).not.toContain('null');
    expect(JSON.stringify(result)).toContain('alice');
  });

  it('to a ticket request or a registration of a resource may have null properties', async () => {
    const empty = { name: null, owner: null, type: null, resource_scopes: null, error: null };
    as.on('resources', (seen) => {
      const answer = as.usual('resources', seen);
      return { ...answer, json: { ...(answer.json as object), ...empty } };
    });
    as.on('permission', (seen) => {
      const answer = as.usual('permission', seen);
      return { ...answer, json: { ...(answer.json as object), ...empty } };
    });
    const oxd_id = await protectedSite(transport, as, PHOTO);
    const request = { oxd_id, path: '/photo', http_method: 'GET' };
    expect(await transport.run('uma_rs_check_access', request)).toMatchObject({ access: 'denied' });
  });

  const needed = { resource_id: 'r1', scopes: ['view'], requiredScopes: 'all' } as const;
  it.each([
    { name: 'scopes', item: { resource_id: 'r1', resource_scopes: ['view'], scopes: null } },
    { name: 'resource_scopes', item: { rsid: 'r1', resource_scopes: null, scopes: ['view'] } },
    { name: 'rsid', item: { resource_id: 'r1', rsid: null, resource_scopes: ['view'] } },
    { name: 'resource_id', item: { resource_id: null, rsid: 'r1', scopes: ['view'] } },
    { name: 'exp', item: { resource_id: 'r1', resource_scopes: ['view'], exp: null } },
  ])('of introspection may have a permission whose $name is null', ({ item }) => {
    const answer = { active: true, permissions: [null, item] };
    const result = introspectedRpt(answer, { issuer: 'https://as.example.com', now: 1 });
    expect(result && coversResource(result, needed)).toBe(true);
  });

  it.each([
    { name: 'scopes are', item: { rsid: 'r1', scopes: null } },
    { name: 'resource_scopes are', item: { rsid: 'r1', resource_scopes: null } },
  ])('of introspection grants no whole resource if the $name null', ({ item }) => {
    const expected = { issuer: 'https://as.example.com', now: 1, hasWholeResources: true };
    const result = introspectedRpt({ active: true, permissions: [item] }, expected);
    expect(result && coversResource(result, needed)).toBe(false);
  });
});
