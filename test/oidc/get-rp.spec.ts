import { OidcService } from '../../lib/index.js';
import { CALLBACK, moduleOn, outcomeOf, type TransportName } from '../support/contract-world.js';
import { FakeAs } from '../support/oxd-fake-as.js';
import { FrameClient, frameOf } from '../support/frame-client.js';

let as: FakeAs;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  as = await FakeAs.start();
});
afterAll(() => as.close());
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(name: TransportName) {
  const { module, server } = await moduleOn(name, as.issuer);
  open.push(module, ...(server ? [server] : []));
  return { oidc: module.get(OidcService), server };
}

describe('OidcService.getRp()', () => {
  it('lists the sites of an oxd-server', async () => {
    const { oidc } = await start('socket 3.1.4');
    const { node: own } = await oidc.getRp();
    const other = await oidc.registerSite({
      op_host: as.issuer,
      authorization_redirect_uri: CALLBACK,
      client_name: 'Another site',
    });
    const { node } = await oidc.getRp({ list: true });
    expect(node).toEqual([
      { oxd_id: own.oxd_id },
      { oxd_id: other.oxd_id, client_name: 'Another site' },
    ]);
  });

  it.each(['embedded', 'socket 3.1.1'] as const)('lists no sites on %s', async (name) => {
    const { oidc } = await start(name);
    expect(await outcomeOf(oidc.getRp({ list: true }))).toMatchObject({
      code: 'OXD_COMMAND_UNSUPPORTED',
    });
  });

  it('returns the record of another site', async () => {
    const { oidc } = await start('embedded');
    const site = { op_host: as.issuer, authorization_redirect_uri: CALLBACK };
    const { oxd_id } = await oidc.registerSite({ ...site, client_name: 'Another site' });
    const { node } = await oidc.getRp({ oxd_id });
    expect(node).toMatchObject({ oxd_id, client_name: 'Another site' });
  });

  it('registers the site of the module again if oxd 3.1.4 returns null for it', async () => {
    const { oidc, server } = await start('socket 3.1.4');
    const { node: before } = await oidc.getRp();
    const client = await FrameClient.open(server?.port ?? 0);
    await client.ask([frameOf('remove_site', { oxd_id: before.oxd_id })]);
    client.close();
    const { node: after } = await oidc.getRp();
    expect(after).toMatchObject({ authorization_redirect_uri: CALLBACK });
    expect(after.oxd_id).not.toBe(before.oxd_id);
  });

  it('returns a record whose copy shows the secret that the record hides', async () => {
    const { oidc } = await start('embedded');
    const { node } = await oidc.getRp();
    expect(node.client_secret).toEqual(expect.stringMatching(/./));
    expect(JSON.parse(JSON.stringify(node))).toMatchObject({
      oxd_id: node.oxd_id,
      client_secret: '<hidden>',
    });
    expect(JSON.parse(JSON.stringify({ ...node }))).toMatchObject({
      client_secret: node.client_secret,
    });
  });
});
