import { Api } from './api.js';
import { Realm } from './realm.js';
import { clientToken, RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName } from './routes.js';

const ROUTE = { path: '/albums', scopes: ['view'] };
const CONTROLLERS = [controllerOf([ROUTE])];

let realm: Realm;
let otherRealm: Realm;
let api: Api;
/** The same API with local verification. */
let localApi: Api;
let otherServer: Api;
let otherRealmApi: Api;

/** Starts an API whose only route every user may open. */
async function startOpen(at: Realm, server: 'albums-api' | 'other-api'): Promise<Api> {
  const started = await Api.start(at, { server, controllers: CONTROLLERS });
  const resource = await at.resource(resourceName(ROUTE), server);
  await at.permit(resource, { policies: ['since 2020'] }, server);
  return started;
}

beforeAll(async () => {
  realm = await Realm.create();
  otherRealm = await Realm.create();
  api = await startOpen(realm, 'albums-api');
  const options = { uma: { localVerification: true } };
  localApi = await Api.start(realm, { controllers: CONTROLLERS, options });
  otherServer = await startOpen(realm, 'other-api');
  otherRealmApi = await startOpen(otherRealm, 'albums-api');
});

afterAll(async () => {
  for (const one of [api, localApi, otherServer, otherRealmApi, realm, otherRealm])
    await one?.close();
});

function alice(at = realm): RequestingParty {
  return new RequestingParty(at, 'alice', 'shop-web');
}

async function expectDenied(bearer: string | undefined): Promise<void> {
  for (const one of [api, localApi]) await expectDeniedBy(one, bearer);
}

async function expectDeniedBy(one: Api, bearer: string | undefined): Promise<void> {
  const { status, ticket } = await one.ask(ROUTE.path, bearer);
  expect(status).toBe(401);
  expect(ticket).toBeDefined();
}

/** Introspection notices at once that an RPT has ended, local verification at its `exp`. */
async function expectEnded(rpt: string | undefined): Promise<void> {
  await expectDeniedBy(api, rpt);
  expect((await localApi.ask(ROUTE.path, rpt)).status).toBe(200);
}

describe('a route that every user of the realm may open', () => {
  it('is opened by an RPT of the same resource server', async () => {
    expect(await alice().visit(api, ROUTE.path)).toBe(200);
    expect(await alice().visit(localApi, ROUTE.path)).toBe(200);
    expect(localApi.log.with('debug', 'the RPT is introspected')).toEqual([]);
  });

  it('is denied to the RPT of another realm with resources of the same name', async () => {
    const rpt = await alice(otherRealm).rptFor(otherRealmApi, ROUTE.path);
    expect((await otherRealmApi.ask(ROUTE.path, rpt)).status).toBe(200);
    await expectDenied(rpt);
  });

  it('is denied to the RPT of another resource server of the realm', async () => {
    const rpt = await alice().rptFor(otherServer, ROUTE.path);
    expect((await otherServer.ask(ROUTE.path, rpt)).status).toBe(200);
    await expectDenied(rpt);
  });

  it('is denied to an ordinary access token of a user who may open it', async () => {
    await expectDenied(await alice().accessToken());
  });

  it('is denied to an access token that names the resource server as its audience', async () => {
    await realm.changeClient('shop-web', {
      protocolMappers: [
        {
          name: 'audience',
          protocol: 'openid-connect',
          protocolMapper: 'oidc-audience-mapper',
          config: { 'included.client.audience': 'albums-api', 'access.token.claim': 'true' },
        },
      ],
    });
    await expectDenied(await alice().accessToken());
  });

  it('is denied to the id_token and to the refresh token of the user', async () => {
    const { id_token, refresh_token } = await alice().logIn();
    await expectDenied(id_token);
    await expectDenied(refresh_token);
  });

  it.each(['shop-web', 'other-api', 'albums-api'])(
    'is denied to a token by client credentials of %s',
    async (client) => {
      await expectDenied(await clientToken(realm, client));
    },
  );

  it('is denied to a permission ticket and to an altered RPT', async () => {
    const { ticket = '' } = await api.ask(ROUTE.path);
    await expectDenied(ticket);
    const rpt = (await alice().rptFor(api, ROUTE.path)) ?? '';
    const [header, payload = '', signature] = rpt.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const altered = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url');
    await expectDenied([header, altered, signature].join('.'));
  });

  it('is denied to an RPT that its client has revoked', async () => {
    const party = alice();
    const rpt = (await party.rptFor(api, ROUTE.path)) ?? '';
    await party.revoke(rpt);
    await expectEnded(rpt);
  });

  it('is denied to the RPT of a user who has logged out', async () => {
    const party = alice();
    const rpt = await party.rptFor(api, ROUTE.path);
    expect((await api.ask(ROUTE.path, rpt)).status).toBe(200);
    await party.logOut();
    await expectEnded(rpt);
  });

  it('is denied to the RPT of a user whom an administrator has logged out', async () => {
    const rpt = await alice().rptFor(api, ROUTE.path);
    await realm.call('POST', `${await realm.user('alice')}/logout`);
    await expectEnded(rpt);
  });

  it('is denied to the RPT of a user who has been disabled, and opened again afterwards', async () => {
    const party = new RequestingParty(realm, 'carol', 'shop-web');
    const rpt = await party.rptFor(api, ROUTE.path);
    expect((await api.ask(ROUTE.path, rpt)).status).toBe(200);
    const path = await realm.user('carol');
    await realm.call('PUT', path, { enabled: false });
    await expectEnded(rpt);
    await realm.call('PUT', path, { enabled: true });
    const again = new RequestingParty(realm, 'carol', 'shop-web');
    expect(await again.visit(api, ROUTE.path)).toBe(200);
  });
});
