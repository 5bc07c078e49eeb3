import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Post, UseGuards, type Type } from '@nestjs/common';
import { OxdClient } from '../../lib/oxd-client/oxd-client.js';
import type { RegisteredSite } from '../../lib/embedded/registration/site-record.js';
import {
  MemoryStore,
  OidcService,
  OxdStore,
  Rpt,
  UmaGuard,
  UmaProtected,
  type OxdModuleOptions,
  type UmaPermission,
} from '../../lib/index.js';
import type { Sandbox } from '../../lib/sandbox/sandbox.js';
import { OxdServer, type OxdServerOptions } from '../../lib/testing/testing.js';
import {
  UmaWorld,
  startQuietly,
  type Client,
  type RegisteredResource,
} from '../support/sandbox-uma-world.js';
import { closeNow, closing } from '../support/closing.js';
import { FakeAs } from '../support/fake-as.js';
import { registerSecret, secretsIn } from '../support/secrets.js';
import {
  GUARDS,
  SITE,
  eventually,
  startUmaApp,
  type Answer,
  type UmaApp,
} from '../support/uma-app.js';

function albums(...scopes: string[]): Type {
  @Controller('albums')
  @UseGuards(UmaGuard)
  class Albums {
    @Get()
    @UmaProtected({ scopes })
    list(@Rpt() permissions: readonly UmaPermission[] | undefined) {
      return { ran: 'list', told: permissions !== undefined };
    }
  }
  return Albums;
}

@Controller('admin')
@UseGuards(UmaGuard)
class Admin {
  @Get()
  @UmaProtected({ scopes: ['view'] })
  all() {
    return { ran: 'admin' };
  }

  @Post()
  @UmaProtected({ scopes: ['view'] })
  add() {
    return { ran: 'add' };
  }
}

/** State of an oxd-server that persists when it stops. */
class Oxd {
  readonly store = new MemoryStore();
  port = 0;
  private server: OxdServer;

  private constructor(private readonly options: OxdServerOptions) {}

  static async start(options: OxdServerOptions = {}): Promise<Oxd> {
    const oxd = new Oxd(options);
    await oxd.open();
    return closing(oxd);
  }

  /** At the port where it was, with what it had kept, or without. */
  async restart({ forgetful = false } = {}): Promise<void> {
    await this.open({ ...(forgetful && { store: new MemoryStore() }) });
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private async open(options: OxdServerOptions = {}): Promise<void> {
    this.server = await OxdServer.start({
      store: this.store,
      allowInsecureRequests: true,
      onSecret: registerSecret,
      port: this.port,
      ...this.options,
      ...options,
    });
    this.port = this.server.port;
  }
}

/** A store of which the application does not know that it forgets. */
function keptStore(): OxdStore {
  const memory = new MemoryStore();
  return {
    get: (key) => memory.get(key),
    set: (key, value, ttl) => memory.set(key, value, ttl),
    delete: (key) => memory.delete(key),
    add: (key, value, ttl) => memory.add(key, value, ttl),
  };
}

const UNREACHABLE = '199 - "UMA Authorization Server Unreachable"';

function expectUnreachable({ status, headers, body }: Answer): void {
  expect([status, headers.warning]).toEqual([403, UNREACHABLE]);
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  expect(headers).not.toHaveProperty('www-authenticate');
  expect(JSON.parse(body)).toMatchObject({ error: 'UMA_SERVER_UNREACHABLE' });
}

function expectUnavailable({ status, headers, body }: Answer, retryAfter: string): void {
  expect([status, headers['retry-after']]).toEqual([503, retryAfter]);
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  expect(headers).not.toHaveProperty('www-authenticate');
  expect(JSON.parse(body)).toMatchObject({ error: 'UMA_UNAVAILABLE' });
}

interface Given {
  readonly oxd: Oxd;
  readonly op_host: string;
  readonly client_name?: string;
  readonly controllers?: Type[];
  readonly options?: Partial<OxdModuleOptions>;
  readonly version?: '3.1.1' | '3.1.4';
}

describe.each(GUARDS)('a protected route on $name, through oxd-server', ({ adapter, uma }) => {
  async function start({ oxd, op_host, ...given }: Given): Promise<UmaApp> {
    const { client_name = 'Albums', controllers = [albums('view'), Admin] } = given;
    const { version = '3.1.4', options } = given;
    return closing(
      await startUmaApp({
        adapter,
        controllers,
        options: {
          site: {
            op_host,
            authorization_redirect_uri: SITE.authorization_redirect_uri,
            client_name,
            grant_types: ['authorization_code', 'client_credentials'],
            scope: ['openid', 'uma_protection'],
          },
          transport: { type: 'socket', port: oxd.port, version },
          eager: true,
          ...options,
          uma: { ...uma, ...options?.uma },
        },
      }),
    );
  }

  describe('and the sandbox', () => {
    let directory: string;
    let sandbox: Sandbox;
    let world: UmaWorld;
    let client: Client;
    /** The only ids that a policy grants; all where there are none. */
    let granted: ReadonlySet<string> | undefined;

    const open = async (port?: number): Promise<void> => {
      sandbox = await startQuietly({
        ...(port !== undefined && { port }),
        clientsFile: join(directory, 'clients.json'),
        policies: ({ resource }) => (granted?.has(resource._id) === false ? 'deny' : 'grant'),
      });
      world = new UmaWorld(sandbox);
    };
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'oxd-uma-'));
      await open();
      client = await world.register();
    });
    beforeEach(() => (granted = undefined));
    afterAll(async () => {
      await sandbox.close();
      await rm(directory, { recursive: true });
    });

    const app = (oxd: Oxd, given: Partial<Given> = {}): Promise<UmaApp> =>
      start({ oxd, op_host: sandbox.issuer, ...given });

    async function ask(one: UmaApp, path: string) {
      const { status, headers } = await one.ask(path);
      expect(status).toBe(401);
      const [, ticket = ''] = /ticket="([^"]+)"/.exec(headers['www-authenticate'] ?? '') ?? [];
      registerSecret(ticket);
      return world.ask(client, { ticket });
    }

    async function rptFor(one: UmaApp, path: string): Promise<string> {
      return String((await ask(one, path)).body.access_token);
    }

    async function resourcesOf(one: UmaApp, oxd: Oxd): Promise<RegisteredResource[]> {
      const oxd_id = await one.app.get(OxdClient, { strict: false }).oxdId();
      const { client: own } = (await oxd.store.get(`site:${oxd_id}`)) as RegisteredSite;
      return world.resourcesOf({ pat: await world.clientToken(own as Client, 'uma_protection') });
    }

    it('goes from declaration to ticket to RPT to access, without the permissions', async () => {
      const one = await app(await Oxd.start());
      const denied = await one.ask('/albums');
      const challenge = denied.headers['www-authenticate'] ?? '';
      const [, ticket = ''] = /ticket="([^"]+)"$/.exec(challenge) ?? [];
      registerSecret(ticket);
      const expected = `UMA realm="photos.example.com:8443", as_uri="${sandbox.issuer}", ticket="${ticket}"`;
      expect([denied.status, challenge === expected]).toEqual([401, true]);
      expect(denied.headers).toMatchObject({
        'cache-control': 'no-store',
        'access-control-expose-headers': 'WWW-Authenticate',
      });
      const rpt = String((await world.ask(client, { ticket })).body.access_token);
      const answer = await one.ask({ path: '/albums', rpt });
      expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { ran: 'list', told: false }]);
      for (const [method, path] of [
        ['GET', '/admin'],
        ['POST', '/admin'],
      ] as const) {
        expect((await one.ask({ method, path, rpt })).status).toBe(401);
      }
      const ticketOnly = await one.ask({ path: '/albums', rpt: ticket });
      expect(ticketOnly.status).toBe(401);
      expect(secretsIn(one.log.lines.join('\n'))).toHaveLength(0);
    });

    it('responds with 503 while oxd-server is down, and recovers', async () => {
      const oxd = await Oxd.start();
      const one = await app(oxd);
      const rpt = await rptFor(one, '/albums');
      await oxd.close();
      expectUnavailable(await one.ask({ path: '/albums', rpt }), '5');
      expectUnavailable(await one.ask('/albums'), '5');
      await oxd.restart();
      expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
      expect((await one.ask('/albums')).status).toBe(401);
    });

    it('responds with 503 until oxd-server, down at start, is reachable', async () => {
      const oxd = await Oxd.start();
      await oxd.close();
      const one = await app(oxd, { options: { eager: false } });
      await eventually(async () => {
        const answer = await one.ask('/albums');
        expectUnavailable(answer, '1');
        return { ...answer, status: one.clock.waiting.length };
      }, 1);
      await oxd.restart();
      await one.clock.advance(60_000);
      await eventually(() => one.ask('/albums'), 401);
      const rpt = await rptFor(one, '/albums');
      expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
    });

    it('responds with 503 after oxd-server lost its data, and registers everything again', async () => {
      const oxd = await Oxd.start();
      const one = await app(oxd);
      const rpt = await rptFor(one, '/albums');
      await oxd.close();
      await oxd.restart({ forgetful: true });
      expectUnavailable(await one.ask({ path: '/albums', rpt }), '1');
      await eventually(() => one.ask({ path: '/albums', rpt }), 401);
      const other = await rptFor(one, '/albums');
      expect((await one.ask({ path: '/albums', rpt: other })).status).toBe(200);
    });

    it('responds with 403 and a Warning while the server behind oxd is down, and recovers', async () => {
      const one = await app(await Oxd.start());
      const rpt = await rptFor(one, '/albums');
      const { port } = new URL(sandbox.issuer);
      await sandbox.close();
      expectUnreachable(await one.ask({ path: '/albums', rpt }));
      expectUnreachable(await one.ask('/albums'));
      await open(Number(port));
      const other = await rptFor(one, '/albums');
      expect((await one.ask({ path: '/albums', rpt: other })).status).toBe(200);
    });

    it('stays closed on 3.1.1 if another application protects the same path there', async () => {
      const version = '3.1.1';
      const oxd = await Oxd.start({ version });
      const first = await app(oxd, { version, options: { store: keptStore() } });
      const rpt = await rptFor(first, '/albums');
      const controllers = [albums('view')];
      const options = { store: keptStore(), eager: false };
      for (let starts = 0; starts < 2; starts++) {
        const other = await app(oxd, { version, client_name: 'Other', controllers, options });
        const said = () => other.log.with('error', 'another application at this oxd-server');
        await eventually(async () => {
          const answer = await other.ask({ path: '/albums', rpt });
          expect(answer.status).toBe(503);
          return { ...answer, status: said().length };
        }, 1);
        expectUnavailable(await other.ask({ path: '/albums', rpt }), '3600');
        expect(said()[0]).toContain('GET /albums (Albums.list)');
        await closeNow(other);
      }
      expect((await first.ask({ path: '/albums', rpt })).status).toBe(200);
    });

    describe('a further start', () => {
      let oxd: Oxd;
      let before: RegisteredResource[];
      let store: MemoryStore;

      beforeEach(async () => {
        oxd = await Oxd.start();
        store = new MemoryStore();
        const one = await app(oxd, { options: { store } });
        before = await resourcesOf(one, oxd);
        granted = new Set(before.map(({ _id }) => _id));
        await closeNow(one);
      });

      const again = (controllers: Type[], overwrite = false): Promise<UmaApp> =>
        app(oxd, { controllers, options: { store, uma: { overwrite } } });

      it.each([false, true])(
        'changes nothing where the same is declared, uma.overwrite: %s',
        async (overwrite) => {
          const names = ['[GET] /admin', '[GET] /albums', '[POST] /admin'];
          expect(before.map(({ name }) => name)).toEqual(names);
          const one = await again([Admin, albums('view')], overwrite);
          expect(await resourcesOf(one, oxd)).toEqual(before);
          const rpt = await rptFor(one, '/albums');
          expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
          expect(one.log.with('warn', '')).toEqual([]);
        },
      );

      it('logs a change that is not in effect, and checks the earlier declaration', async () => {
        const one = await again([albums('edit'), Admin]);
        expect(one.log.with('warn', 'Not in effect')[0]).toContain('GET /albums (Albums.list)');
        expect(await resourcesOf(one, oxd)).toEqual(before);
        const rpt = await rptFor(one, '/albums');
        expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
      });

      it('retains and logs a resource that is no longer declared', async () => {
        const one = await again([albums('view')]);
        expect(one.log.with('warn', 'Declared no longer')[0]).toContain('GET /admin, POST /admin');
        expect(await resourcesOf(one, oxd)).toEqual(before);
        expect((await one.ask('/admin')).status).toBe(404);
      });

      it('replaces all resources with uma.overwrite, and their policies are lost', async () => {
        const one = await again([albums('edit')], true);
        const after = await resourcesOf(one, oxd);
        expect(after).toMatchObject([{ name: '[GET] /albums', resource_scopes: ['edit'] }]);
        expect(granted?.has(after[0]?._id ?? '')).toBe(false);
        expect((await ask(one, '/albums')).status).toBe(403);
        granted = undefined;
        const rpt = await rptFor(one, '/albums');
        expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
      });
    });
  });

  it('lets no RPT of another application in on 3.1.1, where all have one list', async () => {
    const version = '3.1.1';
    const as = closing(await FakeAs.start());
    const oxd = await Oxd.start({ version });
    const given = { oxd, op_host: as.issuer, version } as const;
    const first = await start({ ...given, options: { store: keptStore() } });
    const rpt = as.rpt(as.item(as.idOf('[GET] /albums'), 'view'));
    expect((await first.ask({ path: '/albums', rpt })).status).toBe(200);
    const options = { store: keptStore(), eager: false };
    const other = await start({
      ...{ ...given, client_name: 'Other', controllers: [albums('view')], options },
    });
    const said = () => other.log.with('error', 'another application at this oxd-server');
    await eventually(async () => {
      const answer = await other.ask({ path: '/albums', rpt });
      expect(answer.status).toBe(503);
      return { ...answer, status: said().length };
    }, 1);
    expectUnavailable(await other.ask({ path: '/albums', rpt }), '3600');
  });

  describe.each([
    ['3.1.4', 400],
    ['3.1.4', 404],
    ['3.1.1', 400],
    ['3.1.1', 404],
  ] as const)(
    '%s, after a resource was deleted and a ticket is rejected with %i',
    (version, status) => {
      const NAME = '[GET] /albums';
      let as: FakeAs;
      let oxd: Oxd;
      let store: OxdStore;

      beforeEach(async () => {
        as = closing(await FakeAs.start());
        oxd = await Oxd.start({ version });
        store = keptStore();
        const one = await app();
        const id = as.idOf(NAME);
        as.resources.delete(id);
        as.on('permission', (seen) =>
          seen.body.includes(id)
            ? { status, json: { error: 'not_found' } }
            : as.usual('permission', seen),
        );
        await expectRefused(one);
        await closeNow(one);
      });

      const app = (
        options: Partial<OxdModuleOptions> = {},
        controllers?: Type[],
      ): Promise<UmaApp> =>
        start({ oxd, op_host: as.issuer, version, controllers, options: { store, ...options } });
      const good = (name: string): string => as.rpt(as.item(as.idOf(name), 'view'));

      /** The resource of another application stays closed until an operator acts. */
      async function expectRefused(one: UmaApp): Promise<void> {
        const registered = as.seen('resources', 'POST', 'DELETE').length;
        expectUnreachable(await one.ask('/albums'));
        await one.clock.advance(600_000);
        expectUnreachable(await one.ask({ path: '/albums', rpt: good('[GET] /admin') }));
        expect((await one.ask({ path: '/admin', rpt: good('[GET] /admin') })).status).toBe(200);
        expect((await one.ask('/admin')).status).toBe(401);
        expect(as.seen('resources', 'POST', 'DELETE')).toHaveLength(registered);
      }

      async function expectGoodAgain(one: UmaApp): Promise<void> {
        await eventually(() => one.ask('/albums'), 401);
        const [id] = [...as.resources].filter(([, it]) => it.name === NAME).at(-1) ?? [];
        const rpt = as.rpt(as.item(id ?? '', 'view'));
        expect((await one.ask({ path: '/albums', rpt })).status).toBe(200);
      }

      it.each([false, true])(
        'stays denied over a restart, uma.overwrite: %s',
        async (overwrite) => {
          await expectRefused(await app({ uma: { overwrite } }));
        },
      );

      it('lets no change through with uma.overwrite: oxd cannot delete it a second time', async () => {
        const controllers = [albums('edit'), Admin];
        const one = await app({ uma: { overwrite: true }, eager: false }, controllers);
        if (version === '3.1.1') return expectRefused(one);
        await eventually(async () => {
          const answer = await one.ask('/albums');
          expect(answer.status).toBe(503);
          return { ...answer, status: one.log.with('error', 'trying again').length };
        }, 1);
        expectUnavailable(await one.ask('/albums'), '3600');
        expectUnavailable(await one.ask({ path: '/admin', rpt: good('[GET] /admin') }), '3600');
        await one.app.get(OidcService).removeSite();
        await one.clock.advance(3_600_000);
        await eventually(() => one.ask('/albums'), 401);
      });

      it('is protected again after a new registration of the site', async () => {
        if (version === '3.1.1') {
          await oxd.close();
          await oxd.restart({ forgetful: true });
          return expectGoodAgain(await app({ store: keptStore() }));
        }
        const one = await app();
        await one.app.get(OidcService).removeSite();
        expectUnavailable(await one.ask('/albums'), '1');
        await expectGoodAgain(one);
      });
    },
  );
});
