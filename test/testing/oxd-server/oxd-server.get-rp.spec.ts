import { OxdServer, type OxdServerOptions } from '../../../lib/testing/testing.js';
import { replyOf } from '../../recordings/recordings.js';
import { FakeAs } from '../../support/oxd-fake-as.js';
import { FrameClient, frameOf } from '../../support/frame-client.js';
import { registerSecret } from '../../support/secrets.js';

type Data = Readonly<Record<string, unknown>>;

const CALLBACK = 'https://app.example/callback';

let as: FakeAs;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  as = await FakeAs.start();
});
afterEach(async () => {
  as.reset();
  for (const one of open.splice(0).reverse()) await one.close();
});
afterAll(() => as.close());

async function start(options: OxdServerOptions = {}): Promise<OxdServer> {
  const server = await OxdServer.start({
    allowInsecureRequests: true,
    onSecret: registerSecret,
    ...options,
  });
  open.push(server);
  return server;
}

/** Data of a reply, and whether the connection closed. */
async function ask(server: OxdServer, command: string, params: object): Promise<Data> {
  const client = await FrameClient.open(server.port);
  const { frame } = await client.ask([frameOf(command, params)]);
  const next = await client.ask([frameOf('no_such_command', {})]);
  client.close();
  return { ...replyOf(frame)?.data, closed: next.frame === '' };
}

function register(server: OxdServer, more: object = {}): Promise<Data> {
  const site = { op_host: as.issuer, authorization_redirect_uri: CALLBACK, ...more };
  return ask(server, 'register_site', site);
}

describe('get_rp on 3.1.4', () => {
  it('replies with the record in the names of 3.1', async () => {
    const server = await start();
    const { oxd_id } = await register(server, {
      client_name: 'Shop',
      post_logout_redirect_uri: 'https://app.example/',
    });
    const { node } = await ask(server, 'get_rp', { oxd_id });
    expect(node).toMatchObject({
      ...{ oxd_id, op_host: as.issuer, client_name: 'Shop' },
      authorization_redirect_uri: CALLBACK,
      logout_redirect_uri: 'https://app.example/',
      client_id: expect.any(String) as unknown,
      client_secret: expect.any(String) as unknown,
    });
    expect(node).not.toHaveProperty('logout_redirect_uris');
  });

  it('passes the client secret of the record to onSecret', async () => {
    const secrets: string[] = [];
    const server = await start({ onSecret: (value) => secrets.push(value) });
    const { oxd_id } = await register(server);
    const { node } = await ask(server, 'get_rp', { oxd_id });
    const { client_secret } = node as { readonly client_secret: string };
    registerSecret(client_secret);
    expect(secrets.includes(client_secret)).toBe(true);
  });

  it('replies with the protected resources', async () => {
    const server = await start();
    const { oxd_id } = await register(server);
    const conditions = [{ httpMethods: ['GET'], scopes: ['view', 'all'], ticketScopes: ['view'] }];
    await ask(server, 'uma_rs_protect', { oxd_id, resources: [{ path: '/photo', conditions }] });
    const { node } = await ask(server, 'get_rp', { oxd_id });
    expect(node).toMatchObject({
      uma_protected_resources: [
        { path: '/photo', http_methods: ['GET'], scopes: ['view', 'all'], ticketScopes: ['view'] },
      ],
    });
  });

  it('lists the registered sites, and no removed site', async () => {
    const server = await start();
    const [a, b] = [await register(server, { client_name: 'A' }), await register(server)];
    const removed = await register(server);
    await ask(server, 'remove_site', { oxd_id: removed.oxd_id });
    expect(await ask(server, 'get_rp', { list: true })).toEqual({
      node: [
        { oxd_id: a.oxd_id, client_name: 'A' },
        { oxd_id: b.oxd_id, client_name: null },
      ],
      closed: false,
    });
  });

  it('needs no token while commands are protected', async () => {
    const server = await start({ protectCommands: true });
    const { oxd_id, setup_client_oxd_id: setup_oxd_id } = await ask(server, 'setup_client', {
      op_host: as.issuer,
      authorization_redirect_uri: CALLBACK,
    });
    const { node } = await ask(server, 'get_rp', { oxd_id });
    expect(node).toMatchObject({ oxd_id, setup_oxd_id });
  });

  it('replies with null for an unknown site', async () => {
    const reply = await ask(await start(), 'get_rp', { oxd_id: 'unknown' });
    expect(reply).toEqual({ node: null, closed: false });
  });

  it('fails and closes without an id', async () => {
    const reply = await ask(await start(), 'get_rp', {});
    expect(reply).toMatchObject({ error: 'internal_error', closed: true });
  });
});

it('get_rp is unknown to 3.1.1', async () => {
  const reply = await ask(await start({ version: '3.1.1' }), 'get_rp', { list: true });
  expect(reply).toMatchObject({ error: 'unsupported_operation' });
});
