import { Api } from './api.js';
import { attempts, CASES, routes } from './random-routes.js';
import { Realm, type Evaluation, type Resource } from './realm.js';
import { RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName, type Opened, type Route } from './routes.js';

let realm: Realm;
let resources: ReadonlyMap<string, Resource>;
let any: Api;
let all: Api;
let localAny: Api;
let localAll: Api;

beforeAll(async () => {
  realm = await Realm.create();
  const controllers = [controllerOf(routes)];
  const local = { uma: { localVerification: true } };
  const start = (requiredScopes: 'any' | 'all', options = {}) =>
    Api.start(realm, { controllers, transport: { requiredScopes }, options });
  any = await start('any');
  all = await start('all');
  localAny = await start('any', local);
  localAll = await start('all', local);
  resources = new Map((await realm.resources()).map((one) => [one.name, one]));
  for (const one of routes) {
    for (const permitted of one.permissions) await realm.permit(resourceOf(one), permitted);
  }
}, 240_000);

afterAll(async () => {
  for (const one of [any, all, localAny, localAll, realm]) await one?.close();
});

function resourceOf(one: Route): Resource {
  const found = resources.get(resourceName(one));
  if (!found) throw new Error(`${one.path} is not registered.`);
  return found;
}

/**
 * Statuses in the modes any and all: as Keycloak's own evaluation has it, and as the guards have it
 * with introspection and with local verification.
 */
async function decide({ path, scopes }: Route, who: Pick<Evaluation, 'user' | 'client'>) {
  const resource = resourceOf({ path, scopes });
  const granted = await realm.evaluate({ ...who, resource, scopes });
  const party = new RequestingParty(realm, who.user, who.client);
  const rpt = await party.rptFor(any, path);
  return {
    expected: {
      any: granted.length > 0 ? 200 : 401,
      all: scopes.every((scope) => granted.includes(scope)) ? 200 : 401,
    },
    introspected: {
      any: await outcome(any, path, rpt),
      all: await outcome(all, path, rpt),
    },
    local: {
      any: await outcome(localAny, path, rpt),
      all: await outcome(localAll, path, rpt),
    },
  };
}

/** Status of a route, with what the handler received. */
async function outcome(api: Api, path: string, rpt: string | undefined) {
  const { status, body } = await api.ask(path, rpt);
  return { status, opened: status === 200 ? (JSON.parse(body) as Opened) : undefined };
}

it(`decides ${CASES} random cases as Keycloak's own evaluation does, also with local verification`, async () => {
  const differences: unknown[] = [];
  const counts: Record<string, number> = {};
  for (const { index, ...who } of attempts) {
    const one = routes[index];
    if (!one) throw new Error(`There is no route ${index}.`);
    const { expected, introspected, local } = await decide(one, who);
    const actual = { any: introspected.any.status, all: introspected.all.status };
    const decision = `${expected.any} ${expected.all}`;
    counts[decision] = (counts[decision] ?? 0) + 1;
    if (expected.any !== actual.any || expected.all !== actual.all) {
      differences.push({ ...who, ...one, expected, actual });
    }
    // Status, user and permissions.
    expect(local).toEqual(introspected);
  }
  expect(differences).toEqual([]);
  // Each outcome occurs often enough to mean something.
  expect(Object.keys(counts).toSorted()).toEqual(['200 200', '200 401', '401 401']);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(20);
  for (const { log } of [localAny, localAll]) {
    expect(log.with('debug', 'the RPT is introspected')).toEqual([]);
  }
}, 360_000);
