import type { RegisteredSite } from '../../../lib/embedded/registration/site-record.js';
import { TestTransport, rejectionOf } from '../../support/embedded-transport.js';
import { FakeAs, RS } from '../../support/fake-as.js';
import { registerSecret } from '../../support/secrets.js';
import { SharedStore } from '../../support/shared-store.js';
import { PHOTO, protectedSite, resource } from '../../support/uma-site.js';

const NAME = '[GET] /photo';
const ROTATED = 'rotated-secret-of-the-rs-client';
registerSecret(ROTATED);

let as: FakeAs;
let now: number;
let store: SharedStore;
/** Replicas of one application. */
let one: TestTransport;
let two: TestTransport;
let oxd_id: string;

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(() => TestTransport.closeAll());
beforeEach(async () => {
  as.reset('keycloak');
  now = Date.now();
  store = new SharedStore(() => now);
  [one, two] = [replica(), replica()];
  oxd_id = await protectedSite(one, as, PHOTO);
  await check('view');
  store.read.length = 0;
});

const replica = () => new TestTransport({ store, clock: () => now });
const rptFor = (scope: string) => as.rpt(as.item(as.idOf(NAME), scope));
/** Check by the second replica; without a scope, one without an RPT. */
const check = (scope?: string, path = '/photo') => {
  const rpt = scope && rptFor(scope);
  return two.run('uma_rs_check_access', { oxd_id, path, http_method: 'GET', rpt });
};
const requested = () => as.tickets.at(-1)?.permissions[0]?.resource_id;

/** The administrator rotates the secret, and one replica stores the new one. */
async function rotateSecret(): Promise<void> {
  as.clientSecret = ROTATED;
  as.revokePats();
  const { client_id } = RS;
  await one.run('update_site', { oxd_id, client_id, client_secret: ROTATED });
  store.read.length = 0;
}

describe('a replica', () => {
  it('applies scopes that another replica modified when its copies are 30 s old', async () => {
    const modified = { oxd_id, path: '/photo', http_method: 'GET', scopes: ['edit'] };
    await one.run('uma_rs_modify', modified);
    now += 29_999;
    await expect(check('view')).resolves.toHaveProperty('access', 'granted');
    now += 1;
    await expect(check('view')).resolves.toHaveProperty('access', 'denied');
    await expect(check('edit')).resolves.toHaveProperty('access', 'granted');
  });

  it('applies its own changes at once', async () => {
    const named = { oxd_id, path: '/photo', http_method: 'GET' };
    await two.run('uma_rs_modify', { ...named, scopes: ['edit'] });
    await expect(check('view')).resolves.toHaveProperty('access', 'denied');
    await two.run('uma_rs_protect', { oxd_id, resources: [resource('/doc', ['GET'], 'read')] });
    await expect(check(undefined, '/doc')).resolves.toHaveProperty('access', 'denied');
    await two.run('remove_site', { oxd_id });
    expect(await rejectionOf(check('edit'))).toMatchObject({ error: 'invalid_oxd_id' });
  });

  it('knows at once a resource that another replica has protected', async () => {
    await one.run('uma_rs_protect', { oxd_id, resources: [resource('/doc', ['GET'], 'read')] });
    await expect(check(undefined, '/doc')).resolves.toHaveProperty('access', 'denied');
    expect(requested()).toBe(as.idOf('[GET] /doc'));
  });

  it('distinguishes upper and lower case in the path of a copy', async () => {
    const error = await rejectionOf(check(undefined, '/PHOTO'));
    expect(error).toMatchObject({ error: 'invalid_request' });
  });

  it('requests a ticket for the new id of a resource that another replica registered again', async () => {
    as.resources.clear();
    await one.run('uma_rs_protect', { oxd_id, resources: [PHOTO], overwrite: true });
    await expect(check()).resolves.toHaveProperty('access', 'denied');
    expect(requested()).toBe(as.idOf(NAME));
  });

  it('rejects a resource that no replica registered again, without a second ticket request', async () => {
    as.resources.clear();
    expect(await rejectionOf(check())).toMatchObject({ error: 'invalid_request' });
    expect(as.seen('permission')).toHaveLength(1);
  });

  it('rejects a site that another replica has removed when its copies are 30 s old', async () => {
    await one.run('remove_site', { oxd_id });
    now += 29_999;
    await expect(check('view')).resolves.toHaveProperty('access', 'granted');
    now += 1;
    expect(await rejectionOf(check('view'))).toMatchObject({ error: 'invalid_oxd_id' });
  });
});

describe('a replica whose copy has an old client secret', () => {
  beforeEach(rotateSecret);

  it.each([
    { command: 'uma_rs_check_access of an RPT', run: () => check('view') },
    { command: 'uma_rs_check_access without an RPT', run: () => check() },
    {
      command: 'introspect_rpt',
      run: () => two.run('introspect_rpt', { oxd_id, rpt: rptFor('view') }),
    },
  ])('reads the site again after 401 and completes $command', async ({ run }) => {
    await expect(run()).resolves.toBeDefined();
    expect(store.read).toContain(`site:${oxd_id}`);
    store.read.length = 0;
    await run();
    expect(store.read).toEqual([]);
  });

  it('reads the site again after 401 and completes introspect_access_token', async () => {
    as.op.on('introspect', ({ headers }) => {
      const [, basic = ''] = (headers.authorization ?? '').split(' ');
      const credentials = decodeURIComponent(Buffer.from(basic, 'base64').toString());
      if (credentials.endsWith(`:${ROTATED}`)) return { json: { active: true } };
      return { status: 401, json: { error: 'invalid_client' } };
    });
    const introspect = { oxd_id, access_token: 'a-token' };
    await expect(two.run('introspect_access_token', introspect)).resolves.toEqual({ active: true });
    expect(store.read).toEqual([`site:${oxd_id}`]);
  });

  it('reports the rejection of a secret that is also the stored one, after one more read', async () => {
    as.clientSecret = 'a secret that no replica knows';
    await check('view').catch(() => undefined);
    store.read.length = 0;
    const error = await rejectionOf(check('view'));
    expect(error).toMatchObject({ error: 'http_status_401' });
    expect(store.read.filter((key) => key === `site:${oxd_id}`)).toHaveLength(1);
  });
});

describe('a login on a replica', () => {
  it('reads no store for get_user_info, which sends no client secret', async () => {
    as.op.on('userinfo', { json: { sub: 'alice' } });
    const { claims } = await two.run('get_user_info', { oxd_id, access_token: 'a-token' });
    expect(claims).toEqual({ sub: 'alice' });
    expect(store.read).toEqual([]);
  });

  it('begins with the client that another replica has stored, because a provider shows no 401', async () => {
    const site = (await store.get(`site:${oxd_id}`)) as RegisteredSite;
    const renewed = { ...site, client: { ...site.client, client_id: 'renewed-client' } };
    await store.set(`site:${oxd_id}`, renewed);
    const { authorization_url } = await two.run('get_authorization_url', { oxd_id });
    expect(new URL(authorization_url).searchParams.get('client_id')).toBe('renewed-client');
  });
});
