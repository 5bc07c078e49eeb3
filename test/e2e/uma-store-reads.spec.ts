import { Controller, Get, UseGuards } from '@nestjs/common';
import { UmaGuard, UmaProtected, type OxdModuleOptions } from '../../lib/index.js';
import { OxdServer } from '../../lib/testing/testing.js';
import { closing } from '../support/closing.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { ManualClock } from '../support/manual-clock.js';
import { registerSecret } from '../support/secrets.js';
import { SharedStore } from '../support/shared-store.js';
import { ADAPTERS, startUmaApp, type UmaApp } from '../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): string {
    return 'list';
  }
}

let as: FakeAs;
let clock: ManualClock;
let store: SharedStore;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(() => {
  as.reset();
  clock = new ManualClock();
  store = new SharedStore(clock.now);
});

/** Options of a site that is stored, not given. */
function siteAt({ issuer }: FakeAs): OxdModuleOptions['site'] {
  const authorization_redirect_uri = 'https://photos.example.com/callback';
  return { op_host: issuer, authorization_redirect_uri, oxd_id: undefined };
}

describe.each(ADAPTERS)('UmaGuard on %s', (adapter) => {
  let app: UmaApp;

  beforeEach(async () => {
    const site = { ...siteAt(as), ...RS };
    const transport = { type: 'embedded', allowInsecureRequests: true } as const;
    const options = { site, store, transport, eager: true };
    app = closing(await startUmaApp({ adapter, clock, controllers: [Albums], options }));
    await statusOf('view');
    store.read.length = 0;
  });

  /** Status of a request with an RPT for this scope; without a scope, of one without an RPT. */
  async function statusOf(scope?: string): Promise<number> {
    const rpt = scope && as.rpt(as.item(as.idOf('[GET] /albums'), scope));
    return (await app.ask({ path: '/albums', rpt })).status;
  }

  it('reads no store within 30 s of the last read, whatever the decision', async () => {
    await clock.advance(29_999);
    for (let round = 0; round < 10; round++) {
      expect(await statusOf('view')).toBe(200);
      expect(await statusOf('other')).toBe(401);
      expect(await statusOf()).toBe(401);
    }
    expect(store.read).toEqual([]);
  });

  it('reads each record once when many requests find the copies old', async () => {
    await clock.advance(30_000);
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf('view')));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(store.read.map((key) => key.split(':')[0])).toEqual(['site', 'resources']);
  });

  it('survives an outage of the store for 30 s, then responds with 503 and Retry-After', async () => {
    store.outage = new Error('The store is down.');
    await clock.advance(29_999);
    expect(await statusOf('view')).toBe(200);
    await clock.advance(1);
    const rpt = as.rpt(as.item(as.idOf('[GET] /albums'), 'view'));
    const { status, headers } = await app.ask({ path: '/albums', rpt });
    expect([status, headers['retry-after']]).toEqual([503, '5']);
    store.outage = undefined;
    expect(await statusOf('view')).toBe(200);
  });
});

describe.each(['3.1.4', '4.2'] as const)('UmaGuard through oxd %s', (version) => {
  it('reads no store after the start, whatever the decision and the time', async () => {
    const server = closing(
      await OxdServer.start({ version, allowInsecureRequests: true, onSecret: registerSecret }),
    );
    const transport =
      version === '3.1.4'
        ? ({ type: 'socket', port: server.port, version } as const)
        : ({ type: 'https', url: server.url, ca: server.ca, version } as const);
    const options = { site: siteAt(as), store, transport, eager: true };
    const app = closing(await startUmaApp({ clock, controllers: [Albums], options }));
    const [id = ''] = as.resources.keys();
    const statuses = async (): Promise<number[]> => {
      const rpts = [as.rpt(as.item(id, 'view')), as.rpt(as.item(id, 'other')), undefined];
      const answers = rpts.map((rpt) => app.ask({ path: '/albums', rpt }));
      return (await Promise.all(answers)).map(({ status }) => status);
    };
    expect(await statuses()).toEqual([200, 401, 401]);
    store.read.length = 0;
    await clock.advance(60_000);
    expect(await statuses()).toEqual([200, 401, 401]);
    expect(store.read).toEqual([]);
  });
});
