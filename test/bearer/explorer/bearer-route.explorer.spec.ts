import {
  Controller,
  Get,
  Injectable,
  Scope,
  SetMetadata,
  UseGuards,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  BearerGuard,
  BearerProtected,
  BearerPublic,
  OxdConfigurationError,
  type BearerProtectedOptions,
  type OxdVersion,
} from '../../../lib/index.js';
import { AUDIENCE, startBearerApp, TokenServer, type BearerApp } from '../../support/bearer-app.js';
import { closing } from '../../support/closing.js';
import { ADAPTERS, SITE, oxdModule, startApp, type UmaAppOptions } from '../../support/uma-app.js';

type Given = Omit<UmaAppOptions, 'adapter'> & Pick<Parameters<typeof startBearerApp>[0], 'bearer'>;

/** Issues of a failed start; an empty list for a successful start. */
async function issuesOf(start: () => Promise<{ close(): Promise<void> }>): Promise<string[]> {
  try {
    closing(await start());
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return [...error.issues];
    throw error;
  }
}

/** A guarded controller `Albums` with one decorated `@Get()` handler `find`. */
function albums(...decorators: MethodDecorator[]): Type {
  @Controller('albums')
  @UseGuards(BearerGuard)
  class Albums {
    @Get() find(): string {
      return 'ran';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Albums.prototype, 'find') ?? {};
  for (const decorate of decorators) decorate(Albums.prototype, 'find', descriptor);
  return Albums;
}

const TOKENS = 'must be a list that is not empty';
const rolesOf = () => [];

describe.each(ADAPTERS)('start-up on %s', (adapter) => {
  const start = (given: Given) => issuesOf(() => startBearerApp({ adapter, ...given }));

  it.each<{ name: string; options: unknown; issue: string }>([
    { name: 'null', options: null, issue: 'options: must be an object' },
    { name: 'a list', options: ['edit'], issue: 'options: must be an object' },
    { name: 'a string', options: 'edit', issue: 'options: must be an object' },
    { name: 'an unknown option', options: { scope: ['a'] }, issue: 'scope: is not an option' },
    { name: 'no scope', options: { scopes: [] }, issue: `scopes: ${TOKENS}` },
    { name: 'scopes as a string', options: { scopes: 'edit' }, issue: `scopes: ${TOKENS}` },
    { name: 'an empty scope', options: { scopes: ['a', ''] }, issue: `scopes: ${TOKENS}` },
    { name: 'a scope with a blank', options: { scopes: ['a b'] }, issue: `scopes: ${TOKENS}` },
    { name: 'a scope with a quote', options: { scopes: ['a"'] }, issue: `scopes: ${TOKENS}` },
    { name: 'a scope with a backslash', options: { scopes: ['\\'] }, issue: `scopes: ${TOKENS}` },
    { name: 'a scope with an umlaut', options: { scopes: ['ä'] }, issue: `scopes: ${TOKENS}` },
    { name: 'a scope with a line break', options: { scopes: ['a\n'] }, issue: `scopes: ${TOKENS}` },
    { name: 'a number as a scope', options: { scopes: [7] }, issue: `scopes: ${TOKENS}` },
    { name: 'no role', options: { roles: [] }, issue: 'roles: must be a list of names' },
    { name: 'a blank role', options: { roles: [' '] }, issue: 'roles: must be a list of names' },
    {
      name: 'a role as a string',
      options: { roles: 'x' },
      issue: 'roles: must be a list of names',
    },
    { name: 'roles without all', options: { roles: {} }, issue: 'roles: must be a list of names' },
    { name: 'all without a role', options: { roles: { all: [] } }, issue: 'roles: must be a list' },
    {
      name: 'all beside another key',
      options: { roles: { all: ['x'], any: ['y'] } },
      issue: 'roles: must be a list',
    },
    { name: 'no acr', options: { acr_values: [] }, issue: `acr_values: ${TOKENS}` },
    {
      name: 'an acr with a blank',
      options: { acr_values: ['a b'] },
      issue: `acr_values: ${TOKENS}`,
    },
    {
      name: 'acr_values as a string',
      options: { acr_values: '1' },
      issue: `acr_values: ${TOKENS}`,
    },
    { name: 'a negative max_age', options: { max_age: -1 }, issue: 'max_age: must be a whole' },
    { name: 'a fraction as max_age', options: { max_age: 0.5 }, issue: 'max_age: must be a whole' },
    { name: 'NaN as max_age', options: { max_age: NaN }, issue: 'max_age: must be a whole' },
    { name: 'max_age as a string', options: { max_age: '300' }, issue: 'max_age: must be a whole' },
  ])('rejects $name in @BearerProtected', async ({ options, issue }) => {
    const controllers = [albums(BearerProtected(options as BearerProtectedOptions))];
    const issues = await start({ controllers, bearer: { roles: rolesOf } });
    expect(issues).toEqual([expect.stringContaining(`Albums.find: ${issue}`)]);
  });

  it('names the class of a malformed decorator once', async () => {
    @Controller('albums')
    @UseGuards(BearerGuard)
    @BearerProtected({ max_age: -1 })
    class Albums {
      @Get() list(): string {
        return 'ran';
      }
      @Get('other') other(): string {
        return 'ran';
      }
    }
    const issues = await start({ controllers: [Albums] });
    expect(issues).toEqual([expect.stringMatching(/^Albums: max_age:/)]);
  });

  it('rejects both decorators on one target', async () => {
    const issues = await start({ controllers: [albums(BearerProtected(), BearerPublic())] });
    expect(issues).toEqual([
      'Albums.find: is both @BearerProtected and @BearerPublic; remove one of them',
    ]);
  });

  it('rejects several @BearerProtected on one target', async () => {
    const [one, other] = [BearerProtected({ scopes: ['a'] }), BearerProtected({ scopes: ['b'] })];
    const issues = await start({ controllers: [albums(one, other)] });
    expect(issues).toEqual(['Albums.find: has several @BearerProtected; combine them in one']);
  });

  describe('with one function for several routes, which a constructor assigns,', () => {
    /** A controller whose routes `one` and `two` run the same function. */
    function twins(one: MethodDecorator[], two: MethodDecorator[]): Type {
      @Controller('twins')
      @UseGuards(BearerGuard)
      class Twins {
        constructor() {
          this.two = this.one = () => 'ran';
        }
        @Get('one') one(): string {
          return 'one';
        }
        @Get('two') two(): string {
          return 'two';
        }
      }
      for (const decorate of one) decorate(Twins.prototype, 'one', {});
      for (const decorate of two) decorate(Twins.prototype, 'two', {});
      return Twins;
    }

    const [a, b] = [BearerProtected({ scopes: ['a'] }), BearerProtected({ scopes: ['b'] })];

    it.each([
      { name: 'a public one', one: [a], two: [BearerPublic()] },
      { name: 'another scope', one: [a], two: [b] },
      { name: 'no declaration', one: [], two: [BearerPublic()] },
    ])('rejects $name beside the other', async ({ one, two }) => {
      const remedy = 'declare both routes alike, or give each its own function';
      expect(await start({ controllers: [twins(one, two)] })).toEqual([
        `Twins.one: runs the function of Twins.two; ${remedy}`,
        `Twins.two: runs the function of Twins.one; ${remedy}`,
      ]);
    });

    it('accepts equal declarations', async () => {
      expect(await start({ controllers: [twins([a], [a])] })).toEqual([]);
    });
  });

  it('rejects roles without bearer.roles', async () => {
    const issues = await start({ controllers: [albums(BearerProtected({ roles: ['x'] }))] });
    expect(issues).toEqual([
      expect.stringMatching(/^Albums\.find: requires roles .*option bearer\.roles is not set/),
    ]);
  });

  it('rejects BearerGuard without bearer.audience', async () => {
    const controllers = [albums(BearerProtected())];
    const issues = await start({ controllers, options: { bearer: {} } });
    expect(issues).toEqual([expect.stringMatching(/^bearer\.audience: is required/)]);
  });

  it('needs no bearer.audience without BearerGuard', async () => {
    @Controller('albums')
    class Open {
      @Get() find(): string {
        return 'ran';
      }
    }
    expect(await start({ controllers: [Open], options: { bearer: {} } })).toEqual([]);
  });

  const versions: { version: OxdVersion; options: BearerProtectedOptions; issues: RegExp[] }[] = [
    {
      version: '3.1.1',
      options: {},
      issues: [/^transport\.version: oxd 3\.1\.1 cannot introspect/],
    },
    { version: '3.1.2', options: {}, issues: [] },
    { version: '3.1.4', options: { max_age: 1 }, issues: [/^Albums\.find: requires max_age/] },
    { version: '4.5', options: { max_age: 1 }, issues: [/^Albums\.find: requires max_age/] },
    { version: '4.5', options: { acr_values: ['1'] }, issues: [] },
    { version: 'contract', options: { max_age: 1 }, issues: [] },
  ];

  it.each(versions)('on oxd $version finds $issues.length issues', async (row) => {
    class Versioned extends TokenServer {
      override readonly version = row.version;
    }
    const module = oxdModule(new Versioned(), { bearer: { audience: 'api' }, isGlobal: true });
    const controllers = [albums(BearerProtected(row.options))];
    const issues = await issuesOf(() => startApp({ adapter, imports: [module], controllers }));
    expect(issues).toEqual(row.issues.map((issue) => expect.stringMatching(issue) as unknown));
  });

  describe('for a @BearerProtected without its guard', () => {
    @Controller('albums')
    @BearerProtected()
    class Open {
      @Get() find(): string {
        return 'ran';
      }
    }

    @Injectable()
    class OtherGuard {
      canActivate(): boolean {
        return true;
      }
    }

    @Injectable()
    class Service {
      @BearerProtected() find(): string {
        return 'ran';
      }
    }

    @Controller('albums')
    @UseGuards(BearerGuard)
    class NoRoute {
      @BearerProtected() @SetMetadata('a', 1) helper(): string {
        return 'ran';
      }
    }

    it('names the route', async () => {
      const missing = [expect.stringMatching(/^Open\.find: .*no BearerGuard runs before it/)];
      expect(await start({ controllers: [Open] })).toEqual(missing);
      const providers = [{ provide: APP_GUARD, useClass: OtherGuard }];
      expect(await start({ controllers: [Open], providers })).toEqual(missing);
    });

    it.each<{ name: string; given: Given }>([
      {
        name: 'the application',
        given: { controllers: [Open], providers: [{ provide: APP_GUARD, useClass: BearerGuard }] },
      },
      {
        name: 'useGlobalGuards()',
        given: {
          controllers: [Open],
          providers: [BearerGuard],
          configure: (app) => app.useGlobalGuards(app.get(BearerGuard)),
        },
      },
    ])('accepts the guard of $name', async ({ given }) => {
      expect(await start(given)).toEqual([]);
    });

    it('names a decorator that is on no route', async () => {
      const issue =
        'is @BearerProtected, but no route of a controller; only routes can be protected';
      expect(await start({ controllers: [NoRoute] })).toEqual([`NoRoute.helper: ${issue}`]);
      const given = { controllers: [albums(BearerPublic())], providers: [Service] };
      expect(await start(given)).toEqual([`Service.find: ${issue}`]);
    });
  });

  it('logs the names of routes without a declaration', async () => {
    const { log } = closing(await startBearerApp({ adapter, controllers: [albums()] }));
    expect(log.lines).toEqual([
      'warn: Denied, because they have neither @BearerProtected nor @BearerPublic: Albums.find.',
    ]);
  });
});

class SubGuard extends BearerGuard {
  protected override async extractToken({ headers }: { headers: object }): Promise<string> {
    return String(Reflect.get(headers, 'x-token'));
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends BearerGuard {}

describe.each(ADAPTERS)('forms of BearerGuard on %s', (adapter) => {
  function behind(guard: Type): Type {
    @Controller('albums')
    @UseGuards(guard)
    class Albums {
      @Get() @BearerProtected() find(): string {
        return 'ran';
      }
    }
    return Albums;
  }

  async function startWith(given: Given): Promise<BearerApp> {
    return closing(await startBearerApp({ adapter, ...given }));
  }

  it('read the token with extractToken() of a subclass', async () => {
    const { ask, transport } = await startWith({ controllers: [behind(SubGuard)] });
    const rpt = transport.accessToken();
    expect((await ask({ path: '/albums', rpt })).status).toBe(401);
    expect((await ask({ path: '/albums', headers: ['X-Token', rpt] })).body).toBe('ran');
    expect((await ask({ path: '/albums', headers: ['X-Token', 'a b'] })).status).toBe(400);
  });

  const forms: { name: string; given: Given }[] = [
    { name: 'request-scoped', given: { controllers: [behind(RequestGuard)] } },
    {
      name: 'request-scoped as APP_GUARD',
      given: {
        controllers: [behind(BearerGuard)],
        providers: [{ provide: APP_GUARD, useClass: RequestGuard } as Provider],
      },
    },
    {
      name: 'an alias as APP_GUARD',
      given: {
        controllers: [behind(BearerGuard)],
        providers: [BearerGuard, { provide: APP_GUARD, useExisting: BearerGuard }],
      },
    },
  ];

  it.each(forms)('decide if they are $name', async ({ given }) => {
    const { ask, transport } = await startWith(given);
    expect((await ask('/albums')).status).toBe(401);
    const rpt = transport.accessToken();
    expect((await ask({ path: '/albums', rpt })).body).toBe('ran');
  });

  describe('replaced by overrideGuard()', () => {
    const environment = process.env.NODE_ENV;
    afterEach(() => void (process.env.NODE_ENV = environment));

    const given: Given = {
      controllers: [behind(BearerGuard)],
      override: (builder) =>
        builder.overrideGuard(BearerGuard).useValue({ canActivate: () => true }),
    };

    it('count as present in a test', async () => {
      const { ask } = await startWith(given);
      expect((await ask('/albums')).body).toBe('ran');
    });

    it('are an error elsewhere', async () => {
      process.env.NODE_ENV = 'development';
      const issues = await issuesOf(() => startBearerApp({ adapter, ...given }));
      expect(issues).toEqual([
        expect.stringMatching(/^Albums\.find: .*another object replaces its BearerGuard/),
      ]);
    });
  });
});

describe.each(ADAPTERS)('several OxdModules with BearerGuard on %s', (adapter) => {
  function feature(name: string, guard: Type = BearerGuard) {
    @Controller(name)
    @UseGuards(guard)
    @BearerProtected()
    class Feature {
      @Get() find(): string {
        return 'ran';
      }
    }
    class FeatureModule {}
    const transport = new TokenServer();
    const site = { ...SITE, oxd_id: `site of ${name}` };
    const imports = [oxdModule(transport, { name, site, bearer: { audience: name } })];
    return { transport, module: { module: FeatureModule, imports, controllers: [Feature] } };
  }

  it('accept only tokens for the module of the route', async () => {
    const [albums, films] = [feature('albums'), feature('films')];
    const { ask } = closing(await startApp({ adapter, imports: [albums.module, films.module] }));
    const rpt = albums.transport.accessToken({ aud: ['albums', 'films'] });
    expect((await ask({ path: '/albums', rpt })).status).toBe(200);
    expect((await ask({ path: '/films', rpt })).status).toBe(401);
    expect(films.transport.introspections).toBe(1);
  });

  it('check a route by the options of its own module only', async () => {
    @Controller('albums')
    @UseGuards(BearerGuard)
    class Albums {
      @Get() @BearerProtected({ roles: ['x'] }) find(): string {
        return 'ran';
      }
    }
    class Login {}
    class Api {}
    const transport = new TokenServer();
    const bearer = { audience: AUDIENCE, roles: () => ['x'] };
    const site = { ...SITE, oxd_id: 'site of the API' };
    const imports = [
      { module: Login, imports: [oxdModule(new TokenServer(), { name: 'login' })] },
      {
        module: Api,
        imports: [oxdModule(transport, { name: 'api', site, bearer })],
        controllers: [Albums],
      },
    ];
    const { ask } = closing(await startApp({ adapter, imports }));
    expect((await ask({ path: '/albums', rpt: transport.accessToken() })).body).toBe('ran');
  });

  it('reject guards of two modules on one route', async () => {
    const [albums, films] = [feature('albums'), feature('films')];
    const guards = [{ provide: APP_GUARD, useClass: BearerGuard }];
    const module = { ...films.module, providers: guards };
    const issues = await issuesOf(() => startApp({ adapter, imports: [albums.module, module] }));
    expect(issues).toEqual([
      'Feature.find: is behind the BearerGuards of OxdModule "albums" and OxdModule "films"; use ' +
        'the guard of one of them',
    ]);
  });
});
