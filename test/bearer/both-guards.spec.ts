import { Controller, Get, UseGuards, type Provider, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  BearerGuard,
  BearerProtected,
  BearerPublic,
  OxdConfigurationError,
  UmaGuard,
  UmaProtected,
  UmaPublic,
} from '../../lib/index.js';
import { AUDIENCE, startBearerApp, type BearerApp } from '../support/bearer-app.js';
import { closing } from '../support/closing.js';
import { ADAPTERS } from '../support/uma-app.js';

type Kind = 'protected' | 'public' | 'none';
const KINDS = ['protected', 'public', 'none'] as const;

/** Decorators of a handler and its class that declare it for one guard. */
interface Declaration {
  readonly kind: Kind;
  readonly onClass: ClassDecorator[];
  readonly onMethod: MethodDecorator[];
}

function declarations(protect: () => ClassDecorator & MethodDecorator, open: typeof protect) {
  const on = (kind: Kind, given: Partial<Declaration>): Declaration => ({
    ...{ kind, onClass: [], onMethod: [] },
    ...given,
  });
  return [
    on('none', {}),
    on('protected', { onMethod: [protect()] }),
    on('protected', { onClass: [protect()] }),
    on('protected', { onClass: [open()], onMethod: [protect()] }),
    on('public', { onMethod: [open()] }),
    on('public', { onClass: [open()] }),
    on('public', { onClass: [protect()], onMethod: [open()] }),
  ];
}

const UMA = declarations(UmaProtected, UmaPublic);
const BEARER = declarations(BearerProtected, BearerPublic);

/** A controller `GET /albums/<path>` with these decorators. */
function controllerOf(path: string, given: readonly Declaration[], guards: Type[] = []): Type {
  class Albums {
    find(): string {
      return 'ran';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Albums.prototype, 'find') ?? {};
  const onMethod = [Get(path), ...given.flatMap((one) => one.onMethod)];
  for (const decorate of onMethod) decorate(Albums.prototype, 'find', descriptor);
  const onClass = [
    Controller('albums'),
    UseGuards(...guards),
    ...given.flatMap((one) => one.onClass),
  ];
  for (const decorate of onClass) decorate(Albums);
  return Albums;
}

const BOTH: Provider[] = [
  { provide: APP_GUARD, useClass: UmaGuard },
  { provide: APP_GUARD, useClass: BearerGuard },
];

/** Grant of each guard that an open, a bearer or a UMA client gets, by the table of the documentation. */
function passes(own: Kind, other: Kind, hasGrant: boolean): boolean {
  if (own === 'protected') return hasGrant;
  return own === 'public' || other === 'protected';
}

const pairs = UMA.flatMap((uma, index) =>
  BEARER.map((bearer, other) => ({ uma, bearer, path: `${index}-${other}` })),
);
const CLIENTS = [
  'no token',
  'an access token',
  'an RPT',
  'an RPT that is an access token',
] as const;

describe.each(ADAPTERS)('UmaGuard and BearerGuard as APP_GUARD on %s', (adapter) => {
  let app: BearerApp;
  beforeAll(async () => {
    const controllers = pairs.map(({ path, uma, bearer }) => controllerOf(path, [uma, bearer]));
    app = await startBearerApp({ adapter, controllers, providers: BOTH });
  });
  afterAll(() => app.close());

  function tokenOf(client: (typeof CLIENTS)[number], resource: string): string | undefined {
    if (client === 'no token') return undefined;
    if (client === 'an access token') return app.transport.accessToken();
    if (client === 'an RPT') return app.transport.issue(resource);
    return app.transport.accessRpt(resource);
  }

  const kinds = KINDS.flatMap((uma) => KINDS.map((bearer) => ({ uma, bearer })));
  const rows = kinds.flatMap((kind) => CLIENTS.map((client) => ({ ...kind, client })));

  it.each(rows)(
    'decide by both declarations, UMA $uma and bearer $bearer, with $client',
    async (row) => {
      const matching = pairs.filter(
        ({ uma, bearer }) => uma.kind === row.uma && bearer.kind === row.bearer,
      );
      expect(matching.length).toBeGreaterThan(0);
      const isRpt = row.client.startsWith('an RPT');
      const isAccessToken = row.client.endsWith('access token');
      const expected =
        passes(row.uma, row.bearer, isRpt) && passes(row.bearer, row.uma, isAccessToken);
      for (const { path } of matching) {
        const url = `/albums/${path}`;
        const answer = await app.ask({ path: url, rpt: tokenOf(row.client, `GET ${url}`) });
        expect([path, answer.body === 'ran']).toEqual([path, expected]);
        expect(expected ? [200] : [401, 403]).toContain(answer.status);
      }
    },
  );

  it('deny a route that is undeclared for both, and log the missing decorators', async () => {
    const { status } = await app.ask({ path: '/albums/0-0', rpt: app.transport.accessToken() });
    expect(status).toBe(403);
    for (const guard of ['Uma', 'Bearer']) {
      const line = `Denied, because they have neither @${guard}Protected nor @${guard}Public: Albums.find.`;
      expect(app.log.with('warn', line)).toHaveLength(1);
    }
    const line = 'Albums.find is behind UmaGuard without @UmaProtected or @UmaPublic.';
    expect(app.log.with('warn', line)).toHaveLength(1);
  });
});

describe.each(ADAPTERS)('UmaGuard and BearerGuard on %s', (adapter) => {
  const [, umaProtected, , , umaPublic] = UMA;
  const [, bearerProtected, , , bearerPublic] = BEARER;

  async function start(controller: Type, providers: Provider[] = []): Promise<BearerApp> {
    return closing(await startBearerApp({ adapter, controllers: [controller], providers }));
  }

  async function issuesOf(controller: Type, providers?: Provider[]): Promise<readonly string[]> {
    try {
      await start(controller, providers);
      return [];
    } catch (error) {
      if (error instanceof OxdConfigurationError) return error.issues;
      throw error;
    }
  }

  it.each([
    {
      name: 'BearerGuard',
      guard: BearerGuard,
      declared: umaProtected,
      missing: 'no UmaGuard runs',
    },
    {
      name: 'UmaGuard',
      guard: UmaGuard,
      declared: bearerProtected,
      missing: 'no BearerGuard runs',
    },
  ])('are an error at start-up if only $name runs before a route of the other', async (row) => {
    const { guard, declared, missing } = row;
    const found = [expect.stringContaining(missing)];
    const list = declared ? [declared] : [];
    expect(await issuesOf(controllerOf('', list, [guard]))).toEqual(found);
    const providers = [{ provide: APP_GUARD, useClass: guard }];
    expect(await issuesOf(controllerOf('', list), providers)).toEqual(found);
  });

  it.each([
    { name: 'UmaGuard', declared: bearerPublic, log: 'neither @UmaProtected nor @UmaPublic' },
    { name: 'BearerGuard', declared: umaPublic, log: 'neither @BearerProtected nor @BearerPublic' },
  ])(
    'name the decorator that $name misses on a route that is public for the other',
    async (row) => {
      const { declared, log } = row;
      const app = await start(controllerOf('', declared ? [declared] : []), BOTH);
      expect(app.log.with('warn', `Denied, because they have ${log}: Albums.find.`)).toHaveLength(
        1,
      );
      expect((await app.ask('/albums')).status).toBe(403);
    },
  );

  it('log nothing about a route that only one of them protects', async () => {
    const app = await start(controllerOf('', bearerProtected ? [bearerProtected] : []), BOTH);
    expect(app.log.lines).toEqual([]);
  });

  it.each([
    { name: 'UmaGuard', guards: [UmaGuard, BearerGuard], challenge: /^UMA / },
    { name: 'BearerGuard', guards: [BearerGuard, UmaGuard], challenge: /^Bearer / },
  ])('send the denial of $name if it is the first', async ({ guards, challenge }) => {
    const both = [umaProtected, bearerProtected].flatMap((one) => one ?? []);
    const app = await start(controllerOf('', both, guards));
    const { status, headers } = await app.ask('/albums');
    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(challenge);
    expect(headers['www-authenticate']).not.toMatch(/UMA.*Bearer|Bearer.*UMA/);
  });

  it('verify a token once for a request', async () => {
    const declared = bearerProtected ? [bearerProtected] : [];
    const guards = [{ provide: APP_GUARD, useClass: BearerGuard }];
    const app = await start(controllerOf('', declared, [BearerGuard]), guards);
    expect((await app.ask({ path: '/albums', rpt: app.transport.accessToken() })).body).toBe('ran');
    expect(app.transport.introspections).toBe(1);
  });

  it('verify a token once for both, if the server decides for UmaGuard', async () => {
    const both = [umaProtected, bearerProtected].flatMap((one) => one ?? []);
    const controllers = [controllerOf('', both, [UmaGuard, BearerGuard])];
    const options = { uma: { mode: 'decision' }, bearer: { audience: AUDIENCE } } as const;
    const app = closing(await startBearerApp({ adapter, controllers, options }));
    const rpt = app.transport.accessRpt('GET /albums');
    expect((await app.ask({ path: '/albums', rpt })).body).toBe('ran');
    expect(app.transport.introspections).toBe(1);
    const other = app.transport.accessToken();
    expect((await app.ask({ path: '/albums', rpt: other })).status).toBe(403);
  });

  it('register no resource for a route that only BearerGuard protects', async () => {
    const app = await start(controllerOf('', bearerProtected ? [bearerProtected] : []), BOTH);
    expect(app.transport.sent('uma_rs_protect')).toEqual([]);
  });
});
