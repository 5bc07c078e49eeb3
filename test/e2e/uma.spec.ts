import { Controller, Get, UseGuards, type Type } from '@nestjs/common';
import { OxdClient } from '../../lib/oxd-client/oxd-client.js';
import type { RegisteredSite } from '../../lib/embedded/registration/site-record.js';
import {
  MemoryStore,
  OxdStore,
  Rpt,
  UmaGuard,
  UmaProtected,
  type OxdModuleOptions,
  type UmaPermission,
  type UmaProtectedOptions,
} from '../../lib/index.js';
import type { Sandbox, SandboxPolicy } from '../../lib/sandbox/sandbox.js';
import { closeNow, closing } from '../support/closing.js';
import { FakeAs, RS } from '../support/fake-as.js';
import { ManualClock, settled } from '../support/manual-clock.js';
import { registerSecret, secretsIn } from '../support/secrets.js';
import {
  GUARDS,
  SITE,
  eventually,
  startUmaApp,
  token,
  type Adapter,
  type Asked,
  type GuardCase,
  type UmaApp,
} from '../support/uma-app.js';
import { UMA_GRANT, UmaWorld, startQuietly, type Client } from '../support/sandbox-uma-world.js';

function albums(scopes: string[], ticketScopes?: string[]): Type {
  return protectedBy({ scopes, ...(ticketScopes && { ticketScopes }) });
}

function protectedBy(options: UmaProtectedOptions): Type {
  @Controller('albums')
  @UseGuards(UmaGuard)
  class Albums {
    @Get()
    @UmaProtected(options)
    list(@Rpt() permissions: readonly UmaPermission[], @Rpt('sub') sub?: string) {
      return { ran: 'list', permissions, sub: sub ?? null };
    }
  }
  return Albums;
}

/** `read`, and one of the other two. */
const READ_AND_MORE = {
  rule: { and: [{ var: 0 }, { or: [{ var: 1 }, { var: 2 }] }] },
  data: ['read', 'add', 'all'],
};

@Controller('admin')
@UseGuards(UmaGuard)
class Admin {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  all() {
    return { ran: 'admin' };
  }
}

@Controller('both')
@UseGuards(UmaGuard)
class Both {
  @Get()
  @UmaProtected('/one', 'GET', { scopes: ['view'] })
  @UmaProtected('/two', 'GET', { scopes: ['view'] })
  read() {
    return { ran: 'both' };
  }
}

const { authorization_redirect_uri } = SITE;
const TIMEOUT = 400;
const INSECURE = { type: 'embedded', allowInsecureRequests: true, timeout: TIMEOUT } as const;

/** Embedded can verify RPTs locally, too. */
const EMBEDDED_GUARDS: readonly GuardCase[] = [
  ...GUARDS,
  {
    name: 'express with uma.localVerification and uma.cache',
    adapter: 'express',
    uma: { localVerification: true, cache: {} },
  },
];

interface Given {
  readonly adapter: Adapter;
  readonly clock?: ManualClock;
  readonly controllers?: Type[];
  readonly options: Partial<OxdModuleOptions>;
}

/** A resource server with the embedded transport, its resources registered. */
async function start({ adapter, clock, controllers, options }: Given): Promise<UmaApp> {
  return closing(
    await startUmaApp({
      adapter,
      clock,
      controllers: controllers ?? [albums(['view']), Admin],
      options: { transport: INSECURE, eager: true, ...options },
    }),
  );
}

/** Stored record of the application's site. */
async function siteOf({ app }: UmaApp): Promise<RegisteredSite> {
  const oxd_id = await app.get(OxdClient, { strict: false }).oxdId();
  return (await app.get(OxdStore).get(`site:${oxd_id}`)) as RegisteredSite;
}

/** Gate for which a scripted response waits. */
function closedGate(): { readonly passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

describe.each(EMBEDDED_GUARDS)(
  'a protected route on $name, with the sandbox',
  ({ adapter, uma }) => {
    let sandbox: Sandbox;
    let world: UmaWorld;
    let client: Client;
    let grant: readonly string[] | undefined;
    /** The scopes of the last ticket that was exchanged. */
    let asked: readonly string[];

    beforeAll(async () => {
      const policies: SandboxPolicy = ({ scopes }) => {
        asked = scopes;
        return grant ? { grant } : 'grant';
      };
      sandbox = await startQuietly({ policies });
      world = new UmaWorld(sandbox);
      const grants = ['authorization_code', 'refresh_token', 'client_credentials', UMA_GRANT];
      client = await world.register({ grant_types: grants });
    });
    beforeEach(() => (grant = undefined));
    afterAll(() => sandbox.close());

    const server = (
      controllers?: Type[],
      client_name = 'Albums',
      requiredScopes: 'any' | 'all' = 'any',
    ): Promise<UmaApp> =>
      start({
        adapter,
        controllers,
        options: {
          uma,
          transport: { type: 'embedded', allowInsecureRequests: true, requiredScopes },
          site: {
            op_host: sandbox.issuer,
            authorization_redirect_uri,
            client_name,
            grant_types: ['authorization_code', 'client_credentials'],
            scope: ['openid', 'uma_protection'],
          },
        },
      });

    async function ticketOf(one: UmaApp, path: string): Promise<string> {
      const { status, headers } = await one.ask(path);
      expect(status).toBe(401);
      const challenge = headers['www-authenticate'] ?? '';
      const [, ticket = ''] = /ticket="([^"]+)"/.exec(challenge) ?? [];
      registerSecret(ticket);
      const expected = `UMA realm="photos.example.com:8443", as_uri="${sandbox.issuer}", ticket="${ticket}"`;
      expect(challenge === expected).toBe(true);
      return ticket;
    }

    async function rptFor(one: UmaApp, path: string): Promise<string> {
      const reply = await world.ask(client, { ticket: await ticketOf(one, path) });
      expect(reply.status).toBe(200);
      return String(reply.body.access_token);
    }

    it('goes from declaration to ticket to RPT to access', async () => {
      const one = await server();
      const rpt = await rptFor(one, '/albums');
      const answer = await one.ask({ path: '/albums', rpt });
      expect(JSON.parse(answer.body)).toMatchObject({
        ran: 'list',
        permissions: [{ resource_id: expect.any(String), resource_scopes: ['view'] }],
      });
      expect(secretsIn(one.log.lines.join('\n'))).toHaveLength(0);
    });

    it('is not opened by the RPT of another resource', async () => {
      const one = await server();
      const rpt = await rptFor(one, '/albums');
      expect((await one.ask({ path: '/admin', rpt })).status).toBe(401);
      expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
    });

    it('is not opened by the RPT of another resource server, with resources of the same names', async () => {
      const [one, other] = [await server(undefined, 'One'), await server(undefined, 'Other')];
      const rpt = await rptFor(other, '/albums');
      expect((await other.ask({ path: '/albums', rpt })).status).toBe(200);
      expect((await one.ask({ path: '/albums', rpt })).status).toBe(401);
    });

    it('is not opened by ordinary tokens: of a client, of a user, the id_token, a PAT, a ticket', async () => {
      const one = await server();
      const user = await world.logIn(client);
      const pat = (await world.resourceServer()).pat;
      const tokens = [
        await world.clientToken(client),
        user.access_token,
        user.id_token,
        pat,
        await ticketOf(one, '/albums'),
      ];
      for (const rpt of tokens) {
        expect((await one.ask({ path: '/albums', rpt })).status).toBe(401);
      }
    });

    it('is not opened by a refresh token, or by a PAT of the application itself', async () => {
      const one = await server();
      const { refresh_token = '' } = await world.logIn(client);
      expect(refresh_token).not.toBe('');
      const { client: own } = await siteOf(one);
      const tokens = [refresh_token, await world.clientToken(own as Client, 'uma_protection')];
      for (const rpt of tokens) {
        const { status, body } = await one.ask({ path: '/albums', rpt });
        expect([status, body.includes('"ran"')]).toEqual([401, false]);
      }
    });

    it.each([
      ['read add', 200],
      ['read all', 200],
      ['read add all', 200],
      ['read', 401],
      ['add all', 401],
      ['all', 401],
    ])('evaluates a scope_expression of an RPT with the scopes %s: %i', async (scopes, status) => {
      const one = await server([protectedBy({ scope_expression: READ_AND_MORE })], 'Expression');
      grant = scopes.split(' ');
      const rpt = await rptFor(one, '/albums');
      expect(asked).toEqual(READ_AND_MORE.data);
      const answer = await one.ask({ path: '/albums', rpt });
      expect([answer.status, answer.body.includes('"ran"')]).toEqual([status, status === 200]);
    });

    it('asks with a ticket for the ticketScopes, of which only scopes open the route', async () => {
      const one = await server([albums(['view'], ['view', 'edit'])], 'Ticket');
      const rpt = await rptFor(one, '/albums');
      expect(asked).toEqual(['view', 'edit']);
      const { body } = await one.ask({ path: '/albums', rpt });
      expect(JSON.parse(body)).toMatchObject({
        ran: 'list',
        permissions: [{ resource_scopes: ['view', 'edit'] }],
      });
      grant = ['edit'];
      const other = await rptFor(one, '/albums');
      expect((await one.ask({ path: '/albums', rpt: other })).status).toBe(401);
    });

    it('requires every scope if requiredScopes is all, compared as exact strings', async () => {
      const one = await server([albums(['read', 'readwrite'])], 'All', 'all');
      for (const some of [['read'], ['readwrite']]) {
        grant = some;
        const rpt = await rptFor(one, '/albums');
        expect((await one.ask({ path: '/albums', rpt })).status).toBe(401);
      }
      grant = ['read', 'readwrite'];
      const rpt = await rptFor(one, '/albums');
      expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
    });

    it('issues a new ticket each time, valid once', async () => {
      const one = await server();
      const tickets = [await ticketOf(one, '/albums'), await ticketOf(one, '/albums')];
      expect(new Set(tickets).size).toBe(2);
      const params = { grant_type: UMA_GRANT, ticket: tickets[0] ?? '' };
      expect((await world.token(client, params)).status).toBe(200);
      expect((await world.token(client, params)).status).toBe(400);
    });
  },
);

describe.each(EMBEDDED_GUARDS)(
  'a protected route on $name, with a scripted authorization server',
  ({ adapter, uma }) => {
    let as: FakeAs;

    beforeAll(async () => {
      as = await FakeAs.start();
    });
    beforeEach(() => as.reset());
    afterAll(() => as.close());

    const site = () => ({ op_host: as.issuer, authorization_redirect_uri, ...RS });
    /** Starts an application whose time limits end when the server leaves a request unanswered. */
    const server = (given: Partial<Given> = {}): Promise<UmaApp> => {
      const clock = new ManualClock();
      as.op.onHang = () => void clock.advance(TIMEOUT);
      const options = { site: site(), ...given.options, uma: { ...uma, ...given.options?.uma } };
      return start({ adapter, clock, ...given, options });
    };

    const NAME = '[GET] /albums';
    const good = (): string => as.rpt(as.item(as.idOf(NAME), 'view'));

    describe('grants no access', () => {
      const past = Math.floor(Date.now() / 1000) - 60;
      const future = Math.floor(Date.now() / 1000) + 3600;

      it.each<[string, () => string]>([
        ['with an RPT without permissions', () => as.rpt()],
        ['with an unknown token', () => token('rpt')],
        ['with the right scope on another resource', () => as.rpt(as.item('other', 'view'))],
        ['with another scope', () => as.rpt(as.item(as.idOf(NAME), 'viewer'))],
        ['with a scope that is the beginning', () => as.rpt(as.item(as.idOf(NAME), 'vie'))],
        ['with the scope in another case', () => as.rpt(as.item(as.idOf(NAME), 'VIEW'))],
        [
          'with the id in another case',
          () => as.rpt(as.item(as.idOf(NAME).toUpperCase().concat('x'), 'view')),
        ],
        ['with an item that has expired', () => expired({ exp: past })],
        ['with an item that is not good yet', () => expired({ nbf: future })],
        ['with an item that has no scopes', () => as.rpt({ resource_id: as.idOf(NAME) })],
        ['with an item that has no id', () => as.rpt({ resource_scopes: ['view'] })],
        ['with an item that has an empty id', () => as.rpt(as.item('', 'view'))],
        ['with the PAT of the application itself', () => as.keep(ownPat(), [])],
        ['with items that are no objects', () => as.rpt(...([null, 'view', 7] as never[]))],
      ])('%s', async (_, rpt) => {
        const one = await server();
        const answer = await one.ask({ path: '/albums', rpt: rpt() });
        expect([401, 403]).toContain(answer.status);
        expect(answer.body).not.toContain('"ran"');
      });

      function ownPat(): string {
        const [, pat = ''] = as.seen('resources')[0]?.headers.authorization?.split(' ') ?? [];
        return pat;
      }

      function expired(times: object): string {
        return as.rpt({ resource_id: as.idOf(NAME), resource_scopes: ['view'], ...times });
      }

      it.each<[string, Record<string, unknown>]>([
        ['active: "true"', { active: 'true' }],
        ['active: 1', { active: 1 }],
        ['no active', { active: undefined }],
        ['permissions that are no list', { permissions: { resource_id: 'x' } }],
        ['a token that has expired', { exp: past }],
        ['a token that is not good yet', { nbf: future }],
      ])('introspected as %s', async (_, said) => {
        const one = await server();
        as.introspection = said;
        const answer = await one.ask({ path: '/albums', rpt: good() });
        expect([401, 403]).toContain(answer.status);
        expect(answer.body).not.toContain('"ran"');
      });
    });

    describe('if the authorization server', () => {
      it.each([
        ['answers introspection with a page', 'rpt', { text: '<h1>welcome</h1>' }],
        ['answers introspection with 500', 'rpt', { status: 500, json: {} }],
        ['does not answer introspection', 'rpt', { hang: true }],
        ['breaks off at introspection', 'rpt', { drop: true }],
        ['refuses the PAT', 'rpt', { status: 401, json: { error: 'invalid_token' } }],
        ['issues no ticket', 'permission', { status: 500, json: {} }],
        ['issues an empty ticket', 'permission', { status: 201, json: { ticket: '' } }],
        ['issues a ticket that is none', 'permission', { status: 201, json: { ticket: 7 } }],
        ['does not answer for a ticket', 'permission', { hang: true }],
        ['issues no PAT', 'pat', { status: 401, json: { error: 'invalid_client' } }],
      ] as const)(
        '%s: 403 with a warning within the limit, and good again',
        async (_, at, answer) => {
          const one = await server();
          // A second start, so that the PAT is not there yet.
          as.revokePats();
          as.on(at, answer);
          const rpt = at === 'permission' ? undefined : good();
          const { passed } = one.clock;
          const refused = await one.ask({ path: '/albums', rpt });
          expect(one.clock.passed - passed).toBe('hang' in answer ? TIMEOUT : 0);
          expect(refused.status).toBe(403);
          expect(refused.headers.warning).toBe('199 - "UMA Authorization Server Unreachable"');
          expect(refused.headers['www-authenticate']).toBeUndefined();
          as.on(at, undefined);
          expect((await one.ask({ path: '/albums', rpt: good() })).status).toBe(200);
          expect((await one.ask('/albums')).status).toBe(401);
          expect(secretsIn(one.log.lines.join('\n'))).toHaveLength(0);
        },
      );

      it('is slow with each of two declarations: both together have twice the limit of one', async () => {
        const timeout = 10_000;
        const one = await server({
          controllers: [Both],
          options: { transport: { ...INSECURE, timeout } },
        });
        // The declaration that is checked first.
        const rpt = as.rpt(as.item(as.idOf('[GET] /two'), 'view'));
        as.on('rpt', async (seen) => {
          await one.clock.advance(0.8 * timeout);
          return as.usual('rpt', seen);
        });
        as.on('permission', { hang: true });
        as.op.onHang = () => void one.clock.advance(0.4 * timeout);
        const { passed } = one.clock;
        const { status, headers, body } = await one.ask({ path: '/both', rpt });
        expect([status, headers.warning !== undefined]).toEqual([403, true]);
        expect(body).not.toContain('"ran"');
        expect([as.seen('rpt').length, as.seen('permission').length]).toEqual([2, 1]);
        expect(one.clock.passed - passed).toBe(2 * timeout);
      });

      it('is not queried before the deadline, because uma.paths is slow: 503', async () => {
        const paths = () => new Promise<string>(() => undefined);
        const one = await server({ options: { uma: { paths } } });
        const asked = one.ask({ path: '/albums', rpt: good() });
        while (one.clock.waiting.length < 2) await settled();
        await one.clock.advance(2 * TIMEOUT);
        const { status, headers } = await asked;
        expect([status, headers['retry-after']]).toEqual([503, '5']);
        expect(as.seen('rpt')).toHaveLength(0);
      });

      it('sends a ticket that no header may carry: 403 with a warning, and no further header', async () => {
        const one = await server();
        as.on('permission', { status: 201, json: { ticket: 'a\r\nX-Evil: 1' } });
        const answer = await one.ask('/albums');
        expect([answer.status, answer.headers['x-evil']]).toEqual([403, undefined]);
        as.on('permission', { status: 201, json: { ticket: 'a"b\\c' } });
        const quoted = await one.ask('/albums');
        expect(quoted.headers['www-authenticate']).toContain(String.raw`ticket="a\"b\\c"`);
      });

      it.each([
        ['is down', 'uma-discovery', { status: 503, text: 'starting' }],
        ['has no UMA', 'uma-discovery', { status: 404, json: {} }],
        ['does not answer', 'uma-discovery', { hang: true }],
        ['refuses a PAT', 'pat', { status: 401, json: { error: 'invalid_client' } }],
        ['does not answer for a PAT', 'pat', { hang: true }],
        ['fails to register', 'resources', { status: 500, json: {} }],
        ['registers with a page', 'resources', { text: '<h1>welcome</h1>' }],
        ['does not answer a registration', 'resources', { hang: true }],
        ['breaks off at a registration', 'resources', { drop: true }],
        ['refuses to register', 'resources', { status: 401, json: { error: 'invalid_token' } }],
        ['registers with an empty id', 'resources', registering('')],
        ['registers with a blank id', 'resources', registering(' ')],
        ['registers with an id that is a path', 'resources', registering('..')],
        ['registers without an id', 'resources', registering(undefined)],
      ] as const)(
        '%s at start: 503 until it is healthy, then it works by itself',
        async (_, at, answer) => {
          as.on(at, answer);
          const one = await server({ options: { eager: false } });
          await eventually(async () => {
            const refused = await one.ask({ path: '/albums', rpt: as.rpt(as.item('', 'view')) });
            expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
            return { ...refused, status: one.log.with('error', 'trying again').length };
          }, 1);
          expect((await one.ask('/albums')).status).toBe(503);
          expect([as.seen('permission').length, as.seen('rpt').length]).toEqual([0, 0]);
          as.on(at, undefined);
          await one.clock.advance(60_000);
          await eventually(() => one.ask('/albums'), 401);
          expect((await one.ask({ path: '/albums', rpt: good() })).status).toBe(200);
          expect(as.names).toEqual(['[GET] /admin', NAME]);
          expect(secretsIn(one.log.lines.join('\n'))).toHaveLength(0);
        },
      );

      function registering(_id: string | undefined) {
        return { status: 201, json: { _id } };
      }

      it('stops and comes back without its memory: everything is registered again', async () => {
        const first = await FakeAs.start();
        const { port } = new URL(first.issuer);
        const one = await server({
          options: { site: { ...site(), op_host: first.issuer }, transport: INSECURE },
        });
        await first.close();
        const down = await one.ask({ path: '/albums', rpt: token('rpt') });
        expect([down.status, down.headers.warning !== undefined]).toEqual([403, true]);
        const second = closing(await FakeAs.start(Number(port)));
        await one.clock.advance(60_000);
        await eventually(() => one.ask('/albums'), 401);
        const rpt = second.rpt(second.item(second.idOf(NAME), 'view'));
        expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
        expect((await one.ask('/admin')).status).toBe(401);
      });
    });

    it('costs 32 requests at once one PAT and one registration', async () => {
      const one = await server({ controllers: [albums(['view'])] });
      const rpts = Array.from({ length: 32 }, good);
      expect([as.seen('pat').length, as.seen('resources', 'POST').length]).toEqual([1, 1]);
      as.revokePats();
      const answers = await Promise.all(rpts.map((rpt) => one.ask({ path: '/albums', rpt })));
      expect(answers.map(({ status }) => status)).toEqual(Array(32).fill(200));
      expect(as.seen('pat')).toHaveLength(2);
      expect(as.seen('resources', 'POST')).toHaveLength(1);
      const pat = as.seen('rpt').at(-1)?.headers.authorization;
      const accepted = as.seen('rpt').filter(({ headers }) => headers.authorization === pat);
      expect(accepted).toHaveLength(32);
    });

    it('costs 32 requests at once to an application that has just begun no more than that', async () => {
      const { client_id: _, client_secret: __, ...unregistered } = site();
      const gate = closedGate();
      as.on('pat', async (seen) => {
        await gate.passed;
        return as.usual('pat', seen);
      });
      const one = await server({
        controllers: [albums(['view'])],
        options: { site: unregistered, eager: false, transport: { ...INSECURE, timeout: 10_000 } },
      });
      await expectAll(one, { path: '/albums' }, 503);
      gate.open();
      await eventually(() => one.ask('/albums'), 401);
      await expectAll(one, { path: '/albums' }, 401);
      await expectAll(one, { path: '/albums', rpt: good() }, 200);
      expect(as.op.seen('register')).toHaveLength(1);
      expect(as.seen('uma-discovery')).toHaveLength(1);
      expect(as.seen('pat')).toHaveLength(1);
      expect(as.seen('resources', 'POST')).toHaveLength(1);
      expect(as.names).toEqual([NAME]);
    });

    /** 32 times the same at once. */
    async function expectAll(one: UmaApp, asked: Asked, status: number): Promise<void> {
      const answers = await Promise.all(Array.from({ length: 32 }, () => one.ask(asked)));
      expect(answers.map((answer) => answer.status)).toEqual(Array(32).fill(status));
    }

    describe('a further start', () => {
      const twice = async (
        first: Type[],
        second: Type[],
        uma: OxdModuleOptions['uma'] = {},
      ): Promise<UmaApp> => {
        const store = new MemoryStore();
        const before = await server({ controllers: first, options: { store } });
        await closeNow(before);
        const names = as.names;
        expect(names.length).toBe(first.length);
        return server({ controllers: second, options: { store, uma } });
      };

      it('registers nothing for equal declarations', async () => {
        await twice([albums(['view']), Admin], [Admin, albums(['view'])]);
        expect(as.seen('resources', 'POST')).toHaveLength(2);
        expect(as.seen('resources', 'PUT', 'DELETE')).toHaveLength(0);
      });

      it('changes a resource in place, so that policies on it stay', async () => {
        let id = '';
        const first = albums(['view']);
        const one = await twice([first], [albums(['view', 'edit'])]);
        id = as.idOf(NAME);
        expect(as.seen('resources', 'POST')).toHaveLength(1);
        expect(as.seen('resources', 'PUT').map(({ url }) => url.endsWith(id))).toEqual([true]);
        expect(as.resources.get(id)).toMatchObject({ resource_scopes: ['view', 'edit'] });
        const rpt = as.rpt(as.item(id, 'edit'));
        expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
      });

      it('retains and logs a resource that is no longer declared', async () => {
        const one = await twice([albums(['view']), Admin], [albums(['view'])]);
        expect(as.names).toEqual(['[GET] /admin', NAME]);
        expect(one.log.with('warn', 'Declared no longer')[0]).toContain('GET /admin');
        expect((await one.ask('/admin')).status).toBe(404);
      });

      it('deletes only undeclared resources with uma.overwrite', async () => {
        await twice([albums(['view']), Admin], [albums(['view'])], { overwrite: true });
        expect(as.names).toEqual([NAME]);
        expect(as.seen('resources', 'DELETE')).toHaveLength(1);
        expect(as.seen('resources', 'POST')).toHaveLength(2);
      });
    });

    it('registers again what an administrator deleted: 503 in between', async () => {
      const one = await server();
      const id = as.idOf(NAME);
      await one.clock.advance(10_000);
      as.resources.delete(id);
      const refused = await one.ask('/albums');
      expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
      await eventually(() => one.ask('/albums'), 401);
      expect(as.idOf(NAME)).not.toBe(id);
      expect((await one.ask({ path: '/albums', rpt: good() })).status).toBe(200);
      expect(as.seen('resources', 'POST')).toHaveLength(3);
    });

    it('is registered once by two replicas that boot at once on one store', async () => {
      const store = new MemoryStore();
      await Promise.all([1, 2].map(() => server({ options: { store } })));
      expect(as.names).toEqual(['[GET] /admin', NAME]);
      expect(as.seen('resources', 'POST')).toHaveLength(2);
    });
  },
);
