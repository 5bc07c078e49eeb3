import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { OxdConfigurationError } from '../../lib/base/errors.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { Browser, passSandbox, textOf, type Page } from '../support/browser.js';
import { registerSecret } from '../support/secrets.js';

const APPLICATION = 'http://localhost:4000';
const REDIRECT_URI = `${APPLICATION}/callback`;
const toApplication = (url: string) => url.startsWith(`${APPLICATION}/`);

interface Client {
  readonly client_id: string;
  readonly client_secret: string;
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
}

interface Tokens {
  readonly access_token: string;
  readonly id_token: string;
  readonly refresh_token?: string;
}

let sandbox: Sandbox;
let client: Client;

beforeAll(async () => {
  sandbox = await startQuietly();
  client = await register(sandbox);
});

afterAll(() => sandbox.close());

describe('discovery', () => {
  it('lists the capabilities of the sandbox', async () => {
    const response = await fetch(`${sandbox.issuer}/.well-known/openid-configuration`);
    expect(await response.json()).toMatchObject({
      issuer: sandbox.issuer,
      registration_endpoint: `${sandbox.issuer}/reg`,
      introspection_endpoint: `${sandbox.issuer}/token/introspection`,
      revocation_endpoint: `${sandbox.issuer}/token/revocation`,
      end_session_endpoint: `${sandbox.issuer}/session/end`,
      authorization_response_iss_parameter_supported: true,
      code_challenge_methods_supported: ['S256'],
      acr_values_supported: ['basic', 'strong'],
      scopes_supported: expect.arrayContaining(['offline_access', 'uma_protection', 'oxd']),
    });
  });

  it('is rejected under a host name that is not the issuer', async () => {
    const response = await fetch(sandbox.issuer.replace('localhost', '127.0.0.1'));
    expect(response.status).toBe(421);
    expect(textOf(await response.text())).toContain(`responds only at ${sandbox.issuer}`);
  });
});

describe('login', () => {
  it.each(['zoe', 'eleni', 'amara'])(
    'of %s ends at the application with code and iss',
    async (username) => {
      const { callback, state } = await authorize({ username });
      expect(callback.get('state')).toBe(state);
      expect(callback.get('iss')).toBe(sandbox.issuer);
      expect(callback.get('code')).toEqual(expect.any(String));
    },
  );

  it('returns the claims of the logged-in user, whatever the script of the name', async () => {
    const { tokens } = await logIn({ username: 'eleni' });
    const response = await fetch(`${sandbox.issuer}/me`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    expect(await response.json()).toMatchObject({
      sub: 'user-eleni',
      name: 'Ελένη Παπαδοπούλου',
      nickname: '𝓔leni',
      email: 'eleni@example.com',
      email_verified: false,
    });
  });

  it('shows the page again for a wrong password, with the same user selected', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizationUrl().url);
    const again = await browser.submitForm(page, { login: 'eleni', password: 'guessed' });
    expect(again.status).toBe(400);
    expect(textOf(again.html)).toContain('Wrong password. Try again.');
    expect(again.html).toMatch(/value="eleni"\s+checked/);
    const end = await passSandbox(browser, again, { username: 'eleni' }, toApplication);
    expect(new URL(String(end.location)).searchParams.has('code')).toBe(true);
  });

  it('is rejected for a user that does not exist', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizationUrl().url);
    const again = await browser.submitForm(page, { login: 'root', password: 'sandbox' });
    expect(again.status).toBe(400);
  });

  it.each(['login', 'consent'] as const)(
    'ends with access_denied when the user denies at the %s page',
    async (question) => {
      const { callback, state } = await authorize({ [question]: 'deny' });
      expect(callback.get('error')).toBe('access_denied');
      expect(callback.get('state')).toBe(state);
      expect(callback.has('code')).toBe(false);
    },
  );

  it('requests neither password nor consent a second time', async () => {
    const browser = new Browser();
    await authorize({}, browser);
    const page = await browser.follow(authorizationUrl().url, toApplication);
    expect(new URL(String(page.location)).searchParams.has('code')).toBe(true);
  });

  it('preselects the user of the login_hint', async () => {
    const page = await new Browser().follow(authorizationUrl({ login_hint: 'amara' }).url);
    expect(page.html).toMatch(/value="amara"\s+checked/);
  });

  it('is rejected without PKCE, with an error to the application', async () => {
    const { url } = authorizationUrl({ code_challenge: '', code_challenge_method: '' });
    const page = await new Browser().request(url);
    expect(new URL(String(page.location)).searchParams.get('error')).toBe('invalid_request');
  });

  it('shows a page with instructions when its page is used by another browser', async () => {
    const page = await new Browser().follow(authorizationUrl().url);
    const other = await new Browser().request(page.url);
    expect(other.status).toBe(400);
    expect(textOf(other.html)).toContain('Go back to the application and start again.');
  });

  it('rejects a form that is larger than its own forms', async () => {
    const browser = new Browser();
    const page = await browser.follow(authorizationUrl().url);
    const again = await browser.submitForm(page, { password: 'sandbox', more: 'x'.repeat(20_000) });
    expect(again.status).toBe(400);
  });
});

describe('a page', () => {
  const attack = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;

  it.each<[string, (browser: Browser) => Promise<Page>]>([
    ['login', (browser) => browser.follow(authorizationUrl({}, attacker).url)],
    ['consent', (browser) => consentPage(browser)],
    [
      'logout',
      async (browser) => {
        await passSandbox(browser, authorizationUrl({}, attacker).url, {}, toApplication);
        return browser.request(`${sandbox.issuer}/session/end?client_id=${attacker.client_id}`);
      },
    ],
    [
      'logout without a question',
      async (browser) => {
        const { callback, verifier } = await authorize({}, browser, attacker);
        const answer = await exchange(String(callback.get('code')), verifier, attacker);
        const { id_token } = (await answer.json()) as Tokens;
        return browser.request(`${sandbox.issuer}/session/end?id_token_hint=${id_token}`);
      },
    ],
    [
      'error',
      (browser) =>
        browser.request(`${sandbox.issuer}/auth?client_id=${encodeURIComponent(attack)}`),
    ],
    [
      'wrong password',
      async (browser) => {
        const page = await browser.follow(authorizationUrl({ login_hint: attack }, attacker).url);
        return browser.submitForm(page, { login: attack, password: attack });
      },
    ],
  ])('%s escapes untrusted strings and may fetch nothing', async (_name, open) => {
    const page = await open(new Browser());
    expect(page.html).not.toContain('<script>alert');
    expect(page.html).not.toContain('<img');
    expect(page.html).not.toMatch(/https?:\/\/(?!localhost)/);
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    for (const [, content = ''] of page.html.matchAll(/<(?:style|script)>(.*?)<\/\w+>/gs)) {
      expect(policy).toContain(`sha256-${createHash('sha256').update(content).digest('base64')}`);
    }
  });

  let attacker: Client;
  beforeAll(async () => {
    attacker = await register(sandbox, { client_name: attack });
  });

  async function consentPage(browser: Browser): Promise<Page> {
    const page = await browser.follow(authorizationUrl({}, attacker).url);
    const consent = await browser.follow(
      await browser.submitForm(page, { login: 'zoe', password: 'sandbox' }),
    );
    expect(textOf(consent.html)).toContain(attack);
    return consent;
  }
});

describe('tokens', () => {
  it('include a refresh token without offline_access', async () => {
    const { tokens } = await logIn();
    expect(tokens.refresh_token).toEqual(expect.any(String));
  });

  it('rotate: a refresh token is valid once, and its reuse revokes the whole login', async () => {
    const { tokens } = await logIn();
    const first = await refresh(tokens.refresh_token);
    expect(first.status).toBe(200);
    const { refresh_token } = (await first.json()) as Tokens;
    const reuse = await refresh(tokens.refresh_token);
    expect(await reuse.json()).toMatchObject({ error: 'invalid_grant' });
    expect((await refresh(refresh_token)).status).toBe(400);
    expect(await introspect(tokens.access_token)).toMatchObject({ active: false });
  });

  it('are denied for a used code, and revoked with it', async () => {
    const { callback, verifier } = await authorize();
    const code = String(callback.get('code'));
    const tokens = (await (await exchange(code, verifier)).json()) as Tokens;
    expect((await exchange(code, verifier)).status).toBe(400);
    expect(await introspect(tokens.access_token)).toMatchObject({ active: false });
  });

  it('have a scope at introspection, and can be revoked', async () => {
    const { tokens } = await logIn();
    expect(await introspect(tokens.access_token)).toMatchObject({
      active: true,
      scope: 'openid profile email',
      sub: 'user-zoe',
    });
    await post('/token/revocation', { token: tokens.access_token });
    expect(await introspect(tokens.access_token)).toEqual({ active: false });
  });

  it('are not revoked by another client', async () => {
    const { tokens } = await logIn();
    const other = await register(sandbox);
    await post('/token/revocation', { token: tokens.access_token }, other);
    expect(await introspect(tokens.access_token)).toMatchObject({ active: true });
  });

  it.each(['uma_protection', 'oxd'])('are issued to a client itself for %s', async (scope) => {
    const response = await post('/token', { grant_type: 'client_credentials', scope });
    expect(await response.json()).toMatchObject({ token_type: 'Bearer', scope });
  });
});

describe('logout', () => {
  const after = `${APPLICATION}/bye`;

  it('requests confirmation, names the application, and returns when the user stays', async () => {
    const { browser } = await logIn();
    const page = await browser.request(
      `${sandbox.issuer}/session/end?client_id=${client.client_id}`,
    );
    expect(textOf(page.html)).toContain('Example Shop asks to end your session');
    expect(page.html).not.toContain('submit()');
  });

  it('needs no confirmation with the ID token of the user, and returns the state', async () => {
    const { browser, tokens } = await logIn();
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: after,
      state: 'from-here',
    });
    const page = await browser.request(`${sandbox.issuer}/session/end?${query.toString()}`);
    expect(page.html).toContain('submit()');
    const end = await browser.submitForm(page);
    expect(end.location).toBe(`${after}?state=from-here`);
    const next = await browser.follow(authorizationUrl().url);
    expect(textOf(next.html)).toContain('Who are you?');
    expect(await introspect(tokens.access_token)).toMatchObject({ active: false });
  });

  it('requests confirmation when the ID token belongs to another user', async () => {
    const { browser } = await logIn({ username: 'zoe' });
    const { tokens } = await logIn({ username: 'eleni' });
    const page = await browser.request(
      `${sandbox.issuer}/session/end?id_token_hint=${tokens.id_token}`,
    );
    expect(page.html).not.toContain('submit()');
  });

  it('rejects a redirect URI that the client did not register', async () => {
    const { browser, tokens } = await logIn();
    const query = new URLSearchParams({
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: 'https://evil.example/',
    });
    const page = await browser.request(`${sandbox.issuer}/session/end?${query.toString()}`);
    expect(page.status).toBe(400);
    expect(page.html).not.toContain('<form');
  });
});

describe('a registered client', () => {
  it('with acr_values basic gets this acr in its id_tokens, another value is rejected', async () => {
    const registered = await register(sandbox, { default_acr_values: ['basic'] });
    const { tokens } = await logIn({}, registered);
    expect(decodeJwt(tokens.id_token)).toMatchObject({ acr: 'basic' });
    const response = await postRegistration(sandbox, { ...METADATA, default_acr_values: ['x'] });
    expect(response.status).toBe(400);
  });

  it('reads, changes and removes its registration; a change replaces its access token', async () => {
    const own = await register(sandbox);
    const manage = (init: RequestInit, token: string) =>
      fetch(own.registration_client_uri, {
        ...init,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });
    const read = await manage({}, own.registration_access_token);
    expect(read.status).toBe(200);
    const metadata = { ...METADATA, client_id: own.client_id, client_name: 'Renamed' };
    const changed = await manage(
      { method: 'PUT', body: JSON.stringify(metadata) },
      own.registration_access_token,
    );
    const { client_name, registration_access_token } = (await changed.json()) as Client & {
      client_name: string;
    };
    expect(client_name).toBe('Renamed');
    expect((await manage({}, own.registration_access_token)).status).toBe(401);
    expect((await manage({ method: 'DELETE' }, registration_access_token)).status).toBe(204);
    expect((await manage({}, registration_access_token)).status).toBe(401);
  });

  it.each([['https://app.example.com/callback#fragment'], ['not a url'], ['javascript:alert(1)']])(
    'cannot have the redirect URI %s',
    async (uri) => {
      const response = await postRegistration(sandbox, { ...METADATA, redirect_uris: [uri] });
      expect(response.status).toBe(400);
    },
  );
});

describe('a restart', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'oxd-sandbox-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('preserves clients, their registration access tokens and the signing keys', async () => {
    const clientsFile = join(folder, 'deep', 'clients.json');
    const before = await startQuietly({ clientsFile });
    const kept = await register(before);
    const keys = await (await fetch(`${before.issuer}/jwks`)).json();
    await before.close();

    const again = await startQuietly({ clientsFile });
    try {
      const { pathname } = new URL(kept.registration_client_uri);
      const read = await fetch(again.issuer + pathname, {
        headers: { authorization: `Bearer ${kept.registration_access_token}` },
      });
      expect(await read.json()).toMatchObject({ client_id: kept.client_id });
      expect(await (await fetch(`${again.issuer}/jwks`)).json()).toEqual(keys);
      expect((await stat(clientsFile)).mode & 0o777).toBe(0o600);
    } finally {
      await again.close();
    }
  });

  it('writes no file in a test without clientsFile', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      await (await startQuietly({ clientsFile: undefined })).close();
    } finally {
      process.chdir(before);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('is rejected while another sandbox uses the file, and releases the port', async () => {
    const clientsFile = join(folder, 'clients.json');
    const first = await startQuietly({ clientsFile });
    await expect(startQuietly({ clientsFile })).rejects.toThrow(
      /clientsFile: .* give each application its own file with this option, or remove/,
    );
    await first.close();
    await (await startQuietly({ clientsFile })).close();
  });
});

describe('start', () => {
  it('is rejected in production', async () => {
    const environment = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      await expect(startQuietly()).rejects.toThrow(OxdConfigurationError);
      await expect(startQuietly()).rejects.toThrow(/must not run in production/);
    } finally {
      process.env.NODE_ENV = environment;
    }
  });

  it('names the port in use, and releases the file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oxd-sandbox-'));
    const clientsFile = join(folder, 'clients.json');
    const other = createServer().listen(0, '127.0.0.1');
    const { port } = await new Promise<{ port: number }>((resolve) =>
      other.once('listening', () => resolve(other.address() as { port: number })),
    );
    const start = startQuietly({ port, clientsFile });
    await expect(start).rejects.toThrow(OxdConfigurationError);
    await expect(start).rejects.toThrow(
      `port: ${port} is in use; stop the process that listens there, or`,
    );
    other.close();
    await (await startQuietly({ clientsFile })).close();
    await rm(folder, { recursive: true });
  });

  it('rejects a port that cannot be opened, and requests another port', async () => {
    await expect(startQuietly({ port: 70_000 })).rejects.toThrow(
      'port: 70000 cannot be opened; choose another port for the sandbox',
    );
  });

  it.each<[string, object]>([
    ['port', { port: 70_000 }],
    ['users', { users: [] }],
    ['owner', { owner: 'mallory' }],
    ['scopes', { scopes: ['albums:read albums:write'] }],
  ])('rejects an invalid %s by name', async (option, options) => {
    await expect(startQuietly(options)).rejects.toThrow(`${option}: `);
  });

  it('logs how to use the sandbox', async () => {
    const lines: string[] = [];
    const started = await startSandbox({
      port: 0,
      clientsFile: false,
      log: (line) => lines.push(line),
    });
    await started.close();
    const text = lines.join('\n');
    expect(text).toContain(started.issuer);
    expect(text).toContain('zoe, eleni, amara');
    expect(text).toContain('password: sandbox');
    expect(text).toContain('(every user is the owner)');
  });

  it('logs the owner', async () => {
    const lines: string[] = [];
    const log = (line: string) => void lines.push(line);
    await (await startSandbox({ port: 0, clientsFile: false, log, owner: 'amara' })).close();
    expect(lines.join('\n')).toContain('/uma/requests (amara)');
  });

  it('accepts custom users, and does not log their passwords', async () => {
    const users = [
      { username: 'grace', password: 'correct horse', claims: { sub: 'g', name: 'Grace' } },
    ];
    const lines: string[] = [];
    const own = await startSandbox({
      port: 0,
      clientsFile: false,
      users,
      onSecret: registerSecret,
      log: (line) => lines.push(line),
    });
    try {
      const registered = await register(own);
      const browser = new Browser();
      const page = await browser.follow(authorizationUrl({}, registered, own).url);
      expect(page.html + lines.join()).not.toContain('correct horse');
      const end = await passSandbox(
        browser,
        page,
        { username: 'grace', password: 'correct horse' },
        toApplication,
      );
      expect(end.location).toContain('code=');
    } finally {
      await own.close();
    }
  });

  it('no longer responds after close()', async () => {
    const closed = await startQuietly();
    await closed.close();
    await expect(fetch(closed.issuer)).rejects.toThrow('fetch failed');
  });
});

describe('onSecret', () => {
  it('receives every issued secret', async () => {
    const secrets = new Set<string>();
    const own = await startSandbox({
      port: 0,
      clientsFile: false,
      quiet: true,
      onSecret: (value) => {
        secrets.add(value);
        registerSecret(value);
      },
    });
    try {
      const registered = await register(own);
      const { callback, tokens } = await logIn({}, registered, own);
      const own_token = await post(
        '/token',
        { grant_type: 'client_credentials', scope: 'oxd' },
        registered,
        own,
      );
      const { access_token } = (await own_token.json()) as Tokens;
      const issued = [
        registered.client_secret,
        registered.registration_access_token,
        String(callback.get('code')),
        ...Object.values(tokens).filter((value) => String(value).length > 20),
        access_token,
      ];
      expect([...secrets]).toEqual(expect.arrayContaining(issued));
    } finally {
      await own.close();
    }
  });
});

const METADATA = {
  client_name: 'Example Shop',
  redirect_uris: [REDIRECT_URI],
  post_logout_redirect_uris: [`${APPLICATION}/bye`],
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
  response_types: ['code'],
};

function startQuietly(options: Parameters<typeof startSandbox>[0] = {}): Promise<Sandbox> {
  return startSandbox({
    port: 0,
    clientsFile: false,
    quiet: true,
    onSecret: registerSecret,
    ...options,
  });
}

function postRegistration(at: Sandbox, metadata: object): Promise<Response> {
  return fetch(`${at.issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  });
}

async function register(at: Sandbox, metadata: object = {}): Promise<Client> {
  const response = await postRegistration(at, { ...METADATA, ...metadata });
  expect(response.status).toBe(201);
  return (await response.json()) as Client;
}

function authorizationUrl(params: object = {}, by = client, at = sandbox) {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  [verifier, state].forEach(registerSecret);
  const query = new URLSearchParams({
    client_id: by.client_id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid profile email',
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...params,
  });
  for (const [name, value] of [...query]) if (value === '') query.delete(name);
  return { url: `${at.issuer}/auth?${query.toString()}`, verifier, state };
}

async function authorize(
  answers: Parameters<typeof passSandbox>[2] = {},
  browser = new Browser(),
  by = client,
  at = sandbox,
) {
  const { url, verifier, state } = authorizationUrl({}, by, at);
  const page = await passSandbox(browser, url, answers, toApplication);
  return { callback: new URL(String(page.location)).searchParams, verifier, state, browser };
}

async function logIn(answers: Parameters<typeof passSandbox>[2] = {}, by = client, at = sandbox) {
  const { callback, verifier, browser } = await authorize(answers, new Browser(), by, at);
  const response = await exchange(String(callback.get('code')), verifier, by, at);
  expect(response.status).toBe(200);
  return { callback, browser, tokens: (await response.json()) as Tokens };
}

function exchange(code: string, code_verifier: string, by = client, at = sandbox) {
  const grant_type = 'authorization_code';
  return post('/token', { grant_type, code, code_verifier, redirect_uri: REDIRECT_URI }, by, at);
}

function refresh(refresh_token = '') {
  return post('/token', { grant_type: 'refresh_token', refresh_token });
}

async function introspect(token: string): Promise<unknown> {
  return (await post('/token/introspection', { token })).json();
}

function post(path: string, body: Record<string, string>, by = client, at = sandbox) {
  const credentials = `${by.client_id}:${by.client_secret}`;
  return fetch(`${at.issuer}${path}`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams(body),
  });
}
