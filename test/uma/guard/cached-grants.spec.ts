import { inspect } from 'node:util';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import {
  OidcService,
  OxdClock,
  OxdTransport,
  Rpt,
  UmaGuard,
  UmaProtected,
  UmaService,
  type UmaPermission,
  type UmaRsCheckAccessParams,
  type UmaRsCheckAccessResult,
} from '../../../lib/index.js';
import { OxdClient } from '../../../lib/oxd-client/oxd-client.js';
import { closing } from '../../support/closing.js';
import { settled } from '../../support/manual-clock.js';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import { AuthorizationServer, refusal, startUmaApp, type UmaApp } from '../../support/uma-app.js';

@Controller()
@UseGuards(UmaGuard)
class Albums {
  @Get('albums')
  @UmaProtected({ scopes: ['view'] })
  list(@Rpt() permissions: readonly UmaPermission[], @Rpt('sub') sub: string) {
    return { permissions, sub };
  }

  @Post('albums')
  @UmaProtected({ scopes: ['add'] })
  add() {
    return 'added';
  }

  @Get('photos')
  @UmaProtected({ scopes: ['view'] })
  photos() {
    return 'photos';
  }
}

const TTL = 30_000;
const MAX = 3;
const INVALID = { error: 'invalid_request' };

let one: UmaApp;
let server: AuthorizationServer;

async function start(transport = new AuthorizationServer()): Promise<void> {
  one = closing(
    await startUmaApp({
      controllers: [Albums],
      transport,
      options: { uma: { cache: { ttl: TTL, max: MAX } } },
    }),
  );
  server = transport;
}

const statusOf = async (rpt: string, path = '/albums', method = 'GET'): Promise<number> =>
  (await one.ask({ path, method, rpt })).status;

/** Number of checks that some work causes. */
async function checks(work: () => Promise<unknown>): Promise<number> {
  const before = server.sent('uma_rs_check_access').length;
  await work();
  return server.sent('uma_rs_check_access').length - before;
}

/** Replies to each check with this result. */
const reply = (result: (params: UmaRsCheckAccessParams) => UmaRsCheckAccessResult): void =>
  server.script({ uma_rs_check_access: result });

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const value = `${part({ alg: 'RS256' })}.${part(claims)}.${'c2ln'.repeat(10)}`;
  registerSecret(value);
  return value;
}

const seconds = (after: number): number => Math.floor(one.clock.now() / 1000) + after;

describe('a granted check of a transport without an own cache', () => {
  beforeEach(() => start());

  it('is not executed again, and the handler receives the same', async () => {
    const rpt = server.issue('GET /albums');
    const first = await one.ask({ path: '/albums', rpt });
    expect(first.body).toContain('alice');
    let second = first;
    expect(await checks(async () => (second = await one.ask({ path: '/albums', rpt })))).toBe(0);
    expect(second).toMatchObject({ status: 200, body: first.body });
  });

  it('grants the same RPT, path and method only', async () => {
    const rpt = server.issue('GET /albums');
    expect(await statusOf(rpt)).toBe(200);
    const count = await checks(async () => {
      expect(await statusOf(rpt, '/photos')).toBe(401);
      expect(await statusOf(rpt, '/albums', 'POST')).toBe(401);
      expect(await statusOf(`${rpt}_`)).toBe(401);
    });
    expect(count).toBe(3);
  });

  it('grants the same site and the same scopes only', async () => {
    reply(() => ({ access: 'granted' }));
    const client = one.app.get(OxdClient, { strict: false });
    const check = { path: '/albums', http_method: 'GET', rpt: server.issue('GET /albums') };
    await client.execute('uma_rs_check_access', { ...check, scopes: ['a', 'b'] });
    expect(client.cachedAccess({ ...check, scopes: ['a', 'b'] })).toEqual({ access: 'granted' });
    expect(client.cachedAccess({ ...check, scopes: ['a b'] })).toBeUndefined();
    expect(client.cachedAccess(check)).toBeUndefined();
    const other = { ...check, scopes: ['a', 'b'], oxd_id: 'site-2' };
    expect(client.cachedAccess(other)).toBeUndefined();
  });

  it('is the least recently used of more than max, and is executed again', async () => {
    reply(() => ({ access: 'granted' }));
    const [first = '', second = '', third = ''] = [1, 2, 3].map(() => server.issue('GET /albums'));
    const retained = async () => {
      await statusOf(first, '/photos');
      await statusOf(second);
      await statusOf(first);
    };
    await retained();
    expect(await checks(retained)).toBe(0);
    await statusOf(third);
    expect(await checks(() => statusOf(first))).toBe(0);
    expect(await checks(() => statusOf(first, '/photos'))).toBe(1);
  });

  it('does not change when its first caller changes the result', async () => {
    const rpt = server.issue('GET /albums');
    const { body } = await one.ask({ path: '/albums', rpt: server.issue('GET /albums') });
    const check = { path: '/albums', http_method: 'GET', rpt, scopes: ['view'] };
    const result = await service().checkAccess(check);
    Object.assign(result, { sub: 'mallory', permissions: [] });
    let second = '';
    expect(
      await checks(async () => ({ body: second } = await one.ask({ path: '/albums', rpt }))),
    ).toBe(0);
    expect(second).toBe(body);
  });

  it('neither freezes nor shares the permissions of its transport', async () => {
    const resource_scopes = ['view'];
    const permissions = [{ resource_id: '1', resource_scopes }];
    const transport = new AuthorizationServer();
    const result = { access: 'granted', permissions };
    const execute = transport.execute.bind(transport);
    transport.execute = async (command, params) => {
      const own = await execute(command, params);
      return command === 'uma_rs_check_access' ? result : own;
    };
    await start(transport);
    const rpt = server.issue('GET /albums');
    await statusOf(rpt);
    resource_scopes.push('delete');
    permissions.push({ resource_id: '2', resource_scopes });
    const check = { path: '/albums', http_method: 'GET', rpt, scopes: ['view'] };
    const cached = one.app.get(OxdClient, { strict: false }).cachedAccess(check);
    expect(cached?.permissions).toEqual([{ resource_id: '1', resource_scopes: ['view'] }]);
    const parts = [cached, cached?.permissions, ...(cached?.permissions ?? [])];
    expect(parts.every((part) => Object.isFrozen(part))).toBe(true);
    expect(Object.isFrozen(cached?.permissions?.[0]?.resource_scopes)).toBe(true);
  });

  it.each([
    { name: 'ttl', milliseconds: TTL, claims: { exp: 3600 }, permission: undefined },
    { name: 'ttl for a JWT without exp', milliseconds: TTL, claims: {}, permission: undefined },
    { name: 'exp of a JWT', milliseconds: 10_000, claims: { exp: 10 }, permission: undefined },
    { name: 'exp of a permission', milliseconds: 20_000, claims: {}, permission: 20 },
  ])('ends with $name', async ({ milliseconds, claims: { exp }, permission }) => {
    await one.clock.advance(1000 - (one.clock.now() % 1000));
    const rpt = jwt(exp === undefined ? {} : { exp: seconds(exp) });
    const end = permission && seconds(permission);
    const item = { resource_id: '1', resource_scopes: ['view'], ...(end && { exp: end }) };
    reply(() => ({ access: 'granted', permissions: [item] }));
    await statusOf(rpt);
    await one.clock.advance(milliseconds - 1);
    expect(await checks(() => statusOf(rpt))).toBe(0);
    await one.clock.advance(1);
    expect(await checks(() => statusOf(rpt))).toBe(1);
  });

  it.each([
    { name: 'no JWT', rpt: 'opaque-token-of-oxd' },
    { name: 'no JSON', rpt: 'head.bm8gSlNPTg.signature' },
    { name: 'a list', rpt: `head.${Buffer.from('[1]').toString('base64url')}.signature` },
    { name: 'an exp that is a string', rpt: jwt({ exp: '1' }) },
  ])('ends with ttl for an RPT that is $name', async ({ rpt }) => {
    reply(() => ({ access: 'granted' }));
    await statusOf(rpt);
    await one.clock.advance(TTL - 1);
    expect(await checks(() => statusOf(rpt))).toBe(0);
    await one.clock.advance(1);
    expect(await checks(() => statusOf(rpt))).toBe(1);
  });

  it('is not retained with too many permissions', async () => {
    const resource_scopes = ['x'.repeat(20_000)];
    reply(() => ({ access: 'granted', permissions: [{ resource_id: '1', resource_scopes }] }));
    const rpt = server.issue('GET /albums');
    await statusOf(rpt);
    expect(await checks(() => statusOf(rpt))).toBe(1);
  });

  it('is printed nowhere', async () => {
    const rpt = server.issue('GET /albums');
    await statusOf(rpt);
    const client = one.app.get(OxdClient, { strict: false });
    const printed = inspect(client, { depth: Infinity, showHidden: true });
    expect(secretsIn(printed)).toEqual([]);
    expect(printed).not.toContain('alice');
  });

  const service = () => one.app.get(UmaService);

  const CLEARINGS: readonly { name: string; clear: (rpt: string) => Promise<unknown> }[] = [
    {
      name: 'protect()',
      clear: () =>
        service().protect({
          resources: [{ path: '/x', conditions: [{ httpMethods: ['GET'], scopes: ['x'] }] }],
        }),
    },
    {
      name: 'protect(), also if it fails',
      clear: async () => {
        server.script({ uma_rs_protect: refusal('internal_error') });
        const failed = service().protect({ resources: [] });
        await expect(failed).rejects.toMatchObject({ error: 'internal_error' });
      },
    },
    {
      name: 'modify()',
      clear: () => {
        server.script({ uma_rs_modify: { oxd_id: 'site-1' } });
        return service().modify({ path: '/albums', http_method: 'GET', scopes: ['view'] });
      },
    },
    {
      name: 'updateSite()',
      clear: () => {
        server.script({ update_site: { oxd_id: 'site-1' } });
        return one.app.get(OidcService).updateSite({ client_name: 'another name' });
      },
    },
    {
      name: 'removeSite()',
      clear: () => {
        server.script({ remove_site: { oxd_id: 'site-1' } });
        return one.app.get(OidcService).removeSite({});
      },
    },
    {
      name: 'invalid_request of another check of the resource',
      clear: async () => {
        reply(() => {
          throw refusal('invalid_request');
        });
        expect(await statusOf(server.issue('GET /albums'))).toBe(503);
      },
    },
    {
      name: 'invalid_request of a check that names the resource in other letters',
      clear: async () => {
        reply(() => {
          throw refusal('invalid_request');
        });
        const check = { path: '/Albums', http_method: 'get', rpt: 'another' };
        await expect(service().checkAccess(check)).rejects.toMatchObject(INVALID);
      },
    },
    {
      name: 'a check of another resource that is denied',
      clear: async (rpt) => {
        reply(() => server.denied());
        expect(await statusOf(rpt, '/photos')).toBe(401);
      },
    },
    {
      name: 'introspectRpt() that finds the RPT inactive',
      clear: (rpt) => {
        server.script({ introspect_rpt: { active: false } });
        return service().introspectRpt({ rpt });
      },
    },
  ];

  it.each(CLEARINGS)('is cleared by $name', async ({ clear }) => {
    const rpt = server.issue('GET /albums');
    await statusOf(rpt);
    await clear(rpt);
    reply((params) => server.check(params));
    await one.clock.advance(5_000);
    expect(await checks(() => statusOf(rpt))).toBe(1);
  });

  it.each(CLEARINGS)('is not retained if it ends after $name', async ({ clear }) => {
    const rpt = server.issue('GET /albums');
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    server.script({
      uma_rs_check_access: async () => {
        await opened;
        return { access: 'granted' };
      },
    });
    const before = statusOf(rpt);
    await settled();
    reply((params) => server.check(params));
    await clear(rpt);
    open();
    expect(await before).toBe(200);
    reply((params) => server.check(params));
    await one.clock.advance(5_000);
    expect(await checks(() => statusOf(rpt))).toBe(1);
  });

  it('remains after introspectRpt() that finds the RPT active', async () => {
    const rpt = server.issue('GET /albums');
    await statusOf(rpt);
    server.script({ introspect_rpt: { active: true } });
    await service().introspectRpt({ rpt });
    expect(await checks(() => statusOf(rpt))).toBe(0);
  });

  it('remains after many other RPTs are denied, and many unknown paths are checked', async () => {
    const rpt = server.issue('GET /albums');
    await statusOf(rpt);
    reply(({ path }) => {
      if (path !== '/photos') throw refusal('invalid_request');
      return server.denied();
    });
    for (let index = 0; index < 1001; index += 1) {
      const check = { http_method: 'GET', rpt: `denied-${index}` };
      const denied = await service().checkAccess({ ...check, path: '/photos' });
      expect(denied.access).toBe('denied');
      const unknown = service().checkAccess({ ...check, path: `/unknown/${index}` });
      await expect(unknown).rejects.toMatchObject(INVALID);
    }
    expect(await checks(() => statusOf(rpt))).toBe(0);
  });
});

describe('a check that was not granted', () => {
  beforeEach(() => start());

  it('is executed each time, and gets its own ticket', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => one.ask('/albums')));
    const headers = answers.map((answer) => answer.headers['www-authenticate']);
    expect(new Set(headers).size).toBe(100);
    const rpt = server.issue('GET /photos');
    expect(await checks(async () => (await statusOf(rpt), statusOf(rpt)))).toBe(2);
  });

  it.each(['internal_error', 'invalid_request', 'key_id_not_found'])(
    'because of %s is executed each time',
    async (error) => {
      const rpt = server.issue('GET /albums');
      reply(() => {
        throw refusal(error);
      });
      expect(await statusOf(rpt)).toBeGreaterThanOrEqual(403);
      await one.clock.advance(5_000);
      reply((params) => server.check(params));
      expect(await checks(() => statusOf(rpt))).toBe(1);
    },
  );
});

describe('a transport with an own cache', () => {
  class CachingServer extends AuthorizationServer {
    cached: UmaRsCheckAccessResult | undefined;
    readonly found: UmaRsCheckAccessParams[] = [];

    override cachedAccess(params: UmaRsCheckAccessParams): UmaRsCheckAccessResult | undefined {
      this.found.push(params);
      return this.cached;
    }
  }

  let caching: CachingServer;

  beforeEach(async () => {
    caching = new CachingServer();
    await start(caching);
  });

  it('decides from it, with site, path, method, RPT and scopes', async () => {
    caching.cached = { access: 'granted', sub: 'carol' };
    const rpt = server.issue('GET /photos');
    let body = '';
    const count = await checks(async () => {
      ({ body } = await one.ask({ path: '/albums', rpt }));
    });
    expect(count).toBe(0);
    expect(JSON.parse(body)).toEqual({ sub: 'carol' });
    expect(caching.found).toEqual([
      { oxd_id: 'site-1', path: '/albums', http_method: 'GET', rpt, scopes: ['view'] },
    ]);
  });

  it('never denies from it, and grants nothing without an RPT', async () => {
    caching.cached = { access: 'denied', ticket: 'ticket-of-another-request' };
    expect(await statusOf(server.issue('GET /albums'))).toBe(200);
    caching.cached = { access: 'granted' };
    expect((await one.ask('/albums')).status).not.toBe(200);
  });

  it('is called each time: the module retains nothing itself', async () => {
    const rpt = server.issue('GET /albums');
    await statusOf(rpt);
    expect(await checks(() => statusOf(rpt))).toBe(1);
  });
});

it('without the option each check is executed', async () => {
  one = closing(await startUmaApp({ controllers: [Albums] }));
  server = one.transport;
  const rpt = server.issue('GET /albums');
  await statusOf(rpt);
  expect(await checks(() => statusOf(rpt))).toBe(1);
  expect(one.app.get(OxdTransport)).toBe(server);
  expect(one.app.get(OxdClock, { strict: false })).toBe(one.clock);
});
