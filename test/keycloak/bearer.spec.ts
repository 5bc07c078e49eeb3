import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  BearerGuard,
  BearerProtected,
  keycloakRoles,
  OxdUser,
  UmaGuard,
  UmaProtected,
  type BearerOptions,
} from '../../lib/index.js';
import { Api } from './api.js';
import { Realm, type RequestingClient, type ResourceServer, type User } from './realm.js';
import { clientToken, RequestingParty } from './requesting-party.js';

const API = 'albums-api';

@Controller()
class Albums {
  @Get('albums')
  @UseGuards(BearerGuard)
  @BearerProtected({ scopes: ['email'] })
  list(@OxdUser('sub') sub: string) {
    return sub;
  }

  @Get('reports')
  @UseGuards(BearerGuard)
  @BearerProtected({ roles: ['viewer'] })
  reports(@OxdUser('sub') sub: string) {
    return sub;
  }

  @Get('photos')
  @UseGuards(UmaGuard)
  @UmaProtected({ scopes: ['view'] })
  photos() {
    return 'photos';
  }
}

let realm: Realm;
let otherRealm: Realm;
/** Introspects opaque tokens only. */
let api: Api;
/** Introspects every token. */
let careful: Api;
let other: Api;

beforeAll(async () => {
  realm = await Realm.create();
  otherRealm = await Realm.create();
  await addAudience(realm, 'shop-web', API);
  await addAudience(otherRealm, 'shop-web', API);
  api = await start(realm);
  careful = await start(realm, { introspection: 'always' });
  other = await start(realm, { audience: 'other-api' }, 'other-api');
});

afterAll(async () => {
  for (const one of [api, careful, other, realm, otherRealm]) await one?.close();
});

function start(at: Realm, bearer: BearerOptions = {}, server: ResourceServer = API): Promise<Api> {
  const options = { bearer: { audience: API, roles: keycloakRoles(), ...bearer } };
  return Api.start(at, { server, controllers: [Albums], options });
}

/** Lets the tokens of a client name an API as their audience, ID tokens included. */
async function addAudience(at: Realm, client: RequestingClient, audience: string): Promise<void> {
  const config = {
    'included.client.audience': audience,
    'access.token.claim': 'true',
    'id.token.claim': 'true',
    'introspection.token.claim': 'true',
  };
  const mapper = { protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper' };
  await at.changeClient(client, { protocolMappers: [{ name: audience, ...mapper, config }] });
}

const party = (user: User = 'alice', client: RequestingClient = 'shop-web', at = realm) =>
  new RequestingParty(at, user, client);

async function expectOpen(one: Api, token: string, sub: string, path = '/albums'): Promise<void> {
  const { status, body } = await one.ask(path, token);
  expect([status, body]).toEqual([200, sub]);
}

/** Denied by both APIs as an invalid token, unless another one is named. */
async function expectInvalid(token: string | undefined, apis = [api, careful]): Promise<void> {
  for (const one of apis) {
    const { status, headers } = await one.ask('/albums', token);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect(headers.get('cache-control')).toBe('no-store');
  }
}

/** Runs work while the tokens of a client have another form. */
async function withAttribute(
  client: RequestingClient,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  await realm.changeClient(client, { attributes: { [name]: 'true' } });
  try {
    await work();
  } finally {
    await realm.changeClient(client, { attributes: { [name]: 'false' } });
  }
}

describe('a route for access tokens of the realm', () => {
  it('is opened by the token of a user, with the user', async () => {
    const token = await party().accessToken();
    const sub = await realm.userId('alice');
    for (const one of [api, careful]) await expectOpen(one, token, sub);
  });

  it('is opened by a token of the type at+jwt', async () => {
    await withAttribute('shop-web', 'access.token.header.type.rfc9068', async () => {
      const token = await party().accessToken();
      const [header = ''] = token.split('.');
      expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({
        typ: 'at+jwt',
      });
      const sub = await realm.userId('alice');
      for (const one of [api, careful]) await expectOpen(one, token, sub);
    });
  });

  it('is opened by the token of a service account', async () => {
    const { status, body } = await api.ask('/albums', await clientToken(realm, 'shop-web'));
    expect(status).toBe(200);
    expect(body).toMatch(/^[\w-]{36}$/);
  });

  it('needs the realm role that it declares', async () => {
    const sub = await realm.userId('bob');
    const [bob, carol] = [await party('bob').accessToken(), await party('carol').accessToken()];
    for (const one of [api, careful]) {
      await expectOpen(one, bob, sub, '/reports');
      expect((await one.ask('/reports', carol)).status).toBe(403);
    }
  });

  it('is denied without a token, and for any text', async () => {
    expect((await api.ask('/albums')).status).toBe(401);
    await expectInvalid('not-a-token');
  });

  it('is denied to a token without the audience, and to one for another API', async () => {
    await expectInvalid(await party('alice', 'shop-spa').accessToken());
    const token = await party().accessToken();
    await expectInvalid(token, [other]);
  });

  it('is denied to a token of another realm', async () => {
    await expectInvalid(await party('alice', 'shop-web', otherRealm).accessToken());
  });

  it('is denied to an ID token with the audience, and to a refresh token', async () => {
    const { id_token = '', refresh_token } = await party().logIn();
    const [, claims = ''] = id_token.split('.');
    const { aud } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: unknown };
    expect(aud).toContain(API);
    await expectInvalid(id_token);
    await expectInvalid(refresh_token);
  });

  it('is denied to an altered token', async () => {
    const [header, payload = '', signature] = (await party().accessToken()).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const altered = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url');
    await expectInvalid([header, altered, signature].join('.'));
  });

  it('is denied to a token that is bound to a key', async () => {
    const token = await party().boundToken();
    const [, claims = ''] = token.split('.');
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toHaveProperty('cnf.jkt');
    await expectInvalid(token);
  });

  it('is opened by an RPT for the same client only', async () => {
    for (const server of [API, 'other-api'] as const) {
      const resource = await realm.resource('[GET] /photos', server);
      await realm.permit(resource, { policies: ['since 2020'] }, server);
    }
    const rpt = await party().rptForEverything(API);
    await expectOpen(api, rpt, await realm.userId('alice'));
    await expectInvalid(await party().rptForEverything('other-api'));
  });

  it('is opened by a lightweight token only if every token is introspected', async () => {
    await withAttribute('shop-web', 'client.use.lightweight.access.token.enabled', async () => {
      const token = await party().accessToken();
      await expectInvalid(token, [api]);
      await expectOpen(careful, token, await realm.userId('alice'));
      await expectOpen(careful, token, await realm.userId('alice'), '/reports');
    });
  });

  it('is opened after a rotation of the key', async () => {
    await realm.rotateKey();
    const sub = await realm.userId('alice');
    const token = await party().accessToken();
    for (const one of [api, careful]) await expectOpen(one, token, sub);
  });

  it('is denied after a logout if every token is introspected, else after exp', async () => {
    const user = party();
    const token = await user.accessToken();
    await user.logOut();
    await expectInvalid(token, [careful]);
    await expectOpen(api, token, await realm.userId('alice'));
  });

  it('is denied to a disabled user if every token is introspected', async () => {
    const token = await party('carol').accessToken();
    const path = await realm.user('carol');
    await realm.call('PUT', path, { enabled: false });
    await expectInvalid(token, [careful]);
    await realm.call('PUT', path, { enabled: true });
  });
});
