import type { Sandbox } from '../../../lib/sandbox/sandbox.js';
import { FakeAs } from '../../support/fake-as.js';
import { startQuietly, UmaWorld } from '../../support/sandbox-uma-world.js';
import { rejectionOf, TestTransport } from '../../support/embedded-transport.js';
import { PHOTO, protectedSite } from '../../support/uma-site.js';

let transport: TestTransport;
let oxd_id: string;

beforeEach(() => (transport = new TestTransport()));
afterEach(() => TestTransport.closeAll());

const check = (rpt?: string) =>
  transport.run('uma_rs_check_access', { oxd_id, path: '/photo', http_method: 'GET', rpt });

/** Repeats uma_rs_protect, as the guard does when the resource is missing. */
async function protectAgain(): Promise<void> {
  expect(await rejectionOf(check())).toMatchObject({ error: 'invalid_request', mayHaveRun: false });
  await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
}

describe('a resource that an administrator deletes at the sandbox', () => {
  let sandbox: Sandbox;
  let world: UmaWorld;

  beforeEach(async () => {
    sandbox = await startQuietly({ policies: () => 'grant' });
    world = new UmaWorld(sandbox);
  });
  afterEach(() => sandbox.close());

  it('is not granted by an earlier RPT', async () => {
    const client = await world.register({ grant_types: ['client_credentials'] });
    const { client_id, client_secret } = client;
    oxd_id = await transport.site(sandbox, { client_id, client_secret });
    await transport.run('uma_rs_protect', { oxd_id, resources: [PHOTO] });
    const { ticket = '' } = await check();
    const { body } = await world.ask(await world.register(), { ticket });
    const rpt = String(body.access_token);
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    const pat = await world.clientToken(client, 'uma_protection');
    const [id] = (await world.call(pat, 'GET', '/uma/resources')).body as unknown as string[];
    await world.call(pat, 'DELETE', `/uma/resources/${id}`);
    expect(await rejectionOf(check(rpt))).toMatchObject({ error: 'invalid_request' });
    await protectAgain();
    expect(await check(rpt)).toMatchObject({ access: 'denied' });
  });
});

describe('a resource that an administrator deletes at Keycloak, which still lists it', () => {
  let as: FakeAs;
  let now: number;
  let rpt: string;

  beforeEach(async () => {
    now = Date.now();
    as = await FakeAs.start();
    as.reset('keycloak');
    as.op.clock = () => now;
    transport = new TestTransport({ clock: () => now });
    oxd_id = await protectedSite(transport, as);
    rpt = as.rpt(as.item(as.idOf('[GET] /photo'), 'view'));
    as.introspection = { exp: Math.floor(now / 1000) + 300 };
    as.resources.clear();
  });
  afterEach(() => as.close());

  it('is granted by an earlier RPT until the RPT expires', async () => {
    expect(await check(rpt)).toMatchObject({ access: 'granted' });
    now += 301_000;
    expect(await rejectionOf(check(rpt))).toMatchObject({ error: 'invalid_request' });
  });

  it('is granted by an earlier RPT until a denial shows the deletion', async () => {
    await protectAgain();
    expect(await check(rpt)).toMatchObject({ access: 'denied' });
  });
});
