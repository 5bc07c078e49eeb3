import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { UmaGuard, UmaProtected, UmaService, type OxdModuleOptions } from '../../lib/index.js';
import { OxdServer } from '../../lib/testing/testing.js';
import { resource } from '../support/uma-site.js';
import { closeNow, closing } from '../support/closing.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { registerSecret } from '../support/secrets.js';
import { startUmaApp, type UmaApp } from '../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find() {
    return { ran: 'find' };
  }
}

@Controller('photos')
@UseGuards(UmaGuard)
class Photos {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list() {
    return { ran: 'list' };
  }
}

const REDIRECT_URI = 'https://photos.example.com/callback';
const ROTATED = 'rotated-secret-of-the-client';
const ALBUM = '[GET] /albums/77';

let as: FakeAs;
let folder: string;
let store: string;

beforeAll(async () => {
  registerSecret(ROTATED);
  as = await FakeAs.start();
});
afterAll(() => as.close());

beforeEach(async () => {
  as.reset('keycloak');
  folder = await mkdtemp(join(tmpdir(), 'oxd-changed-'));
  store = join(folder, 'store.json');
});
afterEach(() => rm(folder, { recursive: true }));

type Site = Partial<OxdModuleOptions['site']>;

interface Start {
  readonly site?: Site;
  readonly controllers?: (typeof Albums | typeof Photos)[];
  readonly overwrite?: boolean;
  readonly transport?: OxdModuleOptions['transport'];
}

const EMBEDDED = { type: 'embedded', allowInsecureRequests: true } as const;

/** One start of a resource server whose client is given. */
async function start(given: Start = {}): Promise<UmaApp> {
  const { site, controllers = [Albums, Photos], overwrite = false, transport = EMBEDDED } = given;
  const client = { client_id: RS.client_id, client_secret: RS.client_secret };
  const app = await startUmaApp({
    controllers,
    options: {
      site: {
        op_host: as.issuer,
        authorization_redirect_uri: REDIRECT_URI,
        oxd_id: undefined,
        ...client,
        ...site,
      },
      store,
      transport,
      eager: true,
      uma: { paths: ({ path }, { id = '' }) => path.replace(':id', id), overwrite },
    },
  });
  return closing(app);
}

/** Starts for the first time and protects one album. */
async function firstStart(): Promise<void> {
  const app = await start();
  const uma = app.app.get(UmaService);
  await uma.protect({ resources: [resource('/albums/77', ['GET'], 'view')] });
  expect(await statusOf(app)).toBe(200);
  await closeNow(app);
}

/** Status of a request with an RPT for the album. */
async function statusOf({ ask }: UmaApp): Promise<number> {
  const rpt = as.rpt(as.item(as.idOf(ALBUM), 'view'));
  return (await ask({ path: '/albums/77', rpt })).status;
}

const ids = () => [...as.resources.keys()].toSorted((a, b) => a.localeCompare(b));
const created = () => as.seen('resources', 'POST').length;

async function storedRecords(): Promise<Record<string, unknown>> {
  const file = JSON.parse(await readFile(store, 'utf8')) as { records: Record<string, unknown> };
  return file.records;
}

describe('resources of a given client, after a restart with', () => {
  const changes: { name: string; changed: string; site: Site }[] = [
    { name: 'another scope', changed: 'scope', site: { scope: ['openid', 'email'] } },
    {
      name: 'another post_logout_redirect_uri',
      changed: 'post_logout_redirect_uri',
      site: { post_logout_redirect_uri: 'https://photos.example.com/out' },
    },
    { name: 'other acr_values', changed: 'acr_values', site: { acr_values: ['gold'] } },
    { name: 'a rotated secret', changed: 'client_secret', site: { client_secret: ROTATED } },
  ];

  it.each(changes)('$name, stay and open to their RPTs', async ({ changed, site }) => {
    await firstStart();
    const [before, made] = [ids(), created()];
    const keys = Object.keys(await storedRecords());
    if (site.client_secret) as.clientSecret = site.client_secret;
    as.revokePats();

    const app = await start({ site });
    expect(await statusOf(app)).toBe(200);
    await app.app.get(UmaService).protect({ resources: [resource('/albums/77', ['GET'], 'view')] });
    expect(ids()).toEqual(before);
    expect(created()).toBe(made);
    expect(app.log.with('warn', 'The options of the site changed')).toEqual([
      expect.stringContaining(`changed: ${changed}. The stored record is updated`),
    ]);
    const records = await storedRecords();
    expect(Object.keys(records)).toEqual(keys);
    expect(JSON.stringify(records).includes(RS.client_secret)).toBe(!site.client_secret);
  });

  it.each<{ name: string; site: Site }>([
    { name: 'another client_name', site: { client_name: 'Photos' } },
    {
      name: 'another redirect URI',
      site: { authorization_redirect_uri: 'https://photos.example.com/other' },
    },
  ])('$name, stay and open to their RPTs at the new site', async ({ site }) => {
    await firstStart();
    const [before, made] = [ids(), created()];
    const keys = Object.keys(await storedRecords());

    const app = await start({ site });
    expect(await statusOf(app)).toBe(200);
    await app.app.get(UmaService).protect({ resources: [resource('/albums/77', ['GET'], 'view')] });
    expect(ids()).toEqual(before);
    expect(created()).toBe(made);
    const added = Object.keys(await storedRecords()).filter((key) => !keys.includes(key));
    expect(added.map((key) => key.split(':')[0])).toEqual(['site', 'client']);
  });

  it('nothing changed, stay without a line in the log', async () => {
    await firstStart();
    const app = await start();
    expect(await statusOf(app)).toBe(200);
    expect(app.log.with('warn', 'The options')).toEqual([]);
  });

  it('another spelling of the provider, stay', async () => {
    await firstStart();
    const [made, keys] = [created(), Object.keys(await storedRecords())];
    const app = await start({ site: { op_host: `${as.issuer}/` } });
    expect(await statusOf(app)).toBe(200);
    expect(created()).toBe(made);
    expect(Object.keys(await storedRecords())).toEqual(keys);
  });

  it('a name changed at the authorization server, keep their ids', async () => {
    await firstStart();
    const id = as.idOf('[GET] /photos');
    as.resources.set(id, { ...as.resources.get(id), name: 'Renamed' } as never);
    const [before, made] = [ids(), created()];
    const app = await start({ site: { client_name: 'Photos' } });
    const rpt = as.rpt(as.item(id, 'view'));
    expect((await app.ask({ path: '/photos', rpt })).status).toBe(200);
    expect(ids()).toEqual(before);
    expect(created()).toBe(made);
  });

  it('a declaration removed and uma.overwrite, lose that one', async () => {
    await firstStart();
    await start({ site: { scope: ['openid'] }, controllers: [Albums], overwrite: true });
    expect(as.names).toEqual(['[GET] /albums/:id']);
  });

  it('a declaration removed, stay with a warning', async () => {
    await firstStart();
    const { log } = await start({ site: { scope: ['openid'] }, controllers: [Albums] });
    expect(log.with('warn', 'Declared no longer')).toEqual([
      expect.stringMatching(/GET \/photos.*If another application with the same client/),
    ]);
    expect(as.names).toContain('[GET] /photos');
  });

  it('a lost store, are adopted by their names when they are protected again', async () => {
    await firstStart();
    const before = ids();
    await rm(store);
    const app = await start();
    await app.app.get(UmaService).protect({ resources: [resource('/albums/77', ['GET'], 'view')] });
    expect(await statusOf(app)).toBe(200);
    expect(ids()).toEqual(before);
  });
});

it('a rotated secret on oxd-server: site and declared resources are registered again', async () => {
  as.reset();
  const { port } = closing(
    await OxdServer.start({
      version: '3.1.4',
      allowInsecureRequests: true,
      onSecret: registerSecret,
    }),
  );
  const common = { controllers: [Photos], transport: { type: 'socket', port } as const };
  await closeNow(await start(common));
  const keys = Object.keys(await storedRecords());

  as.clientSecret = ROTATED;
  as.revokePats();
  const { ask, log } = await start({ ...common, site: { client_secret: ROTATED } });
  expect((await ask('/photos')).status).toBe(401);
  const newest = ids().find((id) => as.tickets.at(-1)?.permissions[0]?.resource_id === id) ?? '';
  const rpt = as.rpt(as.item(newest, 'view'));
  expect((await ask({ path: '/photos', rpt })).status).toBe(200);
  expect(
    log.with('warn', 'The options of the site changed: client_secret. oxd cannot'),
  ).toHaveLength(1);
  const records = await storedRecords();
  expect(Object.keys(records)).toEqual(keys);
  expect(JSON.stringify(records)).not.toContain(RS.client_secret);
});
