import { OxdClient } from '../../lib/oxd-client/oxd-client.js';
import { OxdCommandError } from '../../lib/base/errors.js';
import type { OxdVersion } from '../../lib/commands/oxd-transport.js';
import type { SiteOptions } from '../../lib/options/oxd.options.js';
import { MemoryStore } from '../../lib/store/oxd-store.js';
import { ScriptedTransport } from '../../lib/testing/scripted-transport.js';
import { settled } from '../support/manual-clock.js';
import { registerSecret } from '../support/secrets.js';

type Given = Record<string, unknown>;

const url = { authorization_url: 'https://op.example.com/auth?state=s' };
const out = 'https://app.example.com/out';
const site: SiteOptions = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
  scope: ['openid', 'email'],
};
const given = { client_id: 'mine', client_secret: 'secret-of-mine' };
registerSecret(given.client_secret);

const lines: string[] = [];
const log = {
  warn: (line: string) => void lines.push(line),
  error: (line: string) => void lines.push(line),
  log: (line: string) => void lines.push(line),
};
let now = 1_800_000_000_000;

beforeEach(() => void lines.splice(0));

/** oxd-server 4 with its rules for protection tokens; its sites are `site-1`, `site-2`, … */
class Oxd4 extends ScriptedTransport {
  readonly clients = new Map<unknown, unknown>([[given.client_id, given.client_secret]]);
  readonly owners = new Map<unknown, unknown>([['given', given.client_id]]);
  readonly tokens = new Map<unknown, unknown>();
  lifetime = 600;

  constructor(
    override readonly version: OxdVersion,
    public isProtected = true,
  ) {
    super();
    const replies: Readonly<Record<string, (params: Given) => object>> = {
      register_site: (params: Given) => this.register(params),
      get_client_token: (params: Given) => this.issue(params),
      update_site: (params: Given) => ({ oxd_id: params.oxd_id }),
      get_authorization_url: (params: Given) => this.checked(params, url),
      get_logout_uri: (params: Given) => this.checked(params, { uri: `${site.op_host}/end` }),
    };
    this.script(replies as object);
  }

  sent(command: string): Given[] {
    return this.calls.filter((call) => call.command === command).map(({ params }) => params);
  }

  private register({ client_id, client_secret }: Given): object {
    const oxd_id = `site-${this.owners.size}`;
    const own = `client-${this.owners.size}`;
    const client = client_id
      ? { client_id, client_secret }
      : { client_id: own, client_secret: own };
    this.owners.set(oxd_id, client.client_id);
    this.clients.set(client.client_id, client.client_secret);
    return { oxd_id, op_host: site.op_host, ...client };
  }

  private issue({ client_id, client_secret, scope }: Given): object {
    if (this.clients.get(client_id) !== client_secret) throw rejection('internal_error', true);
    const access_token = `token-${this.sent('get_client_token').length}`;
    this.tokens.set(access_token, client_id);
    return { access_token, expires_in: this.lifetime, scope };
  }

  private checked(params: Given, result: object): object {
    const { oxd_id, protection_access_token: token, authorization_oxd_id = oxd_id } = params;
    if (this.isProtected) {
      if (!token) throw rejection('blank_access_token');
      if (!this.tokens.has(token)) throw rejection('inactive_access_token');
      const owner = this.owners.get(authorization_oxd_id);
      if (this.tokens.get(token) !== owner) throw rejection('invalid_access_token');
    }
    if (!this.owners.has(oxd_id)) throw rejection('invalid_oxd_id');
    return result;
  }
}

function rejection(error: string, mayHaveRun = false, status = 403): OxdCommandError {
  const cause = Object.assign(new Error(`HTTP ${status}`), { status });
  return new OxdCommandError(`failed: ${error}`, { error }, { mayHaveRun, cause });
}

// oxlint-disable-next-line max-params -- most tests use the defaults
function client(
  transport: Oxd4,
  options: Partial<SiteOptions> = {},
  store = new MemoryStore(),
  base = site,
) {
  return new OxdClient({
    ...{ transport, store, log, clock: () => now },
    site: { ...base, ...options },
  });
}

describe.each(['4.0', '4.2', '4.5'] as const)('a protected oxd %s', (version) => {
  it('registers one client, one token of which serves 32 commands', async () => {
    const oxd = new Oxd4(version);
    const one = client(oxd);
    await Promise.all(Array.from({ length: 32 }, () => one.execute('get_authorization_url', {})));
    expect(oxd.calls.map(({ command }) => command).slice(0, 3)).toEqual([
      ...['get_authorization_url', 'register_site', 'get_client_token'],
    ]);
    expect(oxd.sent('register_site')).toHaveLength(1);
    expect(oxd.sent('get_client_token')).toEqual([
      {
        ...{ op_host: site.op_host, client_id: 'client-1', client_secret: 'client-1' },
        scope: ['openid', 'oxd'],
      },
    ]);
  });

  it('receives no site of the authorization with commands for the own site', async () => {
    const oxd = new Oxd4(version);
    await client(oxd).execute('get_authorization_url', {});
    const [, own] = oxd.sent('get_authorization_url');
    expect(own).toEqual({ oxd_id: 'site-1', protection_access_token: 'token-1' });
  });

  it('receives the scope and the grant that protection tokens need', async () => {
    const oxd = new Oxd4(version);
    await client(oxd).oxdId();
    expect(oxd.sent('register_site')).toEqual([
      expect.objectContaining({
        redirect_uris: [site.authorization_redirect_uri],
        scope: ['openid', 'email', 'oxd'],
        grant_types: ['authorization_code', 'client_credentials'],
      }),
    ]);
  });

  it('receives the default scopes and oxd if the site has no scope', async () => {
    const oxd = new Oxd4(version);
    const { scope: _, ...withoutScope } = site;
    const options = { ...withoutScope, grant_types: ['refresh_token'] };
    await client(oxd, {}, undefined, options).oxdId();
    expect(oxd.sent('register_site')).toEqual([
      expect.objectContaining({
        scope: ['openid', 'profile', 'email', 'oxd'],
        grant_types: ['refresh_token', 'client_credentials'],
      }),
    ]);
  });

  it('has the same client after a restart', async () => {
    const oxd = new Oxd4(version);
    const store = new MemoryStore();
    for (let start = 0; start < 2; start++)
      await client(oxd, {}, store).execute('get_authorization_url', {});
    expect(oxd.sent('register_site')).toHaveLength(1);
    expect(oxd.sent('get_client_token')).toHaveLength(2);
  });

  it('receives a new token shortly before the old one expires, and after its rejection', async () => {
    const oxd = new Oxd4(version);
    oxd.lifetime = 60;
    const one = client(oxd);
    const use = () => one.execute('get_authorization_url', {});
    await use();
    now += 31_000;
    await use();
    expect(oxd.sent('get_client_token')).toHaveLength(2);
    oxd.tokens.clear();
    await use();
    expect(oxd.sent('get_client_token')).toHaveLength(3);
  });

  it('receives one new token after two rejections, one of which arrives later', async () => {
    const oxd = new Oxd4(version);
    const one = client(oxd);
    await one.execute('get_authorization_url', {});
    let release = (): void => undefined;
    const late = new Promise<void>((resolve) => void (release = resolve));
    let rejections = 0;
    oxd.script({
      get_authorization_url: async ({ protection_access_token: token }) => {
        if (token !== 'token-1') return url;
        if (++rejections === 2) await late;
        throw rejection('inactive_access_token');
      },
    });
    const calls = [1, 2].map(() => one.execute('get_authorization_url', {}));
    await calls[0];
    release();
    await calls[1];
    await one.execute('get_authorization_url', {});
    expect(rejections).toBe(2);
    expect(oxd.sent('get_client_token')).toHaveLength(2);
  });

  it('receives a token of the new client when the site is registered again', async () => {
    const oxd = new Oxd4(version);
    const one = client(oxd);
    await one.execute('get_authorization_url', {});
    oxd.script({
      get_authorization_url: ({ oxd_id }) => {
        if (oxd_id === 'site-1') throw rejection('invalid_oxd_id', false, 400);
        return url;
      },
    });
    await one.execute('get_authorization_url', {});
    expect(oxd.sent('get_authorization_url').at(-1)).toEqual({
      ...{ oxd_id: 'site-2', protection_access_token: 'token-2' },
    });
    expect(oxd.sent('get_client_token').at(-1)).toMatchObject({ client_id: 'client-2' });
  });

  it('receives the client of the options as it is, which obtains the tokens', async () => {
    const oxd = new Oxd4(version);
    await client(oxd, given).execute('get_authorization_url', {});
    expect(oxd.sent('register_site')).toEqual([
      {
        ...{ op_host: site.op_host, scope: site.scope, ...given },
        redirect_uris: [site.authorization_redirect_uri],
        grant_types: ['authorization_code'],
      },
    ]);
    expect(oxd.sent('get_client_token')).toEqual([expect.objectContaining(given)]);
  });

  it('receives a token of the client of the options if oxd_id is an option', async () => {
    const oxd = new Oxd4(version);
    await client(oxd, { ...given, oxd_id: 'given' }).execute('get_authorization_url', {});
    expect(oxd.sent('register_site')).toEqual([]);
    expect(oxd.sent('get_client_token')).toEqual([expect.objectContaining(given)]);
  });

  it('names what the client of the options needs when it issues no token', async () => {
    const oxd = new Oxd4(version);
    oxd.clients.clear();
    const call = client(oxd, { ...given, oxd_id: 'given' }).execute('get_authorization_url', {});
    await expect(call).rejects.toMatchObject({
      ...{ code: 'OXD_COMMAND_FAILED', error: 'internal_error', mayHaveRun: true },
      message: expect.stringMatching(/needs the grant client_credentials and the scope oxd/),
    });
  });

  it('rejects a site of the options without a client, with the options to set', async () => {
    const call = client(new Oxd4(version), { oxd_id: 'given' });
    await expect(call.execute('get_authorization_url', {})).rejects.toMatchObject({
      ...{ code: 'OXD_COMMAND_FAILED', error: 'blank_protection_access_token' },
      message: expect.stringMatching(
        /site\.client_id and site\.client_secret.* client of the site, which needs the scope oxd/,
      ),
    });
  });

  it('registers the site again when tokens become necessary later', async () => {
    const oxd = new Oxd4(version, false);
    const one = client(oxd);
    await one.execute('get_authorization_url', {});
    expect(oxd.sent('register_site')).toEqual([
      expect.objectContaining({ scope: site.scope, grant_types: ['authorization_code'] }),
    ]);
    expect(oxd.sent('get_client_token')).toEqual([]);
    oxd.isProtected = true;
    await one.execute('get_authorization_url', {});
    expect(oxd.sent('register_site')[1]).toMatchObject({ scope: ['openid', 'email', 'oxd'] });
    expect(oxd.sent('get_client_token')).toHaveLength(1);
  });

  it('fails if it returns no client, because no token can be obtained', async () => {
    const oxd = new Oxd4(version);
    oxd.script({ register_site: { oxd_id: 'site-1', op_host: site.op_host } });
    const error = { error: 'no_client_secret_returned', mayHaveRun: true };
    await expect(client(oxd).oxdId()).rejects.toMatchObject(error);
    await expect(client(oxd, given).oxdId()).resolves.toBe('site-1');
  });

  it('logs no secret', async () => {
    await client(new Oxd4(version)).execute('get_authorization_url', {});
    expect(lines).toEqual(['The site is registered with the client client-1 at op.example.com.']);
  });

  describe('with changed options', () => {
    async function updated(
      before: Partial<SiteOptions>,
      after: Partial<SiteOptions>,
      isProtected = true,
    ): Promise<Given | undefined> {
      const oxd = new Oxd4(version, isProtected);
      const store = new MemoryStore();
      await client(oxd, before, store).execute('get_authorization_url', {});
      await client(oxd, after, store).execute('get_authorization_url', {});
      return oxd.sent('update_site')[0];
    }

    it('receives the scope and the grants of the registration in the update', async () => {
      const params = await updated({}, { scope: ['openid', 'profile'] });
      expect(params).toMatchObject({
        oxd_id: 'site-1',
        protection_access_token: 'token-2',
        redirect_uris: [site.authorization_redirect_uri],
        scope: ['openid', 'profile', 'oxd'],
        grant_types: ['authorization_code', 'client_credentials'],
      });
    });

    it('receives no scope oxd if it requires no tokens', async () => {
      const params = await updated({}, { scope: ['openid'] }, false);
      expect(params).toMatchObject({ scope: ['openid'] });
      expect(params).not.toHaveProperty('protection_access_token');
    });
  });

  it('receives the whole list and the default redirect URI in an update of the caller', async () => {
    const oxd = new Oxd4(version);
    const one = client(oxd);
    const second = 'https://app.example.com/second';
    await one.execute('update_site', { redirect_uris: [second], scope: ['openid'] });
    expect(oxd.sent('update_site')[0]).toMatchObject({
      redirect_uris: [site.authorization_redirect_uri, second],
      scope: ['openid', 'oxd'],
    });
    await one.execute('update_site', { contacts: ['a@b.example'] });
    expect(oxd.sent('update_site')[1]).not.toHaveProperty('scope');
    await one.execute('update_site', { oxd_id: 'given', redirect_uris: [second] });
    expect(oxd.sent('update_site')[2]).toMatchObject({ redirect_uris: [second] });
  });

  it('does not repeat a registration for a minute if the provider rejected it', async () => {
    const oxd = new Oxd4(version);
    const error = rejection('no_client_id_returned', false, 500);
    oxd.script({ register_site: error });
    const one = client(oxd);
    for (let use = 0; use < 3; use++)
      await expect(one.oxdId()).rejects.toBeInstanceOf(OxdCommandError);
    expect(oxd.sent('register_site')).toHaveLength(1);
    now += 60_000;
    await expect(one.oxdId()).rejects.toMatchObject({ error: 'no_client_id_returned' });
    expect(oxd.sent('register_site')).toHaveLength(2);
  });
});

describe('a broken oxd 4 or proxy', () => {
  const use = (one: OxdClient) => one.execute('get_authorization_url', {}).catch(() => undefined);

  it('that drops the token causes no further registration', async () => {
    const oxd = new Oxd4('4.2');
    const one = client(oxd);
    await one.execute('get_authorization_url', {});
    oxd.script({ get_authorization_url: rejection('blank_access_token') });
    for (let minute = 0; minute < 5; minute++, now += 60_000)
      await expect(one.execute('get_authorization_url', {})).rejects.toMatchObject({
        error: 'blank_protection_access_token',
      });
    expect(oxd.sent('register_site')).toHaveLength(1);
    expect(oxd.sent('get_authorization_url')).toHaveLength(7);
  });

  it('that returns no record of a site causes no further registration', async () => {
    const oxd = new Oxd4('4.2', false);
    oxd.script({ get_rp: {} as never });
    await expect(client(oxd).execute('get_rp', {})).rejects.toMatchObject({
      code: 'OXD_TRANSPORT_MALFORMED',
    });
    expect(oxd.sent('register_site')).toHaveLength(1);
  });

  it('that registers without a valid response receives one registration a minute', async () => {
    const oxd = new Oxd4('4.2', false);
    oxd.script({ register_site: {} as never });
    const one = client(oxd);
    for (let calls = 0; calls < 5; calls++)
      await expect(one.oxdId()).rejects.toMatchObject({ code: 'OXD_TRANSPORT_MALFORMED' });
    expect(oxd.sent('register_site')).toHaveLength(1);
    expect(lines).toEqual([
      expect.stringMatching(/^The registration of the site has no valid response\..*once a minute/),
    ]);
    now += 60_000;
    await use(one);
    expect(oxd.sent('register_site')).toHaveLength(2);
  });

  it('does not delay an aborted command while a new token is requested', async () => {
    const oxd = new Oxd4('4.2');
    const one = client(oxd);
    await use(one);
    oxd.tokens.clear();
    oxd.script({ get_client_token: () => new Promise<never>(() => undefined) });
    const reason = new Error('the caller has left');
    const controller = new AbortController();
    const { signal } = controller;
    const call = one.execute('get_authorization_url', {}, { signal });
    await settled();
    expect(oxd.sent('get_client_token')).toHaveLength(2);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
  });
});

describe('a command for another site', () => {
  it.each([
    ['4.0', undefined],
    ['4.2', 'site-1'],
    ['4.5', 'site-1'],
  ] as const)('on %s is authorized by the own site %s', async (version, authorization_oxd_id) => {
    const oxd = new Oxd4(version);
    const call = client(oxd).execute('get_authorization_url', { oxd_id: 'given' });
    const outcome = await call.catch((error: unknown) => (error as OxdCommandError).error);
    expect(outcome).toEqual(authorization_oxd_id ? url : 'invalid_protection_access_token');
    const last = oxd.sent('get_authorization_url').at(-1);
    expect(last).toMatchObject({ oxd_id: 'given', protection_access_token: 'token-1' });
    expect(last?.authorization_oxd_id).toBe(authorization_oxd_id);
    expect(oxd.sent('get_client_token')).toHaveLength(1);
  });

  it('receives a new token once if the token has become inactive', async () => {
    const oxd = new Oxd4('4.2');
    const one = client(oxd);
    await one.execute('get_authorization_url', { oxd_id: 'given' });
    oxd.tokens.clear();
    await expect(one.execute('get_authorization_url', { oxd_id: 'given' })).resolves.toEqual(url);
    expect(oxd.sent('get_client_token')).toHaveLength(2);
  });

  it('carries no token without necessity, and that of the caller alone', async () => {
    const open = new Oxd4('4.2', false);
    await client(open).execute('get_authorization_url', { oxd_id: 'given' });
    expect(open.sent('get_authorization_url').at(-1)).toEqual({ oxd_id: 'given' });
    const oxd = new Oxd4('4.2');
    oxd.tokens.set('theirs', given.client_id);
    const theirs = { oxd_id: 'given', protection_access_token: 'theirs' };
    await client(oxd).execute('get_authorization_url', theirs);
    expect(oxd.sent('get_authorization_url').at(-1)).toEqual(theirs);
    expect(oxd.sent('get_client_token')).toEqual([]);
  });
});

describe('get_logout_uri without a post_logout_redirect_uri', () => {
  const VERSIONS = ['3.1.1', '3.1.3', '3.1.4', '4.0', '4.2', '4.5'] as const;
  const logout = async (
    version: OxdVersion,
    options: Partial<SiteOptions>,
    params: object = {},
  ): Promise<unknown> => {
    const oxd = new Oxd4(version, false);
    const one = client(oxd, options);
    await one.execute('get_logout_uri', { id_token_hint: 'a.b.c', ...params });
    return oxd.sent('get_logout_uri')[0]?.post_logout_redirect_uri;
  };

  it.each(VERSIONS)('has that of the site on %s, unless oxd adds it itself', async (version) => {
    const own = version === '3.1.4' ? undefined : out;
    expect(await logout(version, { post_logout_redirect_uri: out })).toBe(own);
    expect(await logout(version, {})).toBeUndefined();
  });

  it('has the first of the list of the site on oxd 4', async () => {
    const post_logout_redirect_uris = [out, 'https://app.example.com/other'];
    expect(await logout('4.2', { post_logout_redirect_uris })).toBe(out);
  });

  it('has that of the call if there is one, and none for another site', async () => {
    const options = { post_logout_redirect_uri: out };
    const other = 'https://app.example.com/other';
    expect(await logout('4.2', options, { post_logout_redirect_uri: other })).toBe(other);
    expect(await logout('4.2', options, { oxd_id: 'given' })).toBeUndefined();
  });
});
