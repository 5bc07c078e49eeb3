import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import {
  AccessToken,
  MemoryStore,
  OidcService,
  OxdConfigurationError,
  OxdModule,
  OxdOptions,
  OxdStore,
  OxdTransport,
  OxdTransportError,
  OxdUser,
  UmaGuard,
  UmaProtected,
  type OxdModuleOptions,
  type OxdOptionsFactory,
} from '../lib/index.js';
import { oxdConfig } from '../lib/options/oxd.config.js';
import { ScriptedTransport } from '../lib/testing/testing.js';
import { setEnvironment } from './support/real-environment.js';
import { LogLines } from './support/uma-app.js';

const site = {
  op_host: 'https://op.example.com',
  authorization_redirect_uri: 'https://app.example.com/callback',
};
const FILE = '.oxd/store.json';
const registered = { register_site: { oxd_id: 'site-1', op_host: site.op_host } };

function options(transport: OxdTransport = new ScriptedTransport(registered)): OxdModuleOptions {
  return {
    site,
    transport,
    store: new MemoryStore(),
    secret: 'a secret of more than 32 characters',
  };
}

@Injectable()
class Factory implements OxdOptionsFactory {
  createOxdOptions(): OxdModuleOptions {
    return options();
  }
}

@Module({ providers: [Factory], exports: [Factory] })
class FactoryModule {}

@Injectable()
class Feature {
  constructor(readonly oidc: OidcService) {}
}

@Module({ providers: [Feature] })
class FeatureModule {}

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function start(
  ...imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>
) {
  const controllers: Type[] = [];
  const module = await Test.createTestingModule({ imports, controllers }).compile();
  opened.push(module);
  return module.init();
}

/** Returns the lines that are logged while the module starts. */
async function warnings(given: OxdModuleOptions): Promise<{ log: string[]; options: OxdOptions }> {
  const log = new LogLines();
  const imports = [OxdModule.forRoot(given)];
  const module = await Test.createTestingModule({ imports }).setLogger(log).compile();
  opened.push(module);
  await module.init();
  return { log: log.lines, options: module.get(OxdOptions) };
}

/** Returns options without a store and without a transport instance. */
function embedded(): OxdModuleOptions {
  return { site, secret: 'a secret of more than 32 characters' };
}

async function inEnvironment<T>(environment: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = environment;
  try {
    return await work();
  } finally {
    process.env.NODE_ENV = before;
  }
}

function byName(a: string, b: string): number {
  return a.localeCompare(b);
}

/** Returns a store without `add`, like a Keyv. */
function withoutAdd(): OxdStore {
  const memory = new MemoryStore();
  return {
    get: memory.get.bind(memory),
    set: memory.set.bind(memory),
    delete: memory.delete.bind(memory),
  };
}

describe('OxdModule', () => {
  it.each([
    ['forRoot', () => OxdModule.forRoot(options())],
    ['useFactory', () => OxdModule.forRootAsync({ useFactory: async () => options() })],
    ['useClass', () => OxdModule.forRootAsync({ useClass: Factory })],
    [
      'useExisting',
      () => OxdModule.forRootAsync({ imports: [FactoryModule], useExisting: Factory }),
    ],
  ])('registers its services by %s', async (_, dynamic) => {
    const module = await start(dynamic());
    await expect(module.get(OidcService).registerSite(site)).resolves.toMatchObject({
      oxd_id: 'site-1',
    });
    expect(module.get(OxdOptions).login.stateLifetime).toBe(1_800_000);
  });

  it('reads options that are accessors of a class', async () => {
    class Config {
      readonly site = { ...site, oxd_id: 'site-1' };
      readonly transport = new ScriptedTransport();
      get secret() {
        return 'a secret of more than 32 characters';
      }
      get uma() {
        return { overwrite: true };
      }
    }
    const module = await start(OxdModule.forRootAsync({ useFactory: () => new Config() }));
    const { secret, uma } = module.get(OxdOptions);
    expect([secret, uma.overwrite]).toEqual([['a secret of more than 32 characters'], true]);
  });

  it.each([
    { name: 'string', value: 'https://op.example.com' },
    { name: 'number', value: 5 },
  ])('passes a provided $name to the factory unchanged', async ({ value }) => {
    const received: unknown[] = [];
    const dynamic = OxdModule.forRootAsync({
      provideInjectionTokensFrom: [{ provide: 'VALUE', useValue: value }],
      inject: ['VALUE'],
      useFactory: (given: unknown) => {
        received.push(given);
        return options();
      },
    });
    await start(dynamic);
    expect(received).toEqual([value]);
  });

  it('takes injected configuration, for instance oxdConfig', async () => {
    const before = process.env;
    process.env = {
      OXD_OP_HOST: site.op_host,
      OXD_AUTHORIZATION_REDIRECT_URI: site.authorization_redirect_uri,
      OXD_SECRET: 'a secret of more than 32 characters',
    };
    try {
      const module = await start(
        ConfigModule.forRoot({ ignoreEnvFile: true }),
        OxdModule.forRootAsync({
          imports: [ConfigModule.forFeature(oxdConfig)],
          inject: [oxdConfig.KEY],
          useFactory: (config: OxdModuleOptions) => ({ ...config, store: new MemoryStore() }),
        }),
      );
      expect(module.get(OxdOptions).site).toMatchObject(site);
    } finally {
      process.env = before;
    }
  });

  it('serves every module with isGlobal, else only the modules that import it', async () => {
    const module = await start(OxdModule.forRoot({ ...options(), isGlobal: true }), FeatureModule);
    expect(module.get(Feature, { strict: false }).oidc).toBeInstanceOf(OidcService);
    await expect(start(OxdModule.forRoot(options()), FeatureModule)).rejects.toThrow(
      /resolve dependencies/,
    );
  });

  it('serves UmaGuard in every module that imports it', async () => {
    @Controller('safe')
    @UseGuards(UmaGuard)
    class Safe {
      @Get() @UmaProtected() read(): void {}
    }
    const transport = new ScriptedTransport({
      ...registered,
      uma_rs_protect: { oxd_id: 'site-1' },
      uma_rs_check_access: {
        access: 'denied',
        ticket: 'ticket-1',
        'www-authenticate_header': 'UMA as_uri="https://op", ticket="ticket-1"',
      },
    });
    const oxd = OxdModule.forRoot(options(transport));
    @Module({ imports: [oxd], controllers: [Safe] })
    class Guarded {}
    const module = await Test.createTestingModule({ imports: [Guarded] }).compile();
    const app = module.createNestApplication({ logger: false });
    opened.push(app);
    await app.init();
    await new Promise((resolve) => setImmediate(resolve));
    await request(app.getHttpServer()).get('/safe').expect(401);
    @Module({ controllers: [Safe] })
    class Unaware {}
    await expect(start(oxd, Unaware)).rejects.toThrow(/resolve dependencies of the UmaGuard/);
  });

  it.each([
    {
      name: 'forRoot() without options',
      dynamic: () => OxdModule.forRoot(...([] as unknown as [OxdModuleOptions])),
      issue: /^site: is required/,
    },
    {
      name: 'a factory without options',
      dynamic: () => OxdModule.forRootAsync({ useFactory: () => ({}) as OxdModuleOptions }),
      issue: /^site: is required/,
    },
    {
      name: 'a factory that returns undefined',
      dynamic: () =>
        OxdModule.forRootAsync({ useFactory: () => undefined as unknown as OxdModuleOptions }),
      issue: /^site: is required/,
    },
    {
      name: 'the class in imports',
      dynamic: () => OxdModule,
      issue: /^OxdModule: is imported without options; use forRoot\(\)/,
    },
  ])('does not start with $name, and names what is missing', async ({ dynamic, issue }) => {
    const starting = start(dynamic());
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toMatchObject({ issues: [expect.stringMatching(issue)] });
  });

  it('does not start with invalid options, and lists every issue', async () => {
    const wrong = {
      ...options(),
      site: { op_host: 'op' },
      eager: 'yes',
    } as unknown as OxdModuleOptions;
    const starting = start(OxdModule.forRoot(wrong));
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(
      /site\.op_host: .*\neager: .*\nsite\.authorization_redirect_uri: is missing/,
    );
  });

  it.each<[string, () => Partial<OxdModuleOptions>, readonly RegExp[]]>([
    ['nothing when secret and store are set', () => ({}), []],
    ['about a missing secret', () => ({ secret: undefined }), [/^warn: secret is not set/]],
    [
      'about a store without add()',
      () => ({ store: withoutAdd() }),
      [/^warn: The store has no add\(\): with several replicas set site\.client_id/],
    ],
    [
      'about both',
      () => ({ secret: undefined, store: withoutAdd() }),
      [/^warn: secret is not set/, /^warn: The store has no add\(\)/],
    ],
    [
      'nothing about a store without add() when the client is set',
      () => ({
        store: withoutAdd(),
        site: { ...site, client_id: 'mine', client_secret: 'its secret' },
      }),
      [],
    ],
    [
      'nothing about a store without add() when the site is set',
      () => ({ store: withoutAdd(), site: { ...site, oxd_id: 'site-1' } }),
      [],
    ],
    [
      'about a store that is unavailable',
      () => ({
        store: Object.assign(new MemoryStore(), { get: () => Promise.reject(new Error('gone')) }),
      }),
      [/^warn: The store is unavailable/],
    ],
    [
      'about a redirect URI on plain http',
      () => ({ site: { ...site, authorization_redirect_uri: 'http://app.example.com/cb' } }),
      [/^warn: site\.authorization_redirect_uri is plain http/],
    ],
    [
      'nothing about a redirect URI on plain http on loopback',
      () => ({ site: { ...site, authorization_redirect_uri: 'http://127.0.0.1:3000/cb' } }),
      [],
    ],
    ...['oxd.example.com', 'oxd', '10.0.0.7', 'fd00::7', 'localhost.example.com'].map(
      (host): [string, () => Partial<OxdModuleOptions>, readonly RegExp[]] => [
        `about oxd-server on ${host}`,
        () => ({ transport: { type: 'socket', host } }),
        [/^warn: transport\.host is not loopback/],
      ],
    ),
    ...['localhost', '127.0.0.1', '::1'].map(
      (host): [string, () => Partial<OxdModuleOptions>, readonly RegExp[]] => [
        `nothing about oxd-server on ${host}`,
        () => ({ transport: { type: 'socket', host } }),
        [],
      ],
    ),
  ])('logs at start: %s', async (_, given, lines) => {
    const { log, options: resolved } = await warnings({ ...options(), ...given() });
    expect(log).toEqual(lines.map((line) => expect.stringMatching(line) as string));
    for (const secret of resolved.secret) expect(log.join()).not.toContain(secret);
  });

  it.each(['development', 'production'])(
    'warns at start about oxd-server on another host in %s',
    (environment) =>
      inEnvironment(environment, async () => {
        const transport = { type: 'socket', host: 'oxd.example.com' } as const;
        const { log } = await warnings({ ...options(), transport });
        expect(log).toEqual([expect.stringContaining('transport.host is not loopback')]);
      }),
  );

  it.each([
    { type: 'embedded', count: 1 } as const,
    { type: 'https', url: 'https://oxd.example.com', version: '4.5', count: 1 } as const,
    { type: 'socket', count: 0 } as const,
  ])(
    'logs $count warnings on $type that NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect here',
    async ({ count, ...transport }) => {
      const restore = setEnvironment({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
      const { log } = await warnings({ ...options(), transport });
      restore();
      expect(log).toHaveLength(count);
      expect(log.join()).toContain(count ? 'NODE_TLS_REJECT_UNAUTHORIZED=0 is set' : '');
    },
  );

  it('does not start when HTTPS_PROXY has no scheme', async () => {
    const restore = setEnvironment({
      HTTPS_PROXY: 'proxy.example.com:3128',
      https_proxy: undefined,
    });
    const given = { ...options(), transport: { type: 'embedded' } as const };
    await expect(start(OxdModule.forRoot(given))).rejects.toThrow(/HTTPS_PROXY: must be an http/);
    restore();
  });

  it('registers the site at first use, or at start with eager', async () => {
    const [lazy, eager] = [new ScriptedTransport(registered), new ScriptedTransport(registered)];
    await start(OxdModule.forRoot(options(lazy)));
    expect(lazy.calls).toHaveLength(0);
    await start(OxdModule.forRoot({ ...options(eager), eager: true }));
    expect(eager.calls).toHaveLength(1);
  });

  it('does not start when an eager registration fails, and closes the transport', async () => {
    const transport = new ScriptedTransport({});
    let closed = false;
    transport.close = async () => void (closed = true);
    await expect(start(OxdModule.forRoot({ ...options(transport), eager: true }))).rejects.toThrow(
      /register_site/,
    );
    expect(closed).toBe(true);
  });

  it('closes the transport at shutdown', async () => {
    const module = await start(OxdModule.forRoot({ ...options(), transport: { type: 'socket' } }));
    await module.close();
    const call = module
      .get(OidcService)
      .getClientToken({ op_host: site.op_host, client_id: 'x', client_secret: 'y' });
    await expect(call).rejects.toThrow(OxdTransportError);
    await expect(call).rejects.toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: false });
  });

  it('shares no state with a second module in the process', async () => {
    const transports = [new ScriptedTransport(registered), new ScriptedTransport(registered)];
    const modules = [];
    for (const transport of transports)
      modules.push(await start(OxdModule.forRoot(options(transport))));
    await modules[0]?.get(OidcService).registerSite(site);
    expect(transports.map(({ calls }) => calls.length)).toEqual([1, 0]);
    expect(modules[0]?.get(OxdStore)).not.toBe(modules[1]?.get(OxdStore));
  });

  describe('with a store in a file', () => {
    const before = process.cwd();
    let directory: string;

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'oxd-module-'));
      process.chdir(directory);
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      process.chdir(before);
      await rm(directory, { recursive: true });
    });

    it('stores the registration in a file that only its owner can read', async () => {
      const transport = new ScriptedTransport({
        ...registered,
        get_authorization_url: { authorization_url: 'https://op/?state=s' },
      });
      const module = await start(OxdModule.forRoot({ ...options(transport), store: FILE }));
      await module.get(OidcService).getAuthorizationUrl();
      expect((await stat('.oxd/store.json')).mode & 0o777).toBe(0o600);
      await module.close();
      const next = await start(OxdModule.forRoot({ ...options(transport), store: FILE }));
      await next.get(OidcService).getAuthorizationUrl();
      expect(transport.calls.filter(({ command }) => command === 'register_site')).toHaveLength(1);
    });

    it('rejects a second module with the same file, and names option and variable', async () => {
      await start(OxdModule.forRoot({ ...options(), store: FILE }));
      const second = start(OxdModule.forRoot({ ...options(), store: FILE, name: 'second' }));
      await expect(second).rejects.toThrow(/store: .*option store or the variable OXD_STORE_FILE/);
    });

    it('starts two applications in one directory, each with its own file', async () => {
      await start(OxdModule.forRoot({ ...options(), store: FILE }));
      await start(OxdModule.forRoot({ ...options(), store: 'data/second.json', name: 'second' }));
      expect(await readdir('data')).toEqual(['second.json.lock']);
    });

    it('uses .oxd/store.json by default, and hides that directory from Git', async () => {
      await inEnvironment('development', () => start(OxdModule.forRoot(embedded())));
      expect((await readdir('.oxd')).toSorted(byName)).toEqual(['.gitignore', 'store.json.lock']);
      expect(await readFile('.oxd/.gitignore', 'utf8')).toBe('*\n');
    });

    it('releases the file when it is not a store file', async () => {
      await writeFile('broken.json', 'not JSON');
      const module = OxdModule.forRoot({ ...options(), store: 'broken.json' });
      await expect(start(module)).rejects.toThrow('is not a store file');
      expect(await readdir('.')).toEqual(['broken.json']);
    });

    it.each([
      { name: 'OxdStore replaced', token: OxdStore, make: () => new MemoryStore() },
      { name: 'OxdTransport replaced', token: OxdTransport, make: () => new ScriptedTransport() },
    ])('starts a test of the module while its application runs: $name', async (row) => {
      await inEnvironment('development', () => start(OxdModule.forRoot(embedded())));
      const module = await Test.createTestingModule({ imports: [OxdModule.forRoot(embedded())] })
        .overrideProvider(row.token)
        .useValue(row.make())
        .compile();
      opened.push(module);
      await module.init();
      expect(await readdir('.oxd')).not.toContain('store.json');
    });

    it('does not access the file when OxdStore is replaced, whatever NODE_ENV is', async () => {
      const builder = Test.createTestingModule({ imports: [OxdModule.forRoot(embedded())] });
      const store = new MemoryStore();
      await inEnvironment('development', async () => {
        const module = await builder.overrideProvider(OxdStore).useValue(store).compile();
        opened.push(module);
        await module.init();
        expect(module.get(OxdStore)).toBe(store);
      });
      expect(await readdir('.')).toEqual([]);
    });

    it('does not access the file in test modules, several of which may be open', async () => {
      const TestModule = OxdModule.forRoot({ site, transport: new ScriptedTransport() });
      await inEnvironment('development', async () => {
        await start(TestModule);
        await start(TestModule);
      });
      await start(TestModule);
      expect(await readdir('.')).toEqual([]);
    });

    it('logs a warning in production when the default store loses the registration', async () => {
      const { store: _, ...given } = options();
      const client = { client_id: 'id', client_secret: 'client secret' };
      await inEnvironment('production', async () => {
        const { log } = await warnings(given);
        expect(log).toEqual([expect.stringContaining('each start registers the site again')]);
        expect((await warnings({ ...given, site: { ...site, ...client } })).log).toEqual([]);
      });
    });
  });
});

describe('parameter decorators', () => {
  @Controller()
  class Profile {
    @Get()
    read(@OxdUser() user: unknown, @AccessToken() token: unknown) {
      return { user: user ?? null, token: token ?? null };
    }
  }
  let app: INestApplication;
  let user: unknown;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ controllers: [Profile] }).compile();
    app = module.createNestApplication();
    app.use((req: { user?: unknown }, _: unknown, next: () => void) => {
      req.user = user;
      next();
    });
    await app.init();
  });
  afterAll(() => app.close());

  it.each([
    ['a user', { sub: 'u', tokens: { access_token: 'at' } }, 'at'],
    ['a user of another strategy', { id: 7 }, null],
    ['undefined without a user', undefined, null],
  ])('inject %s, and the access token', async (_, given, token) => {
    user = given;
    await request(app.getHttpServer())
      .get('/')
      .expect(200, { user: given ?? null, token });
  });
});
