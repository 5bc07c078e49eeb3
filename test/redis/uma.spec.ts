import { setTimeout as pause } from 'node:timers/promises';
import { Controller, Get, Post, UseGuards, type INestApplication, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { OidcService, OxdStore, UmaGuard, UmaProtected, UmaService } from '../../lib/index.js';
import type { RegisteredSite } from '../../lib/embedded/registration/site-record.js';
import { OxdClock, SystemClock } from '../../lib/base/clock.js';
import { RedisStore } from '../../lib/redis/redis-store.js';
import {
  startSandbox,
  type Sandbox,
  type SandboxPolicyRequest,
} from '../../lib/sandbox/sandbox.js';
import { UmaWorld, resourceAt, type RegisteredResource } from '../support/sandbox-uma-world.js';
import { ManualClock } from '../support/manual-clock.js';
import { registerSecret } from '../support/secrets.js';
import { ADAPTERS, embeddedOxdModule, httpAdapter, type Adapter } from '../support/uma-app.js';
import { RedisServer } from './redis-server.js';

@Controller('albums')
@UseGuards(UmaGuard)
class AlbumsController {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): string {
    return 'the albums';
  }

  @Post()
  @UmaProtected({ scopes: ['add'] })
  add(): string {
    return 'added';
  }
}

/** The albums, of which `GET` needs one of these scopes. */
function albums(...scopes: string[]): Type {
  @Controller('albums')
  @UseGuards(UmaGuard)
  class Albums {
    @Get()
    @UmaProtected({ scopes })
    list(): string {
      return 'the albums';
    }
  }
  return Albums;
}

@Controller('shelves')
@UseGuards(UmaGuard)
class ShelvesController {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): string {
    return 'the shelves';
  }
}

let sandbox: Sandbox;
let redis: RedisServer;
/** Policies that an administrator attached, by resource id; without a policy, access is granted. */
let policies: Map<string, (request: SandboxPolicyRequest) => boolean>;
const opened: (() => unknown)[] = [];

beforeEach(async () => {
  redis = await RedisServer.start();
  policies = new Map();
  sandbox = await startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true, onSecret: registerSecret },
    policies: (request) =>
      policies.get(request.resource._id)?.(request) === false ? 'deny' : 'grant',
  });
});
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
  await sandbox.close();
  await redis.close();
});

/** One of several processes of an application, all with one address. */
async function replica({
  controllers = [AlbumsController],
  adapter = 'express',
  clock = new SystemClock(),
}: {
  controllers?: Type[];
  adapter?: Adapter;
  clock?: OxdClock;
} = {}): Promise<INestApplication> {
  const store = new RedisStore({ redis: redis.client });
  opened.push(() => store.close());
  const module = await Test.createTestingModule({
    imports: [embeddedOxdModule({ op_host: sandbox.issuer }, { store })],
    controllers,
  })
    .overrideProvider(OxdClock)
    .useValue(clock)
    .compile();
  const app = module.createNestApplication(httpAdapter(adapter), { logger: false });
  await app.listen(0, '127.0.0.1');
  opened.push(() => app.close());
  return app;
}

/** A token of this application for the protection API. */
async function patOf(app: INestApplication): Promise<string> {
  const { oxd_id } = await app.get(OidcService).updateSite({ client_name: 'albums' });
  const { client } = (await app.get(OxdStore).get(`site:${oxd_id}`)) as RegisteredSite;
  const { access_token } = await app.get(OidcService).getClientToken({
    op_host: sandbox.issuer,
    client_id: client.client_id,
    client_secret: client.client_secret ?? '',
    scope: ['uma_protection'],
  });
  return access_token;
}

/** All resources that the authorization server has of this application. */
async function resourcesOf(app: INestApplication): Promise<RegisteredResource[]> {
  return new UmaWorld(sandbox).resourcesOf({ pat: await patOf(app) });
}

/** Their ids. */
async function registered(app: INestApplication): Promise<string[]> {
  return (await resourcesOf(app)).map(({ _id }) => _id);
}

/** The id of the one with this name. */
async function idOf(app: INestApplication, name: string): Promise<string> {
  const [found, ...others] = (await resourcesOf(app)).filter((one) => one.name === name);
  if (!found || others.length > 0) throw new Error(`There is not one resource ${name}.`);
  return found._id;
}

async function rptFrom(app: INestApplication, path = '/albums'): Promise<string> {
  const refused = await fetch((await app.getUrl()) + path);
  const ticket = /ticket="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  return (await app.get(UmaService).getRpt({ ticket })).access_token;
}

async function statusAt(
  app: INestApplication,
  rpt: string | undefined,
  path = '/albums',
): Promise<number> {
  const headers = rpt === undefined ? undefined : { authorization: `Bearer ${rpt}` };
  return (await fetch((await app.getUrl()) + path, { headers })).status;
}

/** The first status that is not 503; what was lost is being made again meanwhile. */
async function settledStatus(...at: Parameters<typeof statusAt>): Promise<number> {
  const giveUp = Date.now() + 15_000;
  let status = await statusAt(...at);
  while (status === 503 && Date.now() < giveUp) {
    await pause(50);
    status = await statusAt(...at);
  }
  return status;
}

it('replicas that start at once on one Redis register each resource once', async () => {
  const replicas = await Promise.all([replica(), replica(), replica()]);
  const [first] = replicas;
  if (!first) throw new Error('no replica');
  const ids = await registered(first);
  expect(ids).toHaveLength(2);

  const rpt = await rptFrom(first);
  expect(await Promise.all(replicas.map((app) => statusAt(app, rpt)))).toEqual([200, 200, 200]);

  const later = await replica();
  expect(await registered(later)).toEqual(ids);
  expect(await statusAt(later, rpt)).toBe(200);
});

it('a Redis that is down closes protected routes after 30 s, and opens them when it is back', async () => {
  const clock = new ManualClock();
  const app = await replica({ clock });
  const rpt = await rptFrom(app);
  expect(await statusAt(app, rpt)).toBe(200);
  await redis.stop();
  await clock.advance(29_999);
  expect(await statusAt(app, rpt)).toBe(200);
  await clock.advance(1);
  expect(await statusAt(app, rpt)).toBe(503);
  await redis.start();
  expect(await settledStatus(app, rpt)).toBe(200);
});

describe.each(ADAPTERS)('the policy of an administrator, on %s,', (adapter) => {
  const ALBUMS = '[GET] /albums';
  const SHELVES = '[GET] /shelves';

  const start = (...controllers: Type[]): Promise<INestApplication> =>
    replica({ adapter, controllers });

  async function stop(app: INestApplication): Promise<void> {
    await app.close();
  }

  it('survives restart, change, removal, return, another deleted resource and a second replica', async () => {
    let app = await start(albums('view'), ShelvesController);
    const id = await idOf(app, ALBUMS);
    let allowed = true;
    policies.set(id, () => allowed);

    const expectDecides = async (at: INestApplication): Promise<void> => {
      expect(await idOf(at, ALBUMS)).toBe(id);
      allowed = false;
      await expect(rptFrom(at)).rejects.toMatchObject({ code: 'UMA_REQUEST_DENIED' });
      allowed = true;
      expect(await statusAt(at, await rptFrom(at))).toBe(200);
    };
    const restart = async (...controllers: Type[]): Promise<void> => {
      await stop(app);
      app = await start(...controllers);
    };
    await expectDecides(app);

    await restart(albums('view'), ShelvesController);
    await expectDecides(app);

    await restart(albums('view', 'edit'), ShelvesController);
    await expectDecides(app);
    const changed = (await resourcesOf(app)).find((one) => one.name === ALBUMS);
    expect(changed?.resource_scopes).toEqual(['view', 'edit']);

    await restart(ShelvesController);
    expect(await statusAt(app, undefined)).toBe(404);
    expect(await idOf(app, ALBUMS)).toBe(id);

    await restart(albums('view'), ShelvesController);
    await expectDecides(app);

    const neighbour = await idOf(app, SHELVES);
    const pat = await patOf(app);
    await new UmaWorld(sandbox).call(pat, 'DELETE', resourceAt(neighbour));
    expect(await settledStatus(app, undefined, '/shelves')).toBe(401);
    expect(await idOf(app, SHELVES)).not.toBe(neighbour);
    await expectDecides(app);

    const other = await start(albums('view'), ShelvesController);
    await expectDecides(other);
    await expectDecides(app);
    expect(await registered(app)).toHaveLength(2);
  });

  it('holds for two replicas side by side, of which one declares a further scope', async () => {
    const before = await start(albums('view'), ShelvesController);
    const id = await idOf(before, ALBUMS);
    policies.set(id, ({ scopes }) => !scopes.includes('edit'));
    const after = await start(albums('view', 'edit'), ShelvesController);
    expect(await idOf(after, ALBUMS)).toBe(id);
    const rpt = await rptFrom(before);
    expect([await statusAt(before, rpt), await statusAt(after, rpt)]).toEqual([200, 200]);
    await expect(rptFrom(after)).rejects.toMatchObject({ code: 'UMA_REQUEST_DENIED' });
    expect(await registered(after)).toHaveLength(2);
  });

  it('holds for two replicas side by side with other scopes, which take them from each other', async () => {
    const before = await start(albums('view'), ShelvesController);
    const id = await idOf(before, ALBUMS);
    policies.set(id, ({ scopes }) => !scopes.includes('edit'));
    const view = await rptFrom(before);
    const after = await start(albums('edit'), ShelvesController);
    expect(await statusAt(after, view)).toBe(401);
    await expect(rptFrom(after)).rejects.toMatchObject({ code: 'UMA_REQUEST_DENIED' });
    expect(await settledStatus(before, undefined)).toBe(401);
    expect(await statusAt(before, view)).toBe(200);
    expect(await settledStatus(after, view)).toBe(401);
    expect(await idOf(after, ALBUMS)).toBe(id);
    expect(await registered(after)).toHaveLength(2);
  });
});
