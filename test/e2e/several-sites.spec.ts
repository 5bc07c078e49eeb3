import {
  Controller,
  Get,
  Module,
  UseGuards,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  MemoryStore,
  OxdExceptionFilter,
  OxdModule,
  OxdUser,
  UmaGuard,
  UmaProtected,
  type OxdModuleOptions,
  type OxdUserProfile,
} from '../../lib/index.js';
import { LoginGuard, OidcStrategy } from '../../lib/oidc/passport.js';
import { OxdServer } from '../../lib/testing/testing.js';
import {
  UMA_GRANT,
  UmaWorld,
  claimToken,
  startQuietly,
  type Client,
} from '../support/sandbox-uma-world.js';
import { freePort } from '../support/app.js';
import { Browser, passSandbox } from '../support/browser.js';
import { closeNow, closing } from '../support/closing.js';
import { registerSecret } from '../support/secrets.js';
import { LogLines } from '../support/uma-app.js';

type Part = 'login' | 'api';

/** Site: an OxdModule with a provider, a client and, on the socket transport, an oxd-server. */
interface Site {
  readonly name: string;
  readonly world: UmaWorld;
  readonly client: Client;
  readonly origin: string;
  readonly app: INestApplication;
}

const environment = process.env.NODE_ENV;
// Under NODE_ENV=test, a second strategy of the same name would silently replace the first.
beforeAll(() => void (process.env.NODE_ENV = 'development'));
afterAll(() => void (process.env.NODE_ENV = environment));

const worlds: Record<string, UmaWorld> = {};
beforeAll(async () => {
  for (const name of ['one', 'two']) worlds[name] = new UmaWorld(await startQuietly());
});
afterAll(async () => {
  for (const { sandbox } of Object.values(worlds)) await sandbox.close();
});

function worldOf(name: string): UmaWorld {
  const world = worlds[name];
  if (!world) throw new Error(`There is no sandbox ${name}.`);
  return world;
}

const TRANSPORTS = {
  embedded: async () => ({ type: 'embedded', allowInsecureRequests: true }) as const,
  socket: async () => {
    const options = { allowInsecureRequests: true, onSecret: registerSecret };
    return { type: 'socket', port: closing(await OxdServer.start(options)).port } as const;
  },
};

/** Returns the controllers of a site, with routes below its name. */
function controllersOf(name: string): Record<Part, Type> {
  @Controller(name)
  @UseGuards(LoginGuard)
  class Login {
    @Get(['login', 'callback'])
    login(@OxdUser() { sub, claims }: OxdUserProfile) {
      return { sub, iss: claims.iss };
    }
  }
  @Controller(name)
  @UseGuards(UmaGuard)
  class Albums {
    @Get('albums')
    @UmaProtected({ scopes: ['view'] })
    list() {
      return { albumsOf: name };
    }
  }
  return { login: Login, api: Albums };
}

type Options = Omit<OxdModuleOptions, 'site'>;

function moduleOf(site: Omit<Site, 'app'>, parts: readonly Part[], options: Options): Type {
  const { name, world, client, origin } = site;
  const controllers = controllersOf(name);
  const oxd = OxdModule.forRoot({
    name,
    eager: true,
    ...options,
    site: {
      op_host: world.sandbox.issuer,
      authorization_redirect_uri: `${origin}/${name}/callback`,
      client_id: client.client_id,
      client_secret: client.client_secret,
      scope: ['openid', 'profile', 'uma_protection'],
    },
  });
  @Module({
    imports: [oxd],
    controllers: parts.map((part) => controllers[part]),
    providers: parts.includes('login') ? [OidcStrategy] : [],
  })
  class SiteModule {}
  return SiteModule;
}

async function startApplication(imports: Type[], port: number): Promise<INestApplication> {
  const providers = [{ provide: APP_FILTER, useClass: OxdExceptionFilter }];
  const module = await Test.createTestingModule({ imports, providers })
    .setLogger(new LogLines())
    .compile();
  const app = closing(module.createNestApplication());
  await app.listen(port);
  return app;
}

interface Given {
  readonly together: boolean;
  readonly transport: keyof typeof TRANSPORTS;
  readonly parts?: Readonly<Record<string, readonly Part[]>>;
}

/** Starts both sites, which share a store and a secret, in one application or in one each. */
async function start({ together, transport, parts = {} }: Given): Promise<[Site, Site]> {
  const common = { store: new MemoryStore(), secret: 'a test secret of more than 32 characters' };
  const shared = await freePort();
  const prepare = async (name: string) => {
    const port = together ? shared : await freePort();
    const origin = `http://localhost:${port}`;
    const world = worldOf(name);
    const client = await world.register({
      redirect_uris: [`${origin}/${name}/callback`],
      grant_types: ['authorization_code', 'client_credentials', UMA_GRANT],
    });
    const site = { name, world, client, origin };
    const options = { ...common, transport: await TRANSPORTS[transport]() };
    return { site, port, module: moduleOf(site, parts[name] ?? ['login', 'api'], options) };
  };
  const [one, two] = [await prepare('one'), await prepare('two')];
  if (together) {
    const app = await startApplication([one.module, two.module], shared);
    return [
      { ...one.site, app },
      { ...two.site, app },
    ];
  }
  return [
    { ...one.site, app: await startApplication([one.module], one.port) },
    { ...two.site, app: await startApplication([two.module], two.port) },
  ];
}

/** Begins a login in the browser and returns the callback URL that the provider redirects to. */
async function callbackUrl(browser: Browser, { origin, name }: Site): Promise<string> {
  const callback = `${origin}/${name}/callback`;
  const isCallback = (url: string) => url.startsWith(callback);
  const page = await passSandbox(browser, `${origin}/${name}/login`, {}, isCallback);
  return page.location ?? '';
}

async function finish(browser: Browser, url: string): Promise<unknown> {
  const { status, html } = await browser.request(url);
  return { status, ...(JSON.parse(html) as object) };
}

const loggedInAt = ({ world }: Site) =>
  expect.objectContaining({ status: 200, sub: 'user-zoe', iss: world.sandbox.issuer });

async function resourcesOf({ world, client }: Site): Promise<string[]> {
  const pat = await world.clientToken(client, 'uma_protection');
  return (await world.resourcesOf({ pat })).map(({ name }) => name);
}

/** Obtains an RPT at the authorization server that the challenge of the route names. */
async function rptFor(site: Site): Promise<string> {
  const { headers } = await fetch(`${site.origin}/${site.name}/albums`);
  const challenge = headers.get('www-authenticate') ?? '';
  expect(challenge).toContain(`as_uri="${site.world.sandbox.issuer}"`);
  const [, ticket = ''] = /ticket="([^"]+)"/.exec(challenge) ?? [];
  registerSecret(ticket);
  const client = await site.world.register();
  const tokens = await site.world.logIn(client);
  const { body } = await site.world.ask(client, { ticket, ...claimToken(tokens) });
  return String(body.access_token);
}

async function statusWith({ origin, name }: Site, rpt: string): Promise<number> {
  const headers = { authorization: `Bearer ${rpt}` };
  return (await fetch(`${origin}/${name}/albums`, { headers })).status;
}

const LAYOUTS = [
  { layout: 'two applications of one process', together: false },
  { layout: 'two modules of one application', together: true },
];

describe.each(['embedded', 'socket'] as const)('on %s', (transport) => {
  describe.each(LAYOUTS)('$layout', ({ together }) => {
    const both = () => start({ together, transport });

    it('log one browser in at two providers', async () => {
      const [one, two] = await both();
      const browser = new Browser();
      const urls = [await callbackUrl(browser, one), await callbackUrl(browser, two)] as const;
      expect(await finish(browser, urls[1])).toEqual(loggedInAt(two));
      expect(await finish(browser, urls[0])).toEqual(loggedInAt(one));
    });

    it('reject the callback of each other and do not consume it', async () => {
      const [one, two] = await both();
      const browser = new Browser();
      const urls = [await callbackUrl(browser, one), await callbackUrl(browser, two)] as const;
      const foreign = `${two.origin}/two/callback${new URL(urls[0]).search}`;
      const rejected = await browser.request(foreign);
      expect(rejected.status).toBe(401);
      expect(JSON.parse(rejected.html)).toMatchObject({
        error: expect.stringMatching(/^OIDC_STATE_(MISSING|UNKNOWN)$/) as string,
      });
      expect(await finish(browser, urls[0])).toEqual(loggedInAt(one));
      expect(await finish(browser, urls[1])).toEqual(loggedInAt(two));
    });

    it('register their own routes at their own authorization server', async () => {
      const [one, two] = await both();
      expect(await resourcesOf(one)).toEqual(['[GET] /one/albums']);
      expect(await resourcesOf(two)).toEqual(['[GET] /two/albums']);
    });

    it('accept no RPT of the other authorization server', async () => {
      const [one, two] = await both();
      const rpt = await rptFor(one);
      expect(await statusWith(one, rpt)).toBe(200);
      expect(await statusWith(two, rpt)).toBe(401);
    });

    it('work as a login beside an API', async () => {
      const parts = { one: ['login'], two: ['api'] } as const;
      const [login, api] = await start({ together, transport, parts });
      const browser = new Browser();
      expect(await finish(browser, await callbackUrl(browser, login))).toEqual(loggedInAt(login));
      expect(await statusWith(api, await rptFor(api))).toBe(200);
      expect(await resourcesOf(login)).toEqual([]);
      expect(await resourcesOf(api)).toEqual(['[GET] /two/albums']);
    });
  });

  it('an application continues when another one of the process closes', async () => {
    const [one, two] = await start({ together: false, transport });
    const browser = new Browser();
    const url = await callbackUrl(browser, one);
    await closeNow(two.app);
    expect(await finish(browser, url)).toEqual(loggedInAt(one));
    expect(await finish(browser, await callbackUrl(browser, one))).toEqual(loggedInAt(one));
    expect(await statusWith(one, await rptFor(one))).toBe(200);
  });
});
