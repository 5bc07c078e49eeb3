import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OidcService,
  OxdCommandError,
  OxdError,
  OxdModule,
  type IdTokenClaims,
  type OxdModuleOptions,
  type RequestHeaders,
} from '../../lib/index.js';
import { ScriptedTransport, type ScriptedReplies } from '../../lib/testing/testing.js';
import { startService } from '../support/oidc-service.js';
import { registerSecret } from '../support/secrets.js';

const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
};

async function serviceOn(
  replies: ScriptedReplies,
  {
    store = new MemoryStore(),
    ...more
  }: Partial<OxdModuleOptions['site']> & { store?: MemoryStore } = {},
  transport = new ScriptedTransport(),
) {
  transport.script(replies);
  const module = await Test.createTestingModule({
    imports: [
      OxdModule.forRoot({
        site: { ...site, ...more },
        transport,
        secret: 'a test secret of more than 32 characters',
        store,
      }),
    ],
  }).compile();
  const warnings: string[] = [];
  const warn = (message: unknown): void => void warnings.push(String(message));
  module.useLogger({ warn, log: () => undefined, error: () => undefined });
  await module.init();
  return { oidc: module.get(OidcService), transport, module, warnings };
}

it('concurrent calls with one refresh token share one request, whatever their scopes', async () => {
  const refresh_token = 'refresh-token-of-one-session';
  registerSecret(refresh_token);
  const { oidc, transport, module } = await serviceOn(
    { get_access_token_by_refresh_token: { access_token: 'the-new-access-token' } },
    { oxd_id: 'site-1' },
  );
  const results = await Promise.all([
    oidc.getAccessTokenByRefreshToken({ refresh_token }),
    oidc.getAccessTokenByRefreshToken({ refresh_token, scope: ['openid'] }),
    oidc.getAccessTokenByRefreshToken({ oxd_id: 'site-1', refresh_token }),
    oidc.getAccessTokenByRefreshToken({ scope: ['openid', 'email'], refresh_token }),
  ]);
  expect(new Set(results.map(({ access_token }) => access_token)).size).toBe(1);
  expect(transport.calls).toHaveLength(1);
  await module.close();
});

it('two callbacks that fail with the same error each remove their own cookie', async () => {
  const states = ['state-of-the-first', 'state-of-the-second'];
  states.forEach(registerSecret);
  let nth = 0;
  const { oidc, transport, module } = await serviceOn({
    register_site: { oxd_id: 'site-1', op_host: site.op_host },
    get_authorization_url: () => ({
      authorization_url: `${site.op_host}/auth?state=${states[nth++]}`,
    }),
    // One error object for all calls, as callers of a shared request get it.
    get_tokens_by_code: new OxdCommandError('down', { error: 'internal_error' }),
  });
  const begun = [await oidc.startLogin(), await oidc.startLogin()];
  const jars = begun.map(({ cookies }) => cookies.map((cookie) => cookie.split(';')[0]).join('; '));
  const errors = await Promise.all(
    jars.map((jar, at) =>
      oidc.finishLogin({ state: states[at] ?? '', code: 'a-code' }, jar).then(
        () => undefined,
        (error: unknown) => error as OxdError,
      ),
    ),
  );
  const removed = errors.map((error) => (error as OxdError).cookies?.[0]?.split('=')[0]);
  expect(removed).toEqual(jars.map((jar) => jar.split('=')[0]));
  expect(errors.map((error) => error instanceof OxdError)).toEqual([true, true]);
  expect(transport.calls.filter(({ command }) => command === 'get_tokens_by_code')).toHaveLength(2);
  await module.close();
});

const state = 'state-of-the-only-login';
const sub = 'alice';

/** Replies of a provider that accepts the login of alice. */
function successfulLogin(claims: Partial<IdTokenClaims> = {}): ScriptedReplies {
  const tokens = { access_token: 'access-token-of-alice', id_token: 'id-token-of-alice' };
  [state, ...Object.values(tokens)].forEach(registerSecret);
  const [iat, exp] = [1, 2];
  return {
    register_site: { oxd_id: 'site-1', op_host: site.op_host },
    get_authorization_url: { authorization_url: `${site.op_host}/auth?state=${state}` },
    get_tokens_by_code: {
      ...tokens,
      id_token_claims: { sub, iss: site.op_host, aud: 'client', iat, exp, ...claims },
    },
    get_user_info: { claims: { sub } },
  };
}

const headerOf = (cookies: readonly string[]): string =>
  cookies.map((cookie) => cookie.split(';')[0]).join('; ');

describe('the cookie of a login', () => {
  it.each([
    {
      name: 'is Secure with the prefix __Host- at an https callback',
      authorization_redirect_uri: 'https://app.example.com/callback',
      prefix: '__Host-oxd.login.',
      end: '; Secure',
    },
    {
      name: 'is not Secure and has no __Host- at an http callback on localhost',
      authorization_redirect_uri: 'http://localhost:3000/callback',
      prefix: 'oxd.login.',
      end: '',
    },
  ])('$name', async ({ authorization_redirect_uri, prefix, end }) => {
    const { oidc, module } = await serviceOn(successfulLogin(), {
      oxd_id: 'site-1',
      authorization_redirect_uri,
    });
    const { cookies } = await oidc.startLogin();
    const common = '=[\\w.-]+; Path=/; Max-Age=2400; HttpOnly; SameSite=Lax';
    expect(cookies).toEqual([
      expect.stringMatching(new RegExp(`^${prefix}\\d+\\.[\\w-]+${common}${end}$`)),
    ]);
    const finished = await oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    const [name] = cookies[0]?.split('=') ?? [];
    expect(finished.cookies).toEqual([`${name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${end}`]);
    await module.close();
  });
});

describe.each(['contract', '3.1.1', '3.1.4'] as const)('startLogin over %s', (version) => {
  class VersionedTransport extends ScriptedTransport {
    override readonly version = version;
  }

  async function scopeSent(registered?: string[], requested?: string[], raw = false) {
    const { oidc, module, transport } = await serviceOn(
      successfulLogin(),
      { oxd_id: 'site-1', ...(registered && { scope: registered }) },
      new VersionedTransport(),
    );
    await (raw ? oidc.getAuthorizationUrl() : oidc.startLogin({ scope: requested }));
    await module.close();
    return transport.calls.find(({ command }) => command === 'get_authorization_url')?.params.scope;
  }

  const protection = ['uma_protection', 'oxd'];

  it.each([
    { name: 'the default scopes', sent: ['openid', 'profile', 'email'] },
    { name: 'the scopes of the site', site: ['openid', 'phone'], sent: ['openid', 'phone'] },
    { name: 'the scopes of the call', call: ['openid', 'address'], sent: ['openid', 'address'] },
    { name: 'openid, although the call omits it', call: ['email'], sent: ['openid', 'email'] },
    {
      name: 'no scope of the protection API that the site has',
      site: ['openid', 'profile', ...protection],
      sent: ['openid', 'profile'],
    },
    {
      name: 'no scope of the protection API that the call has',
      call: ['openid', ...protection, 'phone'],
      sent: ['openid', 'phone'],
    },
    {
      name: 'the default scopes for a site with scopes of the protection API only',
      site: protection,
      sent: ['openid', 'profile', 'email'],
    },
    {
      name: 'the scopes of the site for a call with scopes of the protection API only',
      site: ['openid', 'phone'],
      call: protection,
      sent: ['openid', 'phone'],
    },
  ])('requests $name', async ({ site: registered, call, sent }) => {
    expect(await scopeSent(registered, call)).toEqual(sent);
  });

  it('adds no scope to the raw getAuthorizationUrl()', async () => {
    expect(await scopeSent(['openid', ...protection], undefined, true)).toBeUndefined();
  });
});

it('a login is rejected with the userinfo of another user', async () => {
  const replies = { ...successfulLogin(), get_user_info: { claims: { sub: 'mallory' } } };
  const { oidc, module } = await serviceOn(replies, { oxd_id: 'site-1' });
  const { cookies } = await oidc.startLogin();
  const finishing = oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
  await expect(finishing).rejects.toMatchObject({ error: 'mismatch', command: 'get_user_info' });
  await module.close();
});

it('a login does not begin without the state of its authorization URL', async () => {
  const get_authorization_url = { authorization_url: `${site.op_host}/auth` };
  const { oidc, module } = await serviceOn({ get_authorization_url }, { oxd_id: 'site-1' });
  await expect(oidc.startLogin()).rejects.toMatchObject({ error: 'no_state' });
  await module.close();
});

describe('the id_token of a login', () => {
  const { op_host } = site;

  async function finish(
    claims: { iss?: string; aud?: string | string[] },
    options: Partial<OxdModuleOptions['site']> = {},
  ) {
    const { oidc, module, transport } = await serviceOn(successfulLogin(claims), {
      client_id: 'client',
      client_secret: 'secret',
      ...options,
    });
    const { cookies } = await oidc.startLogin();
    const finishing = oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    const finished = await finishing.catch((error: unknown) => error);
    await module.close();
    return { finished, commands: transport.calls.map(({ command }) => command) };
  }

  it.each([
    { name: 'by another provider', claims: { iss: 'https://other.example.com' } },
    { name: 'under another path of the provider', claims: { iss: `${op_host}/other` } },
    { name: 'under another URL scheme', claims: { iss: 'http://op.example.com' } },
    { name: 'for another client', claims: { aud: 'other' } },
    { name: 'for other clients', claims: { aud: ['other', 'client-2'] } },
    { name: 'for no client', claims: { aud: [] } },
  ])('is rejected when issued $name, before userinfo is requested', async ({ claims }) => {
    const { finished, commands } = await finish(claims);
    expect(finished).toBeInstanceOf(OxdCommandError);
    expect(finished).toMatchObject({ error: 'mismatch', cookies: [expect.anything()] });
    expect(commands).not.toContain('get_user_info');
  });

  it.each([
    { name: 'by the provider for the client', claims: {}, options: {} },
    { name: 'with a slash at the end of iss', claims: { iss: `${op_host}/` }, options: {} },
    { name: 'for the client and other clients', claims: { aud: ['other', 'client'] }, options: {} },
    {
      name: 'by an issuer with the discovery path',
      claims: { iss: `${op_host}/realms/shop` },
      options: { op_discovery_path: '/realms/shop' },
    },
    {
      name: 'by the host without the discovery path',
      claims: {},
      options: { op_discovery_path: '/oxauth' },
    },
    {
      name: 'by the issuer of the configuration endpoint',
      claims: { iss: 'https://sso.example.com' },
      options: {
        op_configuration_endpoint: 'https://sso.example.com/.well-known/openid-configuration',
      },
    },
    {
      name: 'for an unknown client when oxd_id is set',
      claims: { aud: 'other' },
      options: { oxd_id: 'site-1' },
    },
  ])('is accepted when issued $name', async ({ claims, options }) => {
    const { finished } = await finish(claims, options);
    expect(finished).toMatchObject({ user: { sub } });
  });
});

describe('OidcService.isSpeculative', () => {
  const cases = (rows: Record<string, [method: string, headers: RequestHeaders]>) =>
    Object.entries(rows).map(([name, [method, headers]]) => ({ name, method, headers }));

  async function speculative(method: string, headers: RequestHeaders): Promise<boolean> {
    const { oidc, module } = await serviceOn({}, { oxd_id: 'site-1' });
    await module.close();
    return oidc.isSpeculative(headers, method);
  }

  it.each(
    cases({
      'a HEAD request': ['HEAD', {}],
      'a prefetch': ['GET', { 'sec-purpose': 'prefetch' }],
      'a prefetch through a proxy': ['GET', { 'sec-purpose': 'prefetch;anonymous-client-ip' }],
      'a prerender': ['GET', { 'sec-purpose': 'prefetch;prerender' }],
      'a prerender after a blank': ['GET', { 'sec-purpose': 'prefetch ; prerender' }],
      'the older header': ['GET', { purpose: 'prefetch' }],
      'a prerender in the older header': ['GET', { purpose: 'Prerender' }],
      'a repeated header': ['GET', { 'sec-purpose': ['other', 'prefetch'] }],
    }),
  )('is true for $name', async ({ method, headers }) => {
    expect(await speculative(method, headers)).toBe(true);
  });

  it.each(
    cases({
      'a navigation': ['GET', { accept: 'text/html' }],
      'a form': ['POST', {}],
      'other purposes': ['GET', { 'sec-purpose': 'navigation', purpose: 'preview' }],
      'a longer token': ['GET', { 'sec-purpose': 'noprefetch;x-prerender' }],
    }),
  )('is false for $name', async ({ method, headers }) => {
    expect(await speculative(method, headers)).toBe(false);
  });
});

describe('a returnTo of another origin', () => {
  const foreign = 'https://evil.example.com/?token=secret-in-the-return-to';
  const warning = 'Ignored a returnTo: not a URL beneath https://app.example.com, or too long.';
  registerSecret('secret-in-the-return-to');

  it('causes one warning, without its value', async () => {
    const { oidc, module, warnings } = await serviceOn(successfulLogin(), { oxd_id: 'site-1' });
    const { cookies } = await oidc.startLogin({ returnTo: foreign });
    const { returnTo } = await oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    expect(returnTo).toBe('https://app.example.com/');
    expect(warnings).toEqual([warning]);
    await module.close();
  });

  it('causes one warning a minute, with a count', async () => {
    const transport = new ScriptedTransport();
    transport.script(successfulLogin());
    const service = await startService({ site: { ...site, oxd_id: 'site-1' }, transport });
    for (let times = 0; times < 20; times++) await service.oidc.startLogin({ returnTo: foreign });
    expect(service.warnings).toEqual([warning]);
    await service.clock.advance(60_000);
    await service.oidc.startLogin({ returnTo: foreign });
    expect(service.warnings).toEqual([warning, `${warning} (19 more since the last such line)`]);
    await service.close();
  });

  it('causes no warning when it is of the application', async () => {
    const { oidc, module, warnings } = await serviceOn(successfulLogin(), { oxd_id: 'site-1' });
    const { cookies } = await oidc.startLogin({ returnTo: '/profile' });
    const { returnTo } = await oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    expect(returnTo).toBe('https://app.example.com/profile');
    expect(warnings).toEqual([]);
    await module.close();
  });

  it('is replaced at the end of the login, too, when the store contains it', async () => {
    const store = new MemoryStore();
    const { oidc, module, warnings } = await serviceOn(successfulLogin(), {
      oxd_id: 'site-1',
      store,
    });
    const { cookies } = await oidc.startLogin({ returnTo: '/profile' });
    const get = store.get.bind(store);
    store.get = async (key) => ({ ...((await get(key)) as object), returnTo: foreign });
    const finished = await oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    expect(finished.returnTo).toBe('https://app.example.com/');
    expect(warnings).toEqual([warning]);
    await module.close();
  });
});
