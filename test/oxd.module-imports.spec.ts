import { Controller, Get, Injectable, Module, UseGuards, type Type } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OidcService,
  OxdConfigurationError,
  OxdModule,
  OxdOptions,
  UmaGuard,
  UmaProtected,
  type OxdModuleOptions,
} from '../lib/index.js';
import { ScriptedTransport } from '../lib/testing/testing.js';
import { closing } from './support/closing.js';
import { LogLines } from './support/uma-app.js';

type Given = Omit<Partial<OxdModuleOptions>, 'site'> & {
  readonly site?: Partial<OxdModuleOptions['site']>;
  readonly isGlobal?: boolean;
};

const OP_HOST = 'https://op.example.com';

/** Returns an `OxdModule` that needs no network. */
function site(name: string, { site: params, ...given }: Given = {}) {
  const transport = new ScriptedTransport({
    register_site: { oxd_id: name, op_host: OP_HOST },
    uma_rs_protect: { oxd_id: name },
  });
  return OxdModule.forRoot({
    name,
    transport,
    store: new MemoryStore(),
    secret: 'a test secret of more than 32 characters',
    ...given,
    site: {
      op_host: OP_HOST,
      authorization_redirect_uri: 'https://app.example.com/callback',
      ...params,
    },
  });
}

type Imports = NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>;

function moduleOf(imports: Imports, controllers: Type[] = []): Type {
  @Module({ imports, controllers })
  class Feature {}
  return Feature;
}

async function start(imports: Imports, logger = new LogLines()) {
  const module = await Test.createTestingModule({ imports }).setLogger(logger).compile();
  return closing(module.createNestApplication()).init();
}

describe('an application with several OxdModules', () => {
  it('has one OxdModule in each of its modules', async () => {
    @Injectable()
    class Feature {
      constructor(readonly options: OxdOptions) {}
    }
    @Module({ imports: [site('one')], providers: [Feature] })
    class One {}
    @Module({ imports: [site('two')], providers: [Feature] })
    class Two {}
    const app = await start([One, Two]);
    const names = [One, Two].map(
      (host) => app.select(host).get(Feature, { strict: true }).options.name,
    );
    expect(names).toEqual(['one', 'two']);
  });

  it('may share an OxdModule among its modules', async () => {
    const shared = site('shared');
    await expect(start([moduleOf([shared]), moduleOf([shared]), shared])).resolves.toBeDefined();
  });

  it('prefers an imported OxdModule to the global one', async () => {
    @Injectable()
    class Feature {
      constructor(readonly options: OxdOptions) {}
    }
    @Module({ imports: [site('local')], providers: [Feature] })
    class Local {}
    @Module({ providers: [Feature] })
    class Without {}
    const app = await start([site('everywhere', { isGlobal: true }), Local, Without]);
    const names = [Local, Without].map(
      (host) => app.select(host).get(Feature, { strict: true }).options.name,
    );
    expect(names).toEqual(['local', 'everywhere']);
  });

  it('does not start when Nest has injected the global OxdModule instead of the imported one', async () => {
    @Injectable()
    class Feature {
      constructor(readonly options: OxdOptions) {}
    }
    @Module({ imports: [site('local')], providers: [Feature] })
    class Local {}
    @Module({ providers: [Feature] })
    class Without {}
    const imports = [site('everywhere', { isGlobal: true }), Local, Without];
    const module = await Test.createTestingModule({ imports }).compile();
    const [local, without] = [Local, Without].map((host) =>
      [...module.get(ModulesContainer).values()]
        .find(({ metatype }) => metatype === host)
        ?.providers.get(Feature),
    );
    // NestJS 11.0 resolves the dependency in this way.
    for (const dependency of without?.getCtorMetadata() ?? []) {
      local?.addCtorMetadata(0, dependency);
    }
    await expect(closing(module).init()).rejects.toThrow(
      /Local: NestJS has injected services of the global OxdModule/,
    );
  });

  it('does not start with two global OxdModules', async () => {
    const isGlobal = true;
    const imports = [moduleOf([site('one', { isGlobal })]), moduleOf([site('two', { isGlobal })])];
    const starting = start(imports);
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(/isGlobal: set it for one OxdModule at most/);
  });

  it.each<{ name: string; imports: () => Imports }>([
    { name: 'two OxdModules', imports: () => [site('one'), site('two')] },
    { name: 'two OxdModules of one name', imports: () => [site('one'), site('one')] },
    {
      name: 'a global OxdModule before another',
      imports: () => [site('one', { isGlobal: true }), site('two')],
    },
    {
      name: 'a global OxdModule after another',
      imports: () => [site('one'), site('two', { isGlobal: true })],
    },
    {
      name: 'an OxdModule and a module that exports another',
      imports: () => {
        @Module({ imports: [site('one')], exports: [OxdModule] })
        class Exporting {}
        return [Exporting, site('two')];
      },
    },
    {
      name: 'two modules that export an OxdModule each, the first indirectly',
      imports: () => {
        @Module({ imports: [site('one')], exports: [OxdModule] })
        class Inner {}
        @Module({ imports: [Inner], exports: [Inner] })
        class First {}
        @Module({ imports: [site('two')], exports: [OxdModule] })
        class Second {}
        return [First, Second];
      },
    },
  ])('does not start when one module imports $name', async ({ imports }) => {
    const starting = start([moduleOf(imports())]);
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(/Feature: imports more than one OxdModule/);
  });
});

describe('two modules that protect routes', () => {
  @Controller('one')
  @UseGuards(UmaGuard)
  class One {
    @Get()
    @UmaProtected({ scopes: ['read'] })
    read(): void {}
  }
  @Controller('two')
  @UseGuards(UmaGuard)
  class Two {
    @Get()
    @UmaProtected({ scopes: ['read'] })
    read(): void {}
  }
  @Controller('three')
  class Open {
    @Get()
    read(): void {}
  }

  function both(one: Given, two: Given, controller: Type = Two) {
    return start([moduleOf([site('one', one)], [One]), moduleOf([site('two', two)], [controller])]);
  }

  const client = (client_id: string) => ({ client_id, client_secret: 'a client secret' });
  const albums = client('albums');

  it.each<{ name: string; one: Given; two: Given }>([
    { name: 'one client_id', one: { site: albums }, two: { site: albums } },
    {
      name: 'one client_id, at a provider with and without a slash',
      one: { site: albums },
      two: { site: { ...albums, op_host: 'https://op.example.com/' } },
    },
    {
      name: 'one client_id, at a provider by host and by configuration endpoint',
      one: { site: albums },
      two: {
        site: {
          ...albums,
          op_configuration_endpoint: 'https://op.example.com/.well-known/openid-configuration',
        },
      },
    },
    { name: 'one oxd_id', one: { site: { oxd_id: 'a' } }, two: { site: { oxd_id: 'a' } } },
    (() => {
      const store = new MemoryStore();
      return { name: 'one registration in one store', one: { store }, two: { store } };
    })(),
  ])('do not start with $name', async ({ one, two }) => {
    const starting = both(one, two);
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    await expect(starting).rejects.toThrow(/^.*site: the modules 'one' and 'two' protect routes/s);
  });

  const realm = (name: string) => ({ ...albums, op_discovery_path: `/realms/${name}` });

  it.each<{ name: string; one: Given; two: Given }>([
    { name: 'two clients', one: { site: albums }, two: { site: client('photos') } },
    {
      name: 'one client_id at two providers',
      one: { site: albums },
      two: { site: { ...albums, op_host: 'https://other.example.com' } },
    },
    {
      name: 'one client_id at two realms of a server',
      one: { site: realm('a') },
      two: { site: realm('b') },
    },
    { name: 'two oxd_ids', one: { site: { oxd_id: 'a' } }, two: { site: { oxd_id: 'b' } } },
    { name: 'a configured client and a registered client', one: { site: albums }, two: {} },
    { name: 'two stores', one: {}, two: {} },
  ])('start with $name', async ({ one, two }) => {
    await expect(both(one, two)).resolves.toBeDefined();
  });

  it('start when only one of them protects routes', async () => {
    await expect(both({ site: albums }, { site: albums }, Open)).resolves.toBeDefined();
  });
});

describe('a log line', () => {
  /** Records the context of each line. */
  class Contexts extends LogLines {
    readonly contexts: unknown[] = [];
    override warn = (_: unknown, context?: unknown): void => void this.contexts.push(context);
  }

  it.each([
    { title: 'does not name the default module', name: 'oxd', suffix: '' },
    { title: 'names a module of another name', name: 'intranet', suffix: ' intranet' },
  ])('$title', async ({ name, suffix }) => {
    const logger = new Contexts();
    const transport = new ScriptedTransport({
      register_site: { oxd_id: name, op_host: OP_HOST },
      get_authorization_url: { authorization_url: 'https://op.example.com/auth?state=some-state' },
    });
    const app = await start([site(name, { secret: undefined, transport })], logger);
    await app.get(OidcService).startLogin({ returnTo: 'https://elsewhere.example.com/' });
    expect(logger.contexts).toEqual([`OxdModule${suffix}`, `OidcService${suffix}`]);
  });
});
