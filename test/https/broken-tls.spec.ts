import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { HttpsTransport } from '../../lib/https/https.transport.js';
import { makeCertificate, type KeyPair } from '../support/certificates.js';
import { HttpsPeer, json } from '../support/https-peer.js';
import { settled } from '../support/manual-clock.js';

/** Bytes that are no TLS record, and an alert record outside of the encryption. */
const BROKEN = [
  { name: 'bytes that are not TLS', bytes: Buffer.from('HTTP/1.1 200 OK\r\n\r\n') },
  { name: 'an alert without encryption', bytes: Buffer.from([21, 3, 3, 0, 2, 2, 20]) },
  {
    name: 'a record that cannot be decrypted',
    bytes: Buffer.from([23, 3, 3, 0, 32, ...Array(32)]),
  },
];

let server: KeyPair;
beforeAll(async () => {
  server = await makeCertificate({ host: 'localhost' });
});

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

/** Forwards connections to a peer; a test can write to the client in the name of the peer. */
async function forward(port: number): Promise<{ port: number; clients: Socket[] }> {
  const clients: Socket[] = [];
  const proxy: Server = createServer((client) => {
    const target = connect(port, '127.0.0.1');
    clients.push(client);
    for (const socket of [client, target]) socket.on('error', () => undefined);
    client.pipe(target).pipe(client);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      clients.forEach((client) => client.destroy());
      return new Promise((resolve) => void proxy.close(() => resolve()));
    },
  });
  return { port: (proxy.address() as AddressInfo).port, clients };
}

describe('HttpsTransport, a TLS connection that breaks after the command was sent', () => {
  it.each(BROKEN)('by $name: the server may have executed the command', async ({ bytes }) => {
    const executed: string[] = [];
    let isSilent = false;
    const peer = await HttpsPeer.start(({ path }, response) => {
      executed.push(path);
      if (!isSilent) json(response, { oxd_id: 'a' });
    }, server);
    opened.push(peer);
    const { port, clients } = await forward(peer.port);
    const url = `https://localhost:${port}`;
    const options = { type: 'https', url, version: '4.5', connections: 1 } as const;
    const transport = new HttpsTransport({ ...options, timeout: 10_000, ca: server.cert });
    opened.push(transport);
    await transport.execute('update_site', {});
    isSilent = true;
    const call = transport.execute('register_site', {}).catch((error: unknown) => error);
    for (let turn = 0; turn < 500 && executed.length < 2; turn++) await settled();
    clients.forEach((client) => client.write(bytes));
    expect(await call).toMatchObject({ code: 'OXD_TRANSPORT_CLOSED', mayHaveRun: true });
    expect(executed).toEqual(['/update-site', '/register-site']);
  });
});
