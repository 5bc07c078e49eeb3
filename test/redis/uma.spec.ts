import { Controller, Get, Post, UseGuards, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  OidcService,
  OxdModule,
  OxdStore,
  UmaGuard,
  UmaProtected,
  UmaService,
} from '../../lib/index.js';
import type { SiteRecord } from '../../lib/engine/site-record.js';
import { startSandbox, type Sandbox } from '../../lib/sandbox/sandbox.js';
import { registerSecret } from '../support/secrets.js';
import { documentedStore, type DocumentedStore } from './documented-store.js';
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

let documented: (redis: RedisServer) => DocumentedStore;
let sandbox: Sandbox;
let redis: RedisServer;
const opened: (() => unknown)[] = [];

beforeAll(async () => {
  documented = await documentedStore();
});
beforeEach(async () => {
  redis = await RedisServer.start();
  sandbox = await startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true, onSecret: registerSecret },
    policies: () => 'grant',
  });
});
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
  await sandbox.close();
  await redis.close();
});

/** One of several processes of an application, all with one address. */
async function replica(): Promise<INestApplication> {
  const store = documented(redis);
  opened.push(() => store.close());
  const module = await Test.createTestingModule({
    imports: [
      OxdModule.forRoot({
        site: {
          op_host: sandbox.issuer,
          authorization_redirect_uri: 'http://localhost:47124/callback',
          scope: ['openid', 'uma_protection'],
        },
        transport: { type: 'embedded', allowInsecureRequests: true },
        secret: 'a test secret of more than 32 characters',
        store,
        eager: true,
      }),
    ],
    controllers: [AlbumsController],
  }).compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  opened.push(() => app.close());
  return app;
}

/** The ids of all resources that the authorization server has of this application. */
async function registered(app: INestApplication): Promise<string[]> {
  const { oxd_id } = await app.get(OidcService).updateSite({ client_name: 'albums' });
  const { client } = (await app.get(OxdStore).get(`site:${oxd_id}`)) as SiteRecord;
  const { access_token } = await app.get(OidcService).getClientToken({
    op_host: sandbox.issuer,
    client_id: client.client_id,
    client_secret: client.client_secret ?? '',
    scope: ['uma_protection'],
  });
  const metadata = await fetch(`${sandbox.issuer}/.well-known/uma2-configuration`);
  const { resource_registration_endpoint } = (await metadata.json()) as Record<string, string>;
  const headers = { authorization: `Bearer ${access_token}` };
  const list = await fetch(resource_registration_endpoint ?? '', { headers });
  return (await list.json()) as string[];
}

async function rptFrom(app: INestApplication): Promise<string> {
  const refused = await fetch(`${await app.getUrl()}/albums`);
  const ticket = /ticket="([^"]+)"/.exec(refused.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  return (await app.get(UmaService).getRpt({ ticket })).access_token;
}

async function statusAt(app: INestApplication, rpt: string): Promise<number> {
  const headers = { authorization: `Bearer ${rpt}` };
  return (await fetch(`${await app.getUrl()}/albums`, { headers })).status;
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

it('a Redis that is down closes every protected route, and opens them again when it is back', async () => {
  const app = await replica();
  const rpt = await rptFrom(app);
  expect(await statusAt(app, rpt)).toBe(200);
  await redis.stop();
  expect(await statusAt(app, rpt)).toBe(503);
  await redis.start();
  const giveUp = Date.now() + 15_000;
  let status = await statusAt(app, rpt);
  while (status === 503 && Date.now() < giveUp) status = await statusAt(app, rpt);
  expect(status).toBe(200);
});
