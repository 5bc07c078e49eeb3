import {
  All,
  Controller,
  Get,
  Head,
  Injectable,
  Post,
  Scope,
  SetMetadata,
  UseGuards,
  Version,
  VersioningType,
  type CanActivate,
  type INestApplication,
  type Provider,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OxdConfigurationError,
  OxdModule,
  OxdTransport,
  UmaGuard,
  UmaProtected,
  UmaPublic,
  type UmaProtectedOptions,
} from '../../../lib/index.js';
import {
  ADAPTERS,
  AuthorizationServer,
  SITE,
  httpAdapter,
  startUmaApp,
  type Adapter,
  type UmaApp,
} from '../../support/uma-app.js';

const opened: UmaApp[] = [];
afterEach(async () => {
  for (const app of opened.splice(0)) await app.close();
});

interface Given {
  readonly controllers: Type[];
  readonly providers?: Provider[];
  readonly configure?: (app: INestApplication) => void;
}

/** Returns functions that start applications on one platform. */
function startingOn(adapter: Adapter) {
  async function boot(given: Given): Promise<UmaApp> {
    const started = await startUmaApp({ adapter, ...given });
    opened.push(started);
    return started;
  }

  /** Issues of a failed start; an empty list for a successful start. */
  async function issuesOf(given: Given): Promise<readonly string[]> {
    try {
      await boot(given);
      return [];
    } catch (error) {
      if (error instanceof OxdConfigurationError) return error.issues;
      throw error;
    }
  }
  return { boot, issuesOf };
}

/** A guarded controller `Albums` with one decorated `@Get()` handler `find`. */
function albums(...decorators: (ClassDecorator & MethodDecorator)[]): Type {
  @Controller('albums')
  @UseGuards(UmaGuard)
  class Albums {
    @Get()
    find(): string {
      return 'found';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Albums.prototype, 'find');
  for (const decorate of decorators) decorate(Albums.prototype, 'find', descriptor ?? {});
  return Albums;
}

const untyped = (options: unknown): UmaProtectedOptions => options as UmaProtectedOptions;

describe.each(ADAPTERS)('malformed @UmaProtected, on %s', (adapter) => {
  const { issuesOf } = startingOn(adapter);

  const rule = { var: 0 };

  it.each<[string, unknown[], string]>([
    ['an empty path', [''], 'path: must begin with "/"'],
    ['a blank path', [' '], 'path: must begin with "/"'],
    ['a path without slash', ['albums'], 'path: must begin with "/"'],
    ['a path with a blank', ['/al bums'], 'path: must begin with "/"'],
    ['a path with a line break', ['/albums\n'], 'path: must begin with "/"'],
    ['an unknown method', ['/albums', 'FETCH'], 'method: must be an HTTP method'],
    ['the method ALL', ['/albums', 'ALL'], 'method: must be an HTTP method'],
    ['an empty method', ['/albums', ''], 'method: must be an HTTP method'],
    ['options in place of a method', ['/albums', { scopes: ['a'] }], 'method: must be an HTTP'],
    ['options that are null', [null], 'options: must be an object'],
    ['options that are a list', [['view']], 'options: must be an object'],
    ['options that are a number', [7], 'options: must be an object'],
    ['an unknown option', [{ scope: ['a'] }], 'scope: is not an option'],
    ['no scope', [{ scopes: [] }], 'scopes: must be a list'],
    ['scopes as a string', [{ scopes: 'view' }], 'scopes: must be a list'],
    ['a blank scope', [{ scopes: [' '] }], 'scopes: must be a list'],
    ['a scope that is not a string', [{ scopes: [1] }], 'scopes: must be a list'],
    ['no ticket scope', [{ ticketScopes: [] }], 'ticketScopes: must be a list'],
    ['ticket scopes as a string', [{ ticketScopes: 'view' }], 'ticketScopes: must be a list'],
    ['an expression as a string', [{ scope_expression: '{}' }], 'scope_expression: must be'],
    ['an expression without data', [{ scope_expression: { rule } }], 'scope_expression: must be'],
    [
      'an expression with empty data',
      [{ scope_expression: { rule, data: [] } }],
      'scope_expression: must be',
    ],
    [
      'an expression without rule',
      [{ scope_expression: { data: ['a'] } }],
      'scope_expression: must be',
    ],
    [
      'scopes beside an expression',
      [{ scopes: ['a'], scope_expression: { rule, data: ['a'] } }],
      'scopes: exclude scope_expression',
    ],
  ])('with %s is rejected with the name of the handler', async (_, args, issue) => {
    const decorate = UmaProtected as (...all: unknown[]) => ClassDecorator & MethodDecorator;
    const issues = await issuesOf({ controllers: [albums(decorate(...args))] });
    expect(issues).toEqual([expect.stringContaining(`Albums.find: ${issue}`)]);
  });

  it('on a class is rejected once, with the name of the class', async () => {
    @Controller('albums')
    @UseGuards(UmaGuard)
    @UmaProtected(untyped({ scopes: 'view' }))
    class Albums {
      @Get() list(): void {}
      @Post() add(): void {}
    }
    const issues = await issuesOf({ controllers: [Albums] });
    expect(issues).toEqual([expect.stringContaining('Albums: scopes:')]);
  });

  it('is rejected without quoting a value', async () => {
    const bad = UmaProtected('hidden-1', 'HIDDEN', untyped({ scopes: 'hidden-2' }));
    const issues = await issuesOf({ controllers: [albums(bad)] });
    expect(issues).toHaveLength(3);
    expect(issues.join().toLowerCase()).not.toContain('hidden');
  });
});

describe.each(ADAPTERS)('a declared handler without a guard, on %s', (adapter) => {
  const { issuesOf } = startingOn(adapter);

  @Controller('open')
  class Open {
    @Get()
    @UmaProtected()
    find(): void {}
  }
  class SubGuard extends UmaGuard {}
  class OtherGuard implements CanActivate {
    canActivate(): boolean {
      return true;
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class RequestGuard extends UmaGuard {}

  it('is rejected with its name', async () => {
    const issues = await issuesOf({ controllers: [Open] });
    expect(issues).toEqual([
      expect.stringMatching(
        /^Open\.find: .*no UmaGuard runs before it; add @UseGuards\(UmaGuard\),/,
      ),
    ]);
  });

  it('is rejected behind another guard', async () => {
    @Controller('otherwise')
    @UseGuards(OtherGuard)
    class Otherwise extends Open {}
    const providers = [{ provide: APP_GUARD, useClass: OtherGuard }];
    const issues = await issuesOf({ controllers: [Open, Otherwise], providers });
    expect(issues).toEqual([
      expect.stringMatching(/^Open\.find: .*no UmaGuard/),
      expect.stringMatching(/^Otherwise\.find: .*no UmaGuard/),
    ]);
  });

  it('closes the transport after the failed start', async () => {
    let closed = false;
    class Transport extends AuthorizationServer {
      override close(): Promise<void> {
        closed = true;
        return Promise.resolve();
      }
    }
    const starting = startUmaApp({ adapter, controllers: [Open], transport: new Transport() });
    await expect(starting).rejects.toThrow(OxdConfigurationError);
    expect(closed).toBe(true);
  });

  it.each<[string, Omit<Given, 'controllers'>]>([
    ['APP_GUARD', { providers: [{ provide: APP_GUARD, useClass: UmaGuard }] }],
    ['APP_GUARD with a subclass', { providers: [{ provide: APP_GUARD, useClass: SubGuard }] }],
    [
      'APP_GUARD with a request-scoped guard',
      { providers: [{ provide: APP_GUARD, useClass: RequestGuard }] },
    ],
    [
      'APP_GUARD with an alias',
      { providers: [SubGuard, { provide: APP_GUARD, useExisting: SubGuard }] },
    ],
    [
      'useGlobalGuards()',
      { providers: [SubGuard], configure: (app) => app.useGlobalGuards(app.get(SubGuard)) },
    ],
  ])('is accepted behind %s', async (_, given) => {
    await expect(issuesOf({ controllers: [Open], ...given })).resolves.toEqual([]);
    const answer = await opened[0]?.ask('/open');
    expect(answer?.status).toBe(401);
  });

  it('is accepted behind a guard of the method, as a class or a subclass', async () => {
    @Controller('guarded')
    class Guarded {
      @Get('a')
      @UseGuards(UmaGuard)
      @UmaProtected()
      one(): void {}

      @Get('b')
      @UmaProtected()
      @UseGuards(OtherGuard, SubGuard)
      two(): void {}
    }
    await expect(issuesOf({ controllers: [Guarded], providers: [OtherGuard] })).resolves.toEqual(
      [],
    );
  });

  it('is accepted behind a guard that a test replaces', async () => {
    const module = await Test.createTestingModule({
      imports: [
        OxdModule.forRoot({
          site: SITE,
          secret: 'a test secret of more than 32 characters',
          store: new MemoryStore(),
          transport: new AuthorizationServer(),
        }),
      ],
      controllers: [albums(UmaProtected())],
    })
      .overrideGuard(UmaGuard)
      .useValue({ canActivate: () => true })
      .compile();
    const app = module.createNestApplication(httpAdapter(adapter), { logger: false });
    await expect(app.init()).resolves.toBeDefined();
    await app.close();
  });
});

/** Templates that match several paths, by router. */
const PATTERNS: Readonly<Record<Adapter, readonly string[]>> = {
  express: ['files/*path', 'files/*', 'files/*/old', 'files{/:name}', 'files/(.*)'],
  fastify: ['files/*', 'files/:name?', 'files/:id(^\\d+$)', 'files/:name(.*)', '*'],
};

describe.each(ADAPTERS)('a declaration that does not fit its route, on %s', (adapter) => {
  const { issuesOf } = startingOn(adapter);

  @Controller()
  @UseGuards(UmaGuard)
  class All_ {
    @All('a')
    @UmaProtected('/a')
    any(): void {}
  }

  @Controller('class-all')
  @UseGuards(UmaGuard)
  @UmaProtected()
  class ClassAll {
    @All()
    any(): void {}
  }

  @Controller('albums')
  @UseGuards(UmaGuard)
  @UmaProtected('/albums', 'GET')
  class HalfCovered {
    @Get() list(): void {}
    @Post() add(): void {}
  }

  @Controller('albums')
  @UseGuards(UmaGuard)
  @UmaProtected('/albums', 'GET')
  @UmaProtected('/albums', 'DELETE')
  class Unused {
    @Get() list(): void {}
  }

  @Controller({ path: 'albums', host: 'a.example.com' })
  @UseGuards(UmaGuard)
  class Hosted {
    @Get() @UmaProtected() list(): void {}
  }

  it.each<[string, Type, string]>([
    [
      'another method',
      albums(UmaProtected('/albums', 'POST')),
      'Albums.find: is declared for POST, which the route does not serve',
    ],
    [
      'another method beside its own',
      albums(UmaProtected('/albums', 'POST'), UmaProtected()),
      'Albums.find: is declared for POST',
    ],
    ['no method on @All()', All_, 'All_.any: serves every method'],
    ['no method on a class with @All()', ClassAll, 'ClassAll.any: serves every method'],
    ['a missing path with routes selected by host', Hosted, 'Hosted.list: is chosen by its host'],
    ['a class that omits a method', HalfCovered, 'HalfCovered.add: is a POST route'],
    ['a class for a method without a route', Unused, 'Unused: is declared for DELETE'],
    [
      'both decorators on a method',
      albums(UmaProtected(), UmaPublic()),
      'Albums.find: is both @UmaProtected and @UmaPublic',
    ],
  ])('is rejected for %s', async (_, controller, issue) => {
    const issues = await issuesOf({ controllers: [controller] });
    expect(issues).toEqual([expect.stringContaining(issue)]);
  });

  it.each(PATTERNS[adapter])('is rejected without a path for the template %s', async (path) => {
    @Controller()
    @UseGuards(UmaGuard)
    class Pattern {
      @Get(path)
      @UmaProtected()
      find(): void {}

      @Get(`named/${path}`)
      @UmaProtected('/named')
      named(): void {}
    }
    const issues = await issuesOf({ controllers: [Pattern] });
    expect(issues).toEqual([expect.stringContaining('Pattern.find: has a wildcard or a pattern')]);
  });

  it('is rejected for both decorators on a class', async () => {
    @Controller('albums')
    @UseGuards(UmaGuard)
    @UmaProtected()
    @UmaPublic()
    class Both {
      @Get() list(): void {}
    }
    const issues = await issuesOf({ controllers: [Both] });
    expect(issues).toEqual(['Both: is both @UmaProtected and @UmaPublic; remove one of them']);
  });

  it.each([
    [VersioningType.HEADER, { header: 'X-Version' }],
    [VersioningType.MEDIA_TYPE, { key: 'v=' }],
    [VersioningType.CUSTOM, { extractor: () => '1' }],
  ])('is rejected without a path if the version type is %s', async (type, options) => {
    @Controller('albums')
    @UseGuards(UmaGuard)
    class Versioned {
      @Get() @Version('1') @UmaProtected() one(): void {}
      @Get() @Version('2') @UmaProtected('/v2/albums') two(): void {}
      @Get('plain') @UmaProtected() plain(): void {}
    }
    const configure = (app: INestApplication): void => {
      app.enableVersioning({ type, ...options } as Parameters<typeof app.enableVersioning>[0]);
    };
    const issues = await issuesOf({ controllers: [Versioned], configure });
    expect(issues).toEqual([expect.stringContaining('Versioned.one: is chosen by its version')]);
  });
});

describe.each(ADAPTERS)('one resource declared twice, on %s', (adapter) => {
  const { boot, issuesOf } = startingOn(adapter);

  @Controller('albums')
  @UseGuards(UmaGuard)
  class First {
    @Get()
    @UmaProtected({ scopes: ['view', 'list'] })
    list(): void {}
  }

  function second(path: string, options?: UmaProtectedOptions): Type {
    @Controller('second')
    @UseGuards(UmaGuard)
    class Second {
      @Get()
      @UmaProtected(path, 'GET', options)
      list(): void {}
    }
    return Second;
  }

  it.each<[string, string, UmaProtectedOptions | undefined]>([
    ['other scopes', '/albums', { scopes: ['view'] }],
    ['the default scope', '/albums', undefined],
    ['another case of the path', '/Albums', { scopes: ['view', 'list'] }],
    ['other ticket scopes', '/albums', { scopes: ['view', 'list'], ticketScopes: ['view'] }],
  ])('with %s is rejected with the names of both handlers', async (_, path, options) => {
    const issues = await issuesOf({ controllers: [First, second(path, options)] });
    expect(issues).toEqual([expect.stringMatching(/^Second\.list: declares GET .* First\.list/)]);
  });

  it('alike counts as one resource', async () => {
    const same = second('/albums', {
      scopes: ['list', 'view', 'view'],
      ticketScopes: ['view', 'list'],
    });
    const { transport } = await boot({ controllers: [First, same] });
    expect(transport.lastProtected).toEqual(['GET /albums']);
  });

  it('by class and method with different scopes is rejected', async () => {
    @Controller('albums')
    @UseGuards(UmaGuard)
    @UmaProtected({ scopes: ['a'] })
    class Twice {
      @Get() @UmaProtected({ scopes: ['b'] }) list(): void {}
    }
    const issues = await issuesOf({ controllers: [Twice] });
    expect(issues).toEqual([expect.stringContaining('than another decorator')]);
  });
});

describe.each(ADAPTERS)('@UmaProtected outside of routes, on %s', (adapter) => {
  const { boot, issuesOf } = startingOn(adapter);

  it('is rejected on a helper, a provider and a class without routes', async () => {
    @Controller('albums')
    @UseGuards(UmaGuard)
    class Helping {
      @Get() list(): void {}
      @UmaProtected() helper(): void {}
    }
    @UmaProtected()
    class Service {
      list(): void {}
    }
    class Resolver {
      @UmaProtected() list(): void {}
    }
    @Controller()
    @UmaProtected()
    class Messages {
      @SetMetadata('microservices:pattern', 'x') handle(): void {}
    }
    const issues = await issuesOf({
      controllers: [Helping, Messages],
      providers: [Service, Resolver, { provide: 'x', useFactory: () => new Service() }],
    });
    expect(issues.map((issue) => issue.split(':')[0])).toEqual([
      'Helping.helper',
      'Messages',
      'Service',
      'Resolver.list',
    ]);
  });

  it('is rejected on a provider that only a factory creates', async () => {
    class Resolver {
      @UmaProtected() list(): void {}
    }
    const providers = [{ provide: 'x', useFactory: () => new Resolver() }];
    const issues = await issuesOf({ controllers: [], providers });
    expect(issues).toEqual([expect.stringContaining('Resolver.list: is @UmaProtected, but no')]);
  });

  describe('in a subclass that overrides a protected route', () => {
    class Base {
      @Post() @UmaProtected() add(): void {}
    }

    it('is accepted without decorators, because the override is not a route', async () => {
      @Controller('fish')
      @UseGuards(UmaGuard)
      class Fish extends Base {
        override add(): void {}
      }
      const { transport, ask } = await boot({ controllers: [Fish] });
      expect(transport.calls).toEqual([]);
      expect((await ask({ method: 'POST', path: '/fish' })).status).toBe(404);
    });

    it('is rejected with its own @UmaProtected', async () => {
      @Controller('fish')
      @UseGuards(UmaGuard)
      class Fish extends Base {
        @UmaProtected() override add(): void {}
      }
      const issues = await issuesOf({ controllers: [Fish] });
      expect(issues).toEqual([expect.stringContaining('Fish.add: is @UmaProtected, but no route')]);
    });

    it('is rejected as a message handler', async () => {
      @Controller('fish')
      @UseGuards(UmaGuard)
      class Fish extends Base {
        @SetMetadata('microservices:pattern', 'x') override add(): void {}
      }
      const issues = await issuesOf({ controllers: [Fish] });
      expect(issues).toEqual([expect.stringContaining('Fish.add: is @UmaProtected, but no route')]);
    });
  });

  it('is rejected without HTTP, where protected routes are ignored', async () => {
    const imports = [
      OxdModule.forRoot({
        site: SITE,
        secret: 'a test secret of more than 32 characters',
        store: new MemoryStore(),
        transport: new AuthorizationServer(),
      }),
    ];
    class Resolver {
      @UmaProtected() list(): void {}
    }
    const stray = await Test.createTestingModule({ imports, providers: [Resolver] }).compile();
    await expect(stray.init()).rejects.toThrow(/Resolver\.list/);
    const module = await Test.createTestingModule({
      imports,
      controllers: [albums(UmaProtected())],
    }).compile();
    await module.init();
    expect((module.get(OxdTransport) as AuthorizationServer).calls).toEqual([]);
    await module.close();
  });
});

describe.each(ADAPTERS)('a declaration, on %s', (adapter) => {
  const { boot, issuesOf } = startingOn(adapter);

  it('is reported in one error with all other issues', async () => {
    @Controller('a')
    class A {
      @Get() @UmaProtected() one(): void {}
      @All('two') @UmaProtected() two(): void {}
    }
    const issues = await issuesOf({ controllers: [A] });
    expect(issues.map((issue) => issue.split(': ')[0])).toEqual(['A.one', 'A.two', 'A.two']);
  });

  it('defaults to the name of the method as scope, with HEAD as GET', async () => {
    @Controller('albums')
    @UseGuards(UmaGuard)
    @UmaProtected()
    class Defaults {
      @Post() add(): void {}
      @Get() list(): void {}
      @Head('only') head(): void {}
    }
    const { transport } = await boot({ controllers: [Defaults] });
    expect(transport.sent('uma_rs_protect')[0]?.resources).toEqual([
      {
        path: '/albums',
        conditions: [
          { httpMethods: ['POST'], scopes: ['POST'] },
          { httpMethods: ['GET'], scopes: ['GET'] },
        ],
      },
      { path: '/albums/only', conditions: [{ httpMethods: ['GET'], scopes: ['GET'] }] },
    ]);
  });

  it('survives another decorator that replaces the method', async () => {
    const wrapped: MethodDecorator = (_, __, descriptor) => {
      const inner = descriptor.value as unknown as () => unknown;
      descriptor.value = function (this: unknown) {
        return inner.call(this);
      } as never;
    };
    @Controller('albums')
    @UseGuards(UmaGuard)
    class Wrapped {
      @Get()
      @wrapped
      @UmaProtected()
      list(): string {
        return 'ran';
      }
    }
    const { transport, ask } = await boot({ controllers: [Wrapped] });
    expect((await ask('/albums')).status).toBe(401);
    const granted = await ask({ path: '/albums', rpt: transport.issue('GET /albums') });
    expect(granted.body).toBe('ran');
  });

  it('is inherited unless the subclass has its own', async () => {
    @UseGuards(UmaGuard)
    @UmaProtected({ scopes: ['base'] })
    class Base {
      @Get('kept') kept(): void {}
      @Get('own') @UmaProtected({ scopes: ['base own'] }) own(): void {}
      @Get('opened') @UmaProtected() opened(): void {}
    }
    @Controller('sub')
    @UmaProtected('/sub', 'GET', { scopes: ['sub'] })
    class Sub extends Base {
      @Get('opened') @UmaPublic() override opened(): void {}
    }
    const { transport, ask } = await boot({ controllers: [Sub] });
    expect(transport.lastProtected).toEqual(['GET /sub', 'GET /sub/own']);
    expect((await ask('/sub/opened')).status).toBe(200);
    expect((await ask('/sub/kept')).status).toBe(401);
  });

  it('works for request-scoped controllers', async () => {
    @Controller({ path: 'albums', scope: Scope.REQUEST })
    @UseGuards(UmaGuard)
    class PerRequest {
      @Get() @UmaProtected() list(): string {
        return 'ran';
      }
    }
    const { transport, ask } = await boot({ controllers: [PerRequest] });
    expect((await ask('/albums')).status).toBe(401);
    const rpt = transport.issue('GET /albums');
    expect((await ask({ path: '/albums', rpt })).body).toBe('ran');
  });
});

describe.each(ADAPTERS)('routes behind UmaGuard that declare nothing, on %s', (adapter) => {
  const { boot } = startingOn(adapter);

  @Controller('films')
  class Films {
    @Get()
    @UmaProtected({ scopes: ['view'] })
    list(): void {}

    @Get('open')
    @UmaPublic()
    open(): void {}

    @Get('lost')
    lost(): void {}

    @Post('lost')
    add(): void {}
  }

  it('are listed in one warning at start-up', async () => {
    const guard = { provide: APP_GUARD, useClass: UmaGuard };
    const { log } = await boot({ controllers: [Films, albums()], providers: [guard] });
    expect(log.with('warn', 'Denied')).toEqual([
      'warn: Denied, because they have neither @UmaProtected nor @UmaPublic: Films.lost, ' +
        'Films.add, Albums.find.',
    ]);
    expect(log.loggers).toContain('UmaGuard');
  });

  it('are not listed without UmaGuard', async () => {
    @Controller('songs')
    class Songs {
      @Get()
      list(): void {}
    }
    const { log } = await boot({ controllers: [Songs, albums(UmaPublic())] });
    expect(log.with('warn', 'Denied')).toEqual([]);
  });
});
