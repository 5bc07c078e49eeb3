import { OidcService } from '../../lib/index.js';
import { closing } from '../support/closing.js';
import { registerSecret } from '../support/secrets.js';
import { Api, type ApiResponse } from './api.js';
import { Load } from './load.js';
import { control, describeWithOwnServer } from './own-server.js';
import { Realm } from './realm.js';
import { RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName } from './routes.js';

const VIEWERS = { path: '/viewers', scopes: ['view'] };
const EVERYONE = { path: '/everyone', scopes: ['view'] };

/** Limit for one request to Keycloak, in milliseconds: a frozen server delays each request by it. */
const TIMEOUT = 1_000;

let realm: Realm;
let api: Api;

function start(options = {}): Promise<Api> {
  const controllers = [controllerOf([VIEWERS, EVERYONE])];
  return Api.start(realm, { controllers, transport: { timeout: TIMEOUT }, options });
}

describeWithOwnServer('while Keycloak is away (its own server, skipped with KEYCLOAK_URL)', () => {
  beforeEach(async () => {
    realm = await Realm.create();
    api = closing(await start());
    await realm.permit(await realm.resource(resourceName(VIEWERS)), { policies: ['viewers'] });
    await realm.permit(await realm.resource(resourceName(EVERYONE)), { policies: ['since 2020'] });
  });

  afterEach(async () => {
    await control('resume');
    await control('start');
    await realm?.close();
  }, 180_000);

  function alice(): RequestingParty {
    return new RequestingParty(realm, 'alice', 'shop-web');
  }

  /** Alice may open the route; carol has an RPT for another route; the third has none. */
  async function startLoad() {
    const carol = new RequestingParty(realm, 'carol', 'shop-web');
    return closing(
      new Load(api, {
        alice: { path: VIEWERS.path, bearer: await alice().rptFor(api, VIEWERS.path) },
        carol: { path: VIEWERS.path, bearer: await carol.rptFor(api, EVERYONE.path) },
        anonymous: { path: VIEWERS.path },
      }),
    );
  }

  function expectUnreachable({ status, headers, ticket }: ApiResponse): void {
    expect([status, ticket]).toEqual([403, undefined]);
    expect(headers.get('warning')).toContain('Unreachable');
  }

  function expectUnavailable({ status, headers, ticket }: ApiResponse): void {
    expect([status, ticket]).toEqual([503, undefined]);
    expect(headers.get('retry-after')).not.toBeNull();
  }

  it.each([
    { name: 'freezes and resumes', leave: ['freeze'], back: ['resume'] },
    { name: 'stops and starts again', leave: ['stop'], back: ['start'] },
  ] as const)(
    'and $name under load, every request is denied, and the application recovers',
    async ({ leave, back }) => {
      const load = await startLoad();
      load.begin('before');
      await load.responses(10);
      expect(load.statuses('alice', 'before')).toEqual([200]);
      expect(load.statuses('anonymous', 'before')).toEqual([401]);

      load.begin('leaving');
      for (const action of leave) await control(action);
      load.begin('away');
      await load.responses(5);
      for (const name of ['alice', 'carol', 'anonymous'] as const) {
        load.of(name, 'away').forEach(expectUnreachable);
      }

      load.begin('returning');
      for (const action of back) await control(action);
      await load.until('alice', 200);
      await load.until('anonymous', 401);
      load.begin('after');
      await load.responses(10);
      await load.stop();
      expect(load.statuses('alice', 'after')).toEqual([200]);
      expect(load.statuses('anonymous', 'after')).toEqual([401]);
      expect(load.statuses('carol')).not.toContain(200);
      expect(load.statuses('anonymous')).not.toContain(200);
      expect(await alice().visit(api, VIEWERS.path)).toBe(200);
    },
    180_000,
  );

  it('an application starts, stays closed, and registers its resources once Keycloak is back', async () => {
    await realm.deleteResource(await realm.resource(resourceName(EVERYONE)));
    await control('stop');
    const late = closing(await start({ eager: false }));
    expectUnavailable(await late.ask(VIEWERS.path));
    expectUnavailable(await late.ask(VIEWERS.path, 'a-token-of-no-use'));
    await control('start');
    const load = closing(new Load(late, { anonymous: { path: EVERYONE.path } }));
    await load.until('anonymous', 401);
    expect(load.statuses('anonymous')).not.toContain(200);
    expect(await alice().visit(late, VIEWERS.path)).toBe(200);
    expect(await realm.resources()).toHaveLength(2);
  }, 180_000);

  it('a refresh fails, and the same refresh token works once Keycloak is back', async () => {
    const site = { client_id: 'shop-web', client_secret: realm.secretOf('shop-web') };
    const web = closing(
      await Api.start(realm, { controllers: [], transport: { timeout: TIMEOUT }, site }),
    );
    const oidc = web.app.get(OidcService);
    const refresh = async (refresh_token = '') => {
      const refreshed = await oidc.getAccessTokenByRefreshToken({ refresh_token });
      [refreshed.access_token, refreshed.refresh_token].forEach((one) => registerSecret(one ?? ''));
      return refreshed.refresh_token;
    };
    const second = await refresh((await alice().logIn()).refresh_token);
    await control('freeze');
    await expect(refresh(second)).rejects.toMatchObject({
      code: 'OXD_COMMAND_FAILED',
      mayHaveRun: true,
    });
    await control('resume');
    expect(await refresh(second)).not.toBe(second);
  });
});
