import {
  Controller,
  Get,
  Injectable,
  Module,
  Scope,
  UseGuards,
  type DynamicModule,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, HttpAdapterHost, RouterModule } from '@nestjs/core';
import { OxdConfigurationError, UmaGuard, UmaProtected, UmaPublic } from '../../../lib/index.js';
import { UmaAuthorizer } from '../../../lib/uma/guard/uma-authorizer.js';
import { closing } from '../../support/closing.js';
import {
  ADAPTERS,
  AuthorizationServer,
  SITE,
  oxdModule,
  startApp,
  type AppOptions,
  type RunningApp,
} from '../../support/uma-app.js';

/** A feature module with its own `OxdModule`. */
interface Feature {
  readonly transport: AuthorizationServer;
  readonly module: DynamicModule;
}

function feature(name: string, controllers: Type[], eager = false): Feature {
  @Module({})
  class FeatureModule {}
  const transport = new AuthorizationServer();
  const authorization_redirect_uri = `https://${name}.example.com/callback`;
  const op_host = `https://${name}-as.example.com`;
  const site = { ...SITE, oxd_id: name, op_host, authorization_redirect_uri };
  const imports = [oxdModule(transport, { name, site, eager })];
  return { transport, module: { module: FeatureModule, imports, controllers } };
}

async function boot(options: AppOptions): Promise<RunningApp> {
  return closing(await startApp(options));
}

async function issuesOf(options: AppOptions): Promise<readonly string[]> {
  try {
    await boot(options);
    return [];
  } catch (error) {
    if (error instanceof OxdConfigurationError) return error.issues;
    throw error;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends UmaGuard {}

/** Guard whose constructor has the parameters of its base in another order. */
@Injectable({ scope: Scope.REQUEST })
class ReorderedGuard extends UmaGuard {
  constructor(host: HttpAdapterHost, access: UmaAuthorizer) {
    super(access, host);
  }
}

/** A controller with one protected and one public route. */
function controller(path: string, guard: Type = UmaGuard): Type {
  @Controller(path)
  @UseGuards(guard)
  class Albums {
    @Get() @UmaProtected() list(): string {
      return path;
    }
    @Get('open') @UmaPublic() open(): string {
      return 'open';
    }
  }
  return Albums;
}

describe.each(ADAPTERS)('two feature modules with an OxdModule each, on %s', (adapter) => {
  const guards: [string, Type][] = [
    ['UmaGuard', UmaGuard],
    ['a request-scoped guard', RequestGuard],
    ['a request-scoped guard with a constructor', ReorderedGuard],
  ];

  it.each(guards)('register and check their own routes only, behind %s', async (_, guard) => {
    const albums = feature('albums', [controller('albums', guard)]);
    const films = feature('films', [controller('films', guard)]);
    const { ask } = await boot({ adapter, imports: [albums.module, films.module] });
    expect(albums.transport.lastProtected).toEqual(['GET /albums']);
    expect(films.transport.lastProtected).toEqual(['GET /films']);

    const rpt = albums.transport.issue('GET /albums');
    expect((await ask({ path: '/albums', rpt })).body).toBe('albums');
    const denied = await ask({ path: '/films', rpt });
    expect(denied.status).toBe(401);
    expect(denied.headers['www-authenticate']).toContain('realm="films.example.com"');
    expect((await ask('/albums/open')).status).toBe(200);
    expect((await ask('/films/open')).status).toBe(200);
  });

  it('have their names in the log lines of the guard', async () => {
    const films = feature('films', [controller('films')]);
    const imports = [oxdModule(new AuthorizationServer()), films.module];
    const { ask, log } = await boot({ adapter, imports, controllers: [controller('albums')] });
    for (const path of ['/albums', '/films']) await ask(path);
    expect(log.loggers).toEqual(['UmaGuard', 'UmaGuard films']);
  });

  it('register one controller class below the path of each', async () => {
    const shared = controller('list');
    const albums = feature('albums', [shared]);
    const films = feature('films', [shared]);
    const routes = [
      { path: 'a', module: albums.module.module },
      { path: 'f', module: films.module.module },
    ];
    const imports = [albums.module, films.module, RouterModule.register(routes)];
    const { ask } = await boot({ adapter, imports });
    expect(albums.transport.lastProtected).toEqual(['GET /a/list']);
    expect(films.transport.lastProtected).toEqual(['GET /f/list']);
    const rpt = films.transport.issue('GET /f/list');
    expect((await ask({ path: '/f/list', rpt })).status).toBe(200);
    expect((await ask({ path: '/a/list', rpt })).status).toBe(401);
  });

  it.each([false, true])(
    'register nothing for a module without protected routes, eager: %s',
    async (eager) => {
      const login = feature('login', [], eager);
      const api = feature('api', [controller('albums')], eager);
      login.transport.script({});
      await boot({ adapter, imports: [login.module, api.module] });
      expect(login.transport.calls).toEqual([]);
      expect(api.transport.lastProtected).toEqual(['GET /albums']);
    },
  );

  it('assign every route to the module of an APP_GUARD', async () => {
    const login = feature('login', []);
    const api = feature('api', []);
    const guarded = {
      ...api.module,
      providers: [{ provide: APP_GUARD, useClass: UmaGuard }],
    };
    @Controller('albums')
    @UmaProtected()
    class Albums {
      @Get() list(): void {}
    }
    const imports = [login.module, guarded];
    const { ask } = await boot({ adapter, imports, controllers: [Albums] });
    expect(login.transport.calls).toEqual([]);
    expect(api.transport.lastProtected).toEqual(['GET /albums']);
    expect((await ask('/albums')).headers['www-authenticate']).toContain('api.example.com');
  });

  it.each([
    ['protected', UmaProtected()],
    ['public', UmaPublic()],
  ])('do not start with both guards on one %s handler', async (_, mark) => {
    @Controller('albums')
    @UseGuards(UmaGuard)
    @mark
    class Albums {
      @Get() list(): void {}
    }
    const albums = feature('albums', [Albums]);
    const api = feature('api', []);
    const guarded = {
      ...api.module,
      providers: [{ provide: APP_GUARD, useClass: UmaGuard }],
    };
    const issues = await issuesOf({ adapter, imports: [albums.module, guarded] });
    expect(issues).toEqual([
      'Albums.list: is behind the UmaGuards of OxdModule "albums" and OxdModule "api"; ' +
        'use the guard of one of them',
    ]);
  });

  it('do not start with a guard whose module is unknown', async () => {
    const elsewhere = {
      decide: () => Promise.resolve({ granted: true }),
    } as unknown as UmaAuthorizer;
    @Injectable({ scope: Scope.REQUEST })
    class Detached extends UmaGuard {
      constructor(host: HttpAdapterHost) {
        super(elsewhere, host);
      }
    }
    const albums = feature('albums', [controller('albums', Detached)]);
    const issues = await issuesOf({ adapter, imports: [albums.module] });
    expect(issues).toEqual([
      expect.stringContaining('Albums.list: is behind a UmaGuard whose OxdModule is unknown'),
      expect.stringContaining('Albums.open: is behind a UmaGuard whose OxdModule is unknown'),
    ]);
  });

  it('prefer the local module of a feature to the global one', async () => {
    const global = new AuthorizationServer();
    const albums = feature('albums', [controller('albums')]);
    const imports = [oxdModule(global, { isGlobal: true }), albums.module];
    await boot({ adapter, imports, controllers: [controller('films')] });
    expect(global.lastProtected).toEqual(['GET /films']);
    expect(albums.transport.lastProtected).toEqual(['GET /albums']);
  });
});
