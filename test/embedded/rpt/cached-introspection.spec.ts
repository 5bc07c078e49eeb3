import { inspect } from 'node:util';
import type { CommandName, Params, Result } from '../../../lib/commands/command.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { registerSecret, secretsIn } from '../../support/secrets.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite, resource, rsSite } from '../../support/uma-site.js';

const TTL = 30_000;
const MAX = 3;
/** Lifetime of an RPT in seconds that is longer than `TTL`. */
const LONG = 3600;

let as: FakeAs;
let clock: ManualClock;
let transport: TestTransport;
let oxd_id: string;
let debugLines: string[];

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(async () => {
  as.reset();
  clock = new ManualClock();
  as.op.clock = clock.now;
  transport = cachingTransport();
  oxd_id = await protectedSite(transport, as, PHOTO, resource('/album', ['GET'], 'view'));
});
afterEach(() => TestTransport.closeAll());

function cachingTransport(): TestTransport {
  debugLines = [];
  return new TestTransport({
    cache: { ttl: TTL, max: MAX },
    clock: clock.now,
    log: { warn: () => undefined, error: () => undefined, debug: (line) => debugLines.push(line) },
  });
}

type Check = Partial<Params<'uma_rs_check_access'>>;
type Checked = Result<'uma_rs_check_access'>;

/** Lets {@link check} grant from memory first, as the guard does. */
let usesMemory: boolean;

async function check(rpt: string, more: Check = {}): Promise<Checked> {
  const params = { oxd_id, path: '/photo', http_method: 'GET', rpt, ...more };
  const cached = usesMemory ? transport.cachedAccess(params) : undefined;
  return cached ?? transport.run('uma_rs_check_access', params);
}

const idOf = (path: string): string => as.idOf(`[GET] ${path}`);
const photo = (...scopes: string[]): object => as.item(idOf('/photo'), ...scopes);
const album = (): object => as.item(idOf('/album'), 'view');
const inSeconds = (seconds: number): number => Math.floor(clock.now() / 1000) + seconds;

/** Number of introspections that some work causes. */
async function introspections(work: () => Promise<unknown>): Promise<number> {
  const before = as.seen('rpt').length;
  await work();
  return as.seen('rpt').length - before;
}

const granted = async (rpt: string, more?: Check): Promise<Checked> => {
  const result = await check(rpt, more);
  expect(result.access).toBe('granted');
  return result;
};

const denied = async (rpt: string, more?: Check): Promise<Checked> => {
  const result = await check(rpt, more);
  expect(result.access).toBe('denied');
  return result;
};

describe.each([
  { name: 'used by uma_rs_check_access', memory: false },
  { name: 'used by cachedAccess()', memory: true },
])('the cache, $name', ({ memory }) => {
  beforeEach(() => {
    usesMemory = memory;
  });

  describe('a cached introspection', () => {
    it('gives the same result as the first one, also for other resources of the RPT', async () => {
      const rpt = as.rpt(photo('view'), album());
      as.introspection = { sub: 'alice' };
      const first = await granted(rpt);
      expect(first).toMatchObject({ sub: 'alice', permissions: [{}, {}] });
      expect(
        await introspections(async () => {
          expect(await granted(rpt)).toEqual(first);
          expect(await granted(rpt, { path: '/album' })).toEqual(first);
          expect(await granted(rpt, { scopes: ['view'] })).toEqual(first);
        }),
      ).toBe(0);
    });

    it('grants no access to a resource or scope that the RPT lacks', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      const count = await introspections(async () => {
        await denied(rpt, { path: '/album' });
        await denied(rpt, { scopes: ['edit'] });
        expect((await rejectionOf(check(rpt, { path: '/new' }))).error).toBe('invalid_request');
      });
      // One before each ticket: the server could have upgraded the RPT.
      expect(count).toBe(2);
      expect(as.tickets).toHaveLength(2);
    });

    it('is replaced at once when the server has upgraded the RPT in place', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      as.keep(rpt, [photo('view'), album()]);
      expect(await introspections(() => granted(rpt, { path: '/album' }))).toBe(1);
      expect(as.tickets).toHaveLength(0);
      expect(await introspections(() => granted(rpt, { path: '/album' }))).toBe(0);
    });

    it('is replaced by a later introspection, which lacks a permission', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      as.keep(rpt, [album()]);
      await granted(rpt, { path: '/album' });
      expect(await check(rpt)).toMatchObject({ access: 'denied' });
    });

    it('gives permissions that a handler cannot change', async () => {
      const { permissions = [] } = await granted(as.rpt(photo('view')));
      const [{ resource_scopes } = { resource_scopes: [] }] = permissions;
      const change = { resource_id: idOf('/album') };
      expect(() => (permissions as object[]).push(change)).toThrow(TypeError);
      expect(() => Object.assign(permissions[0] ?? {}, change)).toThrow(TypeError);
      expect(() => (resource_scopes as string[]).push('edit')).toThrow(TypeError);
    });
  });

  describe('the lifetime of a cached introspection', () => {
    it.each([
      { name: 'ttl', token: LONG, permission: LONG, milliseconds: TTL },
      { name: 'ttl without any exp', token: undefined, permission: undefined, milliseconds: TTL },
      { name: 'exp of the RPT', token: 20, permission: LONG, milliseconds: 20_000 },
      { name: 'exp of a permission', token: LONG, permission: 10, milliseconds: 10_000 },
    ])('ends with $name', async ({ token, permission, milliseconds }) => {
      // The clock of the server counts whole seconds.
      await clock.advance(1000 - (clock.now() % 1000));
      as.introspection = { exp: token && inSeconds(token) };
      const rpt = as.rpt({ ...photo('view'), exp: permission && inSeconds(permission) });
      await granted(rpt);
      await clock.advance(milliseconds - 1);
      expect(await introspections(() => granted(rpt))).toBe(0);
      await clock.advance(1);
      expect(await introspections(() => check(rpt))).toBe(1);
    });

    it('ends with exp of another permission, so that no expired permission is returned', async () => {
      const rpt = as.rpt(photo('view'), { ...album(), exp: inSeconds(10) });
      expect((await granted(rpt)).permissions).toHaveLength(2);
      await clock.advance(10_000);
      expect((await granted(rpt)).permissions).toHaveLength(1);
    });

    it('begins with the request of the introspection, not with its response', async () => {
      const rpt = as.rpt(photo('view'));
      as.on('rpt', async (seen) => {
        await clock.advance(1000);
        return as.usual('rpt', seen);
      });
      await granted(rpt);
      await clock.advance(TTL - 1000);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it('is not extended by a use', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      await clock.advance(TTL - 1);
      await granted(rpt);
      await clock.advance(1);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it('ends when the clock is set back', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      await clock.advance(-60_000);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });
  });

  describe('the size of the cache', () => {
    it('is limited: the least recently used RPT is introspected again', async () => {
      const [one = '', two = '', three = '', four = ''] = Array.from({ length: MAX + 1 }, () =>
        as.rpt(photo('view')),
      );
      for (const rpt of [one, two, three]) await granted(rpt);
      await granted(one);
      await granted(four);
      expect(await introspections(() => granted(one))).toBe(0);
      expect(await introspections(() => granted(three))).toBe(0);
      expect(await introspections(() => granted(four))).toBe(0);
      expect(await introspections(() => granted(two))).toBe(1);
    });

    it('is limited for each RPT: many permissions are not cached', async () => {
      const many = Array.from({ length: 200 }, (_, index) => as.item(`${index}`.padEnd(100), 'x'));
      const rpt = as.rpt(photo('view'), ...many);
      await granted(rpt);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });
  });

  describe('the key of a cached introspection', () => {
    it('separates RPTs, also of one user', async () => {
      const one = as.rpt(photo('view'));
      const two = as.rpt(photo('view'));
      as.introspection = { sub: 'alice' };
      expect((await granted(one)).sub).toBe('alice');
      as.introspection = { sub: 'bob' };
      expect(await introspections(async () => expect((await granted(two)).sub).toBe('bob'))).toBe(
        1,
      );
      expect((await granted(one)).sub).toBe('alice');
    });

    it('separates RPTs that differ in their last character', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      expect(await check(`${rpt.slice(0, -1)}_`)).toMatchObject({ access: 'denied' });
      expect(await check(`${rpt}_`)).toMatchObject({ access: 'denied' });
    });

    it('separates sites', async () => {
      const other = await transport.site(as, { ...RS, client_name: 'another name' });
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      expect(await introspections(() => granted(rpt, { oxd_id: other }))).toBe(1);
    });
  });

  describe('the cache', () => {
    it.each([
      { name: 'an error', answer: { status: 500, json: { error: 'server_error' } } },
      { name: 'a broken connection', answer: { drop: true } },
      { name: 'a response without active', answer: { json: { permissions: [] } } },
    ])('retains nothing after $name', async ({ answer }) => {
      const rpt = as.rpt(photo('view'));
      as.on('rpt', answer);
      await rejectionOf(check(rpt));
      as.on('rpt', undefined);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it('retains no inactive RPT: it is introspected each time', async () => {
      const rpt = 'rpt-that-is-issued-later';
      registerSecret(rpt);
      await denied(rpt);
      as.keep(rpt, [photo('view')]);
      expect(await check(rpt)).toMatchObject({ access: 'granted' });
    });

    it('retains no RPT whose introspection names another user than its signature', async () => {
      const claims = { iss: as.issuer, sub: 'alice', exp: inSeconds(LONG) };
      const rpt = as.keep(await as.op.sign(claims), [photo('view')]);
      as.introspection = { sub: 'mallory' };
      await rejectionOf(check(rpt));
      as.introspection = { sub: 'alice' };
      expect((await granted(rpt)).sub).toBe('alice');
      as.introspection = { sub: 'mallory' };
      expect((await granted(rpt)).sub).toBe('alice');
    });

    it('retains nothing without the option', async () => {
      transport = new TestTransport({ store: transport.store, clock: clock.now });
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it('contains and prints no RPT', async () => {
      const rpt = as.rpt(photo('view'));
      as.introspection = { sub: 'user-whose-id-is-not-printed' };
      await granted(rpt);
      await denied(rpt, { path: '/album' });
      const printed = inspect(transport, { depth: Infinity, showHidden: true });
      expect(secretsIn(printed)).toEqual([]);
      expect(printed).not.toContain('user-whose-id-is-not-printed');
      expect(secretsIn(debugLines.join('\n'))).toEqual([]);
    });
  });

  describe('a cached introspection is deleted', () => {
    const run = <C extends CommandName>(command: C, params: Params<C>) =>
      transport.run(command, params);
    const site = () => ({ oxd_id });

    /** Work after which a cached RPT must be introspected again. */
    const CLEARINGS: readonly { name: string; clear: (rpt: string) => Promise<unknown> }[] = [
      {
        name: 'its site was protected again',
        clear: () => run('uma_rs_protect', { ...site(), resources: [PHOTO] }),
      },
      {
        name: 'its site could not be protected again',
        clear: () => {
          as.on('resources', { status: 500 });
          const resources = [resource('/new', ['GET'], 'view')];
          return rejectionOf(run('uma_rs_protect', { ...site(), resources }));
        },
      },
      {
        name: 'a resource of its site was modified',
        clear: () =>
          run('uma_rs_modify', { ...site(), path: '/photo', http_method: 'GET', scopes: ['view'] }),
      },
      {
        name: 'its site was updated',
        clear: () => run('update_site', { ...site(), client_name: 'another name', ...RS }),
      },
      {
        name: 'another check found its resource deleted at the server',
        clear: async () => {
          as.on('permission', { status: 400, json: { error: 'invalid_resource_id' } });
          const error = await rejectionOf(check('unknown-rpt'));
          expect(error.error).toBe('invalid_request');
        },
      },
      {
        name: 'introspect_rpt found it inactive',
        clear: (rpt) => {
          as.on('rpt', () => ({ json: { active: false } }));
          return run('introspect_rpt', { ...site(), rpt });
        },
      },
      {
        name: 'a check of another resource found it inactive',
        clear: (rpt) => {
          as.on('rpt', () => ({ json: { active: false } }));
          return denied(rpt, { path: '/album' });
        },
      },
    ];

    it.each(CLEARINGS)('when $name', async ({ clear }) => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      expect(await introspections(() => granted(rpt))).toBe(0);
      await clear(rpt);
      as.on('rpt', undefined);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it.each(
      CLEARINGS.filter(({ name }) => name !== 'a check of another resource found it inactive'),
    )('also when it was in progress while $name', async ({ clear }) => {
      const rpt = as.rpt(photo('view'));
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      as.on('rpt', async (seen) => {
        const answer = as.usual('rpt', seen);
        await opened;
        return answer;
      });
      const before = granted(rpt);
      await settled();
      as.on('rpt', undefined);
      await clear(rpt);
      open();
      await before;
      as.on('rpt', undefined);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it('when its site was updated, also if its client was registered dynamically', async () => {
      oxd_id = await transport.site(as);
      const path = '/new';
      await run('uma_rs_protect', { ...site(), resources: [resource(path, ['GET'], 'view')] });
      const rpt = as.rpt(as.item(idOf(path), 'view'));
      await granted(rpt, { path });
      expect(await introspections(() => granted(rpt, { path }))).toBe(0);
      await run('update_site', { ...site(), client_name: 'another name' });
      expect(await introspections(() => granted(rpt, { path }))).toBe(1);
    });

    it('for the resource that was deleted at the server only', async () => {
      const rpt = as.rpt(photo('view'), album());
      await granted(rpt);
      as.on('permission', { status: 400, json: { error: 'invalid_resource_id' } });
      await rejectionOf(check('unknown-rpt'));
      expect(await introspections(() => granted(rpt, { path: '/album' }))).toBe(0);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it('with its site only', async () => {
      const other = await rsSite(transport, as);
      const rpt = as.rpt(photo('view'));
      await granted(rpt, { oxd_id: other });
      await run('uma_rs_protect', { ...site(), resources: [PHOTO] });
      expect(await introspections(() => granted(rpt, { oxd_id: other }))).toBe(0);
    });

    it('when its site is removed, also if the site comes back', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      const record = await transport.store.get(`site:${oxd_id}`);
      await run('remove_site', site());
      await transport.store.set(`site:${oxd_id}`, record);
      expect(await introspections(() => granted(rpt))).toBe(1);
    });

    it('for all sites when more sites were cleared than are remembered', async () => {
      const rpt = as.rpt(photo('view'));
      await granted(rpt);
      const record = (await transport.store.get(`site:${oxd_id}`)) as object;
      for (let index = 0; index <= 1000; index++) {
        const id = `other-${index}`;
        await transport.store.set(`site:${id}`, { ...record, oxd_id: id });
        await run('update_site', { oxd_id: id, client_name: 'another name', ...RS });
      }
      expect(await introspections(() => granted(rpt))).toBe(1);
    });
  });
});

describe('cachedAccess()', () => {
  const params = (rpt?: string) => ({ oxd_id, path: '/photo', http_method: 'GET', rpt });

  it('returns the result of the command', async () => {
    usesMemory = false;
    as.introspection = { sub: 'alice' };
    const rpt = as.rpt(photo('view'), album());
    expect(transport.cachedAccess(params(rpt))).toBeUndefined();
    const result = await granted(rpt);
    expect(transport.cachedAccess(params(rpt))).toEqual(result);
    expect(transport.cachedAccess({ ...params(rpt), scopes: ['view'] })).toEqual(result);
  });

  it.each<{ name: string; change: Check }>([
    { name: 'without an RPT', change: { rpt: undefined } },
    { name: 'with an empty RPT', change: { rpt: '' } },
    { name: 'for another RPT', change: { rpt: 'another-rpt' } },
    { name: 'for a scope that the RPT lacks', change: { scopes: ['edit'] } },
    { name: 'for a resource that the RPT lacks', change: { path: '/album' } },
    { name: 'for a method that is not protected', change: { http_method: 'POST' } },
    { name: 'for an unknown site', change: { oxd_id: 'unknown' } },
  ])('returns undefined $name', async ({ change }) => {
    const rpt = as.rpt(photo('view'));
    await granted(rpt);
    expect(transport.cachedAccess({ ...params(rpt), ...change })).toBeUndefined();
  });

  it('returns undefined when the copies of site and resources are older than 30 seconds', async () => {
    const store = transport.store;
    transport = new TestTransport({ store, cache: { ttl: 120_000, max: MAX }, clock: clock.now });
    const rpt = as.rpt(photo('view'));
    await granted(rpt);
    await clock.advance(30_000);
    expect(transport.cachedAccess(params(rpt))).toBeUndefined();
    expect(await introspections(() => granted(rpt))).toBe(0);
    expect(transport.cachedAccess(params(rpt))).toMatchObject({ access: 'granted' });
  });

  it('returns undefined after the scopes of the resource have changed', async () => {
    const rpt = as.rpt(photo('view'), album());
    await granted(rpt);
    await granted(rpt, { path: '/album' });
    await transport.run('uma_rs_protect', {
      oxd_id,
      resources: [resource('/photo', ['GET'], 'x')],
    });
    await granted(rpt, { path: '/album' });
    expect(transport.cachedAccess(params(rpt))).toBeUndefined();
    expect(transport.cachedAccess({ ...params(rpt), path: '/album' })).toBeDefined();
  });

  it('returns undefined after close()', async () => {
    const rpt = as.rpt(photo('view'));
    await granted(rpt);
    await transport.close();
    expect(transport.cachedAccess(params(rpt))).toBeUndefined();
  });
});
