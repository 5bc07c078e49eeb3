import { createHash, randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { createRemoteJWKSet, decodeJwt, jwtVerify, type JWTPayload } from 'jose';
import { OidcService, OxdModule } from '../../lib/index.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { Browser, passSandbox, textOf, type SandboxAnswers } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';

const REDIRECT_URI = 'http://localhost:4000/callback';
const API = 'http://localhost:4001/api';
const atApplication = (url: string) => url.startsWith(REDIRECT_URI);

/** A client that logs in as an MCP client or another native application: it has no secret. */
const METADATA = {
  application_type: 'native',
  redirect_uris: [REDIRECT_URI],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
  scope: 'openid profile albums:read albums:write',
};

interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token?: string;
  readonly scope?: string;
}

let sandbox: Sandbox;
let client_id: string;

beforeAll(async () => {
  sandbox = await startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true, onSecret: registerSecret },
    scopes: ['albums:read', 'albums:write'],
  });
  client_id = (await register(METADATA)).client_id;
});

afterAll(() => sandbox.close());

describe('an access token for a resource', () => {
  it('is a signed JWT with audience, scopes, roles, acr and time of the login', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { access_token } = await logIn({ scope: 'openid albums:read', resource: API });
    const claims = await verified(access_token);
    expect(claims).toMatchObject({
      ...{ sub: 'user-zoe', client_id, aud: API, scope: 'openid albums:read', acr: 'basic' },
      realm_access: { roles: ['editor', 'admin'] },
      preferred_username: 'zoe',
    });
    expect(claims.auth_time).toBeGreaterThanOrEqual(before);
  });

  it('has no roles if the user has none', async () => {
    const { access_token } = await logIn({ resource: API }, { username: 'amara' });
    const claims = await verified(access_token);
    expect(claims.sub).toBe('user-amara');
    expect(claims).not.toHaveProperty('realm_access');
  });

  it('needs no resource in the token request', async () => {
    const { access_token } = await logIn({ resource: API }, {}, new Browser(), {});
    expect(await verified(access_token)).toMatchObject({ aud: API });
  });

  it('has acr and time of the login after a refresh, too', async () => {
    const params = { scope: 'openid albums:read', resource: API };
    const { access_token, refresh_token } = await logIn(params);
    const form = { grant_type: 'refresh_token', refresh_token, client_id, resource: API };
    const refreshed = (await (await post('/token', form)).json()) as Tokens;
    registerSecret(refreshed.access_token);
    const { acr, auth_time, scope, realm_access } = decodeJwt(access_token);
    const claims = await verified(refreshed.access_token);
    expect(claims).toMatchObject({ acr, auth_time, scope, realm_access });
  });

  it('is issued to a client itself with its scopes, without roles', async () => {
    const service = await register({
      ...{ redirect_uris: [], response_types: [], grant_types: ['client_credentials'] },
      ...{ scope: 'albums:read', token_endpoint_auth_method: 'client_secret_post' },
    });
    const form = { grant_type: 'client_credentials', scope: 'albums:read', resource: API };
    const response = await post('/token', { ...form, ...service });
    const { access_token } = (await response.json()) as Tokens;
    const claims = await verified(access_token);
    expect(claims).toMatchObject({ sub: service.client_id, aud: API, scope: 'albums:read' });
    expect(claims).not.toHaveProperty('realm_access');
  });

  it('has no scope that the sandbox does not have', async () => {
    const { access_token } = await logIn({ scope: 'openid albums:delete', resource: API });
    expect(decodeJwt(access_token).scope).toBe('openid');
  });

  it('is requested with the consent of the user to each scope, listed once', async () => {
    const { url } = authorizationUrl({ scope: 'openid albums:write', resource: API });
    const browser = new Browser();
    const login = await browser.follow(url);
    const form = { login: 'zoe', password: 'sandbox' };
    const consent = await browser.follow(await browser.submitForm(login, form));
    expect(textOf(consent.html).match(/albums:write/g)).toHaveLength(1);
  });
});

it('a login of OxdModule with the resource as parameter ends with a token for that resource', async () => {
  const oxd = OxdModule.forRoot({
    site: {
      ...{ op_host: sandbox.issuer, authorization_redirect_uri: REDIRECT_URI },
      scope: ['openid', 'profile', 'albums:read'],
    },
    login: { userinfo: false },
    transport: { type: 'embedded', allowInsecureRequests: true },
  });
  const module = await Test.createTestingModule({ imports: [oxd] }).compile();
  const oidc = module.get(OidcService);
  const { url, cookies } = await oidc.startLogin({ params: { resource: API } });
  const { location = '' } = await passSandbox(new Browser(), url, {}, atApplication);
  const cookie = cookies.map((line) => line.split(';')[0]).join('; ');
  const { user } = await oidc.finishLogin(new URL(location).searchParams, cookie);
  expect(user.claims).toMatchObject({ sub: 'user-zoe', name: 'Zoë Nováková' });
  const claims = await verified(user.tokens.access_token);
  expect(claims).toMatchObject({ aud: API, scope: 'openid profile albums:read' });
  await module.close();
});

describe('the introspection of a JWT', () => {
  const token_endpoint_auth_method = 'client_secret_post';
  let api: Client;

  beforeAll(async () => {
    api = await register({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method });
  });

  async function introspect(token: string, client: Client = api): Promise<unknown> {
    return (await post('/token/introspection', { token, ...client })).json();
  }

  it('has its claims, until it expires', async () => {
    const { access_token } = await logIn({ resource: API });
    const introspection = await introspect(access_token);
    expect(introspection).toEqual({
      ...decodeJwt(access_token),
      ...{ active: true, token_type: 'Bearer' },
    });
    const { exp = 0 } = decodeJwt(access_token);
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => exp * 1000);
    try {
      expect(await introspect(access_token)).toEqual({ active: false });
    } finally {
      clock.mockRestore();
    }
  });

  it.each<{ name: string; forged: (tokens: Tokens) => string }>([
    { name: 'an ID token', forged: ({ id_token = '' }) => id_token },
    {
      name: 'a changed token',
      forged: ({ access_token }) => `${access_token.slice(0, -8)}AAAAAAAA`,
    },
  ])('reports $name as inactive', async ({ forged }) => {
    expect(await introspect(forged(await logIn({ resource: API })))).toEqual({ active: false });
  });

  it('is denied to a client that does not authenticate itself', async () => {
    const { access_token } = await logIn({ resource: API });
    const { client_id: id } = api;
    const wrong = { client_id: id, client_secret: 'wrong' };
    expect(await introspect(access_token, wrong)).toMatchObject({ error: 'invalid_client' });
  });
});

describe('an access token without a resource', () => {
  it('is opaque, and its introspection has the roles but no audience', async () => {
    const token_endpoint_auth_method = 'client_secret_post';
    const api = await register({ redirect_uris: [REDIRECT_URI], token_endpoint_auth_method });
    const { access_token } = await logIn({ scope: 'openid albums:read' });
    expect(access_token).not.toContain('.');
    const form = { token: access_token, ...api };
    const introspection: unknown = await (await post('/token/introspection', form)).json();
    expect(introspection).toMatchObject({
      ...{ active: true, scope: 'openid albums:read', acr: 'basic' },
      realm_access: { roles: ['editor', 'admin'] },
    });
    expect(introspection).not.toHaveProperty('aud');
  });
});

describe('a login with acr_values strong', () => {
  const strong = { acr_values: 'strong', resource: API };

  it('requests a one-time code and ends with this acr', async () => {
    const tokens = await logIn(strong);
    expect(await verified(tokens.access_token)).toMatchObject({ acr: 'strong' });
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ acr: 'strong' });
  });

  it.each<{ name: string; values: Readonly<Record<string, string>>; problem: string }>([
    { name: 'a wrong code', values: { code: '654321' }, problem: 'Wrong one-time code.' },
    { name: 'no code', values: {}, problem: 'Wrong one-time code.' },
    { name: 'a wrong password', values: { password: 'guessed' }, problem: 'Wrong password.' },
  ])('is denied with $name', async ({ values, problem }) => {
    const browser = new Browser();
    const page = await browser.follow(authorizationUrl(strong).url);
    const form = { login: 'zoe', password: 'sandbox', ...values };
    const again = await browser.submitForm(page, form);
    expect(again.status).toBe(400);
    expect(textOf(again.html)).toContain(problem);
    expect(again.html).toContain('name="code"');
  });

  it('requests a new login of a user who logged in by password', async () => {
    const browser = new Browser();
    const first = await logIn({ resource: API }, { username: 'eleni' }, browser);
    const page = await browser.follow(authorizationUrl(strong).url);
    expect(page.html).toContain('name="code"');
    expect(page.html).toMatch(/value="eleni"\s+checked/);
    const second = await logIn(strong, { username: 'eleni' }, browser);
    expect(decodeJwt(first.access_token).acr).toBe('basic');
    expect(decodeJwt(second.access_token)).toMatchObject({ sub: 'user-eleni', acr: 'strong' });
  });

  it('requests no second login of a user who has this acr', async () => {
    const browser = new Browser();
    await logIn(strong, {}, browser);
    const page = await browser.follow(authorizationUrl(strong).url);
    expect(page.html).not.toContain('name="password"');
  });

  it('is an error with prompt none after a login by password', async () => {
    const browser = new Browser();
    await logIn({ resource: API }, {}, browser);
    const { url } = authorizationUrl({ ...strong, prompt: 'none' });
    const { location = '' } = await browser.follow(url, atApplication);
    expect(new URL(location).searchParams.get('error')).toBe('login_required');
  });
});

it('a login with several acr_values has the first that the sandbox supports', async () => {
  const acr_values = 'urn:example:gold strong basic';
  const { access_token } = await logIn({ acr_values, resource: API });
  expect(decodeJwt(access_token).acr).toBe('strong');
});

it('a login with unknown acr_values only is one by password', async () => {
  const { access_token } = await logIn({ acr_values: 'urn:example:gold', resource: API });
  expect(decodeJwt(access_token).acr).toBe('basic');
});

it('a login with max_age asks again after that time, and the token has the new time', async () => {
  const browser = new Browser();
  const first = await logIn({ resource: API }, {}, browser);
  const now = Date.now() + 10_000;
  const clock = jest.spyOn(Date, 'now').mockImplementation(() => now);
  try {
    const page = await browser.follow(authorizationUrl({ max_age: '5' }).url);
    expect(page.html).toContain('name="password"');
    const second = await logIn({ max_age: '5', resource: API }, {}, browser);
    expect(decodeJwt(second.access_token).auth_time).toBe(Math.floor(now / 1000));
    expect(decodeJwt(first.access_token).auth_time).toBeLessThan(now / 1000 - 5);
  } finally {
    clock.mockRestore();
  }
});

it('a client that registers a scope of an API may request each of them', async () => {
  const { token_endpoint_auth_method, redirect_uris } = METADATA;
  const client = { token_endpoint_auth_method, redirect_uris, application_type: 'native' };
  const one = await register({ ...client, scope: 'albums:read' });
  const params = { client_id: one.client_id, scope: 'albums:read albums:write', resource: API };
  const { access_token } = await logIn(params);
  expect(decodeJwt(access_token).scope).toBe('albums:read albums:write');
  const other = await register({ ...client, scope: 'openid' });
  const { url } = authorizationUrl({ ...params, client_id: other.client_id });
  const { location = '' } = await new Browser().request(url);
  expect(new URL(location).searchParams.get('error')).toBe('invalid_scope');
});

it('the metadata of the authorization server names scopes, PKCE and registration', async () => {
  const response = await fetch(`${sandbox.issuer}/.well-known/oauth-authorization-server`);
  expect(await response.json()).toMatchObject({
    issuer: sandbox.issuer,
    registration_endpoint: `${sandbox.issuer}/reg`,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: expect.arrayContaining(['none']),
    scopes_supported: expect.arrayContaining(['openid', 'albums:read', 'albums:write']),
  });
});

type Client = { readonly client_id: string; readonly client_secret?: string };

async function register(metadata: object): Promise<Client> {
  const response = await fetch(`${sandbox.issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  });
  expect(response.status).toBe(201);
  const registered = (await response.json()) as Client;
  const { client_id: id, client_secret } = registered;
  return client_secret === undefined ? { client_id: id } : { client_id: id, client_secret };
}

function authorizationUrl(params: Readonly<Record<string, string>>) {
  const verifier = randomBytes(32).toString('base64url');
  registerSecret(verifier);
  const query = new URLSearchParams({
    ...{ client_id, redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid' },
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...params,
  });
  return { url: `${sandbox.issuer}/auth?${query.toString()}`, verifier };
}

/** @param inTokenRequest further parameters of the token request; default `resource` of the login */
async function logIn(
  params: Readonly<Record<string, string>>,
  answers: SandboxAnswers = {},
  browser = new Browser(),
  inTokenRequest: Readonly<Record<string, string>> = params.resource === undefined
    ? {}
    : { resource: params.resource },
): Promise<Tokens> {
  const { url, verifier } = authorizationUrl(params);
  const { location = '' } = await passSandbox(browser, url, answers, atApplication);
  const response = await post('/token', {
    ...{ grant_type: 'authorization_code', redirect_uri: REDIRECT_URI },
    client_id: params.client_id ?? client_id,
    code: new URL(location).searchParams.get('code') ?? '',
    code_verifier: verifier,
    ...inTokenRequest,
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Tokens;
}

function post(path: string, form: Record<string, string>): Promise<Response> {
  return fetch(sandbox.issuer + path, { method: 'POST', body: new URLSearchParams(form) });
}

async function verified(token: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL(`${sandbox.issuer}/jwks`));
  const options = { issuer: sandbox.issuer, audience: API, typ: 'at+jwt', algorithms: ['RS256'] };
  return (await jwtVerify(token, keys, options)).payload;
}
