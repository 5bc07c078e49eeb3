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

it('a refresh token is used once, whatever its callers name beside it', async () => {
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

it('two callbacks that meet the same outage each remove their own cookie', async () => {
  const states = ['state-of-the-first', 'state-of-the-second'];
  states.forEach(registerSecret);
  let nth = 0;
  const { oidc, transport, module } = await serviceOn({
    register_site: { oxd_id: 'site-1', op_host: site.op_host },
    get_authorization_url: () => ({
      authorization_url: `${site.op_host}/auth?state=${states[nth++]}`,
    }),
    // One error for all, as callers get who waited for the same work.
    get_tokens_by_code: new OxdCommandError('down', { error: 'internal_error' }),
  });
  const begun = [await oidc.startLogin(), await oidc.startLogin()];
  const jars = begun.map(({ cookies }) => cookies.map((cookie) => cookie.split(';')[0]).join('; '));
  const refused = await Promise.all(
    jars.map((jar, at) =>
      oidc.finishLogin({ state: states[at] ?? '', code: 'a-code' }, jar).then(
        () => undefined,
        (error: unknown) => error as OxdError,
      ),
    ),
  );
  const removed = refused.map((error) => (error as OxdError).cookies?.[0]?.split('=')[0]);
  expect(removed).toEqual(jars.map((jar) => jar.split('=')[0]));
  expect(refused.map((error) => error instanceof OxdError)).toEqual([true, true]);
  expect(transport.calls.filter(({ command }) => command === 'get_tokens_by_code')).toHaveLength(2);
  await module.close();
});

const state = 'state-of-the-only-login';
const sub = 'alice';

/** A provider at which everything goes well. */
function goodLogin(claims: Partial<IdTokenClaims> = {}): ScriptedReplies {
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
    ['https://app.example.com/callback', '__Host-oxd.login.', '; Secure'],
    ['http://localhost:3000/callback', 'oxd.login.', ''],
  ])('at %s is named %s… and ends in "%s"', async (authorization_redirect_uri, prefix, end) => {
    const { oidc, module } = await serviceOn(goodLogin(), {
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
      goodLogin(),
      { oxd_id: 'site-1', ...(registered && { scope: registered }) },
      new VersionedTransport(),
    );
    await (raw ? oidc.getAuthorizationUrl() : oidc.startLogin({ scope: requested }));
    await module.close();
    return transport.calls.find(({ command }) => command === 'get_authorization_url')?.params.scope;
  }

  const protection = ['uma_protection', 'oxd'];

  it.each([
    { name: 'the defaults', sent: ['openid', 'profile', 'email'] },
    { name: 'those of the site', site: ['openid', 'phone'], sent: ['openid', 'phone'] },
    { name: 'those of the call', call: ['openid', 'address'], sent: ['openid', 'address'] },
    { name: 'openid, also if it is not named', call: ['email'], sent: ['openid', 'email'] },
    {
      name: 'none of the protection API that the site has',
      site: ['openid', 'profile', ...protection],
      sent: ['openid', 'profile'],
    },
    {
      name: 'none of the protection API that the call names',
      call: ['openid', ...protection, 'phone'],
      sent: ['openid', 'phone'],
    },
    {
      name: 'the defaults beside a site for the protection API only',
      site: protection,
      sent: ['openid', 'profile', 'email'],
    },
    {
      name: 'those of the site if the call names the protection API only',
      site: ['openid', 'phone'],
      call: protection,
      sent: ['openid', 'phone'],
    },
  ])('requests $name', async ({ site: registered, call, sent }) => {
    expect(await scopeSent(registered, call)).toEqual(sent);
  });

  it('leaves the raw getAuthorizationUrl alone', async () => {
    expect(await scopeSent(['openid', ...protection], undefined, true)).toBeUndefined();
  });
});

describe('the id_token of a login', () => {
  const { op_host } = site;

  async function finish(
    claims: { iss?: string; aud?: string | string[] },
    options: Partial<OxdModuleOptions['site']> = {},
  ) {
    const { oidc, module, transport } = await serviceOn(goodLogin(claims), {
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
    { name: 'of another provider', claims: { iss: 'https://other.example.com' } },
    { name: 'of another path of the provider', claims: { iss: `${op_host}/other` } },
    { name: 'of another scheme', claims: { iss: 'http://op.example.com' } },
    { name: 'for another client', claims: { aud: 'other' } },
    { name: 'for other clients', claims: { aud: ['other', 'client-2'] } },
    { name: 'for no client', claims: { aud: [] } },
  ])('is rejected $name, before it is used', async ({ claims }) => {
    const { finished, commands } = await finish(claims);
    expect(finished).toBeInstanceOf(OxdCommandError);
    expect(finished).toMatchObject({ error: 'mismatch', cookies: [expect.anything()] });
    expect(commands).not.toContain('get_user_info');
  });

  it.each([
    { name: 'of the provider and for the client', claims: {}, options: {} },
    { name: 'with a slash after the issuer', claims: { iss: `${op_host}/` }, options: {} },
    { name: 'for the client and others', claims: { aud: ['other', 'client'] }, options: {} },
    {
      name: 'of an issuer with the discovery path',
      claims: { iss: `${op_host}/realms/shop` },
      options: { op_discovery_path: '/realms/shop' },
    },
    {
      name: 'of the host before a discovery path',
      claims: {},
      options: { op_discovery_path: '/oxauth' },
    },
    {
      name: 'of the issuer before a configuration endpoint',
      claims: { iss: 'https://sso.example.com' },
      options: {
        op_configuration_endpoint: 'https://sso.example.com/.well-known/openid-configuration',
      },
    },
    {
      name: 'for an unknown client of a given site',
      claims: { aud: 'other' },
      options: { oxd_id: 'site-1' },
    },
  ])('is accepted $name', async ({ claims, options }) => {
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
      'another purpose': ['GET', { 'sec-purpose': 'navigation', purpose: 'preview' }],
      'a longer word': ['GET', { 'sec-purpose': 'noprefetch;x-prerender' }],
    }),
  )('is false for $name', async ({ method, headers }) => {
    expect(await speculative(method, headers)).toBe(false);
  });
});

describe('a returnTo that is foreign', () => {
  const foreign = 'https://evil.example.com/?token=secret-in-the-return-to';
  const warning = 'A returnTo was not a short URL of https://app.example.com; using its root.';
  registerSecret('secret-in-the-return-to');

  it('is warned of once, without its value', async () => {
    const { oidc, module, warnings } = await serviceOn(goodLogin(), { oxd_id: 'site-1' });
    const { cookies } = await oidc.startLogin({ returnTo: foreign });
    const { returnTo } = await oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    expect(returnTo).toBe('https://app.example.com/');
    expect(warnings).toEqual([warning]);
    await module.close();
  });

  it('is not warned of where it is our own', async () => {
    const { oidc, module, warnings } = await serviceOn(goodLogin(), { oxd_id: 'site-1' });
    const { cookies } = await oidc.startLogin({ returnTo: '/profile' });
    const { returnTo } = await oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    expect(returnTo).toBe('https://app.example.com/profile');
    expect(warnings).toEqual([]);
    await module.close();
  });

  it('is replaced at the finish, too, when the store holds it', async () => {
    const store = new MemoryStore();
    const { oidc, module, warnings } = await serviceOn(goodLogin(), { oxd_id: 'site-1', store });
    const { cookies } = await oidc.startLogin({ returnTo: '/profile' });
    const get = store.get.bind(store);
    store.get = async (key) => ({ ...((await get(key)) as object), returnTo: foreign });
    const finished = await oidc.finishLogin({ state, code: 'a-code' }, headerOf(cookies));
    expect(finished.returnTo).toBe('https://app.example.com/');
    expect(warnings).toEqual([warning]);
    await module.close();
  });
});
