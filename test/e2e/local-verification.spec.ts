import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  MemoryStore,
  OxdModule,
  Rpt,
  UmaGuard,
  UmaProtected,
  UmaService,
  type UmaPermission,
} from '../../lib/index.js';
import { BROKEN_RPTS, brokenRpt } from '../support/broken-rpts.js';
import { closing } from '../support/closing.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { JwtRpts } from '../support/jwt-rpts.js';
import { ManualClock } from '../support/manual-clock.js';
import { secretsIn } from '../support/secrets.js';
import { ADAPTERS, SITE, startApp, type Adapter, type RunningApp } from '../support/uma-app.js';

@Controller('photo')
@UseGuards(UmaGuard)
class Photos {
  constructor(private readonly uma: UmaService) {}

  @Get()
  @UmaProtected({ scopes: ['view'] })
  view(@Rpt() permissions: readonly UmaPermission[], @Rpt('sub') sub: string) {
    return { permissions, sub };
  }

  /** A sensitive operation, which requires an introspection. */
  @Get('original')
  @UmaProtected({ scopes: ['view'] })
  async original() {
    const { active } = await this.uma.introspectRpt({ rpt: original });
    return { active };
  }
}

/** RPT of the current request to the original. */
let original = '';
let as: FakeAs;
let clock: ManualClock;
let rpts: JwtRpts;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(() => {
  as.reset('keycloak');
  clock = new ManualClock();
  as.op.clock = clock.now;
  rpts = new JwtRpts(as);
});

async function start(adapter: Adapter): Promise<RunningApp> {
  const { authorization_redirect_uri } = SITE;
  const module = OxdModule.forRoot({
    site: { op_host: as.issuer, authorization_redirect_uri, ...RS },
    transport: { allowInsecureRequests: true },
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore(),
    uma: { localVerification: true },
    eager: true,
    isGlobal: true,
  });
  return closing(await startApp({ adapter, clock, imports: [module], controllers: [Photos] }));
}

function view(path = '/photo'): readonly object[] {
  return [{ rsid: as.idOf(`[GET] ${path}`), scopes: ['view'] }];
}

describe.each(ADAPTERS)('a route with uma.localVerification on %s', (adapter) => {
  it('is opened by a verified RPT, without a request to the authorization server', async () => {
    const app = await start(adapter);
    expect((await app.ask({ path: '/photo', rpt: await rpts.sign(view()) })).status).toBe(200);
    const before = as.op.requests.length;
    const { status, body } = await app.ask({ path: '/photo', rpt: await rpts.sign(view()) });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      permissions: [{ resource_id: as.idOf('[GET] /photo'), resource_scopes: ['view'] }],
      sub: 'alice',
    });
    expect(as.op.requests).toHaveLength(before);
  });

  it('is opened by an RPT without a sub, for the user that its introspection names', async () => {
    const app = await start(adapter);
    const claims = { sub: undefined };
    const item = as.item(as.idOf('[GET] /photo'), 'view');
    const rpt = as.keep(await rpts.sign(view(), { claims }), [item]);
    as.introspection = { sub: 'alice' };
    const { status, body } = await app.ask({ path: '/photo', rpt });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({ sub: 'alice' });
  });

  it('is opened by none of the broken tokens: 401 with a ticket, and no token in the log', async () => {
    const app = await start(adapter);
    for (const broken of BROKEN_RPTS) {
      const rpt = await brokenRpt(broken, rpts, view());
      const { status, headers } = await app.ask({ path: '/photo', rpt });
      const { ticket } = as.tickets.at(-1) ?? {};
      expect([broken.name, status]).toEqual([broken.name, 401]);
      expect(headers['www-authenticate']).toContain(`ticket="${ticket}"`);
      expect(app.log.with('debug', `is introspected, because ${broken.reason}.`)).not.toEqual([]);
    }
    expect(secretsIn(app.log.lines.join('\n'))).toEqual([]);
  });

  it('is opened by an RPT that was revoked, until its exp', async () => {
    const app = await start(adapter);
    as.introspection = { active: false };
    const rpt = await rpts.sign(view());
    expect((await app.ask({ path: '/photo', rpt })).status).toBe(200);
    await clock.advance(300_000);
    expect((await app.ask({ path: '/photo', rpt })).status).toBe(401);
  });

  it('can introspect the RPT in its handler', async () => {
    const app = await start(adapter);
    original = as.keep(await rpts.sign(view('/photo/original')), []);
    const ask = async () => (await app.ask({ path: '/photo/original', rpt: original })).body;
    expect(JSON.parse(await ask())).toEqual({ active: true });
    as.introspection = { active: false };
    expect(JSON.parse(await ask())).toEqual({ active: false });
  });
});
