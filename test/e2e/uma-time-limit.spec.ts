import { Controller, Get, UseGuards } from '@nestjs/common';
import { MemoryStore, UmaGuard, UmaProtected, UmaPublic } from '../../lib/index.js';
import { AbortControllers } from '../support/abort-controllers.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { ADAPTERS, embeddedOxdModule, startApp, type RunningApp } from '../support/uma-app.js';

@Controller('albums')
@UseGuards(UmaGuard)
class Albums {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  list(): string {
    return 'the albums';
  }

  @Get('news')
  @UmaPublic()
  news(): string {
    return 'the news';
  }
}

describe.each(ADAPTERS)('the time limit of a request on embedded and %s', (adapter) => {
  let as: FakeAs;
  let running: RunningApp;
  let timers: number;

  beforeAll(async () => {
    as = await FakeAs.start();
    running = await startApp({
      adapter,
      imports: [embeddedOxdModule({ op_host: as.issuer, ...RS }, { store: new MemoryStore() })],
      controllers: [Albums],
    });
    await running.ask('/albums');
    const { clock } = running;
    const after = clock.after.bind(clock);
    clock.after = (milliseconds, work) => {
      timers += 1;
      return after(milliseconds, work);
    };
  });
  beforeEach(() => (timers = 0));
  afterAll(async () => {
    await running.close();
    await as.close();
  });

  const rpt = () => as.rpt(as.item(as.idOf('[GET] /albums'), 'view'));

  it.each<[string, number, () => string | undefined]>([
    ['an RPT', 200, rpt],
    ['no RPT', 401, () => undefined],
  ])(
    'has one timer beside that of the request to the server, with %s',
    async (_, status, token) => {
      const controllers = new AbortControllers();
      const answer = await running.ask({ path: '/albums', rpt: token() });
      controllers.stop();
      expect([answer.status, timers, controllers.count]).toEqual([status, 2, 0]);
      expect(running.clock.waiting).toEqual([]);
    },
  );

  it('does not begin on a public route', async () => {
    const { status } = await running.ask({ path: '/albums/news', rpt: rpt() });
    expect([status, timers]).toEqual([200, 0]);
  });
});
