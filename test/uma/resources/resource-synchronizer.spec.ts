import type { Params } from '../../../lib/commands/command.js';
import { OxdClient } from '../../../lib/oxd-client/oxd-client.js';
import { OxdCommandError, OxdTransportError } from '../../../lib/base/errors.js';
import { MemoryStore, type OxdStore } from '../../../lib/store/oxd-store.js';
import { ScriptedTransport } from '../../../lib/testing/testing.js';
import type { OxdVersion } from '../../../lib/commands/oxd-transport.js';
import type { UmaDeclaration } from '../../../lib/uma/declarations/declaration.js';
import { reprotectModeOf } from '../../../lib/uma/resources/resource-registrar.js';
import { ResourceSynchronizer } from '../../../lib/uma/resources/resource-synchronizer.js';
import { ManualClock, settled } from '../../support/manual-clock.js';
import { LogLines, SITE, refusal } from '../../support/uma-app.js';

interface Sent {
  readonly resources: readonly { readonly path: string; readonly conditions: readonly object[] }[];
  readonly overwrite?: boolean;
}

/** Fake of an oxd-server of one version, or of embedded, for `uma_rs_protect`. */
class FakeTransport extends ScriptedTransport {
  /** Paths of the resources, with duplicates after a second call that appended them. */
  paths: string[] = [];

  constructor(override readonly version: OxdVersion) {
    super();
    this.recover();
  }

  /** Restores the default replies. */
  recover(): void {
    this.script({
      uma_rs_protect: (params) => this.protect(params),
      uma_rs_check_access: ({ path = '' }) => {
        if (!this.paths.includes(path)) throw refusal('invalid_request');
        const header = 'UMA realm="rs",as_uri="https://as",error="insufficient_scope",ticket="t-1"';
        return { access: 'denied', ticket: 't-1', 'www-authenticate_header': header };
      },
    });
  }

  protect({ resources, overwrite = false }: Params<'uma_rs_protect'>): { oxd_id: string } {
    const named = resources.map(({ path }) => path);
    const second = this.paths.length > 0 ? reprotectModeOf(this.version) : undefined;
    if (second === 'reject' && !overwrite) throw refusal('uma_protection_exists');
    const existing = overwrite ? [] : this.paths;
    this.paths =
      second === 'append' ? [...existing, ...named] : [...new Set([...existing, ...named])];
    return { oxd_id: 'site-1' };
  }

  get protects(): Sent[] {
    const calls = this.calls.filter(({ command }) => command === 'uma_rs_protect');
    return calls.map(({ params }) => params as unknown as Sent);
  }
}

function declared(path: string, scope = 'view'): UmaDeclaration {
  return {
    path,
    http_method: 'GET',
    handler: `Albums${path.replaceAll('/', '.')}`,
    scopes: [scope],
  };
}

interface World {
  readonly transport: FakeTransport;
  readonly store?: OxdStore;
  readonly overwrite?: boolean;
  readonly eager?: boolean;
  readonly volatile?: boolean;
}

/** One start of the application. */
function boot({ transport, store = new MemoryStore(), ...given }: World) {
  const clock = new ManualClock();
  const log = new LogLines();
  const client = new OxdClient({ site: SITE, transport, store, log });
  const options = { overwrite: false, eager: false, volatile: false, ...given };
  const reprotectMode = reprotectModeOf(transport.version);
  const sharedList = transport.version === '3.1.1';
  const protection = new ResourceSynchronizer({
    ...{ client, store, clock, log, reprotectMode, sharedList },
    ...options,
  });
  return { clock, log, protection };
}

async function start(world: World, ...declarations: UmaDeclaration[]) {
  const started = boot(world);
  await started.protection.begin(declarations);
  await settled();
  return started;
}

const OXD = ['3.1.3', '3.1.4'] as const;
const APPENDING = ['3.1.1', '3.1.2'] as const;
const EVERY = [...APPENDING, ...OXD, 'contract'] as const;

describe.each(EVERY)('ResourceSynchronizer on %s', (version) => {
  it.each([{ eager: true }, { eager: false }])(
    'logs the registered resources once, if eager is $eager',
    async ({ eager }) => {
      const transport = new FakeTransport(version);
      const { log, protection } = await start({ transport, eager }, declared('/a'), declared('/b'));
      protection.restore(protection.revision);
      await settled();
      const resources = 'GET /a (Albums.a), GET /b (Albums.b)';
      expect(log.infos).toEqual([`The resources of @UmaProtected are registered: ${resources}.`]);
      protection.stop();
    },
  );

  it('registers each declared resource in one command, a condition for each method', async () => {
    const transport = new FakeTransport(version);
    const post = { ...declared('/a', 'add'), http_method: 'POST', ticketScopes: ['add', 'view'] };
    const { protection } = await start({ transport }, declared('/a'), post, declared('/b'));
    expect(protection.wait).toBeUndefined();
    expect(transport.protects).toHaveLength(1);
    expect(transport.protects[0]?.resources).toEqual([
      {
        path: '/a',
        conditions: [
          { httpMethods: ['GET'], scopes: ['view'] },
          { httpMethods: ['POST'], scopes: ['add'], ticketScopes: ['add', 'view'] },
        ],
      },
      { path: '/b', conditions: [{ httpMethods: ['GET'], scopes: ['view'] }] },
    ]);
  });

  it('sends nothing without declarations', async () => {
    const transport = new FakeTransport(version);
    const { protection } = await start({ transport });
    expect(transport.calls).toEqual([]);
    expect(protection.wait).toBeUndefined();
  });

  it('retries with growing pauses until it succeeds, and logs each failure once', async () => {
    const transport = new FakeTransport(version);
    const down = new OxdTransportError('OXD_TRANSPORT_UNREACHABLE', 'oxd-server was not reached.');
    transport.script({ uma_rs_protect: down, uma_rs_check_access: down });
    const { clock, log, protection } = await start({ transport }, declared('/a'));
    expect(protection.wait).toBe(1000);
    await clock.advance(1000);
    expect(protection.wait).toBe(2000);
    transport.recover();
    await clock.advance(2000);
    expect(protection.wait).toBeUndefined();
    expect(log.with('error', 'not registered, trying again')).toHaveLength(2);
    await clock.advance(600_000);
    expect(transport.paths).toEqual(['/a']);
  });

  it('makes start-up wait and fail with eager', async () => {
    const transport = new FakeTransport(version);
    const { protection } = await start({ transport, eager: true }, declared('/a'));
    expect(protection.wait).toBeUndefined();
    const other = new FakeTransport(version);
    other.script({ uma_rs_protect: refusal('internal_error') });
    await expect(start({ transport: other, eager: true }, declared('/a'))).rejects.toThrow(
      /internal_error/,
    );
  });

  it('sends and logs nothing after stop()', async () => {
    const transport = new FakeTransport(version);
    transport.script({ uma_rs_protect: refusal('internal_error') });
    const { clock, log, protection } = await start({ transport }, declared('/a'));
    const before = log.lines.length;
    protection.stop();
    await clock.advance(600_000);
    expect(transport.protects).toHaveLength(1);
    expect(log.lines).toHaveLength(before);
  });

  it('registers from one of two replicas at a time, if the store has add', async () => {
    const transport = new FakeTransport(version);
    let [running, maximum] = [0, 0];
    transport.script({
      uma_rs_protect: async (params) => {
        maximum = Math.max(maximum, ++running);
        await settled();
        running--;
        return transport.protect(params);
      },
    });
    const store = new MemoryStore();
    const two = [boot({ transport, store, eager: true }), boot({ transport, store, eager: true })];
    await Promise.all(two.map(({ protection }) => protection.begin([declared('/a')])));
    expect(maximum).toBe(1);
    expect(transport.paths).toEqual(['/a']);
    expect(transport.protects).toHaveLength(version === 'contract' ? 2 : 1);
  });

  it('warns of a store without add at start-up', async () => {
    const memory = new MemoryStore();
    const store: OxdStore = {
      get: (key) => memory.get(key),
      set: (key, value) => memory.set(key, value),
      delete: (key) => memory.delete(key),
    };
    const { log } = await start({ transport: new FakeTransport(version), store }, declared('/a'));
    expect(log.with('warn', 'no add()')).toHaveLength(1);
  });
});

describe.each(EVERY)('a second start on %s', (version) => {
  const [a, b] = [declared('/a'), declared('/b')];

  it('changes nothing for equal declarations, in any order of scopes', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    await start(world, { ...a, scopes: ['x', 'y'] }, b);
    const { log, protection } = await start(world, b, { ...a, scopes: ['y', 'x', 'y'] });
    expect(protection.wait).toBeUndefined();
    expect(world.transport.protects).toHaveLength(version === 'contract' ? 2 : 1);
    expect(world.transport.paths).toEqual(['/a', '/b']);
    expect(log.lines).toEqual([]);
  });
});

describe.each(OXD)('changed declarations on %s', (version) => {
  it('are logged and not sent without uma.overwrite', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    await start(world, declared('/a'), declared('/b'));
    const { log, protection } = await start(world, declared('/a', 'other'), declared('/c'));
    expect(protection.wait).toBeUndefined();
    expect(world.transport.protects).toHaveLength(1);
    const [changed] = log.with('warn', 'Not in effect');
    expect(changed).toContain('resources: GET /a (Albums.a). ');
    expect(log.with('warn', 'Not registered')[0]).toContain('resources: GET /c (Albums.c). ');
    expect(log.with('warn', 'Declared no longer')[0]).toContain('GET /b');
  });

  it('replace all resources once with uma.overwrite', async () => {
    const world = {
      transport: new FakeTransport(version),
      store: new MemoryStore(),
      overwrite: true,
    };
    await start(world, declared('/a'), declared('/b'));
    const { log } = await start(world, declared('/a', 'other'));
    await start(world, declared('/a', 'other'));
    expect(world.transport.protects.map(({ overwrite }) => overwrite)).toEqual([undefined, true]);
    expect(world.transport.paths).toEqual(['/a']);
    expect(log.lines).toEqual([]);
  });

  it('after a loss of the store are assumed to be registered, with a warning', async () => {
    const transport = new FakeTransport(version);
    await start({ transport }, declared('/a'));
    const { log, protection } = await start({ transport }, declared('/a'));
    expect(protection.wait).toBeUndefined();
    expect(transport.protects).toHaveLength(2);
    expect(log.with('warn', 'assumed to be the declared ones')[0]).toContain('GET /a (Albums.a)');
  });

  it('after a loss of the store are replaced with uma.overwrite', async () => {
    const transport = new FakeTransport(version);
    await start({ transport }, declared('/a'));
    await start({ transport, overwrite: true }, declared('/b'));
    expect(transport.paths).toEqual(['/b']);
  });
});

describe.each(APPENDING)('ResourceSynchronizer on %s, which appends', (version) => {
  it('never sends changed declarations, with or without uma.overwrite', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    await start(world, declared('/a'));
    for (const overwrite of [false, true]) {
      const { log } = await start({ ...world, overwrite }, declared('/a', 'other'));
      expect(log.with('warn', 'Not in effect')[0]).toContain('GET /a (Albums.a)');
    }
    expect(world.transport.paths).toEqual(['/a']);
  });

  it('does not send again after a first call that succeeded without a reply', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    world.transport.script({
      uma_rs_protect: (params) => {
        world.transport.protect(params);
        throw new OxdTransportError('OXD_TRANSPORT_TIMEOUT', 'No answer.', { mayHaveRun: true });
      },
    });
    const { clock, log, protection } = await start(world, declared('/a'));
    await clock.advance(1000);
    expect(protection.wait).toBeUndefined();
    expect(world.transport.paths).toEqual(['/a']);
    expect(log.with('warn', 'a second time')).toHaveLength(1);
  });

  it('does not send missing resources again', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    const { clock, log, protection } = await start(world, declared('/a'));
    protection.restore(protection.revision);
    await clock.advance(1000);
    expect(world.transport.protects).toHaveLength(1);
    expect(log.with('warn', 'not sent again')).toHaveLength(1);
  });

  it('sends nothing with a volatile store, and warns at start-up', async () => {
    const transport = new FakeTransport(version);
    const { clock, log, protection } = await start({ transport, volatile: true }, declared('/a'));
    expect(log.with('warn', 'UmaService.protect()')).toHaveLength(1);
    protection.restore(protection.revision);
    await clock.advance(600_000);
    expect(transport.calls).toEqual([]);
  });
});

describe('ResourceSynchronizer on 3.1.1, which has one list of resources for all sites', () => {
  const FOREIGN = 'another application at this oxd-server protects';
  const [a, b] = [declared('/a'), declared('/b')];

  it.each([
    { name: 'all', paths: ['/a', '/b'], listed: 'GET /a (Albums.a), GET /b (Albums.b)' },
    { name: 'one', paths: ['/b'], listed: 'GET /b (Albums.b)' },
  ])('stays closed if another site has $name of its paths, over restarts', async (row) => {
    const world = { transport: new FakeTransport('3.1.1'), store: new MemoryStore() };
    world.transport.paths = row.paths;
    for (let starts = 0; starts < 2; starts++) {
      const { clock, log, protection } = await start(world, a, b);
      expect(protection.wait).toBe(3_600_000);
      expect(log.with('error', FOREIGN)[0]).toContain(row.listed);
      await clock.advance(3_600_000);
      expect(protection.wait).toBe(3_600_000);
    }
    expect(world.transport.protects).toEqual([]);
  });

  it('fails an eager start if another site has one of its paths', async () => {
    const transport = new FakeTransport('3.1.1');
    transport.paths = ['/a'];
    await expect(start({ transport, eager: true }, a)).rejects.toThrow(FOREIGN);
  });

  it('opens once the other site has been removed', async () => {
    const transport = new FakeTransport('3.1.1');
    transport.paths = ['/a'];
    const { clock, protection } = await start({ transport }, a);
    transport.paths = [];
    await clock.advance(3_600_000);
    expect(protection.wait).toBeUndefined();
    expect(transport.paths).toEqual(['/a']);
  });

  it('stays closed if another site protects its path after an attempt that failed', async () => {
    const world = { transport: new FakeTransport('3.1.1'), store: new MemoryStore() };
    world.transport.script({ uma_rs_protect: refusal('internal_error') });
    const { clock, log, protection } = await start(world, a);
    world.transport.recover();
    world.transport.paths = ['/a'];
    await clock.advance(1000);
    expect(protection.wait).toBe(3_600_000);
    expect(log.with('error', FOREIGN)).toHaveLength(1);
  });

  it('stays closed if another site has a part of what an attempt without a reply sent', async () => {
    const world = { transport: new FakeTransport('3.1.1'), store: new MemoryStore() };
    const lost = new OxdTransportError('OXD_TRANSPORT_TIMEOUT', 'Late.', { mayHaveRun: true });
    world.transport.script({ uma_rs_protect: lost });
    const { clock, log } = await start(world, a, b);
    world.transport.paths = ['/b'];
    await clock.advance(1000);
    expect(log.with('error', FOREIGN)).toHaveLength(1);
  });
});

describe('a registration that the authorization server rejects', () => {
  const all = [declared('/a'), declared('/b'), declared('/c'), declared('/d')];
  const rejected = (error: string): OxdCommandError =>
    new OxdCommandError(error, { error }, { command: 'uma_rs_protect' });

  it.each(OXD)(
    'is repeated once an hour on %s, and the log counts orphaned resources',
    async (version) => {
      const transport = new FakeTransport(version);
      transport.script({ uma_rs_protect: rejected('http_status_403') });
      const { clock, log, protection } = await start({ transport }, ...all);
      expect(protection.wait).toBe(3_600_000);
      for (let minute = 0; minute < 59; minute++) await clock.advance(60_000);
      expect(transport.protects).toHaveLength(1);
      await clock.advance(60_000);
      const [first, second, ...others] = log.with('error', 'not registered, trying again');
      expect(first).toContain('Up to 3 resources of the attempts since the start may be left');
      expect(second).toContain('Up to 6 resources');
      expect(others).toEqual([]);
    },
  );

  it.each(['internal_error', 'http_status_503', 'http_status_429'])(
    'is repeated with pauses up to an hour after %s',
    async (error) => {
      const transport = new FakeTransport('3.1.4');
      const mayHaveRun = error === 'internal_error';
      const failed = new OxdCommandError(
        error,
        { error },
        { command: 'uma_rs_protect', mayHaveRun },
      );
      transport.script({ uma_rs_protect: failed });
      const { clock, log } = await start({ transport }, ...all);
      for (let second = 0; second < 600; second++) await clock.advance(1000);
      expect(transport.protects).toHaveLength(10);
      expect(log.with('error', 'Up to 30 resources')).toHaveLength(1);
    },
  );

  it('is repeated every minute with one resource, which leaves no orphans', async () => {
    const transport = new FakeTransport('3.1.4');
    transport.script({ uma_rs_protect: rejected('http_status_503') });
    const { clock, log } = await start({ transport }, declared('/a'));
    for (let second = 0; second < 600; second++) await clock.advance(1000);
    expect(transport.protects).toHaveLength(15);
    expect(log.with('error', 'may be left')).toEqual([]);
  });

  it('is repeated every minute on embedded, which leaves no orphans', async () => {
    const transport = new FakeTransport('contract');
    transport.script({ uma_rs_protect: rejected('http_status_403') });
    const { clock, log } = await start({ transport }, ...all);
    for (let second = 0; second < 600; second++) await clock.advance(1000);
    expect(transport.protects).toHaveLength(15);
    expect(log.with('error', 'may be left')).toEqual([]);
  });

  it('fails an eager start, and the log counts orphaned resources', async () => {
    const transport = new FakeTransport('3.1.4');
    transport.script({ uma_rs_protect: rejected('http_status_403') });
    const { log, protection } = boot({ transport, eager: true });
    await expect(protection.begin(all)).rejects.toThrow('http_status_403');
    expect(log.with('error', 'Up to 3 resources')).toHaveLength(1);
  });
});

describe('ResourceSynchronizer on embedded', () => {
  it('sends changes, and retains and logs undeclared resources', async () => {
    const world = { transport: new FakeTransport('contract'), store: new MemoryStore() };
    await start(world, declared('/a'), declared('/b'));
    for (let starts = 0; starts < 2; starts++) {
      const { log } = await start(world, declared('/a', 'other'));
      expect(log.with('warn', 'Declared no longer')[0]).toContain('GET /b');
    }
    expect(world.transport.protects.map(({ overwrite }) => overwrite ?? false)).toEqual([
      false,
      false,
      false,
    ]);
    expect(world.transport.paths).toEqual(['/a', '/b']);
  });

  it('deletes undeclared resources with uma.overwrite', async () => {
    const world = { transport: new FakeTransport('contract'), store: new MemoryStore() };
    await start(world, declared('/a'), declared('/b'));
    const overwrite = true;
    for (let starts = 0; starts < 2; starts++) await start({ ...world, overwrite }, declared('/a'));
    expect(world.transport.protects.map((sent) => sent.overwrite ?? false)).toEqual([
      false,
      true,
      false,
    ]);
    expect(world.transport.paths).toEqual(['/a']);
  });
});

describe.each(['3.1.4', 'contract'] as const)('a resource that is missing on %s', (version) => {
  it('is registered again, once for all requests that find it missing', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    const { clock, protection } = await start(world, declared('/a'));
    world.transport.paths = [];
    const before = protection.revision;
    await clock.advance(10_000);
    for (let requests = 0; requests < 32; requests++) {
      expect(protection.restore(before)).toBe(1000);
    }
    await settled();
    expect(world.transport.paths).toEqual(['/a']);
    // These requests had checked before the registration.
    for (let requests = 0; requests < 32; requests++) protection.restore(before);
    await clock.advance(600_000);
    expect(world.transport.protects).toHaveLength(2);
  });

  it('is registered again with pauses while it stays missing', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    const { clock, log, protection } = await start(world, declared('/a'));
    const before = world.transport.protects.length;
    for (let second = 0; second < 60; second++) {
      protection.restore(protection.revision);
      await clock.advance(1000);
    }
    expect(world.transport.protects.length - before).toBe(5);
    expect(log.lines.length).toBeLessThan(3);
  });

  it('is registered again after a failed attempt', async () => {
    const world = { transport: new FakeTransport(version), store: new MemoryStore() };
    const { clock, protection } = await start(world, declared('/a'));
    world.transport.paths = [];
    world.transport.script({ uma_rs_protect: refusal('internal_error') });
    await clock.advance(10_000);
    protection.restore(protection.revision);
    await settled();
    world.transport.recover();
    await clock.advance(60_000);
    expect(world.transport.paths).toEqual(['/a']);
  });
});

it('an invalid record is an error of the store, and starts no registration', async () => {
  const store = new MemoryStore();
  await store.set('uma:site-1', { something: 'else' });
  const transport = new FakeTransport('3.1.1');
  const { protection, log } = await start({ transport, store }, declared('/a'));
  expect(protection.wait).toBeDefined();
  expect(log.with('error', 'OXD_STORE_UNAVAILABLE')).toHaveLength(1);
  expect(transport.protects).toEqual([]);
});
