import { setTimeout as pause } from 'node:timers/promises';
import { MemoryStore } from '../../lib/index.js';
import { closing, closeNow } from '../support/closing.js';
import { Api, type ApiOptions } from './api.js';
import { Realm, type Resource } from './realm.js';
import { RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName, type Route } from './routes.js';

const ALBUMS: Route = { path: '/albums', scopes: ['view'] };
const SHELVES: Route = { path: '/shelves', scopes: ['view'] };

let realm: Realm;
let store: MemoryStore;

beforeEach(async () => {
  realm = await Realm.create();
  store = new MemoryStore();
});

afterEach(() => realm?.close());

/** Starts the application on the store of this test. */
async function start(routes: readonly Route[], given: Partial<ApiOptions> = {}): Promise<Api> {
  const controllers = [controllerOf(routes)];
  const options = { store, ...given.options };
  return closing(await Api.start(realm, { controllers, ...given, options }));
}

/** Ends the application and starts it again, perhaps with other routes. */
async function restart(before: Api, ...next: Parameters<typeof start>): Promise<Api> {
  await closeNow(before);
  return start(...next);
}

function alice(): RequestingParty {
  return new RequestingParty(realm, 'alice', 'shop-web');
}

function carol(): RequestingParty {
  return new RequestingParty(realm, 'carol', 'shop-web');
}

async function albums(): Promise<Resource> {
  return realm.resource(resourceName(ALBUMS));
}

function scopesOf({ scopes = [] }: Resource): string[] {
  return scopes.map(({ name }) => name).toSorted();
}

/** The policy of the albums still decides: alice gets in and carol does not. */
async function expectPolicy(api: Api): Promise<void> {
  expect(await alice().visit(api, ALBUMS.path)).toBe(200);
  expect(await carol().visit(api, ALBUMS.path)).toBe(401);
}

/** Starts with a policy on the albums; returns the id of their resource as well. */
async function startWithPolicy(routes: readonly Route[] = [ALBUMS, SHELVES]) {
  const api = await start(routes);
  const resource = await albums();
  await realm.permit(resource, { policies: ['viewers'] });
  await realm.forgetEvents();
  return { api, id: resource._id };
}

describe('the first start', () => {
  it('registers one resource for each route, with its scopes', async () => {
    await start([ALBUMS, { path: '/shelves/:id', scopes: ['view', 'edit'] }]);
    const found = await realm.resources();
    expect(found).toHaveLength(2);
    expect(Object.fromEntries(found.map((one) => [one.name, scopesOf(one)]))).toEqual({
      '[GET] /albums': ['view'],
      '[GET] /shelves/:id': ['edit', 'view'],
    });
    const events = await realm.resourceEvents();
    expect(events.map(({ operationType }) => operationType)).toEqual(['CREATE', 'CREATE']);
  });

  it('registers 150 resources, and the second start writes none of them', async () => {
    const routes = Array.from({ length: 150 }, (_, index) => ({
      path: `/numbered/${index}`,
      scopes: ['view'],
    }));
    const last = routes.at(-1) ?? ALBUMS;
    const api = await start(routes);
    const ids = (await realm.resources()).map(({ _id }) => _id).toSorted();
    expect(ids).toHaveLength(150);
    await realm.permit(await realm.resource(resourceName(last)), { policies: ['viewers'] });
    expect(await alice().visit(api, last.path)).toBe(200);

    await realm.forgetEvents();
    const again = await restart(api, routes);
    expect(await alice().visit(again, last.path)).toBe(200);
    expect(await realm.resourceEvents()).toEqual([]);

    store = new MemoryStore();
    const adopted = await restart(again, routes);
    expect(await alice().visit(adopted, last.path)).toBe(200);
    const found = await realm.resources();
    expect(found.map(({ _id }) => _id).toSorted()).toEqual(ids);
  }, 180_000);
});

describe('a second start', () => {
  it('with the same declarations writes nothing', async () => {
    const { api } = await startWithPolicy();
    await expectPolicy(await restart(api, [ALBUMS, SHELVES]));
    expect(await realm.resourceEvents()).toEqual([]);
  });

  it('without the store takes the resource over, with its policy', async () => {
    const { api, id } = await startWithPolicy();
    store = new MemoryStore();
    await expectPolicy(await restart(api, [ALBUMS, SHELVES]));
    expect((await albums())._id).toBe(id);
    expect(await realm.resources()).toHaveLength(2);
  });

  it('with a changed scope keeps id, policy and what an administrator added', async () => {
    const { api, id } = await startWithPolicy();
    await realm.changeResource(await albums(), {
      attributes: { department: ['music', 'archive'] },
      displayName: 'All albums',
      uris: ['/music/*'],
    });
    await realm.forgetEvents();
    const routes = [{ ...ALBUMS, scopes: ['view', 'edit'] }, SHELVES];
    const changed = await restart(api, routes);
    await expectPolicy(changed);
    const resource = await albums();
    expect(resource).toMatchObject({
      _id: id,
      attributes: { department: ['music', 'archive'] },
      displayName: 'All albums',
      uris: ['/music/*'],
    });
    expect(scopesOf(resource)).toEqual(['edit', 'view']);
    const events = await realm.resourceEvents();
    expect(events.map(({ operationType }) => operationType)).toEqual(['UPDATE']);

    await restart(changed, [ALBUMS, SHELVES]);
    expect(scopesOf(await albums())).toEqual(['view']);
    expect((await albums())._id).toBe(id);
  });

  it('without a declaration keeps its resource, and a later one has its policy again', async () => {
    const { api, id } = await startWithPolicy();
    const without = await restart(api, [SHELVES]);
    expect((await without.ask(ALBUMS.path)).status).toBe(404);
    expect(without.log.with('warn', 'GET /albums')).toHaveLength(1);
    expect((await albums())._id).toBe(id);
    await expectPolicy(await restart(without, [ALBUMS, SHELVES]));
    expect((await albums())._id).toBe(id);
    expect(await realm.resourceEvents()).toEqual([]);
  });

  it('without a declaration deletes its resource with uma.overwrite, and no other', async () => {
    const { api, id } = await startWithPolicy();
    await restart(api, [ALBUMS], { options: { uma: { overwrite: true } } });
    const found = await realm.resources();
    expect(found.map(({ _id }) => _id)).toEqual([id]);
  });
});

describe('a resource that an administrator deleted', () => {
  it('is registered again at a start, and the others keep their ids', async () => {
    const { api, id } = await startWithPolicy();
    const shelves = await realm.resource(resourceName(SHELVES));
    await realm.deleteResource(shelves);
    await expectPolicy(await restart(api, [ALBUMS, SHELVES]));
    expect((await albums())._id).toBe(id);
    expect((await realm.resource(resourceName(SHELVES)))._id).not.toBe(shelves._id);
  });

  it('is registered again while the application runs, and is closed in between', async () => {
    const { api } = await startWithPolicy();
    await realm.deleteResource(await albums());
    const first = await api.ask(ALBUMS.path);
    expect(first.status).toBe(503);
    expect(first.headers.get('retry-after')).not.toBeNull();
    const deadline = Date.now() + 30_000;
    while ((await api.ask(ALBUMS.path)).status === 503 && Date.now() < deadline) await pause(100);
    expect((await api.ask(ALBUMS.path)).status).toBe(401);
    expect(await alice().visit(api, ALBUMS.path)).toBe(401);
    await realm.permit(await albums(), { policies: ['viewers'] });
    await expectPolicy(api);
    expect(await realm.resources()).toHaveLength(2);
  });
});

describe('a resource that an administrator renamed', () => {
  const renamed = 'All the albums';

  async function startRenamed() {
    const { api, id } = await startWithPolicy();
    await realm.changeResource(await albums(), { name: renamed });
    return { api, id };
  }

  it('stays the resource of its route while the application runs', async () => {
    const { api } = await startRenamed();
    await expectPolicy(api);
  });

  it('keeps its id, its policy and its users over a restart', async () => {
    const { api, id } = await startRenamed();
    await expectPolicy(await restart(api, [ALBUMS, SHELVES]));
    const found = await realm.resources();
    expect(found).toHaveLength(2);
    expect(found.map(({ _id }) => _id)).toContain(id);
  });

  it('keeps its id, its policy and its users when its scopes change', async () => {
    const { api, id } = await startRenamed();
    await expectPolicy(await restart(api, [{ ...ALBUMS, scopes: ['view', 'edit'] }, SHELVES]));
    const found = await realm.resources();
    expect(found).toHaveLength(2);
    expect(found.map(({ _id }) => _id)).toContain(id);
  });
});
