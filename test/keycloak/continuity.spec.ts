import { randomBytes } from 'node:crypto';
import { MemoryStore } from '../../lib/index.js';
import { closing, closeNow } from '../support/closing.js';
import { registerSecret } from '../support/secrets.js';
import { Api, type ApiOptions } from './api.js';
import { Realm } from './realm.js';
import { RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName } from './routes.js';

const ALBUMS = { path: '/albums', scopes: ['view'] };
const PHOTO = { path: '/photos/:id', scopes: ['view'] };
const PHOTOS = ['/photos/1', '/photos/2', '/photos/3'];

/** Length of an RPT that the guard once rejected, in characters. */
const LONG = 8192;

let realm: Realm;
let store: MemoryStore;

beforeEach(async () => {
  realm = await Realm.create();
  store = new MemoryStore();
});

afterEach(() => realm?.close());

/** Starts the application, whose store outlives it. */
async function start(given: Partial<ApiOptions> = {}, routes = [ALBUMS, PHOTO]): Promise<Api> {
  const paths = ({ path }: { path: string }, { id }: Readonly<Record<string, string>>): string =>
    id === undefined ? path : path.replace(':id', () => encodeURIComponent(id));
  const controllers = [controllerOf(routes)];
  const options = { store, uma: { paths, ...given.options?.uma } };
  return closing(await Api.start(realm, { controllers, ...given, options }));
}

async function protectPhotos({ uma }: Api): Promise<void> {
  const conditions = [{ httpMethods: ['GET'], scopes: ['view'] }];
  await uma.protect({ resources: PHOTOS.map((path) => ({ path, conditions })) });
}

/** Starts, protects three photos, and attaches a policy to all resources; returns their ids. */
async function startWithPhotos(): Promise<{ api: Api; ids: string[] }> {
  const api = await start();
  await protectPhotos(api);
  const resources = await realm.resources();
  expect(resources).toHaveLength(5);
  for (const resource of resources) await realm.permit(resource, { policies: ['viewers'] });
  await realm.forgetEvents();
  return { api, ids: resources.map(({ _id }) => _id) };
}

/** Alice opens every route, carol none. */
async function expectPolicies(api: Api): Promise<void> {
  const alice = new RequestingParty(realm, 'alice', 'shop-web');
  const carol = new RequestingParty(realm, 'carol', 'shop-web');
  for (const path of [ALBUMS.path, ...PHOTOS]) {
    expect([path, await alice.visit(api, path)]).toEqual([path, 200]);
    expect([path, await carol.visit(api, path)]).toEqual([path, 401]);
  }
}

/** No resource was created, changed or deleted. */
async function expectUntouched(ids: readonly string[]): Promise<void> {
  expect(await realm.resourceEvents()).toEqual([]);
  const found = (await realm.resources()).map(({ _id }) => _id);
  expect(found.toSorted()).toEqual(ids.toSorted());
}

describe('resources of decorators and of UmaService.protect()', () => {
  it.each([
    { name: 'the same options', site: {} },
    { name: 'another scope', site: { scope: ['openid', 'email'] } },
    { name: 'another client_name', site: { client_name: 'another name' } },
    {
      name: 'another redirect URI',
      site: { authorization_redirect_uri: 'http://localhost:47126/another' },
    },
    {
      name: 'another post_logout_redirect_uri',
      site: { post_logout_redirect_uri: 'http://localhost:47125/bye' },
    },
    { name: 'other acr_values', site: { acr_values: ['gold'] } },
  ])('stay, with their policies, over a restart with $name', async ({ site }) => {
    const { api, ids } = await startWithPhotos();
    await closeNow(api);
    const restarted = await start({ site });
    await expectPolicies(restarted);
    await expectUntouched(ids);
  });

  it('stay, with their policies, when UmaService.modify() changes the scopes of one', async () => {
    const { api, ids } = await startWithPhotos();
    const [path = ''] = PHOTOS;
    const before = await new RequestingParty(realm, 'alice', 'shop-web').rptFor(api, path);
    await api.uma.modify({ path, http_method: 'GET', scopes: ['view-private'] });
    const { scopes = [] } = await realm.resource(`[GET] ${path}`);
    expect(scopes.map(({ name }) => name)).toEqual(['view-private']);
    expect((await api.ask(path, before)).status).toBe(401);
    await expectPolicies(api);
    const events = await realm.resourceEvents();
    expect(events.map(({ operationType }) => operationType)).toEqual(['UPDATE']);
    await closeNow(api);
    await realm.forgetEvents();
    const restarted = await start();
    await expectPolicies(restarted);
    await expectUntouched(ids);
  });

  it('stay, with their policies, over a restart with a rotated client secret', async () => {
    const { api, ids } = await startWithPhotos();
    await closeNow(api);
    const client_secret = randomBytes(24).toString('base64url');
    registerSecret(client_secret);
    await realm.changeClient('albums-api', { secret: client_secret });
    const restarted = await start({ site: { client_secret } });
    await expectPolicies(restarted);
    await expectUntouched(ids);
  });

  it('stay, with their policies, if one was renamed and the options change as well', async () => {
    const { api, ids } = await startWithPhotos();
    const albums = await realm.resource(resourceName(ALBUMS));
    await realm.changeResource(albums, { name: 'All the albums' });
    await realm.forgetEvents();
    await closeNow(api);
    const restarted = await start({ site: { client_name: 'another name' } });
    await expectPolicies(restarted);
    await expectUntouched(ids);
  });

  it('stay, with their policies, if the store is lost and protect() is called again', async () => {
    const { api, ids } = await startWithPhotos();
    await closeNow(api);
    store = new MemoryStore();
    const restarted = await start();
    expect((await restarted.ask(PHOTOS[0] ?? '')).status).toBe(403);
    await protectPhotos(restarted);
    await expectPolicies(restarted);
    const found = (await realm.resources()).map(({ _id }) => _id);
    expect(found.toSorted()).toEqual(ids.toSorted());
  });

  it('are deleted by uma.overwrite, if no longer declared, after the options changed', async () => {
    const { api } = await startWithPhotos();
    await closeNow(api);
    await start({ site: { client_name: 'another name' }, options: { uma: { overwrite: true } } }, [
      ALBUMS,
    ]);
    expect((await realm.resources()).map(({ name }) => name)).toEqual([resourceName(ALBUMS)]);
  });
});

describe('an RPT of 60 permissions', () => {
  const routes = Array.from({ length: 60 }, (_, index) => ({
    path: `/numbered/${index}`,
    scopes: ['view'],
  }));

  it('opens each of its routes, also after a restart with other options', async () => {
    const api = await start({}, routes);
    for (const resource of await realm.resources()) {
      await realm.permit(resource, { policies: ['viewers'] });
    }
    const alice = new RequestingParty(realm, 'alice', 'shop-web');
    const rpt = await alice.rptForEverything('albums-api');
    expect(rpt.length).toBeGreaterThan(LONG);
    const statuses = async (at: Api) =>
      new Set(await Promise.all(routes.map(async ({ path }) => (await at.ask(path, rpt)).status)));
    expect(await statuses(api)).toEqual(new Set([200]));
    await closeNow(api);
    const restarted = await start({ site: { client_name: 'another name' } }, routes);
    expect(await statuses(restarted)).toEqual(new Set([200]));
    expect(await realm.resources()).toHaveLength(routes.length);
  }, 240_000);
});
