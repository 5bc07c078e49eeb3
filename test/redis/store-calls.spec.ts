import { Controller, Get, UseGuards } from '@nestjs/common';
import { OxdStore, UmaGuard, UmaProtected, UmaService } from '../../lib/index.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { ManualClock } from '../support/manual-clock.js';
import { ADAPTERS, startUmaApp, type Adapter, type UmaApp } from '../support/uma-app.js';
import { resource } from '../support/uma-site.js';
import { ProxiedRedis } from './proxied-redis.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): string {
    return 'list';
  }

  @Get(':id')
  @UmaProtected({ scopes: ['view'] })
  find(): string {
    return 'find';
  }
}

/** Store that counts the calls of one replica. */
class CountedStore extends OxdStore {
  calls = 0;

  constructor(private readonly inner: Required<OxdStore>) {
    super();
  }

  get(key: string): Promise<unknown> {
    this.calls += 1;
    return this.inner.get(key);
  }

  set(...call: Parameters<OxdStore['set']>): Promise<unknown> {
    this.calls += 1;
    return this.inner.set(...call);
  }

  delete(key: string): Promise<boolean> {
    this.calls += 1;
    return this.inner.delete(key);
  }

  override add(key: string, value: unknown, ttl: number): Promise<boolean> {
    this.calls += 1;
    return this.inner.add(key, value, ttl);
  }
}

interface Replica extends UmaApp {
  readonly store: CountedStore;
}

const ALBUM = { path: '/albums/77', http_method: 'GET' };

let as: FakeAs;
let redis: ProxiedRedis;

beforeEach(async () => {
  as = await FakeAs.start();
  redis = await ProxiedRedis.start();
  redis.closing.push(() => as.close());
  redis.proxy.delay = 5;
});
afterEach(() => redis.close());

/** One of several processes of an application, each with its clock. */
async function replica(adapter: Adapter = 'express'): Promise<Replica> {
  const store = new CountedStore(redis.open());
  const app = await startUmaApp({
    adapter,
    controllers: [Albums],
    clock: new ManualClock(),
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
  redis.closing.push(() => app.close());
  return { ...app, store };
}

/** Status of a request with an RPT for this scope of the resource. */
async function statusOf({ ask }: UmaApp, path: string, scope: string): Promise<number> {
  const rpt = as.rpt(as.item(as.idOf(`[GET] ${path}`), scope));
  return (await ask({ path, rpt })).status;
}

const umaOf = ({ app }: UmaApp): UmaService => app.get(UmaService);

describe('replicas with one Redis, which is 5 ms away', () => {
  it.each(ADAPTERS)(
    'make no store call for a guarded request within 30 s, on %s',
    async (adapter) => {
      const one = await replica(adapter);
      expect(await statusOf(one, '/albums', 'view')).toBe(200);
      one.store.calls = 0;
      await one.clock.advance(29_999);
      for (let round = 0; round < 20; round++) {
        expect(await statusOf(one, '/albums', 'view')).toBe(200);
        expect(await statusOf(one, '/albums', 'other')).toBe(401);
        expect((await one.ask('/albums')).status).toBe(401);
      }
      expect(one.store.calls).toBe(0);
    },
  );

  it('make two store calls for many requests that find the copies old', async () => {
    const one = await replica();
    expect(await statusOf(one, '/albums', 'view')).toBe(200);
    one.store.calls = 0;
    await one.clock.advance(30_000);
    const requests = Array.from({ length: 20 }, () => statusOf(one, '/albums', 'view'));
    expect(new Set(await Promise.all(requests))).toEqual(new Set([200]));
    expect(one.store.calls).toBe(2);
  });

  it('apply a change by each other when their copies are 30 s old', async () => {
    const [one, two] = [await replica(), await replica()];
    const resources = [resource(ALBUM.path, ['GET'], 'view')];
    await umaOf(one).protect({ resources });
    // The copies of the other replica lack the new resource, so it reads the record at once.
    expect(await statusOf(two, ALBUM.path, 'view')).toBe(200);

    await umaOf(two).modify({ ...ALBUM, scopes: ['edit'] });
    expect(await statusOf(two, ALBUM.path, 'view')).toBe(401);
    await one.clock.advance(30_000);
    expect(await statusOf(one, ALBUM.path, 'view')).toBe(401);

    await umaOf(one).modify({ ...ALBUM, scopes: ['view'] });
    await two.clock.advance(29_999);
    expect(await statusOf(two, ALBUM.path, 'view')).toBe(401);
    await two.clock.advance(1);
    expect(await statusOf(two, ALBUM.path, 'view')).toBe(200);
  });
});
