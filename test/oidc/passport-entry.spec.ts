import {
  Controller,
  Get,
  Injectable,
  UseGuards,
  type INestApplication,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import passport, { Strategy } from 'passport';
import {
  MemoryStore,
  OidcService,
  OxdConfigurationError,
  OxdModule,
  OxdOptions,
  UmaProtected,
} from '../../lib/index.js';
import { LoginGuard, OidcStrategy } from '../../lib/oidc/passport.js';
import { ScriptedTransport } from '../../lib/testing/testing.js';
import { LogLines } from '../support/uma-app.js';
import { closeNow, closing } from '../support/closing.js';

const environment = process.env.NODE_ENV;
afterEach(() => void (process.env.NODE_ENV = environment));

interface AppOptions {
  readonly name?: string;
  readonly providers?: Provider[];
  readonly controllers?: Type[];
  readonly adapter?: ExpressAdapter | FastifyAdapter;
}

async function compile({ name, providers = [OidcStrategy], controllers = [] }: AppOptions) {
  const oxd = OxdModule.forRoot({
    ...(name !== undefined && { name }),
    site: {
      op_host: 'https://op.example.com',
      authorization_redirect_uri: 'https://app.example.com/callback',
      oxd_id: 'site-1',
    },
    transport: new ScriptedTransport({}),
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore(),
  });
  const module = await Test.createTestingModule({ imports: [oxd], providers, controllers })
    .setLogger(new LogLines())
    .compile();
  return module;
}

async function start(options: AppOptions = {}): Promise<INestApplication> {
  const module = await compile(options);
  const adapter = options.adapter ?? new ExpressAdapter();
  return closing(module.createNestApplication(adapter)).init();
}

/** Strategies in the table of Passport, except the built-in one. */
function strategies(): Record<string, unknown> {
  const { _strategies } = passport as unknown as { _strategies: Record<string, unknown> };
  const { session: _, ...others } = _strategies;
  return others;
}

@Controller()
class Login {
  @Get('login')
  @UseGuards(LoginGuard)
  login(): void {}
}

describe('OidcStrategy in Passport', () => {
  it('is registered under the option name from start-up to shutdown', async () => {
    const module = await compile({ name: 'intranet' });
    const app = closing(module.createNestApplication());
    expect(strategies()).toEqual({});
    await app.init();
    expect(strategies()).toEqual({ intranet: module.get(OidcStrategy) });
    await closeNow(app);
    expect(strategies()).toEqual({});
  });

  it.each(['development', 'production', undefined])(
    'rejects a second strategy of the same name at start-up, under NODE_ENV %s',
    async (value) => {
      if (value === undefined) delete process.env.NODE_ENV;
      else process.env.NODE_ENV = value;
      const first = await start();
      const second = start();
      await expect(second).rejects.toThrow(OxdConfigurationError);
      await expect(second).rejects.toThrow(/^.*name: Passport already has a strategy 'oxd'/s);
      expect(strategies()).toEqual({ oxd: first.get(OidcStrategy) });
      await closeNow(first);
      const next = await start();
      expect(strategies()).toEqual({ oxd: next.get(OidcStrategy) });
    },
  );

  it('is registered beside a strategy of another name', async () => {
    process.env.NODE_ENV = 'development';
    const [one, two] = [await start({ name: 'one' }), await start({ name: 'two' })];
    expect(strategies()).toEqual({ one: one.get(OidcStrategy), two: two.get(OidcStrategy) });
    await closeNow(two);
    expect(strategies()).toEqual({ one: one.get(OidcStrategy) });
  });

  it('replaces an older strategy of its name under NODE_ENV test, and outlives it', async () => {
    const older = await start();
    const newer = await start();
    expect(strategies()).toEqual({ oxd: newer.get(OidcStrategy) });
    await closeNow(older);
    expect(strategies()).toEqual({ oxd: newer.get(OidcStrategy) });
  });

  it.each(['test', 'development'])(
    'never replaces a strategy of another class, under NODE_ENV %s',
    async (value) => {
      process.env.NODE_ENV = value;
      class Foreign extends Strategy {
        override authenticate(): void {}
      }
      const foreign = new Foreign();
      passport.use('jwt', foreign);
      try {
        await expect(start({ name: 'jwt' })).rejects.toThrow(/name: .*'jwt'/);
        await expect(start({ name: 'session' })).rejects.toThrow(/name: .*'session'/);
        expect(strategies()).toEqual({ jwt: foreign });
      } finally {
        passport.unuse('jwt');
      }
    },
  );

  it('may have the name of a property that every object inherits', async () => {
    const app = await start({ name: 'constructor' });
    expect(Object.entries(strategies())).toEqual([['constructor', app.get(OidcStrategy)]]);
  });

  it('is removed after a failed start-up', async () => {
    @Controller()
    class Unguarded {
      @Get()
      @UmaProtected({ scopes: ['read'] })
      read(): void {}
    }
    await expect(start({ controllers: [Unguarded] })).rejects.toThrow(/Unguarded\.read/);
    expect(strategies()).toEqual({});
  });
});

describe('start-up', () => {
  it('rejects two strategies of one OxdModule', async () => {
    class Other extends OidcStrategy {}
    await expect(start({ providers: [OidcStrategy, Other] })).rejects.toThrow(
      /OidcStrategy: an OxdModule has one strategy/,
    );
  });

  it('accepts a strategy with its own dependencies', async () => {
    @Injectable()
    class Users {
      readonly known = ['alice'];
    }
    @Injectable()
    class OwnStrategy extends OidcStrategy {
      constructor(
        oidc: OidcService,
        options: OxdOptions,
        readonly users: Users,
      ) {
        super(oidc, options);
      }
    }
    const app = await start({ providers: [Users, OwnStrategy], controllers: [Login] });
    expect(app.get(OwnStrategy).users).toBe(app.get(Users));
    expect(strategies()).toEqual({ oxd: app.get(OwnStrategy) });
  });

  it('rejects a LoginGuard without a strategy', async () => {
    await expect(start({ providers: [], controllers: [Login] })).rejects.toThrow(
      /OidcStrategy: LoginGuard requires a strategy; add OidcStrategy, or a subclass, to the/,
    );
  });

  it.each([
    { given: 'OidcStrategy', controllers: [] },
    { given: 'OidcStrategy and LoginGuard', controllers: [Login] },
  ])(
    'rejects $given on Fastify and names startLogin() and finishLogin()',
    async ({ controllers }) => {
      const starting = start({ controllers, adapter: new FastifyAdapter() });
      await expect(starting).rejects.toThrow(OxdConfigurationError);
      await expect(starting).rejects.toThrow(/startLogin\(\) and finishLogin\(\)/);
      expect(strategies()).toEqual({});
    },
  );

  it('accepts Fastify without a strategy', async () => {
    await expect(start({ providers: [], adapter: new FastifyAdapter() })).resolves.toBeDefined();
  });

  it('accepts a strategy in an application without an HTTP adapter', async () => {
    const module = closing(await compile({}));
    await module.init();
    expect(strategies()).toEqual({ oxd: module.get(OidcStrategy) });
  });
});
