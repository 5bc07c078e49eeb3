import { createHash } from 'node:crypto';
import { COMMAND_RULES } from '../../../lib/commands/dialect/command-rules.js';
import type { ParamRule } from '../../../lib/commands/dialect/parameter-rules.js';
import type { OxdCommandError } from '../../../lib/base/errors.js';
import { FakeOp } from '../../support/fake-op.js';
import { CALLBACK, HOME, refused, TestEngine } from '../../support/embedded-transport.js';

let op: FakeOp;
let engine: TestEngine;
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
  engine = new TestEngine({ clock: () => now });
  oxd_id = await engine.site(op);
});
afterEach(() => TestEngine.closeAll());

async function query(params: object = {}): Promise<URLSearchParams> {
  const { authorization_url } = await engine.run('get_authorization_url', { oxd_id, ...params });
  return new URL(authorization_url).searchParams;
}

const exchange = (callback: { oxd_id: string; code: string; state: string; iss?: string }) =>
  engine.run('get_tokens_by_code', callback);

describe('get_authorization_url', () => {
  it('asks for a code with PKCE, state and nonce, each different every time', async () => {
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

  it('sends what the caller asks for', async () => {
    const asked = await query({
      scope: ['openid', 'uma_protection', 'email'],
      acr_values: ['gold', 'silver'],
      prompt: 'login',
      hd: 'example.com',
      custom_parameters: { k: 'v w' },
      params: { ui_locales: 'de', login_hint: 'a&b' },
      state: 'my state/1',
      nonce: 'n-1',
    });
    expect(Object.fromEntries(asked)).toMatchObject({
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

  it('keeps the query of the authorization endpoint', async () => {
    op.discovery = { authorization_endpoint: `${op.issuer}/auth?tenant=7` };
    const fresh = new TestEngine();
    oxd_id = await fresh.site(op);
    const { authorization_url } = await fresh.run('get_authorization_url', { oxd_id });
    expect(new URL(authorization_url).searchParams.get('tenant')).toBe('7');
  });

  it('takes another registered redirect URI, and no other', async () => {
    const second = 'https://app.example.com/second?with=query';
    oxd_id = await engine.site(op, { redirect_uris: [second] });
    const { authorization_url } = await engine.run('get_authorization_url', {
      oxd_id,
      redirect_uri: second,
    });
    expect(new URL(authorization_url).searchParams.get('redirect_uri')).toBe(second);
    await exchange({ oxd_id, ...op.login(authorization_url) });
    expect(op.seen('token')[0]?.form.get('redirect_uri')).toBe(second);
    const call = query({ redirect_uri: 'https://app.example.com/second' });
    expect(await refused(call)).toMatchObject({ error: 'redirect_uri_is_not_registered' });
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
    const error = await refused(query({ params: { [name]: 'x' } }));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain(name);
  });

  it.each([[['token']], [['code', 'id_token']], [['id_token']], [[]]])(
    'refuses response types %p',
    async (response_types) => {
      expect(await refused(query({ response_types }))).toMatchObject({ error: 'bad_request' });
    },
  );

  it('refuses a state that another login is using', async () => {
    await query({ state: 'chosen' });
    expect(await refused(query({ state: 'chosen' }))).toMatchObject({ error: 'bad_request' });
    expect(await refused(query({ state: ' ' }))).toMatchObject({ error: 'bad_request' });
  });
});

describe('get_tokens_by_code', () => {
  it('exchanges the code with the verifier of the challenge and returns checked claims', async () => {
    const { authorization_url } = await engine.run('get_authorization_url', { oxd_id });
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

  it('leaves out what the provider does not send', async () => {
    op.tokens = { expires_in: undefined, refresh_token: undefined };
    const result = await exchange(await engine.callback(op, oxd_id));
    expect(result).not.toHaveProperty('expires_in');
    expect(result).not.toHaveProperty('refresh_token');
  });

  it.each([
    ['id_token', 'no_id_token'],
    ['access_token', 'no_access_token'],
  ])('says when there is no %s', async (name, error) => {
    op.tokens = { [name]: undefined };
    const call = exchange(await engine.callback(op, oxd_id));
    expect(await refused(call)).toMatchObject({ error, mayHaveRun: true });
  });

  it('takes a state once', async () => {
    const callback = await engine.callback(op, oxd_id);
    await exchange(callback);
    expect(await refused(exchange(callback))).toMatchObject({
      error: 'bad_request',
      mayHaveRun: false,
    });
    expect(op.seen('token')).toHaveLength(1);
  });

  it('takes a state once of 20 at the same time', async () => {
    const callback = await engine.callback(op, oxd_id);
    const calls = Array.from({ length: 20 }, () => exchange(callback));
    const done = await Promise.allSettled(calls);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(op.seen('token')).toHaveLength(1);
  });

  it('takes a state once even where the exchange fails', async () => {
    const callback = await engine.callback(op, oxd_id);
    op.on('token', { status: 400, json: { error: 'invalid_grant' } });
    expect(await refused(exchange(callback))).toMatchObject({ error: 'invalid_grant' });
    expect(await refused(exchange(callback))).toMatchObject({ error: 'bad_request' });
    expect(op.seen('token')).toHaveLength(1);
  });

  it('refuses a state after its time, to the millisecond', async () => {
    const [late, early] = [await engine.callback(op, oxd_id), await engine.callback(op, oxd_id)];
    now += 299_999;
    await exchange(early);
    now += 1;
    const error = await refused(exchange(late));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain('expired');
    expect(op.seen('token')).toHaveLength(1);
  });

  it('refuses a state of another site, and leaves it to that', async () => {
    const other = await engine.site(op, { client_id: 'other', client_secret: 's3' });
    const callback = await engine.callback(op, oxd_id);
    const foreign = exchange({ ...callback, oxd_id: other });
    expect(await refused(foreign)).toMatchObject({ error: 'bad_request' });
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
  ])('refuses %s before anything is sent, and keeps the state', async (_, change) => {
    const callback = await engine.callback(op, oxd_id);
    if (change.iss === 'slash') change.iss = `${op.issuer}/`;
    const call = engine.raw('get_tokens_by_code', { ...callback, ...change });
    expect(await refused(call)).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(op.seen('token')).toHaveLength(0);
    expect(await exchange(callback)).toHaveProperty('id_token');
  });

  it('needs no iss where the provider announces none, or the caller cannot know it', async () => {
    const lenient = new TestEngine({ store: engine.store, requireIssuerParameter: false });
    const { iss, ...callback } = await engine.callback(op, oxd_id);
    expect(iss).toBe(op.issuer);
    expect(await lenient.run('get_tokens_by_code', callback)).toHaveProperty('id_token');
    const wrong = { ...(await engine.callback(op, oxd_id)), iss: 'https://evil.example' };
    await refused(lenient.run('get_tokens_by_code', wrong));
    op.discovery = { authorization_response_iss_parameter_supported: false };
    const plain = new TestEngine({ store: engine.store });
    const { iss: _, ...without } = await engine.callback(op, oxd_id);
    expect(await plain.run('get_tokens_by_code', without)).toHaveProperty('id_token');
  });

  it('can be repeated where the provider was down before the exchange', async () => {
    const callback = await engine.callback(op, oxd_id);
    const fresh = new TestEngine({ store: engine.store });
    op.on('discovery', { status: 503, text: '' });
    expect(await refused(fresh.run('get_tokens_by_code', callback))).toMatchObject({
      error: 'no_connect_discovery_response',
      mayHaveRun: false,
    });
    op.on('discovery', (seen) => op.usual(seen));
    expect(await fresh.run('get_tokens_by_code', callback)).toHaveProperty('id_token');
  });

  it('keeps the users of a hundred logins apart', async () => {
    op.mint = (claims) => op.sign({ ...claims, sub: `user of ${String(claims.nonce)}` });
    const logIn = async (number: number) => {
      const nonce = `nonce-${number}`;
      const { authorization_url } = await engine.run('get_authorization_url', { oxd_id, nonce });
      const { id_token_claims } = await exchange({ oxd_id, ...op.login(authorization_url) });
      return id_token_claims.sub === `user of ${nonce}`;
    };
    engine = new TestEngine({ store: engine.store });
    const own = await Promise.all(Array.from({ length: 100 }, (_, number) => logIn(number)));
    expect(own.every(Boolean)).toBe(true);
  });
});

describe('get_access_token_by_refresh_token', () => {
  const refresh = (refresh_token: string, more: object = {}) =>
    engine.run('get_access_token_by_refresh_token', { oxd_id, refresh_token, ...more });

  it('returns the new tokens, and asks for scopes only where some are named', async () => {
    op.tokens = { id_token: undefined, scope: 'openid email' };
    const result = await refresh('old-one');
    expect(result).toMatchObject({ expires_in: 3600, scope: 'openid email' });
    expect(result.refresh_token).toMatch(/^refresh-/);
    await refresh('old-two', { scope: ['openid', 'email', 'uma_protection'] });
    const [first, second] = op.seen('token').map(({ form }) => form);
    expect(first?.has('scope')).toBe(false);
    expect(second?.get('scope')).toBe('openid email');
  });

  it('sends a refresh token once for 20 callers, though the first gives up', async () => {
    const caller = new AbortController();
    op.tokens = { id_token: undefined };
    const raw = { oxd_id, refresh_token: 'shared-one' };
    const command = 'get_access_token_by_refresh_token';
    const first = engine.run(command, raw, { signal: caller.signal }).catch((e: unknown) => e);
    const others = Array.from({ length: 19 }, () => refresh('shared-one'));
    const reason = new Error('gave up');
    caller.abort(reason);
    expect(await first).toBe(reason);
    const results = await Promise.all(others);
    expect(new Set(results.map(({ access_token }) => access_token)).size).toBe(1);
    expect(op.seen('token')).toHaveLength(1);
  });

  it('tells every caller the same when it fails', async () => {
    op.on('token', { drop: true });
    const errors = await Promise.all([refused(refresh('r')), refused(refresh('r'))]);
    expect(errors.map(({ mayHaveRun }) => mayHaveRun)).toEqual([true, true]);
  });

  it('checks an id_token that comes along', async () => {
    op.claims = { nonce: undefined };
    expect(await refresh('good')).toHaveProperty('access_token');
    op.claims = { aud: 'somebody' };
    expect(await refused(refresh('bad'))).toMatchObject({ error: 'invalid_id_token_bad_audience' });
    op.claims = {};
    op.mint = async (claims) => op.unsigned(claims);
    expect(await refused(refresh('worse'))).toMatchObject({
      error: 'invalid_id_token_invalid_algorithm',
    });
  });

  it('refuses a blank refresh token', async () => {
    expect(await refused(refresh(' '))).toMatchObject({ error: 'bad_request' });
  });
});

describe('get_user_info', () => {
  const userInfo = (more: object = {}) =>
    engine.run('get_user_info', { oxd_id, access_token: 'token-1', ...more });

  it('returns the claims, without nulls', async () => {
    expect(await userInfo()).toEqual({ claims: { sub: 'alice', name: 'Alice' } });
    expect(op.seen('userinfo')[0]?.headers.authorization).toBe('Bearer token-1');
  });

  it('compares sub with the id_token', async () => {
    const id_token = await op.sign({ sub: 'alice' });
    expect(await userInfo({ id_token })).toHaveProperty('claims.sub', 'alice');
    const other = await op.sign({ sub: 'bob' });
    expect(await refused(userInfo({ id_token: other }))).toMatchObject({
      error: 'invalid_subject_identifier',
    });
  });

  it.each([
    ['no sub', { name: 'Alice' }],
    ['an empty sub', { sub: '' }],
    ['a sub that is a number', { sub: 7 }],
    ['an error with status 200', { error: 'invalid_token' }],
  ])('refuses an answer with %s', async (_, json) => {
    op.on('userinfo', { json });
    expect(await refused(userInfo())).toMatchObject({ error: 'no_subject_identifier' });
  });

  it.each(['rubbish', 'a.b.c', ''])('refuses %p as id_token', async (id_token) => {
    expect(await refused(userInfo({ id_token }))).toMatchObject({ error: 'bad_request' });
    expect(op.seen('userinfo')).toHaveLength(0);
  });

  it('takes a signed answer and checks its signature', async () => {
    const headers = { 'content-type': 'application/jwt' };
    op.discovery = { userinfo_signing_alg_values_supported: ['RS256', 'none'] };
    engine = new TestEngine({ store: engine.store });
    op.on('userinfo', async () => ({
      headers,
      text: await op.sign({ sub: 'alice', iss: op.issuer }),
    }));
    expect(await userInfo()).toHaveProperty('claims.sub', 'alice');
    op.on('userinfo', { headers, text: op.unsigned({ sub: 'alice' }) });
    expect(await refused(userInfo())).toMatchObject({ error: 'internal_error' });
    op.on('userinfo', async () => {
      const [header, , signature] = (await op.sign({ sub: 'alice' })).split('.');
      const payload = Buffer.from('{"sub":"boss"}').toString('base64url');
      return { headers, text: `${header}.${payload}.${signature}` };
    });
    expect(await refused(userInfo())).toMatchObject({ error: 'internal_error' });
  });

  it('says when the provider has no userinfo endpoint', async () => {
    op.discovery = { userinfo_endpoint: undefined };
    engine = new TestEngine({ store: engine.store });
    const error = await refused(userInfo());
    expect(error).toMatchObject({ error: 'unsupported_operation' });
    expect(error.message).toContain('userinfo_endpoint');
  });
});

describe('introspect_access_token', () => {
  const introspect = () =>
    engine.run('introspect_access_token', { oxd_id, access_token: 'token-1' });

  it('tells the members of an active token', async () => {
    expect(await introspect()).toEqual({
      active: true,
      sub: 'alice',
      scope: 'openid',
      exp: 4102444800,
    });
    expect(op.seen('introspect')[0]?.form.get('token')).toBe('token-1');
  });

  it('tells nothing of a token that is not active', async () => {
    op.on('introspect', { json: { active: false, sub: 'alice', scope: 'openid' } });
    expect(await introspect()).toEqual({ active: false });
  });

  it.each([['true'], [1], [null], [undefined], [{}]])('refuses active: %p', async (active) => {
    op.on('introspect', { json: { active, sub: 'alice' } });
    expect(await refused(introspect())).toMatchObject({ error: 'internal_error' });
  });
});

describe('get_client_token', () => {
  const token = (more: object = {}) =>
    engine.run('get_client_token', {
      op_host: op.issuer,
      client_id: 'c',
      client_secret: 's3',
      ...more,
    });

  it.each([
    ['the scopes asked for, and adds none', ['read', 'write'], 'read write'],
    ['no scope where none is named', undefined, null],
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
    expect(engine.warnings).toHaveLength(1);
  });

  it('does not blame uma_protection if another scope is rejected', async () => {
    op.on('token', REJECTION);
    const request = { scope: ['read', 'uma_protection'] };
    for (let times = 0; times < 2; times++) {
      expect(await refused(token(request))).toMatchObject({ error: 'invalid_scope' });
    }
    const scopes = op.seen('token').map(({ form }) => form.get('scope'));
    expect(scopes).toEqual(['read uma_protection', 'read', 'read uma_protection', 'read']);
    expect(engine.warnings).toEqual([]);
  });

  it('sends scopes of oxd to a provider that lists them', async () => {
    op.discovery = { scopes_supported: ['openid', 'oxd'] };
    engine = new TestEngine();
    await token({ scope: ['openid', 'uma_protection', 'oxd'] });
    expect(op.seen('token')[0]?.form.get('scope')).toBe('openid oxd');
  });

  it.each([
    ['op_host', 'invalid_op_host', ''],
    ['op_host', 'invalid_op_host', 'op.example.com'],
    ['op_host', 'invalid_op_host', 'ftp://op.example.com'],
    ['client_id', 'bad_request', ''],
    ['client_secret', 'bad_request', undefined],
  ])('refuses %s: %s for %p', async (name, error, value) => {
    const refusal = await refused(token({ [name]: value }));
    expect(refusal).toMatchObject({ error, command: 'get_client_token' });
    expect(refusal.message).toContain(name);
  });
});

describe('get_logout_uri', () => {
  const logout = async (more: object = {}) => {
    const { uri } = await engine.run('get_logout_uri', { oxd_id, ...more });
    return Object.fromEntries(new URL(uri).searchParams);
  };

  it('goes to the registered page unless another is named', async () => {
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

  it('says when the provider has no such endpoint', async () => {
    op.discovery = { end_session_endpoint: undefined };
    engine = new TestEngine({ store: engine.store });
    expect(await refused(logout())).toMatchObject({ error: 'no_end_session_endpoint_at_op' });
  });
});

describe('every command', () => {
  const ANY = { oxd_id: 'x', code: 'c', state: 's', refresh_token: 'r', access_token: 'a' };

  it.each([
    'update_site',
    'remove_site',
    'get_authorization_url',
    'get_tokens_by_code',
    'get_access_token_by_refresh_token',
    'get_user_info',
    'get_logout_uri',
    'introspect_access_token',
  ])('%s refuses a blank and an unknown oxd_id', async (command) => {
    for (const blank of ['', ' ', undefined, null]) {
      const error = await refused(engine.raw(command, { ...ANY, oxd_id: blank }));
      expect(error).toMatchObject({ error: 'bad_request', code: 'OXD_COMMAND_FAILED', command });
    }
    const error = await refused(engine.raw(command, { ...ANY, oxd_id: 'unknown' }));
    expect(error).toMatchObject({ error: 'invalid_oxd_id', code: 'OXD_COMMAND_FAILED' });
  });

  it.each([
    ['get_user_info', { access_token: 7 }, 'access_token'],
    ['get_user_info', { access_token: ['a'] }, 'access_token'],
    ['get_user_info', { oxd_id: {} }, 'oxd_id'],
    ['get_authorization_url', { scope: 'openid email' }, 'scope'],
    ['get_authorization_url', { scope: ['openid', 7] }, 'scope'],
    ['get_authorization_url', { params: { a: 1 } }, 'params'],
    ['get_authorization_url', { params: ['a'] }, 'params'],
    ['get_authorization_url', { custom_parameters: 'a' }, 'custom_parameters'],
    ['register_site', { trusted_client: 'yes' }, 'trusted_client'],
    ['register_site', { redirect_uris: CALLBACK }, 'redirect_uris'],
    ['update_site', { default_max_age: '1' }, 'default_max_age'],
  ])('%s refuses %p', async (command, params, name) => {
    const error = await refused(engine.raw(command, { oxd_id, ...params }));
    expect(error).toMatchObject({ error: 'bad_request', mayHaveRun: false });
    expect(error.message).toContain(`${name}: must be`);
  });

  it.each([
    ['update_site', 'client_secret_expires_at', 1],
    ['get_tokens_by_code', 'authentication_method', 'private_key_jwt'],
    ['get_tokens_by_code', 'algorithm', 'RS256'],
    ['get_client_token', 'authentication_method', 'client_secret_post'],
    ['get_client_token', 'authentication_method', 'private_key_jwt'],
    ['get_client_token', 'algorithm', 'RS256'],
    ['get_client_token', 'key_id', 'key-1'],
  ])('%s refuses %s, which only oxd-server acts on', async (command, name, value) => {
    op.requests.length = 0;
    const error = await refused(engine.raw(command, { ...ANY, oxd_id, [name]: value }));
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
  )('%s refuses as unsupported what the contract says that only oxd does', async (command, all) => {
    for (const [name, { embedded = true }] of all) {
      const outcome: unknown = await engine.raw(command, { [name]: 7 }).catch((e: unknown) => e);
      const isUnsupported = (outcome as OxdCommandError).code === 'OXD_COMMAND_UNSUPPORTED';
      expect([name, isUnsupported]).toEqual([name, !embedded]);
    }
  });

  it.each([[null], [[]], ['text'], [7]])('refuses %p as params', async (params) => {
    const call = engine.raw('get_user_info', params as never);
    expect(await refused(call)).toMatchObject({ error: 'bad_request' });
  });

  it.each(['nonsense', 'toString', '__proto__', 'constructor', '', 'GET_USER_INFO'])(
    'does not know %p',
    async (command) => {
      expect(await refused(engine.raw(command, {}))).toMatchObject({
        code: 'OXD_COMMAND_FAILED',
        error: 'unsupported_operation',
      });
    },
  );

  it('reads no inherited params', async () => {
    const params = Object.create({ oxd_id }) as object;
    expect(await refused(engine.raw('get_logout_uri', params))).toMatchObject({
      error: 'bad_request',
    });
  });
});
