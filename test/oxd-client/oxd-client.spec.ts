import { jest } from '@jest/globals';
import { OxdClient } from '../../lib/oxd-client/oxd-client.js';
import { OxdCommandError, OxdStoreError, OxdTransportError } from '../../lib/base/errors.js';
import type { SiteOptions } from '../../lib/options/oxd.options.js';
import { MemoryStore, type OxdStore } from '../../lib/store/oxd-store.js';
import { OxdTransport, type OxdVersion } from '../../lib/commands/oxd-transport.js';
import { CLIENT_METADATA_ROWS } from '../support/client-metadata.js';

type Responses = Record<string, (params: Record<string, unknown>, nth: number) => unknown>;

/** Transport with a response for each command by name; other commands are rejected. */
class FakeTransport extends OxdTransport {
  readonly calls: [command: string, params: Record<string, unknown>][] = [];

  constructor(
    readonly responses: Responses,
    override readonly version: OxdVersion = 'contract',
  ) {
    super();
  }

  override async execute(command: string, params: Record<string, unknown>): Promise<unknown> {
    this.calls.push([command, params]);
    const respond = this.responses[command];
    if (!respond) throw rejection('unsupported_operation');
    // The delay lets parallel calls overlap.
    await new Promise(setImmediate);
    return respond(params, this.count(command));
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  count(command: string): number {
    return this.calls.filter(([name]) => name === command).length;
  }
}

/** Store that records the keys without a lifetime. */
class RecordingStore extends MemoryStore {
  private readonly recorded = new Set<string>();

  get keys(): string[] {
    return [...this.recorded];
  }

  override set(key: string, value: unknown, ttl?: number): Promise<void> {
    if (ttl === undefined) this.recorded.add(key);
    return super.set(key, value, ttl);
  }
}

function rejection(error: string, mayHaveRun = false): OxdCommandError {
  return new OxdCommandError(error, { error }, { mayHaveRun });
}

const site: SiteOptions & { readonly authorization_redirect_uri: string } = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
  scope: ['openid'],
};
const url = { authorization_url: 'https://op.example.com/auth?state=s' };
const register_site: Responses[string] = (_, nth) => ({
  oxd_id: `site-${nth}`,
  op_host: site.op_host,
});
const get_authorization_url: Responses[string] = () => url;

let now = 1_800_000_000_000;
const warnings: string[] = [];
const errors: string[] = [];
const infos: string[] = [];
const log = {
  warn: (text: string) => void warnings.push(text),
  error: (text: string) => void errors.push(text),
  log: (text: string) => void infos.push(text),
};

function client(
  transport: OxdTransport,
  store: OxdStore = new MemoryStore(),
  options: SiteOptions = site,
) {
  return new OxdClient({ transport, store, site: options, log, clock: () => now });
}

beforeEach(() => {
  warnings.length = 0;
  errors.length = 0;
  infos.length = 0;
});

describe('the site', () => {
  it('with an oxd_id from the options is not registered', async () => {
    const transport = new FakeTransport({ get_authorization_url });
    const given = client(transport, undefined, { ...site, oxd_id: 'given' });
    await given.execute('get_authorization_url', {});
    expect(transport.calls).toEqual([['get_authorization_url', { oxd_id: 'given' }]]);
  });

  it('is registered once by 32 parallel commands, with the unchanged options', async () => {
    const transport = new FakeTransport({ register_site, get_authorization_url });
    const one = client(transport);
    await Promise.all(Array.from({ length: 32 }, () => one.execute('get_authorization_url', {})));
    expect(transport.count('register_site')).toBe(1);
    expect(transport.calls[0]).toEqual(['register_site', { ...site }]);
    expect(transport.calls.at(-1)).toEqual(['get_authorization_url', { oxd_id: 'site-1' }]);
  });

  it.each<{ name: string; options: Partial<SiteOptions>; client_id?: string; line: string }>([
    {
      name: 'its client',
      options: {},
      client_id: 'client-1',
      line: 'The site is registered with the client client-1 at op.example.com.',
    },
    {
      name: 'the provider only, if oxd-server does not name the client',
      options: {},
      line: 'The site is registered at op.example.com.',
    },
    {
      name: 'no client id that contains other characters',
      options: {},
      client_id: 'a\nb',
      line: 'The site is registered at op.example.com.',
    },
    {
      name: 'the given client',
      options: { client_id: 'mine', client_secret: 'hidden' },
      line: 'The site is set up with the client mine at op.example.com.',
    },
  ])('is logged once when it is registered, with $name', async (row) => {
    const register = () => ({ oxd_id: 'site-1', op_host: site.op_host, client_id: row.client_id });
    const transport = new FakeTransport({ register_site: register });
    const store = new MemoryStore();
    const given = { ...site, ...row.options };
    await client(transport, store, given).oxdId();
    await client(transport, store, given).oxdId();
    expect(infos).toEqual([row.line]);
  });

  it('is found in the store by the next process and by a parallel replica', async () => {
    const transport = new FakeTransport({ register_site });
    const store = new MemoryStore();
    const replicas = [client(transport, store), client(transport, store)];
    expect(await Promise.all(replicas.map((one) => one.oxdId()))).toEqual(['site-1', 'site-1']);
    expect(await client(transport, store).oxdId()).toBe('site-1');
    expect(transport.count('register_site')).toBe(1);
  });

  it.each<[string, Partial<SiteOptions>]>([
    ['provider', { op_host: 'https://other.example.com' }],
    ['redirect URI', { authorization_redirect_uri: 'https://app.example.com/other' }],
    ['name', { client_name: 'other' }],
    ['client', { client_id: 'other', client_secret: 'of the other' }],
  ])('is another site for another %s', async (_, change) => {
    const transport = new FakeTransport({ register_site });
    const store = new MemoryStore();
    expect(await client(transport, store).oxdId()).toBe('site-1');
    expect(await client(transport, store, { ...site, ...change }).oxdId()).toBe('site-2');
  });

  it('is another site for oxd-server than for embedded on the same store', async () => {
    const store = new MemoryStore();
    const responses = { register_site, get_authorization_url };
    await client(new FakeTransport(responses), store).oxdId();
    const socket = new FakeTransport(responses, '3.1.4');
    await client(socket, store).oxdId();
    expect(socket.count('register_site')).toBe(1);
  });

  it('is another site for another op_discovery_path', async () => {
    const store = new MemoryStore();
    const transport = new FakeTransport({
      register_site,
      update_site: () => ({ oxd_id: 'site-1' }),
    });
    const at = (op_discovery_path: string) =>
      client(transport, store, { ...site, op_discovery_path });
    expect(await at('/realms/staging').oxdId()).toBe('site-1');
    expect(await at('/realms/prod').oxdId()).toBe('site-2');
    expect(await at('/realms/staging').oxdId()).toBe('site-1');
    expect(transport.count('update_site')).toBe(0);
  });

  it('is another site for another op_configuration_endpoint', async () => {
    const transport = new FakeTransport({ register_site });
    const store = new MemoryStore();
    const at = (realm: string) => ({
      ...site,
      op_configuration_endpoint: `${site.op_host}/${realm}/.well-known/openid-configuration`,
    });
    expect(await client(transport, store, at('one')).oxdId()).toBe('site-1');
    expect(await client(transport, store, at('two')).oxdId()).toBe('site-2');
    expect(await client(transport, store, at('one')).oxdId()).toBe('site-1');
  });

  it('is registered although the call that waits for it is aborted', async () => {
    let register = (): void => undefined;
    const registered = new Promise<void>((resolve) => void (register = resolve));
    const transport = new FakeTransport({
      get_authorization_url,
      register_site: async (params, nth) => {
        await registered;
        return register_site(params, nth);
      },
    });
    const one = client(transport);
    const aborting = new AbortController();
    const call = one.execute('get_authorization_url', {}, { signal: aborting.signal });
    aborting.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    register();
    expect(await one.oxdId()).toBe('site-1');
    expect(transport.count('get_authorization_url')).toBe(0);
  });

  it('is registered after a failed registration', async () => {
    const transport = new FakeTransport({
      register_site: (params, nth) => {
        if (nth === 1) throw rejection('no_connect_discovery_response');
        return register_site(params, nth);
      },
    });
    const one = client(transport);
    await expect(one.oxdId()).rejects.toMatchObject({ error: 'no_connect_discovery_response' });
    await expect(one.oxdId()).resolves.toBe('site-2');
  });

  const withStatus = (error: string, status: number) =>
    new OxdCommandError(error, { error }, { cause: Object.assign(new Error(error), { status }) });

  describe.each([
    { name: 'an invalid parameter', version: '3.1.4', error: rejection('invalid_algorithm') },
    {
      name: 'the general error of oxd',
      version: '3.1.4',
      error: rejection('internal_error', true),
    },
    { name: 'a 403', version: 'contract', error: withStatus('not_trusted', 403) },
    { name: 'an error code', version: 'contract', error: rejection('invalid_redirect_uri') },
  ] as const)('rejected with $name on $version', ({ version, error }) => {
    const rejected = () =>
      new FakeTransport(
        {
          get_authorization_url,
          register_site: (params, nth) => {
            if (nth === 1) throw error;
            return register_site(params, nth);
          },
        },
        version,
      );

    it('is registered again a minute later; until then each use fails with the same error', async () => {
      const transport = rejected();
      const one = client(transport);
      for (let use = 0; use < 3; use++) await expect(one.oxdId()).rejects.toBe(error);
      now += 59_999;
      await expect(one.execute('get_authorization_url', {})).rejects.toBe(error);
      expect(transport.count('register_site')).toBe(1);
      expect(errors).toEqual([
        expect.stringMatching(
          /^The registration of the site was rejected\..*at most once a minute/,
        ),
      ]);
      now += 1;
      expect(await one.oxdId()).toBe('site-2');
    });
  });

  it.each([
    { name: 'a rate limit', error: withStatus('invalid_request', 429) },
    { name: 'a failure of the provider', error: withStatus('server_error', 503) },
  ])('is registered again at once after $name', async ({ error }) => {
    const transport = new FakeTransport({
      register_site: (params, nth) => {
        if (nth === 1) throw error;
        return register_site(params, nth);
      },
    });
    const one = client(transport);
    await expect(one.oxdId()).rejects.toBe(error);
    expect(await one.oxdId()).toBe('site-2');
  });

  it('is not registered if the store cannot be read', async () => {
    const transport = new FakeTransport({ register_site });
    const store = new MemoryStore();
    store.get = () => Promise.reject(new OxdStoreError('down'));
    await expect(client(transport, store).oxdId()).rejects.toThrow(OxdStoreError);
    expect(transport.calls).toEqual([]);
  });

  it('is not registered again if the store fails to persist the first registration', async () => {
    const transport = new FakeTransport({ register_site });
    const store = new MemoryStore();
    const set = jest
      .spyOn(store, 'set')
      .mockImplementation(() => Promise.reject(new OxdStoreError('full')));
    const one = client(transport, store);
    await expect(one.oxdId()).rejects.toThrow(OxdStoreError);
    set.mockRestore();
    expect(await one.oxdId()).toBe('site-1');
    expect(await client(transport, store).oxdId()).toBe('site-1');
    expect(transport.count('register_site')).toBe(1);
  });

  it('is registered without a lock if the store has no add()', async () => {
    const transport = new FakeTransport({ register_site });
    const memory = new MemoryStore();
    const store = {
      get: memory.get.bind(memory),
      set: memory.set.bind(memory),
      delete: memory.delete.bind(memory),
    };
    expect(await client(transport, store).oxdId()).toBe('site-1');
    expect(await client(transport, store).oxdId()).toBe('site-1');
  });
});

describe('a site that the peer no longer knows', () => {
  const losingSite: Responses = {
    register_site,
    get_authorization_url: ({ oxd_id }) => {
      if (oxd_id !== 'site-2') throw rejection('invalid_oxd_id');
      return url;
    },
  };

  it('is registered again once, and the command is sent again once', async () => {
    const transport = new FakeTransport(losingSite);
    const one = client(transport);
    await Promise.all(Array.from({ length: 8 }, () => one.execute('get_authorization_url', {})));
    expect(transport.count('register_site')).toBe(2);
    expect(await one.oxdId()).toBe('site-2');
  });

  it('is not registered in a loop', async () => {
    const transport = new FakeTransport({
      register_site,
      get_authorization_url: () => {
        throw rejection('invalid_oxd_id');
      },
    });
    const one = client(transport);
    await expect(one.execute('get_authorization_url', {})).rejects.toThrow('invalid_oxd_id');
    expect(transport.calls.map(([command]) => command)).toEqual([
      ...['register_site', 'get_authorization_url', 'register_site', 'get_authorization_url'],
    ]);
    await expect(one.execute('get_authorization_url', {})).rejects.toThrow('invalid_oxd_id');
    expect(transport.count('register_site')).toBe(2);
    now += 60_001;
    await expect(one.execute('get_authorization_url', {})).rejects.toThrow('invalid_oxd_id');
    expect(transport.count('register_site')).toBe(3);
  });

  it.each<[string, SiteOptions, object]>([
    ['comes from the options', { ...site, oxd_id: 'given' }, {}],
    ['is a parameter of the caller', site, { oxd_id: 'other' }],
    ['is a parameter of the caller equal to the own site', site, { oxd_id: 'site-1' }],
  ])('is not registered again if it %s', async (_, options, params) => {
    const transport = new FakeTransport(losingSite);
    const call = client(transport, undefined, options).execute('get_authorization_url', params);
    await expect(call).rejects.toMatchObject({ error: 'invalid_oxd_id' });
    expect(transport.count('get_authorization_url')).toBe(1);
  });

  it('never causes a second attempt of a command that may have run', async () => {
    const transport = new FakeTransport({
      register_site,
      get_tokens_by_code: () => {
        throw rejection('invalid_oxd_id', true);
      },
    });
    const call = client(transport).execute('get_tokens_by_code', { code: 'c', state: 's' });
    await expect(call).rejects.toMatchObject({ mayHaveRun: true });
    expect(transport.count('get_tokens_by_code')).toBe(1);
  });
});

describe('changed options', () => {
  async function restarted(
    responses: Responses,
    change: Partial<SiteOptions>,
    version?: OxdVersion,
  ) {
    const store = new MemoryStore();
    const all = { register_site, get_authorization_url, ...responses };
    await client(new FakeTransport(all, version), store).oxdId();
    const transport = new FakeTransport(all, version);
    const id = await client(transport, store, { ...site, ...change }).oxdId();
    const third = new FakeTransport(all, version);
    await client(third, store, { ...site, ...change }).oxdId();
    return { id, transport, third };
  }

  it('update the site once', async () => {
    const update_site = () => ({ oxd_id: 'site-1' });
    const { id, transport, third } = await restarted(
      { update_site },
      { scope: ['openid', 'email'] },
    );
    expect(id).toBe('site-1');
    expect(transport.calls).toEqual([
      [
        'update_site',
        expect.objectContaining({
          oxd_id: 'site-1',
          scope: ['openid', 'email'],
          redirect_uris: [site.authorization_redirect_uri],
        }),
      ],
    ]);
    expect(third.calls).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['post_logout_redirect_uris', ['https://app.example.com/out']],
    ...CLIENT_METADATA_ROWS.map(([name, { value }]): [string, unknown] => [name, value]),
  ])('of %s update the site', async (name, value) => {
    const update_site = () => ({ oxd_id: 'site-1' });
    const { transport, third } = await restarted({ update_site }, { [name]: value });
    expect(transport.calls).toEqual([
      ['update_site', expect.objectContaining({ oxd_id: 'site-1', [name]: value })],
    ]);
    expect(third.calls).toEqual([]);
  });

  it('that the provider rejects are logged and do not change the registration', async () => {
    const { id, transport } = await restarted(
      {},
      { scope: ['email'], contacts: ['a@example.com'] },
    );
    expect(id).toBe('site-1');
    expect(transport.count('register_site')).toBe(0);
    expect(warnings[0]).toMatch(/scope.*contacts|contacts.*scope/);
    expect(warnings[0]).not.toContain('a@example.com');
  });

  it('that this version of oxd ignores are logged and not sent', async () => {
    const update_site = () => ({ oxd_id: 'site-1' });
    const { transport } = await restarted({ update_site }, { acr_values: ['basic'] }, '3.1.4');
    expect(transport.calls[0]?.[0]).toBe('update_site');
    expect(transport.calls[0]?.[1]).not.toHaveProperty('acr_values');
    expect(warnings[0]).toContain('site.acr_values');
  });

  it('are the only ones that a warning about ignored options names', async () => {
    const options = { ...site, client_name: 'Shop', acr_values: ['basic'] };
    const all = { register_site, get_authorization_url, update_site: () => ({ oxd_id: 'site-1' }) };
    const [store, transport] = [new MemoryStore(), new FakeTransport(all, '3.1.4')];
    await client(transport, store, options).oxdId();
    await client(transport, store, { ...options, scope: ['openid', 'email'] }).oxdId();
    expect(transport.count('update_site')).toBe(1);
    expect(warnings).toEqual([]);
    await client(transport, store, { ...options, acr_values: ['other'] }).oxdId();
    expect(warnings).toEqual(['oxd 3.1.4 ignores site.acr_values in update_site.']);
  });

  describe('that remove values', () => {
    const before = {
      ...site,
      redirect_uris: [site.authorization_redirect_uri, 'https://app.example.com/second'],
      client_jwks_uri: 'https://app.example.com/jwks',
      jwks: '{"keys":[]}',
      contacts: ['a@example.com'],
    };

    async function callsWithout(version?: OxdVersion, options: SiteOptions = site) {
      const store = new MemoryStore();
      const update_site = () => ({ oxd_id: 'site-1' });
      const update_site_registration = update_site;
      const responses = {
        ...{ register_site, get_authorization_url },
        ...{ update_site, update_site_registration },
      };
      await client(new FakeTransport(responses, version), store, before).oxdId();
      warnings.splice(0);
      const transport = new FakeTransport(responses, version);
      await client(transport, store, options).oxdId();
      const third = new FakeTransport(responses, version);
      await client(third, store, options).oxdId();
      expect(third.calls).toEqual([]);
      return transport.calls;
    }

    it('are sent to embedded as names to remove, with the default of redirect_uris', async () => {
      const calls = await callsWithout();
      expect(calls.map(([name]) => name)).toEqual(['update_site']);
      expect(calls[0]?.[1]).toMatchObject({
        redirect_uris: [site.authorization_redirect_uri],
        remove: ['jwks', 'client_jwks_uri', 'contacts'],
      });
      expect(warnings).toEqual([]);
    });

    it('are sent without the names of other options', async () => {
      const { jwks: _, ...rest } = before;
      const [[, params] = []] = await callsWithout(undefined, rest);
      expect(params).toMatchObject({ contacts: rest.contacts, remove: ['jwks'] });
    });

    it.each(['3.1.1', '3.1.4'] as const)(
      'are logged once for oxd %s, which cannot remove parameters',
      async (version) => {
        const calls = await callsWithout(version);
        expect(calls).toHaveLength(1);
        expect(calls[0]?.[1]).not.toHaveProperty('remove');
        expect(warnings).toEqual([
          `oxd ${version} cannot remove parameters of a registration: site.client_jwks_uri, ` +
            'site.contacts may remain in effect. Remove them at the provider, or change ' +
            'site.client_name to register a new site.',
        ]);
      },
    );

    it('are not logged if oxd never received them', async () => {
      const { jwks: _, ...rest } = before;
      await callsWithout('3.1.4', rest);
      expect(warnings).toEqual([]);
    });
  });

  describe('of a given client', () => {
    const given = { ...site, client_id: 'own', client_secret: 'before' };
    const after = { ...given, client_secret: 'after', acr_values: ['gold'] };

    it('register it again at oxd, in the same record', async () => {
      const store = new RecordingStore();
      const transport = new FakeTransport({ register_site }, '3.1.4');
      await client(transport, store, given).oxdId();
      expect(await client(transport, store, after).oxdId()).toBe('site-2');
      expect(await client(transport, store, after).oxdId()).toBe('site-2');
      expect(store.keys.filter((key) => /^client:[^:]+$/.test(key))).toHaveLength(1);
      expect(warnings).toEqual([
        'The options of the site changed: client_secret, acr_values. oxd cannot ' +
          'update such a site: the site and its declared resources are registered again.',
      ]);
    });

    it('replace its stored record on embedded', async () => {
      const store = new RecordingStore();
      const update_site = () => ({ oxd_id: 'site-1' });
      const transport = new FakeTransport({ register_site, update_site });
      await client(transport, store, given).oxdId();
      expect(await client(transport, store, after).oxdId()).toBe('site-1');
      expect(await client(transport, store, after).oxdId()).toBe('site-1');
      expect(transport.count('register_site')).toBe(1);
      expect(transport.calls.filter(([name]) => name === 'update_site')).toEqual([
        ['update_site', expect.objectContaining({ client_id: 'own', client_secret: 'after' })],
      ]);
      expect(store.keys.filter((key) => /^client:[^:]+$/.test(key))).toHaveLength(1);
      expect(warnings).toEqual([
        'The options of the site changed: client_secret, acr_values. The stored ' +
          'record is updated; client and resources of the site remain.',
      ]);
    });

    it.each([
      { name: 'redirect URI', other: { authorization_redirect_uri: 'https://app.example.com/b' } },
      { name: 'client_name', other: { client_name: 'another name' } },
    ])('with another $name are another site, which owns the same resources', async ({ other }) => {
      const store = new RecordingStore();
      const transport = new FakeTransport({ register_site });
      const one = client(transport, store, given);
      const two = client(transport, store, { ...given, ...other });
      expect(await one.oxdId()).toBe('site-1');
      expect(await two.oxdId()).toBe('site-2');
      expect(await client(transport, store, given).oxdId()).toBe('site-1');
      expect(two.resourceOwner).toBe(one.resourceOwner);
      expect(warnings).toEqual([]);
    });
  });

  it('are not stored if oxd-server cannot be reached', async () => {
    const update_site = () => {
      throw new OxdTransportError('OXD_TRANSPORT_UNREACHABLE', 'down');
    };
    await expect(restarted({ update_site }, { scope: ['email'] })).rejects.toThrow(
      OxdTransportError,
    );
  });
});

describe('a protected oxd-server', () => {
  let issued = 0;

  function protectedServer(version: OxdVersion = '3.1.4', lifetime = 600): FakeTransport {
    const valid = new Set<unknown>();
    const check = ({ protection_access_token: token }: Record<string, unknown>): void => {
      if (!token) throw rejection('blank_protection_access_token');
      if (!valid.has(token)) throw rejection('inactive_protection_access_token');
    };
    return new FakeTransport(
      {
        setup_client: () => ({
          oxd_id: 'site-1',
          op_host: site.op_host,
          client_id: 'setup',
          client_secret: 'its secret',
        }),
        register_site: (params) => check(params),
        get_client_token: ({ client_id, client_secret }) => {
          if (client_id !== 'setup' || client_secret !== 'its secret')
            throw rejection('internal_error');
          valid.clear();
          const access_token = `token-${++issued}`;
          valid.add(access_token);
          return { access_token, expires_in: lifetime, scope: 'openid' };
        },
        get_authorization_url: (params) => {
          if (version === '3.1.1' && params.oxd_id !== 'site-1')
            throw rejection('internal_error', true);
          check(params);
          return url;
        },
        revoke: () => valid.clear(),
      },
      version,
    );
  }

  it('registers a setup client, one token of which serves 32 commands', async () => {
    const transport = protectedServer();
    const one = client(transport);
    await Promise.all(Array.from({ length: 32 }, () => one.execute('get_authorization_url', {})));
    expect(transport.count('register_site')).toBe(0);
    expect(transport.count('setup_client')).toBe(1);
    expect(transport.count('get_client_token')).toBe(1);
    expect(transport.calls.find(([name]) => name === 'get_client_token')?.[1]).toMatchObject({
      op_host: site.op_host,
      scope: expect.arrayContaining(['oxd', 'uma_protection']),
    });
  });

  it('is logged once with the client of the site', async () => {
    const store = new MemoryStore();
    await client(protectedServer(), store).oxdId();
    await client(protectedServer(), store).oxdId();
    expect(infos).toEqual(['The site is registered with the client setup at op.example.com.']);
  });

  it('is detected by a rejected registration on 3.1.1', async () => {
    const transport = protectedServer('3.1.1');
    await client(transport).execute('get_authorization_url', {});
    expect(transport.calls.map(([name]) => name)).toEqual([
      'get_authorization_url',
      ...['register_site', 'setup_client', 'get_client_token', 'get_authorization_url'],
    ]);
  });

  it.each([
    ['3.1.1', undefined, ['openid', 'uma_protection']],
    ['3.1.2', undefined, ['openid']],
    ['3.1.4', undefined, ['openid']],
    ['3.1.1', { client_id: 'mine', client_secret: 'its secret' }, ['openid']],
  ] as const)(
    'on %s is set up with the scope that its tokens need (row %#)',
    async (on, own, scope) => {
      const transport = protectedServer(on);
      await client(transport, undefined, { ...site, ...own }).oxdId();
      const [setup] = transport.calls.filter(([name]) => name === 'setup_client');
      expect(setup?.[1]).toMatchObject({ scope });
    },
  );

  it('has the same setup client after a restart', async () => {
    const store = new MemoryStore();
    const transport = protectedServer();
    await client(transport, store).execute('get_authorization_url', {});
    await client(transport, store).execute('get_authorization_url', {});
    expect(transport.count('setup_client')).toBe(1);
  });

  it('receives a new token shortly before the old one expires', async () => {
    const transport = protectedServer('3.1.4', 60);
    const one = client(transport);
    await one.execute('get_authorization_url', {});
    now += 29_000;
    await one.execute('get_authorization_url', {});
    expect(transport.count('get_client_token')).toBe(1);
    now += 2_000;
    await one.execute('get_authorization_url', {});
    expect(transport.count('get_client_token')).toBe(2);
  });

  it('receives a new token once after it rejects the old one', async () => {
    const transport = protectedServer();
    const one = client(transport);
    await one.execute('get_authorization_url', {});
    transport.responses.revoke?.({}, 1);
    await one.execute('get_authorization_url', {});
    expect(transport.count('get_client_token')).toBe(2);
  });

  it('receives a token of the client of the options if oxd_id is an option', async () => {
    const transport = protectedServer();
    const options = { ...site, oxd_id: 'given', client_id: 'setup', client_secret: 'its secret' };
    await client(transport, undefined, options).execute('get_authorization_url', {});
    expect(transport.calls.at(-1)?.[1]).toHaveProperty('protection_access_token');
  });

  it.each<[string, Partial<SiteOptions>]>([
    ['a setup client', {}],
    [
      'the client of the options',
      { oxd_id: 'given', client_id: 'setup', client_secret: 'its secret' },
    ],
  ])('receives a token of %s from the provider of the site', async (_, given) => {
    const transport = protectedServer('contract');
    const address = {
      op_discovery_path: '/realms/one',
      op_configuration_endpoint: 'https://idp.example.com/.well-known/openid-configuration',
    };
    const one = client(transport, undefined, { ...site, ...address, ...given });
    await one.execute('get_authorization_url', {});
    const [token] = transport.calls.filter(([name]) => name === 'get_client_token');
    expect(token?.[1]).toMatchObject({ op_host: site.op_host, ...address });
  });

  it.each(['no_setup_client_for_oxd_id', 'invalid_protection_access_token'])(
    'leaves the site unchanged when it rejects a token of the caller with %s',
    async (error) => {
      const transport = new FakeTransport(
        {
          register_site,
          get_authorization_url: ({ protection_access_token: token }) => {
            if (token === 'wrong') throw rejection(error);
            return url;
          },
        },
        '3.1.1',
      );
      const store = new MemoryStore();
      const one = client(transport, store);
      await one.execute('get_authorization_url', {});
      const call = one.execute('get_authorization_url', { protection_access_token: 'wrong' });
      await expect(call).rejects.toMatchObject({ error });
      expect(await one.oxdId()).toBe('site-1');
      expect(await client(transport, store).oxdId()).toBe('site-1');
      expect(transport.count('register_site') + transport.count('setup_client')).toBe(1);
    },
  );

  it('receives no other token when it rejects the one of the caller', async () => {
    const transport = protectedServer();
    const one = client(transport);
    await one.execute('get_authorization_url', {});
    const call = one.execute('get_authorization_url', { protection_access_token: 'wrong' });
    await expect(call).rejects.toMatchObject({ error: 'inactive_protection_access_token' });
    const sent = transport.calls.filter(([, params]) => params.protection_access_token === 'wrong');
    expect(sent).toHaveLength(1);
    await one.execute('get_authorization_url', {});
    expect(transport.count('get_client_token')).toBe(1);
  });

  it('is not served where the site of the options comes without a client', async () => {
    const call = client(protectedServer(), undefined, { ...site, oxd_id: 'given' }).execute(
      'get_authorization_url',
      {},
    );
    await expect(call).rejects.toMatchObject({ error: 'blank_protection_access_token' });
  });
});

describe('the introspection of an access token by a transport that checks its own results', () => {
  class CheckedTransport extends FakeTransport {
    override readonly isChecked = true;
  }

  const introspect = (response: object, introspection: unknown) => {
    const introspect_access_token: Responses[string] = () => response;
    const transport = new CheckedTransport({ register_site, introspect_access_token });
    const params = { access_token: 'a-token', introspection } as { access_token: string };
    return client(transport).execute('introspect_access_token', params);
  };

  it.each([undefined, null])('is checked when parameter introspection is %s', async (rule) => {
    const read = introspect({ active: true, scopes: ['read', 'write'], jti: null }, rule);
    expect(await read).toEqual({ active: true, scope: 'read write' });
    const malformed = { code: 'OXD_TRANSPORT_MALFORMED' };
    await expect(introspect({ active: true, sub: 7 }, rule)).rejects.toMatchObject(malformed);
  });
});
