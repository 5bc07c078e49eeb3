import { Controller, Get, UseGuards } from '@nestjs/common';
import { MemoryStore, UmaGuard, UmaProtected, UmaService } from '../../lib/index.js';
import { closeNow, closing } from '../support/closing.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { startUmaApp, type UmaApp } from '../support/uma-app.js';
import { resource } from '../support/uma-site.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['list'] })
  list(): string {
    return 'list';
  }

  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find(): string {
    return 'find';
  }
}

const ALBUM = { path: '/albums/77', http_method: 'GET' };
const LIST = { path: '/albums', http_method: 'GET' };

let as: FakeAs;
let store: MemoryStore;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(() => {
  as.reset('keycloak');
  store = new MemoryStore();
});

/** One replica of the resource server. */
async function start(): Promise<UmaApp> {
  const app = await startUmaApp({
    controllers: [Albums],
    options: {
      site: {
        op_host: as.issuer,
        authorization_redirect_uri: 'https://photos.example.com/callback',
        oxd_id: undefined,
        ...RS,
      },
      store,
      transport: { type: 'embedded', allowInsecureRequests: true },
      eager: true,
      uma: { paths: ({ path }, { id = '' }) => path.replace(':id', id) },
    },
  });
  return closing(app);
}

const umaOf = ({ app }: UmaApp): UmaService => app.get(UmaService);
const protect = (app: UmaApp) =>
  umaOf(app).protect({ resources: [resource(ALBUM.path, ['GET'], 'view')] });

/** Status of a request with an RPT for this scope of the resource. */
async function statusOf({ ask }: UmaApp, path: string, scope: string): Promise<number> {
  const rpt = as.rpt(as.item(as.idOf(`[GET] ${path}`), scope));
  return (await ask({ path, rpt })).status;
}

/** Scopes that the ticket of the latest denial requests. */
const requested = () => as.tickets.at(-1)?.permissions[0]?.resource_scopes;

describe('UmaGuard after UmaService.modify()', () => {
  it('demands the modified scopes at the next request, and on another replica after 30 s', async () => {
    const replicas = [await start(), await start()] as const;
    await protect(replicas[0]);
    for (const replica of replicas) expect(await statusOf(replica, ALBUM.path, 'view')).toBe(200);
    await umaOf(replicas[0]).modify({ ...ALBUM, scopes: ['view-private'] });
    await replicas[1].clock.advance(30_000);
    for (const replica of replicas) {
      expect(await statusOf(replica, ALBUM.path, 'view')).toBe(401);
      expect(requested()).toEqual(['view-private']);
      expect(await statusOf(replica, ALBUM.path, 'view-private')).toBe(200);
    }
  });

  it('evaluates a modified expression', async () => {
    const app = await start();
    await protect(app);
    const scope_expression = { rule: { or: [{ var: 0 }, { var: 1 }] }, data: ['own', 'admin'] };
    await umaOf(app).modify({ ...ALBUM, scope_expression });
    expect(await statusOf(app, ALBUM.path, 'view')).toBe(401);
    expect(requested()).toEqual(['own', 'admin']);
    expect(await statusOf(app, ALBUM.path, 'admin')).toBe(200);
  });

  it('demands the modified scopes after a restart', async () => {
    const app = await start();
    await protect(app);
    await umaOf(app).modify({ ...ALBUM, scopes: ['view-private'] });
    await closeNow(app);
    const again = await start();
    expect(await statusOf(again, ALBUM.path, 'view')).toBe(401);
    expect(await statusOf(again, ALBUM.path, 'view-private')).toBe(200);
  });

  it('demands the declared scopes of a declared route, which a restart registers again', async () => {
    const app = await start();
    await umaOf(app).modify({ ...LIST, scopes: ['other'] });
    expect(await statusOf(app, LIST.path, 'other')).toBe(401);
    await closeNow(app);
    const again = await start();
    expect(again.log.with('warn', 'which replace those of uma_rs_modify')).toHaveLength(1);
    expect(await statusOf(again, LIST.path, 'list')).toBe(200);
    expect(as.resources.get(as.idOf('[GET] /albums'))?.resource_scopes).toEqual(['list']);
  });
});
