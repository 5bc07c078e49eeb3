import {
  Controller,
  HttpException,
  Get,
  Inject,
  Injectable,
  NotFoundException,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
  VersioningType,
  type INestApplication,
  Module,
} from '@nestjs/common';
import { APP_GUARD, RouterModule } from '@nestjs/core';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport';
import {
  MemoryStore,
  OxdUser,
  UmaGuard,
  UmaProtected,
  UmaPublic,
  UmaService,
  type GuardedRequest,
  type UmaPathResolver,
  type UmaRouteDeclaration,
} from '../../lib/index.js';
import { closing } from '../support/closing.js';
import { settled } from '../support/manual-clock.js';
import {
  ADAPTERS,
  AuthorizationServer,
  refusal,
  startUmaApp,
  type Adapter,
  type UmaApp,
  type UmaAppOptions,
} from '../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): string {
    return 'list';
  }

  @Get(':id')
  @UmaProtected()
  find(): string {
    return 'find';
  }
}

describe.each(ADAPTERS)('an application on %s', (adapter: Adapter) => {
  async function start(options: Omit<UmaAppOptions, 'adapter'>): Promise<UmaApp> {
    return closing(await startUmaApp({ adapter, ...options }));
  }

  /** Asserts that a route is checked as this resource only. */
  async function expectChecked(one: UmaApp, path: string, resource: string): Promise<void> {
    expect(one.transport.lastProtected).toContain(resource);
    expect((await one.ask(path)).status).toBe(401);
    const { body, status } = await one.ask({ path, rpt: one.transport.issue(resource) });
    expect([status, body]).toEqual([200, expect.any(String)]);
    const { http_method, path: checked } = one.transport.sent('uma_rs_check_access').at(-1) ?? {};
    expect(`${http_method} ${checked}`).toBe(resource);
  }

  describe('declares the full template of a route', () => {
    @Controller(['shelves', 'racks'])
    @UseGuards(UmaGuard)
    class Shelves {
      @Get(':shelf/books/:book')
      @UmaProtected()
      find(): string {
        return 'book';
      }
    }

    @Controller({ path: 'versions', version: ['1', '2'] })
    @UseGuards(UmaGuard)
    @UmaProtected()
    class Versions {
      @Get()
      both(): string {
        return 'both';
      }

      @Get('third')
      @Version('3')
      third(): string {
        return 'third';
      }

      @Get('neutral')
      @Version([VERSION_NEUTRAL, '4'])
      neutral(): string {
        return 'neutral';
      }
    }

    @Controller()
    @UseGuards(UmaGuard)
    class Root {
      @Get()
      @UmaProtected()
      root(): string {
        return 'root';
      }
    }

    it.each([
      ['/shelves/1/books/2', 'GET /shelves/:shelf/books/:book'],
      ['/racks/1/books/2', 'GET /racks/:shelf/books/:book'],
      ['/', 'GET /'],
    ])('%s as %s', async (path, resource) => {
      await expectChecked(await start({ controllers: [Shelves, Root] }), path, resource);
    });

    it.each([
      ['/api/shelves/1/books/2', 'GET /api/shelves/:shelf/books/:book'],
      ['/api', 'GET /api'],
      ['/albums', 'GET /albums'],
      ['/api/albums/7', 'GET /api/albums/:id'],
    ])('%s as %s below a global prefix with an exclusion', async (path, resource) => {
      const configure = (app: INestApplication): void => {
        app.setGlobalPrefix('api', { exclude: ['albums'] });
      };
      const controllers = [Shelves, Root, Albums];
      await expectChecked(await start({ controllers, configure }), path, resource);
    });

    it.each([
      ['/api/v1/versions', 'GET /api/v1/versions'],
      ['/api/v2/versions', 'GET /api/v2/versions'],
      ['/api/v3/versions/third', 'GET /api/v3/versions/third'],
      ['/api/versions/neutral', 'GET /api/versions/neutral'],
      ['/api/v4/versions/neutral', 'GET /api/v4/versions/neutral'],
      ['/api/v9/albums', 'GET /api/v9/albums'],
    ])('%s as %s with versions in the URL', async (path, resource) => {
      const configure = (app: INestApplication): void => {
        app.setGlobalPrefix('/api/');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '9' });
      };
      await expectChecked(
        await start({ controllers: [Versions, Albums], configure }),
        path,
        resource,
      );
    });

    it('with the path that RouterModule gives its module', async () => {
      @Module({ controllers: [Root] })
      class Inner {}
      const one = await start({
        controllers: [],
        imports: [RouterModule.register([{ path: 'inner', module: Inner }]), Inner],
      });
      await expectChecked(one, '/inner', 'GET /inner');
    });
  });

  it('checks wildcard routes and versions by header as the path that is named', async () => {
    @Controller()
    @UseGuards(UmaGuard)
    class Named {
      @Get(adapter === 'express' ? 'files/*path' : 'files/*')
      @UmaProtected('/files')
      files(): string {
        return 'file';
      }

      @Get('old/*')
      @UmaProtected('/old')
      old(): string {
        return 'old';
      }

      @Get('versioned')
      @Version('1')
      @UmaProtected('/v1/versioned')
      first(): string {
        return 'first';
      }

      @Get('versioned')
      @Version('2')
      @UmaProtected('/v2/versioned')
      second(): string {
        return 'second';
      }
    }
    const one = await start({
      controllers: [Named],
      configure: (app) =>
        app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    });
    await expectChecked(one, '/old/a/b', 'GET /old');
    await expectChecked(one, '/files/a', 'GET /files');
    for (const [version, body] of [
      ['1', 'first'],
      ['2', 'second'],
    ]) {
      const rpt = one.transport.issue(`GET /v${version}/versioned`);
      const headers = ['X-Version', version ?? ''];
      expect((await one.ask({ path: '/versioned', headers, rpt })).body).toBe(body);
      const other = ['X-Version', version === '1' ? '2' : '1'];
      expect((await one.ask({ path: '/versioned', headers: other, rpt })).status).toBe(401);
    }
  });

  it('lets CORS answer preflights, and adds to the headers that it exposes', async () => {
    const one = await start({
      controllers: [Albums],
      configure: (app) => app.enableCors({ origin: true, exposedHeaders: ['X-Total', 'X-Page'] }),
    });
    const headers = ['Origin', 'https://spa.example.com', 'Access-Control-Request-Method', 'GET'];
    expect((await one.ask({ method: 'OPTIONS', path: '/albums', headers })).status).toBe(204);
    const denied = await one.ask({ path: '/albums', headers: headers.slice(0, 2) });
    const exposed = String(denied.headers['access-control-expose-headers']);
    expect(exposed.split(/,\s*/)).toEqual(['X-Total', 'X-Page', 'WWW-Authenticate']);
    expect(one.transport.sent('uma_rs_check_access')).toHaveLength(1);
  });

  it('protects every route with APP_GUARD, those that declare nothing included', async () => {
    @Controller()
    class Mixed {
      @Get('open') @UmaPublic() open(): string {
        return 'open';
      }
      @Get('closed') closed(): string {
        return 'closed';
      }
      @Get('safe') @UmaProtected() safe(): string {
        return 'safe';
      }
    }
    const providers = [{ provide: APP_GUARD, useClass: UmaGuard }];
    const one = await start({ controllers: [Mixed], providers });
    expect((await one.ask('/open')).body).toBe('open');
    expect((await one.ask('/closed')).status).toBe(403);
    await expectChecked(one, '/safe', 'GET /safe');
  });

  it('works with AuthGuard beside it', async () => {
    @Injectable()
    class Session extends PassportStrategy(
      class extends Strategy {
        override name = 'session';
        override authenticate(request: { headers: object }): void {
          const { 'x-user': name } = request.headers as { 'x-user'?: string };
          if (name) this.success({ name });
          else this.fail('no user', 401);
        }
      },
      'session',
    ) {
      validate(): unknown {
        return undefined;
      }
    }
    @Controller('both')
    @UseGuards(AuthGuard('session'), UmaGuard)
    class Both {
      @Get() @UmaProtected() read(@OxdUser() user: { name: string }): string {
        return user.name;
      }
    }
    const one = await start({ controllers: [Both], providers: [Session] });
    const headers = ['X-User', 'zoe'];
    const nobody = await one.ask({ path: '/both', rpt: one.transport.issue('GET /both') });
    expect([nobody.status, nobody.headers['www-authenticate']]).toEqual([401, undefined]);
    expect(one.transport.sent('uma_rs_check_access')).toEqual([]);
    const denied = await one.ask({ path: '/both', headers });
    expect(denied.headers['www-authenticate']?.startsWith('UMA ')).toBe(true);
    const rpt = one.transport.issue('GET /both');
    expect((await one.ask({ path: '/both', headers, rpt })).body).toBe('zoe');
  });

  it('reads the RPT only from extractRpt()', async () => {
    @Injectable()
    class CookieGuard extends UmaGuard {
      @Inject() private readonly uma: UmaService;

      protected override async extractRpt(
        request: GuardedRequest & { headers: { 'x-rpt'?: string } },
      ): Promise<string | undefined> {
        await Promise.resolve();
        return this.uma ? request.headers['x-rpt'] : undefined;
      }
    }
    @Controller('elsewhere')
    @UseGuards(CookieGuard)
    class Elsewhere {
      @Get() @UmaProtected() read(): string {
        return 'read';
      }
    }
    const one = await start({ controllers: [Elsewhere], maxHeaderSize: 65_536 });
    const rpt = one.transport.issue('GET /elsewhere');
    const path = '/elsewhere';
    expect((await one.ask({ path, headers: ['X-Rpt', rpt] })).body).toBe('read');
    expect((await one.ask({ path, rpt })).status).toBe(401);
    const long = 'a'.repeat(16_385);
    expect((await one.ask({ path, headers: ['X-Rpt', long] })).status).toBe(401);
    expect(one.transport.sent('uma_rs_check_access').at(-1)).not.toHaveProperty('rpt');
    expect((await one.ask({ path, headers: ['X-Rpt', 'a b'] })).status).toBe(400);
  });

  it('responds with the error of extractRpt()', async () => {
    @Injectable()
    class FailingGuard extends UmaGuard {
      protected override extractRpt(): never {
        throw new HttpException('locked', 423);
      }
    }
    @Controller('elsewhere')
    @UseGuards(FailingGuard)
    class Elsewhere {
      @Get() @UmaProtected() read(): string {
        return 'read';
      }
    }
    const one = await start({ controllers: [Elsewhere] });
    const rpt = one.transport.issue('GET /elsewhere');
    expect((await one.ask({ path: '/elsewhere', rpt })).status).toBe(423);
    expect(one.transport.sent('uma_rs_check_access')).toEqual([]);
  });

  describe('with uma.paths', () => {
    async function with_(paths: UmaPathResolver): Promise<UmaApp> {
      const one = await start({ controllers: [Albums], options: { uma: { paths } } });
      await one.app.get(UmaService).protect({
        resources: [
          { path: '/albums/77', conditions: [{ httpMethods: ['GET'], scopes: ['view'] }] },
          { path: '/albums/a/b', conditions: [{ httpMethods: ['GET'], scopes: ['view'] }] },
        ],
      });
      return one;
    }
    const concrete: UmaPathResolver = ({ path }, params) =>
      path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? '');

    it('checks the concrete resource, with the parameters as the router decoded them', async () => {
      const told: [UmaRouteDeclaration, object][] = [];
      const one = await with_(async (declaration, params) => {
        told.push([declaration, params]);
        await Promise.resolve();
        return concrete(declaration, params);
      });
      const rpt = one.transport.issue('GET /albums/77');
      expect((await one.ask({ path: '/albums/77', rpt })).body).toBe('find');
      expect((await one.ask({ path: '/albums/%37%37', rpt })).body).toBe('find');
      expect((await one.ask({ path: '/albums/a%2Fb', rpt })).status).toBe(401);
      expect((await one.ask({ path: '/albums', rpt })).status).toBe(401);
      const declaration = { path: '/albums/:id', http_method: 'GET', handler: 'Albums.find' };
      expect(told[0]).toEqual([declaration, { id: '77' }]);
      expect(told[2]).toEqual([declaration, { id: 'a/b' }]);
    });

    it('denies an unregistered path with 403, and registers nothing', async () => {
      const one = await with_(concrete);
      const before = one.transport.sent('uma_rs_protect').length;
      const rpt = one.transport.issue('GET /albums/78');
      for (let times = 0; times < 3; times++) {
        const answer = await one.ask({ path: '/albums/78', rpt });
        expect([answer.status, answer.headers['www-authenticate']]).toEqual([403, undefined]);
        expect(JSON.parse(answer.body)).toMatchObject({ error: 'UMA_FORBIDDEN' });
      }
      await one.clock.advance(600_000);
      expect(one.transport.sent('uma_rs_protect')).toHaveLength(before);
      expect(one.log.with('warn', 'uma.paths')).toHaveLength(1);
    });

    it.each([undefined, '', 'albums/77', 7, null])('denies the invalid path %p', async (path) => {
      const one = await with_(() => path as string);
      const rpt = one.transport.issue('GET /albums/77');
      expect((await one.ask({ path: '/albums/77', rpt })).status).toBe(403);
      expect(one.transport.sent('uma_rs_check_access')).toEqual([]);
    });

    it('responds with 503 after more than 10 seconds', async () => {
      const one = await with_(() => new Promise<string>(() => undefined));
      const asked = one.ask('/albums/77');
      while (one.clock.waiting.length === 0) await settled();
      expect(one.clock.waiting[0]).toBe(10_000);
      await one.clock.advance(10_000);
      expect((await asked).status).toBe(503);
    });

    it('passes its own errors to the application, and grants no access', async () => {
      const missing = await with_(() => {
        throw new NotFoundException();
      });
      expect((await missing.ask('/albums/77')).status).toBe(404);
      expect(missing.clock.waiting).toEqual([]);
      const broken = await with_(() => Promise.reject(new TypeError('broken')));
      const { status, body } = await broken.ask('/albums/77');
      expect(status).toBe(500);
      expect(body).not.toContain('broken');
    });
  });

  describe('until its resources are registered', () => {
    it('answers 503 with Retry-After, and recovers by itself', async () => {
      const transport = new AuthorizationServer();
      transport.script({ uma_rs_protect: refusal('http_status_502') });
      const one = await start({ controllers: [Albums], transport });
      const rpt = one.transport.issue('GET /albums');
      const first = await one.ask({ path: '/albums', rpt });
      expect([first.status, first.headers['retry-after']]).toEqual([503, '1']);
      await one.clock.advance(1000);
      const second = await one.ask({ path: '/albums', rpt });
      expect([second.status, second.headers['retry-after']]).toEqual([503, '2']);
      expect(transport.sent('uma_rs_check_access')).toEqual([]);
      transport.reset();
      await one.clock.advance(2000);
      expect((await one.ask({ path: '/albums', rpt })).body).toBe('list');
      expect(transport.sent('uma_rs_protect')).toHaveLength(1);
    });

    it('tries no more once it is closed', async () => {
      const transport = new AuthorizationServer();
      transport.script({ uma_rs_protect: refusal('http_status_502') });
      const { app, clock } = await startUmaApp({ adapter, controllers: [Albums], transport });
      expect(clock.waiting).toEqual([1000]);
      await app.close();
      expect(clock.waiting).toEqual([]);
      await clock.advance(60_000);
      expect(transport.sent('uma_rs_protect')).toHaveLength(1);
    });

    it('registers once for 32 requests at once', async () => {
      const transport = new AuthorizationServer();
      let answer = (): void => undefined;
      const late = new Promise<void>((resolve) => (answer = resolve));
      transport.script({
        uma_rs_protect: async () => {
          await late;
          return { oxd_id: 'site-1' };
        },
      });
      const one = await start({ controllers: [Albums], transport });
      const asked = await Promise.all(Array.from({ length: 32 }, () => one.ask('/albums')));
      expect(asked.map(({ status }) => status)).toEqual(Array(32).fill(503));
      answer();
      await settled();
      expect(transport.sent('uma_rs_protect')).toHaveLength(1);
    });

    it('does not listen with eager', async () => {
      const transport = new AuthorizationServer();
      transport.script({ uma_rs_protect: refusal('http_status_502') });
      const starting = start({ controllers: [Albums], transport, options: { eager: true } });
      await expect(starting).rejects.toThrow(/http_status_502/);
    });
  });

  it('gives the whole check of a request one limit, whether the transport obeys it or not', async () => {
    @Controller('both')
    @UseGuards(UmaGuard)
    class Both {
      @Get() @UmaProtected('/one') @UmaProtected('/two') read(): string {
        return 'read';
      }
    }
    const one = await start({ controllers: [Both] });
    let grant = (): void => undefined;
    const late = new Promise<{ access: 'granted' }>((resolve) => {
      grant = () => resolve({ access: 'granted' });
    });
    const never = new Promise<{ access: 'granted' }>(() => undefined);
    const answers = [late, never];
    one.transport.script({ uma_rs_check_access: () => answers.shift() ?? never });
    const asked = one.ask({ path: '/both', rpt: 'an-rpt' });
    while (one.transport.sent('uma_rs_check_access').length < 1) await settled();
    await one.clock.advance(40_000);
    grant();
    while (one.transport.sent('uma_rs_check_access').length < 2) await settled();
    expect(one.clock.waiting).toEqual([20_000]);
    await one.clock.advance(20_000);
    const { status, headers } = await asked;
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    expect(one.log.with('warn', 'no decision in 60000 ms')).toHaveLength(1);
    expect(one.clock.waiting).toEqual([]);
  });

  it('responds with 503 for a lost resource, and registers it again once', async () => {
    const one = await start({ controllers: [Albums] });
    const rpt = one.transport.issue('GET /albums');
    await one.clock.advance(10_000);
    one.transport.lose('/albums');
    const asked = await Promise.all(
      Array.from({ length: 32 }, () => one.ask({ path: '/albums', rpt })),
    );
    const refused = asked.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]?.headers['retry-after']).toBe('1');
    await settled();
    expect(one.transport.sent('uma_rs_protect')).toHaveLength(2);
    expect((await one.ask({ path: '/albums', rpt })).body).toBe('list');
  });

  it('registers nothing that another one on the same store has registered', async () => {
    const store = new MemoryStore();
    const transport = new (class extends AuthorizationServer {
      override readonly version = '3.1.4';
    })();
    const options = { store };
    await Promise.all([1, 2].map(() => start({ controllers: [Albums], transport, options })));
    await settled();
    expect(transport.sent('uma_rs_protect')).toHaveLength(1);
    await start({ controllers: [Albums], transport, options });
    expect(transport.sent('uma_rs_protect')).toHaveLength(1);
  });

  it('never protects twice on oxd 3.1.1 with a volatile store, and logs a warning', async () => {
    const transport = new (class extends AuthorizationServer {
      override readonly version = '3.1.1';
    })();
    const one = await start({ controllers: [Albums], transport });
    expect(one.log.with('warn', 'UmaService.protect()')).toHaveLength(1);
    expect((await one.ask('/albums')).status).toBe(503);
    await one.clock.advance(600_000);
    expect(transport.sent('uma_rs_protect')).toEqual([]);
    await one.app.get(UmaService).protect({
      resources: [{ path: '/albums', conditions: [{ httpMethods: ['GET'], scopes: ['view'] }] }],
    });
    expect((await one.ask('/albums')).status).toBe(401);
  });
});
