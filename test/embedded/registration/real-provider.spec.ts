import { Browser, type Page } from '../../support/browser.js';
import { secretsIn } from '../../support/secrets.js';
import type { RegisteredSite } from '../../../lib/embedded/registration/site-record.js';
import { CALLBACK, HOME, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { INITIAL_TOKEN, RealProvider } from '../../support/real-provider.js';

let op: RealProvider;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  op = await RealProvider.start();
  transport = new TestTransport({ initialAccessToken: INITIAL_TOKEN });
  oxd_id = await register();
});
afterAll(async () => {
  await TestTransport.closeAll();
  await op.close();
});

function register(): Promise<string> {
  const grant_types = ['authorization_code', 'refresh_token', 'client_credentials'];
  return transport.site(op, { grant_types });
}

/** Reads the client of a site at the provider (RFC 7592 §2.1). */
async function atProvider(id: string): Promise<unknown> {
  const { client } = (await transport.store.get(`site:${id}`)) as RegisteredSite;
  const authorization = `Bearer ${client.registration_access_token}`;
  const answer = await fetch(client.registration_client_uri ?? '', { headers: { authorization } });
  return answer.json();
}

const atApp = (url: string) => url.startsWith('https://app.example.com/');

/** Submits every page of the provider until the browser is redirected to the application. */
async function goThrough(browser: Browser, url: string, answers: object): Promise<URLSearchParams> {
  let page: Page = await browser.follow(url, atApp);
  for (let pages = 0; pages < 5 && page.location === undefined; pages++) {
    page = await browser.follow(await browser.submitForm(page, { ...answers }), atApp);
  }
  return new URL(page.location ?? '').searchParams;
}

async function logIn(login: string, browser = new Browser(), more: object = {}) {
  const params = { oxd_id, ...more };
  const { authorization_url } = await transport.run('get_authorization_url', params);
  const callback = await goThrough(browser, authorization_url, { login, password: 'any' });
  const [code, state, iss] = ['code', 'state', 'iss'].map((name) => callback.get(name) ?? '');
  return { oxd_id, code: code ?? '', state: state ?? '', iss: iss ?? '' };
}

async function tokensOf(login: string, browser?: Browser) {
  const tokens = await transport.run('get_tokens_by_code', await logIn(login, browser));
  return { refresh_token: '', ...tokens };
}

it('logs in, requests userinfo, introspects, refreshes with rotation, and logs out', async () => {
  const browser = new Browser();
  const { access_token, id_token, refresh_token, id_token_claims } = await tokensOf('zoe', browser);
  expect(id_token_claims).toMatchObject({ sub: 'zoe', iss: op.issuer });

  const info = await transport.run('get_user_info', { oxd_id, access_token, id_token });
  expect(info.claims).toEqual({ sub: 'zoe', name: 'Name of zoe', email: 'zoe@example.com' });

  const known = await transport.run('introspect_access_token', { oxd_id, access_token });
  expect(known).toMatchObject({ active: true, sub: 'zoe', scope: 'openid profile email' });

  const refresh = (token: string) =>
    transport.run('get_access_token_by_refresh_token', { oxd_id, refresh_token: token });
  const second = await refresh(refresh_token);
  expect(second.refresh_token).toBeDefined();
  expect(second.refresh_token).not.toBe(refresh_token);
  expect(second.access_token).not.toBe(access_token);
  expect(await rejectionOf(refresh(refresh_token))).toMatchObject({
    error: 'invalid_grant',
    mayHaveRun: false,
  });

  const { uri } = await transport.run('get_logout_uri', {
    oxd_id,
    id_token_hint: id_token,
    state: 'x',
  });
  expect((await goThrough(browser, uri, { logout: 'yes' })).get('state')).toBe('x');
  const prompt = { prompt: 'none' };
  const { authorization_url } = await transport.run('get_authorization_url', { oxd_id, ...prompt });
  const page = await browser.follow(authorization_url, atApp);
  expect(new URL(page.location ?? '').searchParams.get('error')).toBe('login_required');
});

it('registers every secret that the provider of the tests issues', async () => {
  const { client } = (await transport.store.get(`site:${oxd_id}`)) as RegisteredSite;
  const { client_id, client_secret, registration_access_token } = client;
  const { code } = await logIn('zoe');
  const { access_token, id_token, refresh_token } = await tokensOf('zoe');
  const credentials = { op_host: op.issuer, client_id, client_secret: client_secret ?? '' };
  const own = await transport.run('get_client_token', credentials);
  const silent = { oxd_id, prompt: 'none' };
  const { authorization_url } = await transport.run('get_authorization_url', silent);
  await fetch(authorization_url, { redirect: 'manual' });
  const state = new URL(authorization_url).searchParams.get('state');
  const issued = [
    ...[client_secret, registration_access_token, INITIAL_TOKEN],
    ...[code, state, access_token, id_token, refresh_token, own.access_token],
  ];
  const found = issued.map((value) => value && secretsIn(`<${value}>`).includes(value));
  expect(found).toEqual(issued.map(() => true));
});

it('returns the right user for each of several concurrent logins', async () => {
  const users = ['ann', 'bob', 'cleo', 'dan'];
  const all = await Promise.all(users.map((user) => tokensOf(user)));
  expect(all.map(({ id_token_claims }) => id_token_claims.sub)).toEqual(users);
  const [ann, bob] = all;
  const access_token = ann?.access_token ?? '';
  const mixed = transport.run('get_user_info', { oxd_id, access_token, id_token: bob?.id_token });
  expect(await rejectionOf(mixed)).toMatchObject({ error: 'invalid_subject_identifier' });
});

it('rejects an invented code, and an access token that the provider does not know', async () => {
  const callback = { ...(await logIn('zoe')), code: 'made-up' };
  expect(await rejectionOf(transport.run('get_tokens_by_code', callback))).toMatchObject({
    error: 'invalid_grant',
    mayHaveRun: false,
  });
  const access_token = 'unknown';
  expect(await rejectionOf(transport.run('get_user_info', { oxd_id, access_token }))).toMatchObject(
    {
      error: 'invalid_token',
    },
  );
  expect(await transport.run('introspect_access_token', { oxd_id, access_token })).toEqual({
    active: false,
  });
});

it('obtains client tokens with the registered secret only', async () => {
  const { client } = (await transport.store.get(`site:${oxd_id}`)) as RegisteredSite;
  const { client_id, client_secret = '' } = client;
  const params = { op_host: op.issuer, client_id, client_secret };
  const token = await transport.run('get_client_token', params);
  expect(token).toMatchObject({ expires_in: 600 });
  const wrong = { ...params, client_secret: 'wrong' };
  expect(await rejectionOf(transport.run('get_client_token', wrong))).toMatchObject({
    error: 'invalid_client',
    mayHaveRun: false,
  });
});

it('reads its registration, changes it twice, and removes it', async () => {
  const id = await register();
  const later = new TestTransport({ store: transport.store });
  await later.run('get_authorization_url', { oxd_id: id });
  for (const client_name of ['First name', 'Second name']) {
    const redirect_uris = [CALLBACK, 'https://app.example.com/second'];
    await later.run('update_site', { oxd_id: id, client_name, redirect_uris });
  }
  const { client } = (await transport.store.get(`site:${id}`)) as RegisteredSite;
  await later.run('remove_site', { oxd_id: id });
  expect(later.warnings).toEqual([]);
  const { client_id, client_secret = '' } = client;
  const removed = { op_host: op.issuer, client_id, client_secret };
  expect(await rejectionOf(later.run('get_client_token', removed))).toMatchObject({
    error: 'invalid_client',
  });
});

it('removes parameters from its registration', async () => {
  const id = await register();
  const contacts = ['a@example.com'];
  const policy_uri = 'https://app.example.com/policy';
  await transport.run('update_site', { oxd_id: id, contacts, policy_uri, default_max_age: 60 });
  const registered = { contacts, policy_uri, default_max_age: 60 };
  expect(await atProvider(id)).toMatchObject(registered);
  await transport.run('update_site', { oxd_id: id, remove: ['policy_uri', 'default_max_age'] });
  const now = await atProvider(id);
  expect(now).toMatchObject({ contacts });
  expect(now).not.toHaveProperty('policy_uri');
  expect(now).not.toHaveProperty('default_max_age');
});

it('registers no client without the right initial access token', async () => {
  for (const initialAccessToken of [undefined, 'wrong-initial-token']) {
    const stranger = new TestTransport({ initialAccessToken });
    const error = await rejectionOf(stranger.site(op, { post_logout_redirect_uri: HOME }));
    expect(error).toMatchObject({ mayHaveRun: false });
    expect(['invalid_token', 'invalid_request']).toContain(error.error);
  }
});

it('registers a separate client for tokens in setup_client', async () => {
  const { oxd_id: id, ...setup } = await transport.run('setup_client', {
    op_host: op.issuer,
    authorization_redirect_uri: CALLBACK,
  });
  const { op_host, client_id, client_secret } = setup;
  await transport.run('get_client_token', { op_host, client_id, client_secret });
  expect(id).not.toBe(setup.setup_client_oxd_id);
});

it('registers again after the provider has lost the client, and logs in', async () => {
  const before = (await transport.store.get(`site:${oxd_id}`)) as RegisteredSite;
  const client = { ...before.client, registration_access_token: 'of-a-provider-that-is-gone' };
  await transport.store.set(`site:${oxd_id}`, { ...before, client });
  transport = new TestTransport({ store: transport.store, initialAccessToken: INITIAL_TOKEN });
  expect((await tokensOf('zoe')).id_token_claims.sub).toBe('zoe');
  const after = (await transport.store.get(`site:${oxd_id}`)) as RegisteredSite;
  expect(after.client.client_id).not.toBe(before.client.client_id);
});
