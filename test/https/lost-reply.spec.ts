import { HttpsTransport } from '../../lib/https/https.transport.js';
import type { HttpsVersion } from '../../lib/options/https-transport-options.js';
import { OxdServer } from '../../lib/testing/oxd-server/oxd-server.js';
import { FakeOp } from '../support/fake-op.js';
import { HttpsPeer, ok } from '../support/https-peer.js';
import { registerSecret } from '../support/secrets.js';

const LOST =
  'Command response is null, please check oxd-server.log file of oxd-server application.';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** Extension that loses the replies to its first requests. */
async function extension(lost: number): Promise<HttpsPeer> {
  const peer = await HttpsPeer.start((request, response) => {
    if (peer.requests.length > lost) ok({ n: peer.requests.length })(request, response);
    else response.writeHead(500, { 'content-type': 'application/json' }).end(LOST);
  });
  opened.push(peer);
  return peer;
}

function transportTo(url: string, version: HttpsVersion = '3.1.4', ca?: string): HttpsTransport {
  const limits = { connections: 1, timeout: 10_000 };
  const transport = new HttpsTransport({ type: 'https', url, version, ca, ...limits });
  opened.push(transport);
  return transport;
}

const READING = [
  ...['get_user_info', 'get_authorization_url', 'get_logout_uri', 'introspect_access_token'],
  ...['introspect_rpt', 'uma_rs_check_access', 'uma_rp_get_claims_gathering_url'],
];
const CHANGING = [
  ...['setup_client', 'register_site', 'update_site', 'remove_site', 'get_client_token'],
  ...['get_tokens_by_code', 'get_access_token_by_refresh_token', 'uma_rs_protect'],
  'uma_rp_get_rpt',
];
const closed = { code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true };

describe('A reply that the HTTPS extension 3.1.4 lost', () => {
  it.each(READING)('causes a second request of %s, which only reads', async (command) => {
    const peer = await extension(1);
    expect(await transportTo(peer.url()).execute(command, {})).toEqual({ n: 2 });
    expect(peer.requests[1]).toMatchObject({ path: peer.requests[0]?.path, body: '{}' });
  });

  it('causes no third request', async () => {
    const peer = await extension(9);
    const call = transportTo(peer.url()).execute('get_user_info', {});
    await expect(call).rejects.toMatchObject(closed);
    expect(peer.requests).toHaveLength(2);
  });

  it.each(CHANGING)('causes no second request of %s', async (command) => {
    const peer = await extension(1);
    await expect(transportTo(peer.url()).execute(command, {})).rejects.toMatchObject(closed);
    expect(peer.requests).toHaveLength(1);
  });

  it.each(['3.1.1', '3.1.2', '3.1.3', '4.5'] as const)(
    'causes no second request on %s, which has no such pool',
    async (version) => {
      const peer = await extension(1);
      const call = transportTo(peer.url(), version).execute('get_user_info', {});
      await expect(call).rejects.toMatchObject(closed);
      expect(peer.requests).toHaveLength(1);
    },
  );

  it('after an internal error of OxdServer fails only a command that changes something', async () => {
    const op = await FakeOp.start();
    opened.push(op);
    const executed: string[] = [];
    const server = await OxdServer.start({
      ...{ version: '3.1.4', extension: true, allowInsecureRequests: true },
      ...{ onSecret: registerSecret, onCommand: (name: string) => executed.push(name) },
    });
    opened.push(server);
    const transport = transportTo(server.url, '3.1.4', server.ca);
    const site = {
      op_host: op.issuer,
      authorization_redirect_uri: 'https://app.example.com/callback',
    };
    const { oxd_id } = (await transport.execute('setup_client', site)) as { oxd_id: string };
    const own = { oxd_id, protection_access_token: 'a-token' };
    const fail = () => transport.execute('get_client_token', { op_host: op.issuer });
    await expect(fail()).rejects.toMatchObject({ error: 'internal_error' });
    expect(await transport.execute('get_logout_uri', own)).toHaveProperty('uri');
    await expect(fail()).rejects.toMatchObject({ error: 'internal_error' });
    await expect(transport.execute('update_site', own)).rejects.toMatchObject(closed);
    expect(executed).toEqual([
      ...['setup_client', 'get_client_token', 'get_logout_uri', 'get_client_token'],
    ]);
  });
});
