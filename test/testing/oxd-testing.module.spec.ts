import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import {
  Controller,
  Get,
  Logger,
  Module,
  Param,
  Post,
  Req,
  UseGuards,
  type Type,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  AccessToken,
  OidcService,
  OxdModule,
  OxdTransport,
  OxdUser,
  Rpt,
  UmaGuard,
  UmaProtected,
  UmaPublic,
  UmaService,
  type OxdUserProfile,
  type UmaPermission,
} from '../../lib/index.js';
import { LoginGuard, OidcStrategy } from '../../lib/oidc/passport.js';
import {
  OxdTestingModule,
  ScriptedTransport,
  type OxdTestingOptions,
} from '../../lib/testing/testing.js';
import {
  ADAPTERS,
  httpAdapter,
  startApp,
  type Adapter,
  type RunningApp,
} from '../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class AlbumsController {
  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find(
    @Param('id') id: string,
    @OxdUser() user: OxdUserProfile | undefined,
    @AccessToken() token: string | undefined,
    @Rpt() permissions: readonly UmaPermission[],
    @Rpt('sub') sub: string | undefined,
  ) {
    return { id, name: user?.claims.name, token, permissions, sub };
  }

  @Get()
  @UmaPublic()
  list(@OxdUser() user: OxdUserProfile | undefined) {
    return { sub: user?.sub ?? 'nobody' };
  }

  @Post()
  create() {}
}

@Controller('decided')
@UseGuards(UmaGuard)
class DecidedController {
  @Get()
  @UmaProtected({ mode: 'decision', resource: 'Album', scopes: ['view'] })
  find(@OxdUser() user: OxdUserProfile | undefined, @AccessToken() token: string | undefined) {
    return { sub: user?.sub, token };
  }
}

@Controller()
class LoginController {
  @Get(['login', 'callback'])
  @UseGuards(LoginGuard)
  login(@OxdUser() user: OxdUserProfile, @Req() request: { authInfo?: object }) {
    return { sub: user.sub, ...request.authInfo };
  }

  @Get('by-name')
  @UseGuards(AuthGuard('shop'))
  byName(@OxdUser() user: OxdUserProfile) {
    return { sub: user.sub };
  }
}

const permissions = [{ resource_id: 'album-7', resource_scopes: ['view'] }];
const alice = { sub: 'alice', claims: { name: 'Alice' }, tokens: { access_token: 'a-token' } };
const byHeader: OxdTestingOptions['grant'] = ({ headers }) => headers['x-user'] === 'alice';
const asAlice = ['X-User', 'alice'];

let running: RunningApp | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(
  options?: OxdTestingOptions,
  given: { adapter?: Adapter; controllers?: Type[]; providers?: Type[] } = {},
): Promise<RunningApp['ask']> {
  const imports = [OxdTestingModule.forRoot({ ...options, isGlobal: true })];
  running = await startApp({ controllers: [AlbumsController], ...given, imports });
  return running.ask;
}

describe.each(ADAPTERS)('OxdTestingModule on %s', (adapter) => {
  it('grants a route of UmaGuard to the user and fills the decorators', async () => {
    const ask = await start({ user: alice, permissions }, { adapter });
    const { status, body } = await ask('/albums/7');
    expect(status).toBe(200);
    const user = { name: 'Alice', token: 'a-token', sub: 'alice' };
    expect(JSON.parse(body)).toEqual({ id: '7', permissions, ...user });
  });

  it('denies every route of UmaGuard without a user, with a ticket as in production', async () => {
    const ask = await start(undefined, { adapter });
    const { status, headers, body } = await ask('/albums/7');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(
      /^UMA realm="localhost:3000", as_uri="https:\/\/op\.example\.com", ticket="ticket-[\w-]+"$/,
    );
    expect(headers['access-control-expose-headers']).toBe('WWW-Authenticate');
    expect(headers['cache-control']).toBe('no-store');
    expect(JSON.parse(body)).toMatchObject({ statusCode: 401, error: 'UMA_PERMISSION_REQUIRED' });
  });

  it.each([
    { name: 'false', grant: false },
    { name: 'a function that returns no boolean', grant: (() => 'yes') as never },
  ])('denies with grant $name, also to a user and with any token', async ({ grant }) => {
    const ask = await start({ user: alice, grant }, { adapter });
    expect((await ask({ path: '/albums/7', rpt: 'any' })).status).toBe(401);
  });

  it('grants with grant true and no user', async () => {
    const ask = await start({ grant: true }, { adapter });
    expect(JSON.parse((await ask('/albums/7')).body)).toEqual({ id: '7', permissions: [] });
  });

  it('calls the function grant once for each request', async () => {
    const seen: string[] = [];
    const grant: OxdTestingOptions['grant'] = async (request) => {
      seen.push(`${request.method} ${request.url} ${JSON.stringify(request.params)}`);
      return byHeader(request);
    };
    const ask = await start({ user: alice, grant }, { adapter });
    expect((await ask({ path: '/albums/7?q', headers: asAlice })).status).toBe(200);
    expect((await ask('/albums/7?q')).status).toBe(401);
    expect(seen).toEqual(Array(2).fill('GET /albums/7?q {"id":"7"}'));
  });

  it('sets the user of a public route only if the request is granted', async () => {
    const ask = await start({ user: alice, grant: byHeader }, { adapter });
    expect(JSON.parse((await ask('/albums')).body)).toEqual({ sub: 'nobody' });
    const granted = await ask({ path: '/albums', headers: asAlice });
    expect(JSON.parse(granted.body)).toEqual({ sub: 'alice' });
  });

  it.each([
    { name: 'an undeclared route with 403', asked: { path: '/albums', method: 'POST' }, code: 403 },
    {
      name: 'a malformed token with 400',
      asked: { path: '/albums/7', headers: ['Authorization', 'Bearer a b'] },
      code: 400,
    },
  ])('rejects $name although it grants', async ({ asked, code }) => {
    const ask = await start({ user: alice }, { adapter });
    expect((await ask(asked)).status).toBe(code);
  });

  it('decides in mode decision, with the denials of production', async () => {
    const controllers = [DecidedController];
    const ask = await start({ user: alice, grant: byHeader }, { adapter, controllers });
    const granted = await ask({ path: '/decided', headers: asAlice });
    expect(JSON.parse(granted.body)).toEqual({ sub: 'alice', token: 'a-token' });
    expect((await ask({ path: '/decided', rpt: 'any' })).status).toBe(403);
    const { status, headers } = await ask('/decided');
    expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer realm="localhost:3000"']);
  });

  it('finishes a login with OidcService as the user', async () => {
    await start({ user: alice }, { adapter });
    const oidc = running?.app.get(OidcService, { strict: false });
    const started = await oidc?.startLogin({ returnTo: '/here' });
    const { searchParams } = new URL(started?.url ?? '');
    const cookie = started?.cookies.map((one) => one.split(';')[0]).join('; ');
    const query = { code: 'any', state: searchParams.get('state') };
    expect(await oidc?.finishLogin(query, cookie)).toMatchObject({
      user: { sub: 'alice', claims: { name: 'Alice' }, tokens: { access_token: 'a-token' } },
      returnTo: 'http://localhost:3000/here',
    });
  });
});

describe('OxdTestingModule', () => {
  const given = { controllers: [LoginController], providers: [OidcStrategy] };

  it('lets LoginGuard and AuthGuard log in the user', async () => {
    const ask = await start({ user: alice, name: 'shop' }, given);
    expect(JSON.parse((await ask('/callback?returnTo=/here')).body)).toEqual({
      sub: 'alice',
      returnTo: 'http://localhost:3000/here',
    });
    expect(JSON.parse((await ask('/by-name')).body)).toEqual({ sub: 'alice' });
  });

  it.each([
    { name: 'that is not granted', options: { user: alice, grant: false } },
    { name: 'without a user', options: { grant: true } },
  ])('lets LoginGuard send a request $name to the provider', async ({ options }) => {
    const { status, headers } = await (await start(options, given))('/login');
    expect(status).toBe(302);
    expect(headers.location).toMatch(/^https:\/\/op\.example\.com\/authorize\?state=[\w-]+$/);
    expect(headers['set-cookie']).toHaveLength(1);
  });

  it('lets LoginGuard reject a callback that is not granted with 401', async () => {
    const ask = await start({ user: alice, grant: false }, given);
    expect((await ask('/callback?code=any&state=any')).status).toBe(401);
  });

  it('maps the user with validate() of the strategy, which may reject the user', async () => {
    class MappingStrategy extends OidcStrategy {
      override validate({ sub }: OxdUserProfile) {
        return sub === 'alice' ? { sub: 'row 1' } : undefined;
      }
    }
    const providers = [MappingStrategy];
    const first = await start({ user: alice }, { ...given, providers });
    expect(JSON.parse((await first('/login')).body)).toMatchObject({ sub: 'row 1' });
    await running?.close();
    const second = await start({ user: { sub: 'mallory' } }, { ...given, providers });
    expect((await second('/login')).status).toBe(401);
  });

  it('keeps the check that LoginGuard has a strategy', async () => {
    const started = start({ user: alice }, { ...given, providers: [] });
    await expect(started).rejects.toThrow('OidcStrategy: LoginGuard requires a strategy');
  });

  it('keeps the check that a declared route has a guard', async () => {
    @Controller()
    class Unguarded {
      @Get()
      @UmaProtected({ scopes: ['view'] })
      find() {}
    }
    const started = start({ user: alice }, { controllers: [Unguarded] });
    await expect(started).rejects.toThrow('Unguarded.find');
  });

  it('replaces the OxdModule of an application whose guard is global', async () => {
    const oxd = OxdModule.forRoot({
      site: { op_host: 'https://op.test', authorization_redirect_uri: 'https://app.test/callback' },
    });
    @Controller('albums')
    class Albums extends AlbumsController {}
    @Module({
      imports: [oxd],
      controllers: [Albums],
      providers: [{ provide: APP_GUARD, useClass: UmaGuard }],
    })
    class AppModule {}
    const override = (builder: ReturnType<typeof Test.createTestingModule>) =>
      builder.overrideModule(oxd).useModule(OxdTestingModule.forRoot({ user: alice }));
    running = await startApp({ imports: [AppModule], override });
    expect((await running.ask('/albums/7')).status).toBe(200);
  });

  it('stands in for several modules with different decisions', async () => {
    @Controller('first')
    class First extends AlbumsController {}
    @Controller('second')
    class Second extends AlbumsController {}
    @Module({
      imports: [OxdTestingModule.forRoot({ user: alice, name: 'first' })],
      controllers: [First],
    })
    class FirstModule {}
    @Module({ imports: [OxdTestingModule.forRoot({ name: 'second' })], controllers: [Second] })
    class SecondModule {}
    running = await startApp({ imports: [FirstModule, SecondModule] });
    expect((await running.ask('/first/7')).status).toBe(200);
    expect((await running.ask('/second/7')).status).toBe(401);
  });

  it('has services that reply from the script, or name the reply to script', async () => {
    const module = await Test.createTestingModule({
      imports: [OxdTestingModule.forRoot()],
    }).compile();
    const rejected = module.get(UmaService).getRpt({ ticket: 'any' });
    await expect(rejected).rejects.toMatchObject({
      code: 'OXD_COMMAND_UNSUPPORTED',
      message: expect.stringContaining('script({ uma_rp_get_rpt: … })'),
    });
    const uri = 'https://op.example.com/logout';
    module.get<ScriptedTransport>(OxdTransport).script({ get_logout_uri: { uri } });
    expect(await module.get(OidcService).getLogoutUri({})).toEqual({ uri });
    await module.close();
  });

  it('logs no warning and no error', async () => {
    @Controller('declared')
    @UseGuards(UmaGuard)
    class DeclaredController {
      @Get()
      @UmaProtected({ scopes: ['view'] })
      find() {}
    }
    const ask = await start({ user: alice }, { controllers: [DeclaredController] });
    expect((await ask('/declared')).status).toBe(200);
    expect(running?.log.lines.filter((line) => !line.startsWith('debug'))).toEqual([]);
  });

  it('rejects a user without an id', () => {
    expect(() => OxdTestingModule.forRoot({ user: { sub: '' } })).toThrow('user.sub: must be');
  });

  it.each([undefined, 'test'])('opens no socket and no file with NODE_ENV=%s', async (value) => {
    const cwd = process.cwd();
    const sockets: unknown[] = [];
    const record = (socket: unknown) => sockets.push(socket);
    const folder = await mkdtemp(join(tmpdir(), 'oxd-testing-'));
    subscribe('net.client.socket', record);
    process.chdir(folder);
    try {
      await inEnvironment(value, async () => {
        const app = await fastifyApp();
        const { statusCode } = await app.inject('/albums/7');
        expect(statusCode).toBe(200);
        await app.close();
      });
      expect(await readdir(folder)).toEqual([]);
      expect(sockets).toEqual([]);
    } finally {
      process.chdir(cwd);
      unsubscribe('net.client.socket', record);
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    { value: 'test', times: 0 },
    { value: 'staging', times: 1 },
    { value: undefined, times: 1 },
  ])('warns $times times with NODE_ENV=$value', ({ value, times }) =>
    inEnvironment(value, async () => {
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      OxdTestingModule.forRoot({ user: alice });
      expect(warn).toHaveBeenCalledTimes(times);
      warn.mockRestore();
    }),
  );

  it('does not start if NODE_ENV is production', () =>
    inEnvironment('production', async () => {
      expect(() => OxdTestingModule.forRoot({ user: alice })).toThrow(
        'NODE_ENV: OxdTestingModule is for tests',
      );
    }));
});

async function fastifyApp(): Promise<NestFastifyApplication> {
  const module = await Test.createTestingModule({
    imports: [OxdTestingModule.forRoot({ user: alice })],
    controllers: [AlbumsController],
  }).compile();
  return module.createNestApplication<NestFastifyApplication>(httpAdapter('fastify')).init();
}

async function inEnvironment(value: string | undefined, work: () => Promise<void>): Promise<void> {
  const { NODE_ENV } = process.env;
  if (value === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = value;
  try {
    await work();
  } finally {
    process.env.NODE_ENV = NODE_ENV;
  }
}
