import { randomBytes } from 'node:crypto';
import { registerSecret } from '../support/secrets.js';
import { closing } from '../support/closing.js';
import { Api } from './api.js';
import { Realm } from './realm.js';
import { RequestingParty } from './requesting-party.js';
import { controllerOf, resourceName, type Opened } from './routes.js';

const ROUTE = { path: '/albums', scopes: ['view'] };

let realm: Realm;
let api: Api;

beforeEach(async () => {
  realm = await Realm.create();
  api = await start();
  await realm.permit(await realm.resource(resourceName(ROUTE)), { policies: ['viewers'] });
});

afterEach(() => realm?.close());

async function start(localVerification = false): Promise<Api> {
  const options = { uma: { localVerification } };
  return closing(await Api.start(realm, { controllers: [controllerOf([ROUTE])], options }));
}

async function rptOf(user: 'alice' | 'bob'): Promise<string | undefined> {
  return new RequestingParty(realm, user, 'shop-web').rptFor(api, ROUTE.path);
}

async function expectOpen(rpt: string | undefined, user: 'alice' | 'bob'): Promise<void> {
  const { status, body } = await api.ask(ROUTE.path, rpt);
  expect(status).toBe(200);
  expect((JSON.parse(body) as Opened).sub).toBe(await realm.userId(user));
}

describe.each([
  { name: 'introspection', isLocal: false },
  { name: 'local verification', isLocal: true },
])('with $name a rotated key of the realm', ({ isLocal }) => {
  beforeEach(async () => {
    if (isLocal) api = await start(true);
  });

  it('opens the route to new RPTs and to those of before, with their users', async () => {
    const before = await rptOf('alice');
    await expectOpen(before, 'alice');
    await realm.rotateKey();
    await expectOpen(await rptOf('bob'), 'bob');
    await expectOpen(before, 'alice');
  });

  it('that is rotated again within a minute still opens the route with the user', async () => {
    await expectOpen(await rptOf('alice'), 'alice');
    await realm.rotateKey();
    await expectOpen(await rptOf('alice'), 'alice');
    await realm.rotateKey();
    await expectOpen(await rptOf('bob'), 'bob');
  });
});

describe('a rotated secret of the client', () => {
  it('closes the route while it differs, and opens it again without a restart', async () => {
    const rpt = await rptOf('alice');
    await expectOpen(rpt, 'alice');
    const secret = randomBytes(24).toString('base64url');
    registerSecret(secret);
    await realm.changeClient('albums-api', { secret });
    const denied = await api.ask(ROUTE.path, rpt);
    expect(denied.status).toBe(403);
    expect(denied.headers.get('warning')).toContain('Unreachable');
    await realm.changeClient('albums-api', { secret: realm.secretOf('albums-api') });
    await expectOpen(rpt, 'alice');
    await expectOpen(await rptOf('bob'), 'bob');
  });
});
