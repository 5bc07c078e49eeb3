import { closing } from '../support/closing.js';
import { Api, type ApiOptions } from './api.js';
import { Realm, USERS, type Permission, type RequestingClient, type User } from './realm.js';
import { RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName, type Opened, type Route } from './routes.js';

let realm: Realm;
let api: Api;

/** A policy and the users whom it lets in. */
interface Row {
  readonly name: string;
  readonly path: string;
  readonly permissions: readonly Permission[];
  readonly opens: readonly `${User} at ${RequestingClient}`[];
}

const EVERYONE = USERS.flatMap((user) => [
  `${user} at shop-web` as const,
  `${user} at shop-spa` as const,
]);

function at(...users: readonly User[]): Row['opens'] {
  return EVERYONE.filter((one) => users.some((user) => one.startsWith(`${user} `)));
}

function policies(...names: readonly string[]): readonly Permission[] {
  return [{ policies: names }];
}

const ROWS: readonly Row[] = [
  { name: 'no policy', path: '/none', permissions: [], opens: [] },
  {
    name: 'a role policy',
    path: '/role',
    permissions: policies('viewers'),
    opens: at('alice', 'bob'),
  },
  {
    name: 'another role policy',
    path: '/role-2',
    permissions: policies('editors'),
    opens: at('bob'),
  },
  { name: 'a user policy', path: '/user', permissions: policies('alice'), opens: at('alice') },
  {
    name: 'a negative user policy',
    path: '/not-user',
    permissions: policies('not alice'),
    opens: at('bob', 'carol'),
  },
  {
    name: 'a client policy',
    path: '/client',
    permissions: policies('shop-web'),
    opens: EVERYONE.filter((one) => one.endsWith('shop-web')),
  },
  {
    name: 'a time policy that has begun',
    path: '/time',
    permissions: policies('since 2020'),
    opens: EVERYONE,
  },
  {
    name: 'a time policy that has ended',
    path: '/time-over',
    permissions: policies('until 2020'),
    opens: [],
  },
  {
    name: 'an aggregated policy that needs all of its policies',
    path: '/aggregate-all',
    permissions: policies('viewers at shop-web'),
    opens: ['alice at shop-web', 'bob at shop-web'],
  },
  {
    name: 'an aggregated policy that needs one of its policies',
    path: '/aggregate-one',
    permissions: policies('alice or editors'),
    opens: at('alice', 'bob'),
  },
  {
    name: 'two policies that must both permit',
    path: '/unanimous',
    permissions: policies('viewers', 'not alice'),
    opens: at('bob'),
  },
  {
    name: 'two policies of which one must permit',
    path: '/affirmative',
    permissions: [{ policies: ['alice', 'editors'], decisionStrategy: 'AFFIRMATIVE' }],
    opens: at('alice', 'bob'),
  },
  {
    name: 'a permission for another scope of the resource',
    path: '/scope',
    permissions: [{ scopes: ['edit'], policies: ['since 2020'] }],
    opens: [],
  },
];

const ROUTES: readonly Route[] = [
  ...ROWS.map(({ path }) => ({ path, scopes: path === '/scope' ? ['view'] : ['view', 'edit'] })),
  { path: '/scope-edit', scopes: ['edit'] },
  { path: '/any', scopes: ['view', 'edit'] },
];

function start(options: Partial<ApiOptions> = {}): Promise<Api> {
  return Api.start(realm, { controllers: [controllerOf(ROUTES)], ...options });
}

beforeAll(async () => {
  realm = await Realm.create();
  api = await start();
  for (const { path, permissions } of ROWS.filter(({ path }) => path !== '/scope')) {
    const resource = await realm.resource(resourceName({ path }));
    for (const permission of permissions) await realm.permit(resource, permission);
  }
  const scope = await realm.resource('[GET] /scope');
  await realm.changeResource(scope, { scopes: [{ name: 'view' }, { name: 'edit' }] });
  for (const permission of ROWS.find(({ path }) => path === '/scope')?.permissions ?? []) {
    await realm.permit(scope, permission);
  }
  const any = await realm.resource('[GET] /any');
  await realm.permit(any, { scopes: ['view'], policies: ['viewers'] });
  await realm.permit(any, { scopes: ['edit'], policies: ['editors'] });
});

afterAll(async () => {
  await api?.close();
  await realm?.close();
});

describe.each(ROWS)('with $name, the guard', ({ path, opens }) => {
  it.each(EVERYONE)('decides about %s as Keycloak does', async (who) => {
    const [user, client] = who.split(' at ') as [User, RequestingClient];
    const party = new RequestingParty(realm, user, client);
    expect(await party.visit(api, path)).toBe(opens.includes(who) ? 200 : 401);
  });
});

describe('a route of two scopes', () => {
  it.each([
    { mode: 'any', user: 'alice', status: 200 },
    { mode: 'any', user: 'bob', status: 200 },
    { mode: 'any', user: 'carol', status: 401 },
    { mode: 'all', user: 'alice', status: 401 },
    { mode: 'all', user: 'bob', status: 200 },
    { mode: 'all', user: 'carol', status: 401 },
  ] as const)('in mode $mode responds to $user with $status', async ({ mode, user, status }) => {
    const one = closing(await start({ transport: { requiredScopes: mode } }));
    expect(await new RequestingParty(realm, user, 'shop-web').visit(one, '/any')).toBe(status);
  });
});

describe('the handler', () => {
  it('gets the user and the permissions of the RPT', async () => {
    const party = new RequestingParty(realm, 'bob', 'shop-web');
    const response = await api.ask('/role', await party.rptFor(api, '/role'));
    const { sub, permissions } = JSON.parse(response.body) as Opened;
    const { _id } = await realm.resource('[GET] /role');
    expect(sub).toBe(await realm.userId('bob'));
    expect(permissions).toEqual([
      expect.objectContaining({
        resource_id: _id,
        resource_scopes: expect.arrayContaining(['view']),
      }),
    ]);
  });
});

describe('an RPT', () => {
  it('opens no route but its own', async () => {
    const rpt = await new RequestingParty(realm, 'alice', 'shop-web').rptFor(api, '/role');
    const opened = [];
    for (const { path } of ROUTES) {
      if ((await api.ask(path, rpt)).status === 200) opened.push(path);
    }
    expect(opened).toEqual(['/role']);
  });

  it('that was upgraded by a ticket opens both routes', async () => {
    const party = new RequestingParty(realm, 'alice', 'shop-web');
    const first = await party.rptFor(api, '/role');
    const { ticket = '' } = await api.ask('/user', first);
    const both = await party.exchange(ticket, first);
    expect((await api.ask('/role', both)).status).toBe(200);
    expect((await api.ask('/user', both)).status).toBe(200);
  });

  it('for all that the user may do opens what each single RPT opens', async () => {
    for (const user of USERS) {
      const rpt = await new RequestingParty(realm, user, 'shop-web').rptForEverything('albums-api');
      for (const { path, opens } of ROWS) {
        const status = opens.includes(`${user} at shop-web`) ? 200 : 401;
        expect([user, path, (await api.ask(path, rpt)).status]).toEqual([user, path, status]);
      }
    }
  });
});
