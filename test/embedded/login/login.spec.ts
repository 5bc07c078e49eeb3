import { createHash } from 'node:crypto';
import { jest } from '@jest/globals';
import type { CommandName, Params } from '../../../lib/commands/command.js';
import { COMMAND_RULES } from '../../../lib/commands/command-rules.js';
import type { ParamRule } from '../../../lib/commands/parameter-rules.js';
import type { OxdCommandError } from '../../../lib/base/errors.js';
import { FakeOp } from '../../support/fake-op.js';
import { registerSecret } from '../../support/secrets.js';
import { CALLBACK, HOME, rejectionOf, TestTransport } from '../../support/embedded-transport.js';

let op: FakeOp;
let transport: TestTransport;
let oxd_id: string;
let now: number;

beforeAll(async () => {
  op = await FakeOp.start();
});
afterAll(() => op.close());
beforeEach(async () => {
  op.reset();
  now = Date.now();
  op.clock = () => now;
  transport = new TestTransport({ clock: () => now });
  oxd_id = await transport.site(op);
});
afterEach(() => TestTransport.closeAll());

async function query(params: object = {}): Promise<URLSearchParams> {
  const { authorization_url } = await transport.run('get_authorization_url', { oxd_id, ...params });
  return new URL(authorization_url).searchParams;
}

const exchange = (callback: Params<'get_tokens_by_code'>) =>
  transport.run('get_tokens_by_code', callback);

describe('get_authorization_url', () => {
  it('requests a code with a new PKCE challenge, state and nonce each time', async () => {
    const [one, two] = [await query(), await query()];
    expect(Object.fromEntries(one)).toMatchObject({
      response_type: 'code',
      redirect_uri: CALLBACK,
      scope: 'openid profile email',
      code_challenge_method: 'S256',
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one.get(name)).toMatch(/^[\w-]{43}$/);
      expect(one.get(name)).not.toBe(two.get(name));
    }
  });

  it('sends the parameters of the caller', async () => {
    const sent = await query({
      scope: ['openid', 'uma_protection', 'email'],
      acr_values: ['gold', 'silver'],
      prompt: 'login',
      hd: 'example.com',
      custom_parameters: { k: 'v w' },
      params: { ui_locales: 'de', login_hint: 'a&b' },
      state: 'my state/1',
      nonce: 'n-1',
    });
    expect(Object.fromEntries(sent)).toMatchObject({
      scope: 'openid email',
      acr_values: 'gold silver',
      prompt: 'login',
      hd: 'example.com',
      custom_response_headers: '[{"k":"v w"}]',
      ui_locales: 'de',
      login_hint: 'a&b',
      state: 'my state/1',
      nonce: 'n-1',
    });
  });

  it('retains the query of the authorization endpoint', async () => {
    op.discovery = { authorization_endpoint: `${op.issuer}/auth?tenant=7` };
    const fresh = new TestTransport();
    oxd_id = await fresh.site(op);
    const { authorization_url } = await fresh.run('get_authorization_url', { oxd_id });
    expect(new URL(authorization_url).searchParams.get('tenant')).toBe('7');
  });

  it('accepts another registered redirect URI, and rejects an unregistered one', async () => {
    const second = 'https://app.example.com/second?with=query';
    oxd_id = await transport.site(op, { redirect_uris: [second] });
    const { authorization_url } = await transport.run('get_authorization_url', {
      oxd_id,
      redirect_uri: second,
    });
    expect(new URL(authorization_url).searchParams.get('redirect_uri')).toBe(second);
    await exchange({ oxd_id, ...op.login(authorization_url) });
    expect(op.seen('token')[0]?.form.get('redirect_uri')).toBe(second);
    const call = query({ redirect_uri: 'https://app.example.com/second' });
    expect(await rejectionOf(call)).toMatchObject({ error: 'redirect_uri_is_not_registered' });
  });

  it.each([
    'client_id',
    'redirect_uri',
    'response_type',
    'response_mode',
    'scope',
    'state',
    'nonce',
    'code_challenge',
    'code_challenge_method',
    'request',
    'request_uri',
  ])('does not let params replace %s', async (name) => {
    const error = await rejectionOf(query({ params: { [name]: 'x' } }));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain(name);
  });

  it.each([
    { name: 'token', response_types: ['token'] },
    { name: 'code and id_token', response_types: ['code', 'id_token'] },
    { name: 'id_token', response_types: ['id_token'] },
    { name: 'an empty list', response_types: [] },
  ])('rejects as response types $name', async ({ response_types }) => {
    expect(await rejectionOf(query({ response_types }))).toMatchObject({ error: 'bad_request' });
  });

  it('reads no login before it stores one under a generated state', async () => {
    const get = jest.spyOn(transport.store, 'get');
    await query();
    expect(get.mock.calls).toEqual([[`site:${oxd_id}`]]);
  });

  it('rejects a state that is in use by another login', async () => {
    await query({ state: 'chosen' });
    expect(await rejectionOf(query({ state: 'chosen' }))).toMatchObject({ error: 'bad_request' });
    expect(await rejectionOf(query({ state: ' ' }))).toMatchObject({ error: 'bad_request' });
  });
});

describe('get_tokens_by_code', () => {
  it('exchanges the code with the verifier of the challenge and returns checked claims', async () => {
    const { authorization_url } = await transport.run('get_authorization_url', { oxd_id });
    const result = await exchange({ oxd_id, ...op.login(authorization_url) });
    expect(Object.keys(result).sort()).toEqual([
      'access_token',
      'expires_in',
      'id_token',
      'id_token_claims',
      'refresh_token',
    ]);
    expect(result.id_token_claims).toMatchObject({ sub: 'alice', iss: op.issuer });
    const [request] = op.seen('token');
    const verifier = request?.form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    expect(new URL(authorization_url).searchParams.get('code_challenge')).toBe(challenge);
    expect(request?.headers.authorization).toMatch(/^Basic /);
    expect(request?.form.get('redirect_uri')).toBe(CALLBACK);
  });

  it('omits tokens that the provider does not return', async () => {
    op.tokens = { expires_in: undefined, refresh_token: undefined };
    const result = await exchange(await transport.callback(op, oxd_id));
    expect(result).not.toHaveProperty('expires_in');
    expect(result).not.toHaveProperty('refresh_token');
  });

  it.each([
    ['id_token', 'no_id_token'],
    ['access_token', 'no_access_token'],
  ])('reports a missing %s', async (name, error) => {
    op.tokens = { [name]: undefined };
    const call = exchange(await transport.callback(op, oxd_id));
    expect(await rejectionOf(call)).toMatchObject({ error, mayHaveRun: true });
  });

  it('accepts a state once', async () => {
    const callback = await transport.callback(op, oxd_id);
    await exchange(callback);
    expect(await rejectionOf(exchange(callback))).toMatchObject({
      error: 'bad_request',
      mayHaveRun: false,
    });
    expect(op.seen('token')).toHaveLength(1);
  });

  it('accepts a state once in 20 concurrent calls', async () => {
    const callback = await transport.callback(op, oxd_id);
    const calls = Array.from({ length: 20 }, () => exchange(callback));
    const done = await Promise.allSettled(calls);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(op.seen('token')).toHaveLength(1);
  });

  it('accepts a state once even if the exchange fails', async () => {
    const callback = await transport.callback(op, oxd_id);
    op.on('token', { status: 400, json: { error: 'invalid_grant' } });
    expect(await rejectionOf(exchange(callback))).toMatchObject({ error: 'invalid_grant' });
    expect(await rejectionOf(exchange(callback))).toMatchObject({ error: 'bad_request' });
    expect(op.seen('token')).toHaveLength(1);
  });

  it('rejects a state after its lifetime, to the millisecond', async () => {
    const [late, early] = [
      await transport.callback(op, oxd_id),
      await transport.callback(op, oxd_id),
    ];
    now += 299_999;
    await exchange(early);
    now += 1;
    const error = await rejectionOf(exchange(late));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain('expired');
    expect(op.seen('token')).toHaveLength(1);
  });

  it('rejects a state of another site, and leaves the login of that site unchanged', async () => {
    const other = await transport.site(op, { client_id: 'other', client_secret: 's3' });
    const callback = await transport.callback(op, oxd_id);
    const foreign = exchange({ ...callback, oxd_id: other });
    expect(await rejectionOf(foreign)).toMatchObject({ error: 'bad_request' });
    expect(op.seen('token')).toHaveLength(0);
    expect(await exchange(callback)).toHaveProperty('access_token');
  });

  it.each<[string, Record<string, string | undefined>]>([
    ['an unknown state', { state: 'unknown' }],
    ['a blank state', { state: ' ' }],
    ['no state', { state: undefined }],
    ['a blank code', { code: '' }],
    ['no code', { code: undefined }],
    ['the iss of another provider', { iss: 'https://evil.example' }],
    ['the iss with a slash', { iss: 'slash' }],
    ['a blank iss', { iss: '' }],
    ['no iss, though the provider announces one', { iss: undefined }],
  ])('rejects %s before a request is sent, and keeps the state usable', async (_, change) => {
    const callback = await transport.callback(op, oxd_id);
    if (change.iss === 'slash') change.iss = `${op.issuer}/`;
    const call = transport.raw('get_tokens_by_code', { ...callback, ...change });
    expect(await rejectionOf(call)).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(op.seen('token')).toHaveLength(0);
    expect(await exchange(callback)).toHaveProperty('id_token');
  });

  it('requires no iss if the provider announces none, or requireIssuerParameter is false', async () => {
    const lenient = new TestTransport({ store: transport.store, requireIssuerParameter: false });
    const { iss, ...callback } = await transport.callback(op, oxd_id);
    expect(iss).toBe(op.issuer);
    expect(await lenient.run('get_tokens_by_code', callback)).toHaveProperty('id_token');
    const wrong = { ...(await transport.callback(op, oxd_id)), iss: 'https://evil.example' };
    await rejectionOf(lenient.run('get_tokens_by_code', wrong));
    op.discovery = { authorization_response_iss_parameter_supported: false };
    const plain = new TestTransport({ store: transport.store });
    const { iss: _, ...without } = await transport.callback(op, oxd_id);
    expect(await plain.run('get_tokens_by_code', without)).toHaveProperty('id_token');
  });

  it('can be repeated if the provider was down before the exchange', async () => {
    const callback = await transport.callback(op, oxd_id);
    const fresh = new TestTransport({ store: transport.store });
    op.on('discovery', { status: 503, text: '' });
    expect(await rejectionOf(fresh.run('get_tokens_by_code', callback))).toMatchObject({
      error: 'no_connect_discovery_response',
      mayHaveRun: false,
    });
    op.on('discovery', (seen) => op.usual(seen));
    expect(await fresh.run('get_tokens_by_code', callback)).toHaveProperty('id_token');
  });

  it('returns the right user for each of a hundred concurrent logins', async () => {
    op.mint = (claims) => op.sign({ ...claims, sub: `user of ${String(claims.nonce)}` });
    const logIn = async (number: number) => {
      const nonce = `nonce-${number}`;
      const { authorization_url } = await transport.run('get_authorization_url', { oxd_id, nonce });
      const { id_token_claims } = await exchange({ oxd_id, ...op.login(authorization_url) });
      return id_token_claims.sub === `user of ${nonce}`;
    };
    transport = new TestTransport({ store: transport.store });
    const own = await Promise.all(Array.from({ length: 100 }, (_, number) => logIn(number)));
    expect(own.every(Boolean)).toBe(true);
  });
});

describe('a login whose secrets the caller keeps', () => {
  const begin = async (params: object = {}) => {
    const begun = { oxd_id, keep_state: false, ...params };
    const { authorization_url, ...kept } = await transport.run('get_authorization_url', begun);
    return { kept, callback: { oxd_id, ...op.login(authorization_url) }, authorization_url };
  };

  it('stores nothing, and is finished with its secrets', async () => {
    const set = jest.spyOn(transport.store, 'set');
    const { kept, callback, authorization_url } = await begin();
    expect(set).not.toHaveBeenCalled();
    const { searchParams } = new URL(authorization_url);
    expect(kept).toEqual({
      code_verifier: expect.any(String),
      nonce: searchParams.get('nonce'),
      redirect_uri: CALLBACK,
    });
    const { id_token_claims } = await exchange({ ...callback, ...kept });
    expect(id_token_claims.sub).toBe('alice');
    const challenge = createHash('sha256').update(String(kept.code_verifier)).digest('base64url');
    expect(searchParams.get('code_challenge')).toBe(challenge);
    expect(op.seen('token')[0]?.form.get('code_verifier')).toBe(kept.code_verifier);
  });

  it('is rejected with the nonce of another login', async () => {
    const [{ kept, callback }, other] = [await begin(), await begin()];
    const call = exchange({ ...callback, ...kept, nonce: String(other.kept.nonce) });
    expect(await rejectionOf(call)).toMatchObject({ error: 'invalid_nonce' });
  });

  it('is rejected by its state only, without a request', async () => {
    const { callback } = await begin();
    expect(await rejectionOf(exchange(callback))).toMatchObject({ error: 'bad_request' });
    expect(op.seen('token')).toHaveLength(0);
  });

  it('is finished at the redirect URI of its request', async () => {
    const second = 'https://app.example.com/second';
    oxd_id = await transport.site(op, { redirect_uris: [second] });
    const { kept, callback } = await begin({ redirect_uri: second });
    await exchange({ ...callback, ...kept });
    expect(op.seen('token')[0]?.form.get('redirect_uri')).toBe(second);
  });

  it('is rejected when the user authenticated before its max_age', async () => {
    const { kept, callback } = await begin({ params: { max_age: '60' } });
    op.claims = { auth_time: Math.floor(now / 1000) - 3600 };
    expect(await rejectionOf(exchange({ ...callback, ...kept }))).toMatchObject({
      error: 'invalid_id_token_bad_auth_time',
    });
  });

  it.each([
    { name: 'a nonce without a verifier', part: { nonce: 'n-1' } },
    { name: 'a verifier without a nonce', part: { code_verifier: 'v'.repeat(43) } },
    { name: 'a blank nonce', part: { nonce: ' ', code_verifier: 'v'.repeat(43) } },
    { name: 'a blank verifier', part: { nonce: 'n-1', code_verifier: '' } },
    { name: 'a redirect URI only', part: { redirect_uri: CALLBACK } },
    { name: 'a time of authentication only', part: { min_auth_time: 0 } },
  ])('is rejected with $name, and the stored login stays valid', async ({ part }) => {
    const callback = await transport.callback(op, oxd_id);
    const rejected = await rejectionOf(exchange({ ...callback, ...part }));
    expect(rejected).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(rejected.message).toContain('code_verifier, nonce: must be passed together');
    expect(op.seen('token')).toHaveLength(0);
    expect(await exchange(callback)).toHaveProperty('id_token');
  });
});

describe('get_access_token_by_refresh_token', () => {
  const refresh = (refresh_token: string, more: object = {}) =>
    transport.run('get_access_token_by_refresh_token', { oxd_id, refresh_token, ...more });

  it('returns the new tokens, and sends scopes only if the caller sets them', async () => {
    op.tokens = { id_token: undefined, scope: 'openid email' };
    const result = await refresh('old-one');
    expect(result).toMatchObject({ expires_in: 3600, scope: 'openid email' });
    expect(result.refresh_token).toMatch(/^refresh-/);
    await refresh('old-two', { scope: ['openid', 'email', 'uma_protection'] });
    const [first, second] = op.seen('token').map(({ form }) => form);
    expect(first?.has('scope')).toBe(false);
    expect(second?.get('scope')).toBe('openid email');
  });

  it('sends a refresh token once for 20 callers, even if the first one aborts', async () => {
    const caller = new AbortController();
    op.tokens = { id_token: undefined };
    const raw = { oxd_id, refresh_token: 'shared-one' };
    const command = 'get_access_token_by_refresh_token';
    const first = transport.run(command, raw, { signal: caller.signal }).catch((e: unknown) => e);
    const others = Array.from({ length: 19 }, () => refresh('shared-one'));
    const reason = new Error('aborted by the caller');
    caller.abort(reason);
    expect(await first).toBe(reason);
    const results = await Promise.all(others);
    expect(new Set(results.map(({ access_token }) => access_token)).size).toBe(1);
    expect(op.seen('token')).toHaveLength(1);
  });

  it('rejects with the same error for every caller', async () => {
    op.on('token', { drop: true });
    const errors = await Promise.all([rejectionOf(refresh('r')), rejectionOf(refresh('r'))]);
    expect(errors.map(({ mayHaveRun }) => mayHaveRun)).toEqual([true, true]);
  });

  it('verifies an id_token of the response', async () => {
    op.claims = { nonce: undefined };
    expect(await refresh('good')).toHaveProperty('access_token');
    op.claims = { aud: 'somebody' };
    expect(await rejectionOf(refresh('bad'))).toMatchObject({
      error: 'invalid_id_token_bad_audience',
    });
    op.claims = {};
    op.mint = async (claims) => op.unsigned(claims);
    expect(await rejectionOf(refresh('worse'))).toMatchObject({
      error: 'invalid_id_token_invalid_algorithm',
    });
  });

  describe('with the id_token of the login', () => {
    const sign = async (claims: object = {}) => {
      const { id_token_claims } = await exchange(await transport.callback(op, oxd_id));
      const id_token = await op.sign({
        ...id_token_claims,
        aud: [id_token_claims.aud].flat(),
        ...claims,
      });
      registerSecret(id_token);
      return id_token;
    };

    it('returns the tokens of the same user', async () => {
      expect(await refresh('same-user', { id_token: await sign() })).toHaveProperty('access_token');
    });

    it('returns the tokens of a response without id_token', async () => {
      const id_token = await sign();
      op.tokens = { id_token: undefined };
      expect(await refresh('no-id-token', { id_token })).toHaveProperty('access_token');
    });

    it.each(['iss', 'sub', 'aud'])('rejects a response with another %s', async (name) => {
      const id_token = await sign({ [name]: 'another' });
      const rejected = await rejectionOf(refresh(`another-${name}`, { id_token }));
      expect(rejected).toMatchObject({ error: 'mismatch', mayHaveRun: true });
      expect(rejected.message).toContain(`another ${name}`);
    });

    it('compares the id_token of each caller of a shared request', async () => {
      const [own, other] = [await sign(), await sign({ sub: 'mallory' })];
      op.requests.length = 0;
      const [first, second] = await Promise.allSettled([
        refresh('shared-two', { id_token: own }),
        refresh('shared-two', { id_token: other }),
      ]);
      expect(op.seen('token')).toHaveLength(1);
      expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    });

    it.each(['no JWT', ''])('rejects "%s" before a request is sent', async (id_token) => {
      expect(await rejectionOf(refresh('unsent', { id_token }))).toMatchObject({
        error: 'bad_request',
        mayHaveRun: false,
      });
      expect(op.seen('token')).toHaveLength(0);
    });
  });

  it('rejects a blank refresh token', async () => {
    expect(await rejectionOf(refresh(' '))).toMatchObject({ error: 'bad_request' });
  });
});

describe('get_user_info', () => {
  const userInfo = (more: object = {}) =>
    transport.run('get_user_info', { oxd_id, access_token: 'token-1', ...more });

  it('returns the claims, without nulls', async () => {
    expect(await userInfo()).toEqual({ claims: { sub: 'alice', name: 'Alice' } });
    expect(op.seen('userinfo')[0]?.headers.authorization).toBe('Bearer token-1');
  });

  it('compares sub with that of the id_token', async () => {
    const id_token = await op.sign({ sub: 'alice' });
    expect(await userInfo({ id_token })).toHaveProperty('claims.sub', 'alice');
    const other = await op.sign({ sub: 'bob' });
    expect(await rejectionOf(userInfo({ id_token: other }))).toMatchObject({
      error: 'invalid_subject_identifier',
    });
  });

  it.each([
    ['no sub', { name: 'Alice' }],
    ['an empty sub', { sub: '' }],
    ['a sub that is a number', { sub: 7 }],
    ['an error with status 200', { error: 'invalid_token' }],
  ])('rejects a response with %s', async (_, json) => {
    op.on('userinfo', { json });
    expect(await rejectionOf(userInfo())).toMatchObject({ error: 'no_subject_identifier' });
  });

  it.each([
    { name: 'that is no JWT', id_token: 'rubbish' },
    { name: 'that only looks like a JWT', id_token: 'a.b.c' },
    { name: 'that is empty', id_token: '' },
  ])('rejects an id_token $name', async ({ id_token }) => {
    expect(await rejectionOf(userInfo({ id_token }))).toMatchObject({ error: 'bad_request' });
    expect(op.seen('userinfo')).toHaveLength(0);
  });

  it('accepts a signed response and verifies its signature', async () => {
    const headers = { 'content-type': 'application/jwt' };
    op.discovery = { userinfo_signing_alg_values_supported: ['RS256', 'none'] };
    transport = new TestTransport({ store: transport.store });
    op.on('userinfo', async () => ({
      headers,
      text: await op.sign({ sub: 'alice', iss: op.issuer }),
    }));
    expect(await userInfo()).toHaveProperty('claims.sub', 'alice');
    op.on('userinfo', { headers, text: op.unsigned({ sub: 'alice' }) });
    expect(await rejectionOf(userInfo())).toMatchObject({ error: 'internal_error' });
    op.on('userinfo', async () => {
      const [header, , signature] = (await op.sign({ sub: 'alice' })).split('.');
      const payload = Buffer.from('{"sub":"boss"}').toString('base64url');
      return { headers, text: `${header}.${payload}.${signature}` };
    });
    expect(await rejectionOf(userInfo())).toMatchObject({ error: 'internal_error' });
  });

  it.each([
    { name: 'a signed response, if the site names no algorithm', alg: undefined, signed: true },
    { name: 'a response of another algorithm', alg: 'ES384', signed: true },
    { name: 'JSON, if the site names an algorithm', alg: 'RS256', signed: false },
  ])('names user_info_signed_response_alg for $name', async ({ alg, signed }) => {
    oxd_id = await transport.site(op, { user_info_signed_response_alg: alg });
    const headers = { 'content-type': 'application/jwt' };
    const text = await op.sign({ sub: 'alice', iss: op.issuer });
    if (signed) op.on('userinfo', { headers, text });
    const error = await rejectionOf(userInfo());
    expect(error.message).toContain('site.user_info_signed_response_alg');
    expect(error).toMatchObject({ error: 'internal_error' });
  });

  it('reports a provider without userinfo endpoint', async () => {
    op.discovery = { userinfo_endpoint: undefined };
    transport = new TestTransport({ store: transport.store });
    const error = await rejectionOf(userInfo());
    expect(error).toMatchObject({ error: 'unsupported_operation' });
    expect(error.message).toContain('userinfo_endpoint');
  });
});

describe('introspect_access_token', () => {
  const introspect = () =>
    transport.run('introspect_access_token', { oxd_id, access_token: 'token-1' });

  it('returns the claims of an active token', async () => {
    expect(await introspect()).toEqual({
      active: true,
      sub: 'alice',
      scope: 'openid',
      exp: 4102444800,
    });
    expect(op.seen('introspect')[0]?.form.get('token')).toBe('token-1');
  });

  it('returns only active for an inactive token', async () => {
    op.on('introspect', { json: { active: false, sub: 'alice', scope: 'openid' } });
    expect(await introspect()).toEqual({ active: false });
  });

  it.each([
    { name: 'a string', active: 'true' },
    { name: 'a number', active: 1 },
    { name: 'null', active: null },
    { name: 'missing', active: undefined },
    { name: 'an object', active: {} },
  ])('rejects a response whose active is $name', async ({ active }) => {
    op.on('introspect', { json: { active, sub: 'alice' } });
    expect(await rejectionOf(introspect())).toMatchObject({ error: 'internal_error' });
  });
});

describe('get_client_token', () => {
  const token = (more: object = {}) =>
    transport.run('get_client_token', {
      op_host: op.issuer,
      client_id: 'c',
      client_secret: 's3',
      ...more,
    });

  it.each([
    ['the requested scopes only', ['read', 'write'], 'read write'],
    ['no scope if none is requested', undefined, null],
    ['no scope oxd unless it is listed', ['openid', 'oxd'], 'openid'],
    ['uma_protection without a list', ['openid', 'uma_protection'], 'openid uma_protection'],
  ])('sends %s', async (_, scope, sent) => {
    expect(await token({ scope })).toHaveProperty('access_token');
    expect(op.seen('token')[0]?.form.get('scope')).toBe(sent);
  });

  const REJECTION = { status: 400, json: { error: 'invalid_scope' } };

  it('omits uma_protection once the provider has rejected it', async () => {
    op.on('token', (seen) => (seen.body.includes('uma_protection') ? REJECTION : op.usual(seen)));
    for (let times = 0; times < 2; times++) await token({ scope: ['read', 'uma_protection'] });
    const scopes = op.seen('token').map(({ form }) => form.get('scope'));
    expect(scopes).toEqual(['read uma_protection', 'read', 'read']);
    expect(transport.warnings).toHaveLength(1);
  });

  it('does not blame uma_protection if another scope is rejected', async () => {
    op.on('token', REJECTION);
    const request = { scope: ['read', 'uma_protection'] };
    for (let times = 0; times < 2; times++) {
      expect(await rejectionOf(token(request))).toMatchObject({ error: 'invalid_scope' });
    }
    const scopes = op.seen('token').map(({ form }) => form.get('scope'));
    expect(scopes).toEqual(['read uma_protection', 'read', 'read uma_protection', 'read']);
    expect(transport.warnings).toEqual([]);
  });

  it('sends scopes of oxd to a provider that lists them', async () => {
    op.discovery = { scopes_supported: ['openid', 'oxd'] };
    transport = new TestTransport();
    await token({ scope: ['openid', 'uma_protection', 'oxd'] });
    expect(op.seen('token')[0]?.form.get('scope')).toBe('openid oxd');
  });

  it.each([
    { name: 'an empty op_host', param: 'op_host', error: 'invalid_op_host', value: '' },
    {
      name: 'an op_host without scheme',
      param: 'op_host',
      error: 'invalid_op_host',
      value: 'op.example.com',
    },
    {
      name: 'an op_host with the scheme ftp',
      param: 'op_host',
      error: 'invalid_op_host',
      value: 'ftp://op.example.com',
    },
    { name: 'an empty client_id', param: 'client_id', error: 'bad_request', value: '' },
    { name: 'no client_secret', param: 'client_secret', error: 'bad_request', value: undefined },
  ])('rejects $name with $error', async ({ param, error, value }) => {
    const failure = await rejectionOf(token({ [param]: value }));
    expect(failure).toMatchObject({ error, command: 'get_client_token' });
    expect(failure.message).toContain(param);
  });
});

describe('get_logout_uri', () => {
  const logout = async (more: object = {}) => {
    const { uri } = await transport.run('get_logout_uri', { oxd_id, ...more });
    return Object.fromEntries(new URL(uri).searchParams);
  };

  it('redirects to the registered page unless the caller sets another', async () => {
    const client_id = expect.stringMatching(/^client-/) as string;
    expect(await logout()).toEqual({ client_id, post_logout_redirect_uri: HOME });
    const more = {
      id_token_hint: 'h.i.t',
      post_logout_redirect_uri: 'https://app.example.com/bye',
      state: 's/1',
      session_state: 'x y',
    };
    expect(await logout(more)).toEqual({ client_id, ...more });
  });

  it('reports a provider without end_session_endpoint', async () => {
    op.discovery = { end_session_endpoint: undefined };
    transport = new TestTransport({ store: transport.store });
    expect(await rejectionOf(logout())).toMatchObject({ error: 'no_end_session_endpoint_at_op' });
  });
});

describe('every command', () => {
  const ANY = { code: 'c', state: 's', refresh_token: 'r', access_token: 'a' };

  /** Returns {@link ANY} and the given parameters, without those that the command does not have. */
  const paramsOf = (command: CommandName, given: object) => {
    const known = Object.entries({ ...ANY, ...given }).filter(([name]) =>
      Object.hasOwn(COMMAND_RULES[command].params, name),
    );
    return Object.fromEntries(known);
  };

  it.each<CommandName>([
    'update_site',
    'remove_site',
    'get_authorization_url',
    'get_tokens_by_code',
    'get_access_token_by_refresh_token',
    'get_user_info',
    'get_logout_uri',
    'introspect_access_token',
  ])('%s rejects a blank and an unknown oxd_id', async (command) => {
    for (const blank of ['', ' ', undefined, null]) {
      const error = await rejectionOf(transport.raw(command, paramsOf(command, { oxd_id: blank })));
      expect(error).toMatchObject({ error: 'bad_request', code: 'OXD_COMMAND_FAILED', command });
    }
    const error = await rejectionOf(
      transport.raw(command, paramsOf(command, { oxd_id: 'unknown' })),
    );
    expect(error).toMatchObject({ error: 'invalid_oxd_id', code: 'OXD_COMMAND_FAILED' });
  });

  it.each<{ command: CommandName; name: string; params: object; param: string }>([
    {
      command: 'get_user_info',
      name: 'a number as access_token',
      params: { access_token: 7 },
      param: 'access_token',
    },
    {
      command: 'get_user_info',
      name: 'a list as access_token',
      params: { access_token: ['a'] },
      param: 'access_token',
    },
    {
      command: 'get_user_info',
      name: 'an object as oxd_id',
      params: { oxd_id: {} },
      param: 'oxd_id',
    },
    {
      command: 'get_authorization_url',
      name: 'a string as scope',
      params: { scope: 'openid email' },
      param: 'scope',
    },
    {
      command: 'get_authorization_url',
      name: 'a number in scope',
      params: { scope: ['openid', 7] },
      param: 'scope',
    },
    {
      command: 'get_authorization_url',
      name: 'a number in params',
      params: { params: { a: 1 } },
      param: 'params',
    },
    {
      command: 'get_authorization_url',
      name: 'a list as params',
      params: { params: ['a'] },
      param: 'params',
    },
    {
      command: 'get_authorization_url',
      name: 'a string as custom_parameters',
      params: { custom_parameters: 'a' },
      param: 'custom_parameters',
    },
    {
      command: 'register_site',
      name: 'a string as trusted_client',
      params: { trusted_client: 'yes' },
      param: 'trusted_client',
    },
    {
      command: 'register_site',
      name: 'a string as redirect_uris',
      params: { redirect_uris: CALLBACK },
      param: 'redirect_uris',
    },
    {
      command: 'update_site',
      name: 'a string as default_max_age',
      params: { default_max_age: '1' },
      param: 'default_max_age',
    },
  ])('$command rejects $name', async ({ command, params, param }) => {
    const error = await rejectionOf(
      transport.raw(command, paramsOf(command, { oxd_id, ...params })),
    );
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain(`${param}: must be`);
  });

  it.each<[CommandName, string, unknown]>([
    ['update_site', 'client_secret_expires_at', 1],
    ['get_tokens_by_code', 'authentication_method', 'private_key_jwt'],
    ['get_tokens_by_code', 'algorithm', 'RS256'],
    ['get_client_token', 'authentication_method', 'client_secret_post'],
    ['get_client_token', 'authentication_method', 'private_key_jwt'],
    ['get_client_token', 'algorithm', 'RS256'],
    ['get_client_token', 'key_id', 'key-1'],
  ])('%s rejects %s, which only oxd-server supports', async (command, name, value) => {
    op.requests.length = 0;
    const error = await rejectionOf(
      transport.raw(command, paramsOf(command, { oxd_id, [name]: value })),
    );
    expect(error).toMatchObject({
      ...{ code: 'OXD_COMMAND_UNSUPPORTED', error: 'unsupported_operation', mayHaveRun: false },
      command,
    });
    expect(error.message).toContain(name);
    expect(op.requests).toEqual([]);
  });

  it.each(
    Object.entries(COMMAND_RULES).map(
      ([command, { params }]) =>
        [command, Object.entries(params) as [string, ParamRule][]] as const,
    ),
  )(
    '%s rejects exactly those parameters that the contract marks as oxd only',
    async (command, all) => {
      for (const [name, { embedded = true }] of all) {
        const outcome: unknown = await transport
          .raw(command, { [name]: 7 })
          .catch((e: unknown) => e);
        const isUnsupported = (outcome as OxdCommandError).code === 'OXD_COMMAND_UNSUPPORTED';
        expect([name, isUnsupported]).toEqual([name, !embedded]);
      }
    },
  );

  it.each([
    { name: 'null', params: null },
    { name: 'a list', params: [] },
    { name: 'a string', params: 'text' },
    { name: 'a number', params: 7 },
  ])('rejects as params $name', async ({ params }) => {
    const call = transport.raw('get_user_info', params as never);
    expect(await rejectionOf(call)).toMatchObject({ error: 'bad_request' });
  });

  it.each(['nonsense', 'toString', '__proto__', 'constructor', '', 'GET_USER_INFO'])(
    'is rejected as unsupported with the unknown name "%s"',
    async (command) => {
      expect(await rejectionOf(transport.raw(command, {}))).toMatchObject({
        code: 'OXD_COMMAND_FAILED',
        error: 'unsupported_operation',
      });
    },
  );

  it('ignores inherited parameters', async () => {
    const params = Object.create({ oxd_id }) as object;
    expect(await rejectionOf(transport.raw('get_logout_uri', params))).toMatchObject({
      error: 'bad_request',
    });
  });
});
