import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ExecutionContext } from '@nestjs/common';
import { OxdClock, type UmaOptions } from '../../lib/index.js';
import { KEYCLOAK } from './admin.js';
import { Api, type ApiOptions } from './api.js';
import { control, describeWithOwnServer } from './own-server.js';
import { attempts, CASES, routes as randomRoutes } from './random-routes.js';
import { Realm, REQUESTING_CLIENTS, type RequestingClient, type User } from './realm.js';
import { clientToken, RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName, type Opened, type Route } from './routes.js';

const decision = { mode: 'decision' } as const;

interface Query {
  readonly query: Readonly<Record<string, string>>;
}

/** Request of undici. */
interface Sent {
  readonly origin?: unknown;
  readonly method?: string;
}

const queryOf = (context: ExecutionContext, name: string): string =>
  context.switchToHttp().getRequest<Query>().query[name] ?? '';

const OPEN: Route = { path: '/open', scopes: ['view'] };
const ARCHIVE: Route = { path: '/archive', scopes: ['view'], options: { resource: 'Archive' } };
const BY_QUERY: Route = {
  path: '/named',
  scopes: ['view'],
  options: { resource: (context) => queryOf(context, 'resource') },
};
const CLAIMS: Route = {
  path: '/claims',
  scopes: ['view'],
  options: { claims: (context) => ({ network: [queryOf(context, 'network')] }) },
};

/** Clock that is ten minutes ahead: every token has expired. */
class LaterClock extends OxdClock {
  override readonly now = (): number => Date.now() + 600_000;
  override after(milliseconds: number, work: () => void): () => void {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  }
}

let realm: Realm;
let otherRealm: Realm;
let api: Api;
const others: { close(): Promise<void> }[] = [];
const parties = new Map<string, RequestingParty>();

beforeAll(async () => {
  realm = await Realm.create();
  otherRealm = await Realm.create();
  for (const client of REQUESTING_CLIENTS) {
    await realm.changeAudience(client, 'albums-api');
    await otherRealm.changeAudience(client, 'albums-api');
  }
  const archive = await realm.createResource('Archive', ['view']);
  await realm.permit(archive, { policies: ['since 2020'] });
  const network = { targetClaim: 'network', targetContextAttributes: true, pattern: '^office$' };
  await realm.createPolicy('regex', { name: 'in the office', ...network });
  api = await startWith([OPEN, ARCHIVE, BY_QUERY, CLAIMS]);
  const policies = { [OPEN.path]: 'since 2020', [CLAIMS.path]: 'in the office' };
  for (const [path, policy] of Object.entries(policies)) {
    await realm.permit(await realm.resource(resourceName({ path })), { policies: [policy] });
  }
}, 240_000);

afterAll(async () => {
  for (const one of [api, ...others, realm, otherRealm]) await one?.close();
});

interface Started extends Pick<ApiOptions, 'transport' | 'clock'> {
  readonly uma?: UmaOptions;
}

async function startWith(routes: readonly Route[], given: Started = {}): Promise<Api> {
  const { uma, ...rest } = given;
  const options = { uma: { ...decision, ...uma }, bearer: uma?.cache && { cache: {} } };
  return Api.start(realm, { controllers: [controllerOf(routes)], options, ...rest });
}

/** An API that is closed at the end. */
async function anotherApi(...given: Parameters<typeof startWith>): Promise<Api> {
  const started = await startWith(...given);
  others.push(started);
  return started;
}

function party(user: User, client: RequestingClient, at = realm): RequestingParty {
  const key = `${at.name} ${user} ${client}`;
  const known = parties.get(key) ?? new RequestingParty(at, user, client);
  parties.set(key, known);
  return known;
}

const statusOf = async (one: Api, path: string, token: string | undefined): Promise<number> =>
  (await one.ask(path, token)).status;

/** Number of requests to Keycloak with a form that some work causes in this process: no keys. */
async function requestsOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const record = (message: unknown): void => {
    const { origin, method } = (message as { request: Sent }).request;
    if (method === 'POST' && String(origin) === new URL(KEYCLOAK).origin) count += 1;
  };
  subscribe('undici:request:create', record);
  try {
    await work();
  } finally {
    unsubscribe('undici:request:create', record);
  }
  return count;
}

/** Denied as an invalid token, without a request that could contain the token. */
async function expectUnsent(token: string | undefined, one = api): Promise<void> {
  const requests = await requestsOf(async () => {
    const { status, body } = await one.ask(OPEN.path, token);
    expect(status).toBe(401);
    expect(body).toContain('BEARER_INVALID_TOKEN');
  });
  expect(requests).toBe(0);
}

describe('random decisions', () => {
  let any: Api;
  let all: Api;

  beforeAll(async () => {
    any = await anotherApi(randomRoutes, { transport: { requiredScopes: 'any' } });
    all = await anotherApi(randomRoutes, { transport: { requiredScopes: 'all' } });
    const resources = new Map((await realm.resources()).map((one) => [one.name, one]));
    for (const route of randomRoutes) {
      const resource = resources.get(resourceName(route));
      if (!resource) throw new Error(`${route.path} is not registered.`);
      for (const permitted of route.permissions) await realm.permit(resource, permitted);
    }
  }, 240_000);

  it(`equal Keycloak's own evaluation in ${CASES} cases, for any scope and for all scopes`, async () => {
    const differences: unknown[] = [];
    const counts: Record<string, number> = {};
    const byName = new Map((await realm.resources()).map((one) => [one.name, one]));
    for (const { index, user, client } of attempts) {
      const route = randomRoutes[index];
      const resource = route && byName.get(resourceName(route));
      if (!resource) throw new Error(`There is no resource for route ${index}.`);
      const { path, scopes } = route;
      const granted = await realm.evaluate({ user, client, resource, scopes });
      const token = await party(user, client).accessToken();
      const expected = {
        any: granted.length > 0 ? 200 : 403,
        all: scopes.every((scope) => granted.includes(scope)) ? 200 : 403,
      };
      const actual = {
        any: await statusOf(any, path, token),
        all: await statusOf(all, path, token),
      };
      const outcome = `${expected.any} ${expected.all}`;
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (expected.any !== actual.any || expected.all !== actual.all) {
        differences.push({ user, client, path, scopes, expected, actual });
      }
    }
    expect(differences).toEqual([]);
    expect(Object.keys(counts).toSorted()).toEqual(['200 200', '200 403', '403 403']);
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(20);
  }, 360_000);
});

describe('a decision', () => {
  it('injects the user, and costs one request; none when it is cached', async () => {
    const token = await party('alice', 'shop-web').accessToken();
    const { body } = await api.ask(OPEN.path, token);
    expect((JSON.parse(body) as Opened).sub).toBe(await realm.userId('alice'));
    expect(await requestsOf(() => api.ask(OPEN.path, token))).toBe(1);
    const cached = await anotherApi([OPEN], { uma: { cache: {} } });
    expect(await statusOf(cached, OPEN.path, token)).toBe(200);
    const statuses: number[] = [];
    const again = async () => statuses.push(await statusOf(cached, OPEN.path, token));
    expect(await requestsOf(again)).toBe(0);
    expect(statuses).toEqual([200]);
  });

  it.each(REQUESTING_CLIENTS)('uses pushed claims for a token of the client %s', async (client) => {
    const token = await party('bob', client).accessToken();
    expect(await statusOf(api, '/claims?network=office', token)).toBe(200);
    expect(await statusOf(api, '/claims?network=home', token)).toBe(403);
  });

  it('lists the permissions for all of several scopes', async () => {
    const route = { path: '/several', scopes: ['view', 'edit'] };
    const all = await anotherApi([route], { transport: { requiredScopes: 'all' } });
    const resource = await realm.resource(resourceName(route));
    await realm.permit(resource, { policies: ['since 2020'], scopes: ['view'] });
    const token = await party('alice', 'shop-web').accessToken();
    expect(await statusOf(all, route.path, token)).toBe(403);
    await realm.permit(resource, { policies: ['alice'], scopes: ['edit'] });
    const { body } = await all.ask(route.path, token);
    const [permission] = (JSON.parse(body) as Opened).permissions ?? [];
    expect(permission?.resource_id).toBe(resource._id);
    expect(permission?.resource_scopes.toSorted()).toEqual(['edit', 'view']);
  });
});

describe("an administrator's resource", () => {
  it('is found by its name and by its id, and is not changed', async () => {
    const token = await party('alice', 'shop-web').accessToken();
    const { _id } = await realm.resource('Archive');
    for (const path of ['/archive', '/named?resource=Archive', `/named?resource=${_id}`]) {
      expect([path, await statusOf(api, path, token)]).toEqual([path, 200]);
    }
    for (const name of ['archive', 'Archiv', 'missing', '..', 'a%2Fb', `${_id}x`]) {
      const path = `/named?resource=${name}`;
      expect([path, await statusOf(api, path, token)]).toEqual([path, 403]);
    }
    const changes = (await realm.resourceEvents()).filter(({ resourcePath }) =>
      resourcePath.includes(_id),
    );
    expect(changes.map(({ operationType }) => operationType)).not.toContain('UPDATE');
  });

  it('is checked with an RPT in mode rpt', async () => {
    const rptMode = { ...ARCHIVE, options: { ...ARCHIVE.options, mode: 'rpt' as const } };
    const one = await anotherApi([rptMode]);
    expect(await party('alice', 'shop-web').visit(one, ARCHIVE.path)).toBe(200);
    expect(await statusOf(one, ARCHIVE.path, undefined)).toBe(401);
  });

  it('keeps its id when it is renamed, and is 503 or 403 once it is deleted', async () => {
    const token = await party('alice', 'shop-web').accessToken();
    const made = await realm.createResource('Journal', ['view']);
    await realm.permit(made, { policies: ['since 2020'] });
    const fixed = { ...ARCHIVE, path: '/journal', options: { resource: 'Journal' } };
    const clock = new SkippingClock();
    const one = await anotherApi([fixed, BY_QUERY], { clock });
    const both = async () => [
      await statusOf(one, '/journal', token),
      await statusOf(one, '/named?resource=Journal', token),
    ];
    expect(await both()).toEqual([200, 200]);
    await realm.changeResource(made, { name: 'Diary' });
    clock.skipped += 10_000;
    expect(await both()).toEqual([200, 200]);
    await realm.deleteResource(made);
    clock.skipped += 10_000;
    expect(await both()).toEqual([503, 403]);
    const again = await realm.createResource('Journal', ['view']);
    await realm.permit(again, { policies: ['since 2020'] });
    clock.skipped += 10_000;
    expect(await both()).toEqual([200, 200]);
  });
});

/** Clock that a test moves ahead. */
class SkippingClock extends LaterClock {
  skipped = 0;
  override readonly now = (): number => Date.now() + this.skipped;
}

describe('a route that every user may open is denied to', () => {
  it('a token for another API', async () => {
    await realm.changeAudience('shop-spa', 'other-api');
    const token = await new RequestingParty(realm, 'alice', 'shop-spa').accessToken();
    await realm.changeAudience('shop-spa', 'albums-api');
    await expectUnsent(token);
  });

  it('a token of a client without the audience', async () => {
    await expectUnsent(await clientToken(realm, 'other-api'));
  });

  it('a token of another realm', async () => {
    await expectUnsent(await party('alice', 'shop-web', otherRealm).accessToken());
  });

  it('an ID token and a refresh token', async () => {
    const { id_token, refresh_token } = await party('alice', 'shop-web').logIn();
    await expectUnsent(id_token);
    await expectUnsent(refresh_token);
  });

  it('an expired token', async () => {
    const later = await anotherApi([OPEN], { clock: new LaterClock() });
    const token = await party('alice', 'shop-web').accessToken();
    await expectUnsent(token, later);
    expect(await statusOf(api, OPEN.path, token)).toBe(200);
  });

  it('the token of a user who has logged out, also with claims', async () => {
    const own = new RequestingParty(realm, 'bob', 'shop-web');
    const token = await own.accessToken();
    expect(await statusOf(api, OPEN.path, token)).toBe(200);
    await own.logOut();
    for (const path of [OPEN.path, '/claims?network=office']) {
      const { status, body } = await api.ask(path, token);
      expect(status).toBe(401);
      expect(body).toContain('BEARER_INVALID_TOKEN');
    }
  });

  it('the token of a user who has been disabled', async () => {
    const token = await new RequestingParty(realm, 'carol', 'shop-web').accessToken();
    expect(await statusOf(api, OPEN.path, token)).toBe(200);
    const path = await realm.user('carol');
    await realm.call('PUT', path, { enabled: false });
    expect(await statusOf(api, OPEN.path, token)).toBe(401);
    await realm.call('PUT', path, { enabled: true });
  });
});

describeWithOwnServer('while Keycloak is away', () => {
  it.each([
    { name: 'frozen', leave: 'freeze', back: 'resume' },
    { name: 'stopped', leave: 'stop', back: 'start' },
  ] as const)(
    'and $name, a route is denied within the time limit, and opened again afterwards',
    async ({ leave, back }) => {
      const one = await anotherApi([OPEN], { transport: { timeout: 1_000 } });
      const alice = party('alice', 'shop-web');
      const token = await alice.accessToken();
      expect(await statusOf(one, OPEN.path, token)).toBe(200);
      await control(leave);
      try {
        const { status, body } = await one.ask(OPEN.path, token);
        expect(status).toBe(403);
        expect(body).toContain('UMA_SERVER_UNREACHABLE');
      } finally {
        await control(back);
      }
      expect(await statusOf(one, OPEN.path, await alice.accessToken())).toBe(200);
    },
    180_000,
  );
});
