import { jest } from '@jest/globals';
import type { Params } from '../../../lib/commands/command.js';
import type { UmaRsProtectParams } from '../../../lib/commands/uma.js';
import type { ResourceRecord } from '../../../lib/embedded/resources/resource-record.js';
import { OxdStoreError } from '../../../lib/base/errors.js';
import { MemoryStore } from '../../../lib/store/oxd-store.js';
import type { Answer, Seen } from '../../support/fake-op.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { limitEndedBy, rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, resource, rsSite } from '../../support/uma-site.js';

let as: FakeAs;
let transport: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
beforeEach(async () => {
  as.reset();
  transport = new TestTransport();
  oxd_id = await rsSite(transport, as);
});
afterEach(() => TestTransport.closeAll());

/** A store that holds back the end of one write, which it has carried out. */
class HoldingStore extends MemoryStore {
  private hasWritten: (() => void) | undefined;
  private key: string | undefined;
  /** Ends the write. */
  release = (): void => undefined;

  /** Resolves when the next value of `key` is written. */
  hold(key: string): Promise<void> {
    this.key = key;
    return new Promise((resolve) => (this.hasWritten = resolve));
  }

  override async set(key: string, value: unknown, ttl?: number): Promise<void> {
    await super.set(key, value, ttl);
    if (key !== this.key) return;
    this.key = undefined;
    const released = new Promise<void>((resolve) => (this.release = resolve));
    this.hasWritten?.();
    await released;
  }
}

/** The error of a command that the store ended. */
async function refusedByStore(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OxdStoreError);
  return error;
}

type Resources = UmaRsProtectParams['resources'];

const protect = (resources: Resources, more: Partial<Params<'uma_rs_protect'>> = {}) =>
  transport.run('uma_rs_protect', { oxd_id, resources, ...more });
const check = (path: string, http_method: string) =>
  transport.run('uma_rs_check_access', { oxd_id, path, http_method });
/** The resource that a ticket for a request is for. */
const resourceAt = async (path: string, http_method: string) => {
  await check(path, http_method);
  return as.tickets.at(-1)?.permissions[0]?.resource_id;
};
/** Another process on the same store. */
const restart = (): void => {
  transport = new TestTransport({ store: transport.store });
};
const changes = () => as.seen('resources', 'POST', 'PUT', 'DELETE').map(({ method }) => method);
const scopesOf = (name: string) => as.resources.get(as.idOf(name))?.resource_scopes;

/** Log lines about resources. */
const told = (): string[] => transport.warnings.filter((line) => line.startsWith('uma_rs_protect'));

describe('uma_rs_protect', () => {
  it('registers one resource for each path and condition, named as oxd does', async () => {
    const photo = {
      path: '/photo',
      conditions: [
        { httpMethods: ['GET', 'HEAD'], scopes: ['view', 'all'], ticketScopes: ['view'] },
        { httpMethods: ['put', 'POST'], scopes: ['edit'] },
      ],
    };
    expect(await protect([photo, resource('/Doc', ['GET'], 'view')])).toEqual({ oxd_id });
    expect([...as.resources.values()]).toEqual([
      { name: '[GET, HEAD] /photo', resource_scopes: ['view', 'all'] },
      { name: '[PUT, POST] /photo', resource_scopes: ['edit'] },
      { name: '[GET] /Doc', resource_scopes: ['view'] },
    ]);
    expect(await resourceAt('/photo', 'HEAD')).toBe(as.idOf('[GET, HEAD] /photo'));
    expect(await resourceAt('/Doc', 'GET')).toBe(as.idOf('[GET] /Doc'));
  });

  it('treats paths that differ in case as two resources', async () => {
    await protect([resource('/albums/aBc', ['GET'], 'view')]);
    const id = await resourceAt('/albums/aBc', 'GET');
    await protect([resource('/albums/AbC', ['GET'], 'view')]);
    expect(new Set(as.names)).toEqual(new Set(['[GET] /albums/aBc', '[GET] /albums/AbC']));
    expect(await resourceAt('/albums/aBc', 'GET')).toBe(id);
    expect(await resourceAt('/albums/AbC', 'GET')).not.toBe(id);
  });

  it('sends only the name and the scopes', async () => {
    as.reset('keycloak');
    await protect([PHOTO]);
    const [request] = as.seen('resources', 'POST');
    expect(JSON.parse(request?.body ?? '')).toEqual({
      name: '[GET] /photo',
      resource_scopes: ['view', 'all'],
    });
    expect(request?.headers['content-type']).toBe('application/json');
  });

  it.each(['spec', 'keycloak', 'gluu', 'janssen', 'solidlab'] as const)(
    'registers, changes in place, reads back and removes at %s',
    async (vendor) => {
      as.reset(vendor);
      await protect([PHOTO, resource('/a b/ü', ['GET'], 'view')]);
      const id = await resourceAt('/photo', 'GET');
      await protect([resource('/photo', ['GET'], 'view')]);
      expect(await resourceAt('/photo', 'GET')).toBe(id);
      expect(scopesOf('[GET] /photo')).toEqual(['view']);
      restart();
      await protect([resource('/photo', ['GET'], 'view')], { overwrite: true });
      expect(as.names).toEqual(['[GET] /photo']);
      expect(await resourceAt('/photo', 'GET')).toBe(id);
      expect(changes()).toEqual(['POST', 'POST', 'PUT', 'DELETE']);
    },
  );

  it('runs once for 32 parallel callers', async () => {
    await Promise.all(Array.from({ length: 32 }, () => protect([PHOTO])));
    expect(changes()).toEqual(['POST']);
    expect(as.seen('pat')).toHaveLength(1);
  });

  it('runs sequentially for different declarations', async () => {
    const paths = Array.from({ length: 16 }, (_, at) => `/album/${at}`);
    await Promise.all(paths.map((path) => protect([resource(path, ['GET'], 'view')])));
    expect(changes()).toHaveLength(16);
    for (const path of paths) expect(await resourceAt(path, 'GET')).toBeDefined();
  });

  it('of two replicas with one store loses no resource of either', async () => {
    const replica = new TestTransport({ store: transport.store });
    const paths = Array.from({ length: 4 }, (_, at) => `/album/${at}`);
    await Promise.all(
      paths.map((path, at) => {
        const resources = [resource(path, ['GET'], 'view')];
        return (at % 2 === 0 ? transport : replica).run('uma_rs_protect', { oxd_id, resources });
      }),
    );
    expect(changes()).toEqual(['POST', 'POST', 'POST', 'POST']);
    for (const one of [transport, replica]) {
      for (const path of paths) {
        await one.run('uma_rs_check_access', { oxd_id, path, http_method: 'GET' });
        expect(as.tickets.at(-1)?.permissions[0]?.resource_id).toBe(as.idOf(`[GET] ${path}`));
      }
    }
  });

  it('writes nothing after its time is over, when another replica may be at work', async () => {
    const store = new HoldingStore();
    transport = new TestTransport({ store });
    oxd_id = await rsSite(transport, as);
    const paths = ['/kept', '/one', '/two'];
    const [kept, ...others] = paths.map((path) => resource(path, ['GET'], 'view'));
    await protect([kept ?? PHOTO, ...others]);
    const key = await transport.resourcesKey(oxd_id);
    const { resources } = (await store.get(key)) as ResourceRecord;
    // Adopted resources are removed without a request, which would notice the end of the time.
    const adopted = resources.map((one) => ({ ...one, adopted: one.path !== '/kept' }));
    await store.set(key, { resources: adopted, pending: [] });

    const isWritten = store.hold(key);
    const timeouts = jest.spyOn(globalThis, 'setTimeout');
    const rejected = refusedByStore(protect([kept ?? PHOTO], { overwrite: true }));
    await isWritten;
    const [endOfTime] = timeouts.mock.calls.find(([, delay]) => delay === 60_000) ?? [];
    timeouts.mockRestore();
    endOfTime?.();
    expect(await rejected).toMatchObject({ message: 'Not done within 60000 ms.' });

    restart();
    await protect([resource('/other', ['GET'], 'view')]);
    store.release();
    await new Promise(setImmediate);
    const after = (await store.get(key)) as ResourceRecord;
    expect(after.resources.map(({ path }) => path)).toEqual(['/kept', '/two', '/other']);
  });

  it('continues after its caller aborts', async () => {
    const giveUp = new AbortController();
    as.on('resources', (seen) => {
      giveUp.abort(new Error('given up'));
      return as.usual('resources', seen);
    });
    const call = transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] }, giveUp);
    await expect(call).rejects.toThrow('given up');
    as.on('resources', undefined);
    await protect([PHOTO]);
    expect(changes()).toEqual(['POST']);
  });
});

const BAD: readonly [string, unknown, string, string][] = [
  ['no resources', [], 'invalid_uma_request', 'resources: must list'],
  ['undefined', undefined, 'invalid_uma_request', 'resources: must list'],
  ['null', null, 'invalid_uma_request', 'resources: must list'],
  ['a string', '/photo', 'bad_request', 'resources: must be a list'],
  ['a path only', ['/photo'], 'bad_request', 'resources: must be objects'],
  ['an empty path', [resource(' ', ['GET'], 'x')], 'invalid_uma_request', 'resources[0].path'],
  ['a path that is a number', [{ path: 7 }], 'invalid_uma_request', 'resources[0].path'],
  ['no conditions', [{ path: '/x' }], 'invalid_uma_request', 'resources[0].conditions'],
  ['empty conditions', [{ path: '/x', conditions: [] }], 'invalid_uma_request', 'conditions'],
  ['no condition', [{ path: '/x', conditions: [1] }], 'bad_request', 'resources: must be objects'],
  ['no methods', [resource('/x', [], 'x')], 'invalid_uma_request', 'httpMethods'],
  ['an empty method', [resource('/x', [''], 'x')], 'bad_request', 'httpMethods'],
  [
    'no scopes',
    [PHOTO, resource('/x', ['GET'])],
    'invalid_uma_request',
    'resources[1].conditions[0]',
  ],
  ['an empty scope', [resource('/x', ['GET'], 'x', '')], 'bad_request', 'scopes'],
  [
    'scopes that are a string',
    [{ path: '/x', conditions: [{ httpMethods: ['GET'], scopes: 'x' }] }],
    'bad_request',
    'resources[0].conditions[0].scopes: must be a list of strings',
  ],
  [
    'scopes and an expression',
    [
      {
        path: '/x',
        conditions: [
          {
            httpMethods: ['GET'],
            scopes: ['x'],
            scope_expression: { rule: { var: 0 }, data: ['x'] },
          },
        ],
      },
    ],
    'invalid_uma_request',
    'scopes or a scope_expression',
  ],
  [
    'an unknown property of a resource',
    [{ ...PHOTO, name: 'photo' }],
    'unsupported_operation',
    'name is not a parameter',
  ],
  [
    'an unknown property of a condition',
    [{ path: '/x', conditions: [{ httpMethods: ['GET'], scopes: ['x'], method: 'GET' }] }],
    'unsupported_operation',
    'method is not a parameter',
  ],
  ['a method twice', [resource('/x', ['GET', 'get'], 'x')], 'http_method_not_unique', 'GET /x'],
  [
    'a method in two conditions',
    [{ path: '/x', conditions: [...PHOTO.conditions, ...PHOTO.conditions] }],
    'http_method_not_unique',
    'GET /x',
  ],
];

it.each(BAD)('uma_rs_protect rejects %s', async (_, resources, word, message) => {
  const error = await rejectionOf(protect(resources as Resources));
  expect(error).toMatchObject({ error: word, mayHaveRun: false });
  expect(error.message).toContain(message);
  expect(as.op.requests).toHaveLength(0);
});

it('null counts as an omitted property', async () => {
  const condition = {
    httpMethods: ['GET'],
    scopes: ['x'],
    ticketScopes: null,
    scope_expression: null,
  };
  await protect([{ path: '/x', conditions: [condition] }] as unknown as Resources);
  expect(as.names).toEqual(['[GET] /x']);
});

describe('a second start', () => {
  it('registers nothing and reads back what is declared', async () => {
    await protect([PHOTO, resource('/doc', ['GET'], 'view')]);
    restart();
    await protect([PHOTO, resource('/doc', ['GET'], 'view')]);
    await protect([PHOTO]);
    expect(changes()).toEqual(['POST', 'POST']);
    expect(as.seen('resources', 'GET')).toHaveLength(3);
  });

  it('ignores the order of methods and scopes', async () => {
    await protect([resource('/photo', ['GET', 'HEAD'], 'a', 'b')]);
    restart();
    await protect([resource('/photo', ['HEAD', 'GET'], 'b', 'a')]);
    expect(changes()).toEqual(['POST']);
    expect(as.names).toEqual(['[GET, HEAD] /photo']);
  });

  it('does not send internal properties', async () => {
    await protect([PHOTO]);
    restart();
    const [condition] = PHOTO.conditions;
    const more = { httpMethods: ['GET'], ...condition, ticketScopes: ['all'] };
    await protect([{ path: '/photo', conditions: [more] }]);
    expect(changes()).toEqual(['POST']);
    await check('/photo', 'GET');
    expect(as.tickets[0]?.permissions[0]?.resource_scopes).toEqual(['all']);
  });

  it('also registers the ticket scopes', async () => {
    await protect([PHOTO]);
    const condition = { httpMethods: ['GET'], scopes: ['view', 'all'], ticketScopes: ['preview'] };
    await protect([{ path: '/photo', conditions: [condition] }]);
    expect(scopesOf('[GET] /photo')).toEqual(['view', 'all', 'preview']);
    await check('/photo', 'GET');
    expect(as.tickets[0]?.permissions[0]?.resource_scopes).toEqual(['preview']);
  });

  it.each(['spec', 'gluu', 'keycloak'] as const)(
    'restores deleted resources at %s',
    async (vendor) => {
      as.reset(vendor);
      await protect([PHOTO, resource('/doc', ['GET'], 'view')]);
      const doc = as.idOf('[GET] /doc');
      as.resources.delete(as.idOf('[GET] /photo'));
      restart();
      await protect([PHOTO, resource('/doc', ['GET'], 'view')]);
      expect(changes()).toEqual(['POST', 'POST', 'POST']);
      expect(await resourceAt('/photo', 'GET')).toBe(as.idOf('[GET] /photo'));
      expect(await resourceAt('/doc', 'GET')).toBe(doc);
    },
  );

  it.each([
    { name: 'an unchanged', declared: PHOTO },
    { name: 'a changed', declared: resource('/photo', ['GET'], 'look') },
  ])(
    'with $name declaration loses no id and creates no duplicate while a gateway returns 404',
    async ({ declared }) => {
      as.reset('gluu');
      await protect([PHOTO]);
      const id = as.idOf('[GET] /photo');
      restart();
      as.on('resources', { status: 404, text: '<h1>no backend</h1>' });
      await rejectionOf(protect([declared]));
      await rejectionOf(protect([declared]));
      as.on('resources', undefined);
      await protect([declared]);
      expect(await resourceAt('/photo', 'GET')).toBe(id);
      expect(as.resources.size).toBe(1);
    },
  );

  it('reads many resources in batches', async () => {
    const many = Array.from({ length: 20 }, (_, at) => resource(`/album/${at}`, ['GET'], 'view'));
    await protect(many);
    as.resources.delete(as.idOf('[GET] /album/11'));
    restart();
    let [running, most] = [0, 0];
    as.on('resources', async (seen) => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running -= 1;
      return as.usual('resources', seen);
    });
    await protect(many);
    expect(most).toBeLessThanOrEqual(8);
    expect(as.resources.size).toBe(20);
  });

  it.each<{ name: string; answer: Answer; works: boolean }>([
    {
      name: 'succeeds after 400 not_supported',
      answer: { status: 400, json: { error: 'not_supported' } },
      works: true,
    },
    {
      name: 'fails after 403',
      answer: { status: 403, json: { error: 'invalid_bearer_token' } },
      works: false,
    },
    { name: 'fails after 500', answer: { status: 500, text: '' }, works: false },
    { name: 'fails after an HTML page', answer: { text: '<h1>hello</h1>' }, works: false },
  ])('that cannot read resources $name', async ({ answer, works }) => {
    await protect([PHOTO]);
    restart();
    as.on('resources', answer);
    if (works) await protect([PHOTO]);
    else await rejectionOf(protect([PHOTO]));
    as.on('resources', undefined);
    await protect([PHOTO]);
    expect(as.seen('resources', 'POST')).toHaveLength(1);
  });
});

describe('a changed condition', () => {
  it('keeps its id, and thus the policies attached to it', async () => {
    as.reset('keycloak');
    await protect([PHOTO]);
    const id = as.idOf('[GET] /photo');
    const theirs = { type: 'urn:photo', uris: ['/photo'], attributes: { a: ['1'] } };
    as.resources.set(id, { ...as.resources.get(id), ...theirs, displayName: 'Photo' });
    restart();
    await protect([resource('/photo', ['GET'], 'look')]);
    expect(as.resources.get(id)).toEqual({
      ...{ ...theirs, displayName: 'Photo', ownerManagedAccess: false },
      ...{ name: '[GET] /photo', resource_scopes: ['look'] },
    });
    expect(await resourceAt('/photo', 'GET')).toBe(id);
    expect(changes()).toEqual(['POST', 'PUT']);
  });

  it('keeps the scopes of an administrator and loses those no longer declared', async () => {
    await protect([PHOTO]);
    const id = as.idOf('[GET] /photo');
    as.resources.set(id, { ...as.resources.get(id), resource_scopes: ['view', 'all', 'print'] });
    await protect([resource('/photo', ['GET'], 'all', 'look')]);
    expect(scopesOf('[GET] /photo')).toEqual(['all', 'look', 'print']);
    await protect([resource('/photo', ['GET'], 'see')]);
    expect(scopesOf('[GET] /photo')).toEqual(['see', 'print']);
  });

  it.each(['spec', 'gluu', 'janssen', 'solidlab'] as const)(
    'keeps the standard properties of its description at %s',
    async (vendor) => {
      as.reset(vendor);
      await protect([PHOTO]);
      const id = as.idOf('[GET] /photo');
      const theirs = {
        description: 'A photo',
        icon_uri: 'https://as.example.com/i.png',
        type: 't',
      };
      as.resources.set(id, { ...as.resources.get(id), ...theirs, derived_from: ['x'] });
      await protect([resource('/photo', ['GET'], 'look')]);
      expect(as.resources.get(id)).toMatchObject({ ...theirs, derived_from: ['x'] });
    },
  );

  it.each([
    ['gains a method', ['GET'], ['GET', 'HEAD']],
    ['loses a method that another condition has', ['GET', 'POST'], ['GET']],
  ])('keeps its id if it %s', async (_, before, after) => {
    await protect([resource('/photo', before, 'view')]);
    const id = await resourceAt('/photo', 'GET');
    const others = before.filter((method) => !after.includes(method));
    await protect([
      resource('/photo', after, 'view'),
      ...(others.length > 0 ? [resource('/photo', others, 'edit')] : []),
    ]);
    expect(await resourceAt('/photo', 'GET')).toBe(id);
    for (const method of others) expect(await resourceAt('/photo', method)).not.toBe(id);
    expect(as.resources.get(id ?? '')?.name).toBe(`[${after.join(', ')}] /photo`);
  });

  it('does not change methods that are not named', async () => {
    await protect([resource('/photo', ['GET', 'POST'], 'view')]);
    const id = await resourceAt('/photo', 'GET');
    await protect([resource('/photo', ['POST'], 'edit')]);
    expect(await resourceAt('/photo', 'GET')).toBe(id);
    expect(as.tickets.at(-1)?.permissions[0]?.resource_scopes).toEqual(['view']);
    expect(await resourceAt('/photo', 'POST')).toBe(as.idOf('[POST] /photo'));
    expect(as.names).toEqual(['[GET] /photo', '[POST] /photo']);
  });

  it('that takes all methods of another resource retains the other one', async () => {
    await protect([resource('/photo', ['GET'], 'view'), resource('/photo', ['POST'], 'edit')]);
    const [get, post] = [as.idOf('[GET] /photo'), as.idOf('[POST] /photo')];
    await protect([resource('/photo', ['GET', 'POST'], 'all')]);
    expect(await resourceAt('/photo', 'POST')).toBe(get);
    expect(as.resources.has(post)).toBe(true);
    await protect([resource('/photo', ['GET'], 'view'), resource('/photo', ['POST'], 'edit')]);
    expect(await resourceAt('/photo', 'GET')).toBe(get);
    expect(await resourceAt('/photo', 'POST')).toBe(post);
    expect(as.resources.size).toBe(2);
  });

  it('is registered again if its resource is missing', async () => {
    await protect([PHOTO]);
    as.resources.clear();
    await protect([resource('/photo', ['GET'], 'look')]);
    expect(as.names).toEqual(['[GET] /photo']);
    expect(await resourceAt('/photo', 'GET')).toBe(as.idOf('[GET] /photo'));
  });

  it('is registered again if its resource is deleted between read and write', async () => {
    await protect([PHOTO]);
    as.on('resources', (seen) => {
      if (seen.method === 'PUT') as.resources.clear();
      return as.usual('resources', seen);
    });
    await protect([resource('/photo', ['GET'], 'look')]);
    expect(scopesOf('[GET] /photo')).toEqual(['look']);
  });
});

describe('a resource that is no longer declared', () => {
  const both = [PHOTO, resource('/doc', ['GET', 'PUT'], 'view')];

  it('remains and can still be checked', async () => {
    await protect(both);
    restart();
    await protect([PHOTO]);
    expect(as.names).toEqual(['[GET, PUT] /doc', '[GET] /photo']);
    expect(await check('/doc', 'PUT')).toMatchObject({ access: 'denied' });
  });

  it('is deleted with overwrite', async () => {
    await protect(both);
    restart();
    await protect([resource('/doc', ['GET'], 'view')], { overwrite: true });
    expect(as.names).toEqual(['[GET] /doc']);
    for (const [path, method] of [
      ['/photo', 'GET'],
      ['/doc', 'PUT'],
    ] as const) {
      expect(await rejectionOf(check(path, method))).toMatchObject({ error: 'invalid_request' });
    }
  });

  it('is dropped with overwrite if it is already deleted', async () => {
    await protect(both);
    as.resources.delete(as.idOf('[GET] /photo'));
    await protect(both.slice(1), { overwrite: true });
    expect(as.seen('resources', 'DELETE')).toHaveLength(1);
    expect(as.names).toEqual(['[GET, PUT] /doc']);
  });

  it('is deleted with overwrite only if this site registered it', async () => {
    const theirs = as.resources.set('theirs', { name: '[GET] /theirs', resource_scopes: ['x'] });
    await protect(both);
    await protect([PHOTO], { overwrite: true });
    expect(theirs.has('theirs')).toBe(true);
  });

  it('frees its name before another resource uses it', async () => {
    as.reset('keycloak');
    await protect([resource('/photo', ['GET', 'PUT'], 'a'), resource('/photo', ['POST'], 'b')]);
    await protect([resource('/photo', ['POST', 'GET'], 'a')], { overwrite: true });
    expect(as.names).toEqual(['[POST, GET] /photo']);
  });
});

describe('a name that is in use', () => {
  const taken = { name: '[GET] /photo', resource_scopes: ['view', 'all', 'print'] };
  beforeEach(() => as.reset('keycloak'));

  it('by this client adopts the resource unchanged', async () => {
    as.resources.set('theirs', taken);
    await protect([PHOTO]);
    expect(as.resources).toEqual(new Map([['theirs', taken]]));
    expect(await resourceAt('/photo', 'GET')).toBe('theirs');
    expect(told()).toEqual([expect.stringContaining('[GET] /photo was')]);
    const [list] = as.seen('resources', 'GET');
    expect(new URL(list?.url ?? '', as.issuer).search).toBe(
      '?name=%5BGET%5D+%2Fphoto&exactName=true&owner=rs-client',
    );
  });

  it('adds missing scopes and preserves the others', async () => {
    as.resources.set('theirs', { ...taken, resource_scopes: ['print'] });
    await protect([PHOTO]);
    expect(scopesOf('[GET] /photo')).toEqual(['view', 'all', 'print']);
  });

  it('is not deleted with overwrite, because another party registered it', async () => {
    as.resources.set('theirs', taken);
    await protect([PHOTO]);
    await protect([resource('/doc', ['GET'], 'view')], { overwrite: true });
    expect(as.names).toEqual(['[GET] /doc', '[GET] /photo']);
    expect(await rejectionOf(check('/photo', 'GET'))).toMatchObject({ error: 'invalid_request' });
  });

  it.each([
    ['in another case', { ...taken, name: '[get] /PHOTO' }],
    ['without a name', { ...taken, name: undefined }],
  ])('does not match a resource %s', async (_, description) => {
    as.resources.set('theirs', description);
    as.on('resources', (seen) =>
      seen.method === 'POST'
        ? { status: 409, json: { error: 'conflict' } }
        : as.usual('resources', seen),
    );
    const error = await rejectionOf(protect([PHOTO]));
    expect(error).toMatchObject({ error: 'http_status_409' });
    expect(error.message).toContain("not this client's");
    as.on('resources', undefined);
    as.resources.clear();
    await protect([PHOTO]);
    expect(as.names).toEqual(['[GET] /photo']);
  });

  it.each([
    {
      name: 'rejects a resource of another owner',
      owner: { id: 'u1', name: 'alice' },
      used: false,
    },
    { name: 'rejects a resource of another owner as a string', owner: 'alice', used: false },
    {
      name: 'adopts a resource of the client',
      owner: { id: 'c1', name: RS.client_id },
      used: true,
    },
    { name: 'adopts a resource of an unnamed owner', owner: { id: 'c1' }, used: true },
  ])('$name', async ({ owner, used }) => {
    as.resources.set('theirs', taken);
    as.on('resources', (seen) => {
      if (!seen.url.endsWith('/theirs')) return as.usual('resources', seen);
      return { json: { ...taken, _id: 'theirs', owner } };
    });
    if (used) await protect([PHOTO]);
    else await rejectionOf(protect([PHOTO]));
    const record = (await transport.store.get(await transport.resourcesKey(oxd_id))) as {
      resources: object[];
    };
    expect(record.resources).toHaveLength(used ? 1 : 0);
  });

  it('is looked up in the plain list if the filter is rejected', async () => {
    as.resources.set('theirs', taken);
    as.on('resources', (seen) =>
      seen.url.includes('?')
        ? { status: 400, json: { error: 'invalid_request' } }
        : as.usual('resources', seen),
    );
    await protect([PHOTO]);
    expect(await resourceAt('/photo', 'GET')).toBe('theirs');
  });

  it('is found among many', async () => {
    as.reset('solidlab');
    for (let at = 0; at < 150; at++) as.resources.set(`r${at}`, { name: `r${at}` });
    as.resources.set('theirs', taken);
    await protect([PHOTO]);
    expect(await resourceAt('/photo', 'GET')).toBe('theirs');
  });
});

describe('a name that is pending', () => {
  const other = [resource('/doc', ['GET'], 'view')];
  const theirs = { name: '[GET] /photo', resource_scopes: ['view', 'print'] };

  /** Makes an attempt with an unknown outcome, such as a 503 of a gateway. */
  const attempt = async () => {
    as.on('resources', (seen) =>
      seen.method === 'POST' ? { status: 503, text: '' } : as.usual('resources', seen),
    );
    await rejectionOf(protect([PHOTO]));
    as.on('resources', undefined);
  };

  describe.each(['spec', 'gluu', 'keycloak', 'solidlab'] as const)('at %s', (vendor) => {
    beforeEach(async () => {
      as.reset(vendor);
      as.resources.set('theirs', theirs);
      await attempt();
    });

    it('is adopted with its scopes, and never deleted', async () => {
      await protect([PHOTO]);
      expect(await resourceAt('/photo', 'GET')).toBe('theirs');
      expect(scopesOf('[GET] /photo')).toEqual(['view', 'all', 'print']);
      expect(told()).toEqual([
        expect.stringContaining('[GET] /photo was found at the authorization server; its'),
      ]);
      await protect([resource('/photo', ['GET'], 'look')]);
      expect(scopesOf('[GET] /photo')).toEqual(expect.arrayContaining(['look', 'print']));
      await protect(other, { overwrite: true });
      expect(as.names).toEqual(['[GET] /doc', '[GET] /photo']);
    });

    it('is not deleted when no longer declared, but logged', async () => {
      await protect(other, { overwrite: true });
      expect(as.names).toEqual(['[GET] /doc', '[GET] /photo']);
      expect(as.seen('resources', 'DELETE')).toHaveLength(0);
      expect(told()).toEqual([
        expect.stringMatching(/\[GET\] \/photo may exist at.*it is not deleted/),
      ]);
      await protect([PHOTO]);
      expect(await resourceAt('/photo', 'GET')).toBe('theirs');
    });

    it('is retained if the lookup fails', async () => {
      as.on('resources', (seen) => {
        const isList = seen.method === 'GET' && /resource\/?(\?|$)/.test(seen.url);
        return isList ? { status: 500, text: '' } : as.usual('resources', seen);
      });
      await protect(other, { overwrite: true });
      expect(as.names).toEqual(['[GET] /doc', '[GET] /photo']);
      expect(await transport.store.get(await transport.resourcesKey(oxd_id))).toMatchObject({
        pending: ['[GET] /photo'],
      });
    });

    it('is dropped if no resource has the name', async () => {
      as.resources.clear();
      await protect(other, { overwrite: true });
      expect(told()).toEqual([]);
      expect(await transport.store.get(await transport.resourcesKey(oxd_id))).toMatchObject({
        pending: [],
      });
    });
  });

  it('is not registered if too many resources must be read', async () => {
    await attempt();
    for (let at = 0; at < 1000; at++) as.resources.set(`r${at}`, { name: `r${at}` });
    as.resources.set('theirs', theirs);
    const error = await rejectionOf(protect([PHOTO]));
    expect(error).toMatchObject({ error: 'internal_error', mayHaveRun: false });
    expect(error.message).toMatch(/more than 1000 resources.*"\[GET\] \/photo".*Remove/);
    expect(as.resources.size).toBe(1001);
    as.resources.delete('r0');
    await protect([PHOTO]);
    expect(await resourceAt('/photo', 'GET')).toBe('theirs');
  });
});

describe('a registration that certainly failed', () => {
  const taken = { name: '[GET] /photo', resource_scopes: ['view', 'all'] };
  const other = [resource('/doc', ['GET'], 'view')];
  beforeEach(() => as.reset('keycloak'));

  it.each([
    ['was rejected', (seen: Seen) => seen.method === 'POST', 400],
    ['found the name in use', (seen: Seen) => seen.method === 'GET', 500],
  ])('%s: a later resource belongs to another party', async (_, fails, status) => {
    if (status === 500) as.resources.set('theirs', taken);
    as.on('resources', (seen) =>
      fails(seen) ? { status, json: {} } : as.usual('resources', seen),
    );
    await rejectionOf(protect([PHOTO]));
    as.on('resources', undefined);
    as.resources.set('theirs', taken);
    await protect([PHOTO]);
    await protect(other, { overwrite: true });
    expect(as.names).toEqual(['[GET] /doc', '[GET] /photo']);
  });
});

describe('a crash', () => {
  /** A store that stops keeping resources after some writes, as a process that has died does. */
  class DyingStore extends MemoryStore {
    left = Infinity;

    override async set(key: string, value: unknown, ttl?: number): Promise<void> {
      if (key.startsWith('resources:') && this.left-- <= 0) throw new Error('the process died');
      return super.set(key, value, ttl);
    }
  }

  let store: DyingStore;
  beforeEach(async () => {
    store = new DyingStore();
    transport = new TestTransport({ store });
    oxd_id = await rsSite(transport, as);
  });

  const two = [PHOTO, resource('/doc', ['GET'], 'view')];
  const crash = async (writes: number, call: () => Promise<unknown>) => {
    store.left = writes;
    await expect(call()).rejects.toThrow('uma_rs_protect');
    store.left = Infinity;
    transport = new TestTransport({ store });
  };

  describe.each(['spec', 'gluu', 'keycloak', 'solidlab'] as const)('at %s', (vendor) => {
    beforeEach(() => as.reset(vendor));

    // The owner of a resource without a stored id is unknown: the resource is adopted, not deleted.
    it.each([
      [0, []],
      [1, ['[GET] /photo']],
      [2, []],
      [3, ['[GET] /doc']],
    ])('after %i writes of a first declaration loses no resource', async (writes, unproven) => {
      await crash(writes, () => protect(two));
      await protect(two);
      expect(as.names).toEqual(['[GET] /doc', '[GET] /photo']);
      expect(await resourceAt('/photo', 'GET')).toBe(as.idOf('[GET] /photo'));
      expect(await resourceAt('/doc', 'GET')).toBe(as.idOf('[GET] /doc'));
      await protect([resource('/x', ['GET'], 'x')], { overwrite: true });
      expect(as.names).toEqual([...unproven, '[GET] /x']);
    });

    it.each([0, 1])('after %i writes of a change loses no resource', async (writes) => {
      await protect(two);
      const id = as.idOf('[GET] /photo');
      const changed = [resource('/photo', ['GET'], 'look'), resource('/doc', ['GET'], 'look')];
      await crash(writes, () => protect(changed));
      await protect(changed);
      expect(as.resources.size).toBe(2);
      expect(await resourceAt('/photo', 'GET')).toBe(id);
      expect(scopesOf('[GET] /doc')).toEqual(['look']);
    });

    it('after a deletion loses no resource', async () => {
      await protect(two);
      await crash(0, () => protect([PHOTO], { overwrite: true }));
      await protect([PHOTO], { overwrite: true });
      expect(as.names).toEqual(['[GET] /photo']);
      expect(await resourceAt('/photo', 'GET')).toBe(as.idOf('[GET] /photo'));
    });
  });
});

const FAILURES: readonly [string, Answer, string][] = [
  ['400', { status: 400, json: { error: 'invalid_scope' } }, 'http_status_400'],
  ['405', { status: 405, json: { error: 'HTTP 405' } }, 'http_status_405'],
  ['500', { status: 500, json: { error: 'x' } }, 'http_status_500'],
  ['502 with a page', { status: 502, text: '<h1>hello</h1>' }, 'http_status_502'],
  ['204', { status: 204 }, 'internal_error'],
  ['an HTML page', { status: 201, text: '<h1>hello</h1>' }, 'internal_error'],
  ['no _id', { status: 201, json: { name: '[GET] /photo' } }, 'internal_error'],
  ['an empty _id', { status: 201, json: { _id: '' } }, 'internal_error'],
  ['a blank _id', { status: 201, json: { _id: ' ' } }, 'internal_error'],
  ['an _id that is a number', { status: 201, json: { _id: 7 } }, 'internal_error'],
  ['an _id that is a parent path', { status: 201, json: { _id: '..' } }, 'internal_error'],
  ['an _id with a line break', { status: 201, json: { _id: 'a\nb' } }, 'internal_error'],
  ['another name', { status: 201, json: { _id: 'x', name: 'y' } }, 'internal_error'],
  [
    'another owner',
    { status: 201, json: { _id: 'x', owner: { id: '1', name: 'alice' } } },
    'internal_error',
  ],
  ['no answer', { hang: true }, 'internal_error'],
  ['a broken connection', { drop: true }, 'internal_error'],
];

it.each(FAILURES)('a registration response with %s is rejected', async (_, answer, word) => {
  transport = new TestTransport({ store: transport.store, ...limitEndedBy(as.op) });
  as.on('resources', answer);
  expect(await rejectionOf(protect([PHOTO]))).toMatchObject({ error: word });
  expect(await rejectionOf(check('/photo', 'GET'))).toMatchObject({ error: 'invalid_request' });
  as.on('resources', undefined);
  await protect([PHOTO]);
  expect(await check('/photo', 'GET')).toMatchObject({ access: 'denied' });
  expect(as.names).toEqual(['[GET] /photo']);
});

it.each([
  {
    error: 'not_supported',
    status: 400,
    advice: /\. Keycloak: switch on remote resource management/,
  },
  { error: 'invalid_clientId', status: 403, advice: /\. Keycloak: enable authorization in/ },
  { error: 'not_found', status: 404, advice: /was not registered\. The server returned not_found/ },
])('a registration that is rejected with $error names its cause', async ({ advice, ...row }) => {
  as.on('resources', { status: row.status, json: { error: row.error } });
  expect((await rejectionOf(protect([PHOTO]))).message).toMatch(advice);
});

it.each([
  [400, false],
  [403, false],
  [500, true],
])('a registration that failed with %i may have been made: %p', async (status, mayHaveRun) => {
  as.on('resources', { status, json: {} });
  expect(await rejectionOf(protect([PHOTO]))).toMatchObject({ mayHaveRun });
});

it('the id of a resource is one encoded segment of its URL', async () => {
  const id = 'a/b;c?d#e%2F é';
  as.on('resources', (seen) =>
    seen.method === 'POST' ? { status: 201, json: { _id: id } } : as.usual('resources', seen),
  );
  await protect([PHOTO]);
  await protect([resource('/photo', ['GET'], 'look')]);
  expect(as.seen('resources', 'GET')[0]?.url).toBe('/uma/resource/a%2Fb%3Bc%3Fd%23e%252F%20%C3%A9');
});
