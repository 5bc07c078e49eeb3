import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import {
  Controller,
  Get,
  Module,
  UseGuards,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import * as index from '../lib/index.js';
import {
  AccessToken,
  FileStore,
  MemoryStore,
  OidcService,
  OxdExceptionFilter,
  OxdModule,
  OxdOptions,
  OxdStore,
  OxdTransport,
  OxdUser,
  UmaGuard,
  UmaProtected,
  UmaService,
  type OxdModuleOptions,
  type OxdUserProfile,
} from '../lib/index.js';
import { resolveOptions } from '../lib/options/oxd.options.js';
import * as passport from '../lib/oidc/passport.js';
import { LoginGuard, OidcStrategy } from '../lib/oidc/passport.js';
import type { Sandbox } from '../lib/sandbox/sandbox.js';
import { OxdServer } from '../lib/testing/testing.js';
import { freePort } from './support/app.js';
import { Browser, passSandbox } from './support/browser.js';
import { startQuietly } from './support/sandbox-uma-world.js';
import { registerSecret, secretsIn } from './support/secrets.js';

const GRANTS = [
  ...['authorization_code', 'refresh_token', 'client_credentials'],
  'urn:ietf:params:oauth:grant-type:uma-ticket',
];
const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';

function issued(kind: string): string {
  const value = `${kind}-${randomUUID()}`;
  registerSecret(value);
  return value;
}

/** Store of an application, which shows its values. */
class OpenStore extends OxdStore {
  readonly values = new Map<string, unknown>();
  override get = async (key: string) => this.values.get(key);
  override set = async (key: string, value: unknown) => this.values.set(key, value);
  override delete = async (key: string) => this.values.delete(key);
}

@Controller()
class Login {
  @Get(['login', 'callback'])
  @UseGuards(LoginGuard)
  hello(@OxdUser() user: OxdUserProfile, @AccessToken() token: string) {
    return { user, token };
  }
}

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list() {
    return 'albums';
  }
}

/** Ways to print an object: as `console.log()` does, at any depth with hidden properties, as JSON. */
const PRINTS = {
  'console.log()': (value: unknown) => format('%s %o %O', value, value, value),
  'util.inspect()': (value: unknown) => inspect(value, { depth: Infinity, showHidden: true }),
  'JSON.stringify()': (value: unknown) => jsonOf(value),
};

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? '';
  } catch (error) {
    // Objects of Nest refer to each other.
    if (error instanceof TypeError) return '';
    throw error;
  }
}

describe.each(['embedded', 'socket'] as const)('an application on %s', (type) => {
  let sandbox: Sandbox;
  let server: OxdServer;
  let folder: string;
  let app: INestApplication;
  let dynamic: object;
  const secrets = { module: issued('module-secret'), initial: issued('initial-access-token') };

  beforeAll(async () => {
    sandbox = await startQuietly();
    server = await OxdServer.start({ allowInsecureRequests: true, onSecret: registerSecret });
    folder = await mkdtemp(join(tmpdir(), 'oxd-printed-'));
    const port = await freePort();
    const origin = `http://localhost:${port}`;
    const oxd = OxdModule.forRoot({ ...options(origin), isGlobal: true });
    dynamic = oxd;
    @Module({
      imports: [oxd],
      controllers: [Login, Albums],
      providers: [OidcStrategy, OxdExceptionFilter],
    })
    class AppModule {}
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger({ log: () => undefined, warn: () => undefined, error: () => undefined })
      .compile();
    app = module.createNestApplication();
    await app.listen(port);
    await useEverything(origin);
  });
  afterAll(async () => {
    await app.close();
    await server.close();
    await sandbox.close();
    await rm(folder, { recursive: true });
  });

  function options(origin: string): OxdModuleOptions {
    return {
      site: {
        op_host: sandbox.issuer,
        authorization_redirect_uri: `${origin}/callback`,
        scope: ['openid', 'profile', 'offline_access', 'uma_protection'],
        grant_types: GRANTS,
      },
      secret: secrets.module,
      store: type === 'socket' ? join(folder, 'store.json') : new OpenStore(),
      transport:
        type === 'embedded'
          ? { type, allowInsecureRequests: true, initialAccessToken: secrets.initial }
          : { type, port: server.port },
      eager: true,
    };
  }

  /** Logs in, refreshes, obtains an RPT and leaves a login unfinished: each leaves its secrets. */
  async function useEverything(origin: string): Promise<void> {
    const { html } = await passSandbox(new Browser(), `${origin}/login`);
    const { user } = JSON.parse(html) as { user: OxdUserProfile };
    const { id_token, refresh_token = '' } = user.tokens;
    await app.get(OidcService).getAccessTokenByRefreshToken({ refresh_token });
    const denied = await fetch(`${origin}/albums`);
    const [, ticket = ''] =
      /ticket="([^"]+)"/.exec(denied.headers.get('www-authenticate') ?? '') ?? [];
    const claims = { claim_token: id_token, claim_token_format: ID_TOKEN };
    const { access_token: rpt } = await app.get(UmaService).getRpt({ ticket, ...claims });
    const granted = await fetch(`${origin}/albums`, {
      headers: { authorization: `Bearer ${rpt}` },
    });
    expect(await granted.text()).toBe('albums');
    await new Browser().request(`${origin}/login`);
  }

  /** Instances of the classes that an application can inject. */
  function instances(): Map<string, unknown> {
    const exported = [Object.values(index), Object.values(passport), exportsOf(OxdModule)];
    const classes = new Set<unknown>(exported.flat());
    const found = [...app.get(ModulesContainer).values()].flatMap((module) =>
      [...module.providers, ...module.injectables].flatMap(([token, { instance }]) =>
        classes.has(token) ? [[nameOf(token), instance]] : [],
      ),
    );
    return new Map(found as [string, unknown][]);
  }

  it('has instances of the exported providers', () => {
    expect([...instances().keys()]).toEqual(
      expect.arrayContaining([
        ...[OxdModule, OxdOptions, OxdTransport, OxdStore, OidcService, UmaService].map(nameOf),
        ...[UmaGuard, LoginGuard, OidcStrategy, OxdExceptionFilter].map(nameOf),
      ]),
    );
  });

  it.each(Object.entries(PRINTS))('shows no secret in the output of %s', (_, print) => {
    const leaking = [...instances(), ['dynamic module', dynamic] as const].filter(
      ([, instance]) => secretsIn(print(instance)).length > 0,
    );
    expect(leaking.map(([name]) => name)).toEqual([]);
  });

  it.each(Object.entries(PRINTS))('shows no secret of its site in %s', async (_, print) => {
    const result = await app.get(OidcService).getRp();
    const { node } = result;
    expect(secretsIn(node.client_secret ?? '')).not.toEqual([]);
    for (const value of [node, result, { nested: [result] }]) {
      expect(secretsIn(print(value))).toEqual([]);
      expect(print(value)).toContain(node.client_id);
    }
  });

  it('still shows the options that are no secrets', () => {
    const printed = Object.values(PRINTS).map((print) => print(app.get(OxdOptions)));
    for (const text of printed) expect(text).toContain(sandbox.issuer);
    expect(app.get(OxdOptions).secret).toEqual([secrets.module]);
  });
});

describe.each(Object.entries(PRINTS))('the output of %s', (_, print) => {
  it('shows no value of a MemoryStore', async () => {
    const store = new MemoryStore();
    await store.set('a', issued('value'));
    expect(secretsIn(print(store))).toEqual([]);
  });

  it('shows no value of a FileStore', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'oxd-printed-'));
    const store = await FileStore.open(join(folder, 'store.json'));
    await store.set('a', issued('value'));
    await store.set('b', issued('temporary-value'), 60_000);
    expect(secretsIn(print(store))).toEqual([]);
    await store.close();
    await rm(folder, { recursive: true });
  });

  it('shows no secret of the options of forRootAsync()', async () => {
    const given: OxdModuleOptions = {
      site: {
        op_host: 'https://op.example.com',
        authorization_redirect_uri: 'https://app.example.com/callback',
        client_id: 'client-1',
        client_secret: issued('client-secret'),
      },
      secret: issued('module-secret'),
      transport: { type: 'embedded', initialAccessToken: issued('initial-token') },
    };
    const imports = [OxdModule.forRootAsync({ useFactory: () => given })];
    const module = await Test.createTestingModule({ imports }).compile();
    const instances = [...module.get(ModulesContainer).values()].flatMap(({ providers }) =>
      [...providers.values()].map(({ instance }) => instance as unknown),
    );
    const options = instances.filter((one) => one !== null && Object(one).secret);
    expect(options.length).toBeGreaterThan(1);
    expect(options.flatMap((one) => secretsIn(print(one)))).toEqual([]);
    await module.close();
  });

  it('shows no secret of the site and the transport, printed alone', () => {
    const { site, transport } = resolveOptions({
      site: {
        op_host: 'https://op.example.com',
        authorization_redirect_uri: 'https://app.example.com/callback',
        client_id: 'client-1',
        client_secret: issued('client-secret'),
        client_registration_access_token: issued('registration-token'),
        software_statement: issued('statement'),
      },
      transport: {
        type: 'embedded',
        initialAccessToken: issued('initial-token'),
        proxy: `http://user:${issued('password')}@proxy.example.com`,
      },
    });
    const printed = [site, transport].map(print).join('');
    expect(secretsIn(printed)).toEqual([]);
    expect(printed).toContain('client-1');
    expect(printed).toContain('proxy.example.com');
  });
});

function exportsOf(module: Type): unknown[] {
  return Reflect.getMetadata('exports', module) as unknown[];
}

function nameOf(token: unknown): string {
  return typeof token === 'function' ? token.name : String(token);
}
