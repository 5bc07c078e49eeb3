import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A forward proxy that opens tunnels only, to ports of 127.0.0.1 whatever the host is. */
export class ConnectProxy {
  /** Target of every CONNECT request, as `host:port`. */
  readonly targets: string[] = [];
  /** Header `Proxy-Authorization` of every CONNECT request. */
  readonly credentials: (string | undefined)[] = [];
  /** Number of other requests. */
  forwarded = 0;
  /** Rejects tunnels with this status; 0 closes the connection; undefined opens tunnels. */
  rejection: number | undefined;
  private readonly sockets = new Set<Duplex>();

  private constructor(
    private readonly server: Server,
    private readonly protocol: string,
  ) {}

  /** Starts on a free port of 127.0.0.1. */
  static async start(tls?: { key: string; cert: string }): Promise<ConnectProxy> {
    const server = tls ? createTlsServer(tls) : createServer();
    const proxy = new ConnectProxy(server, tls ? 'https' : 'http');
    server.on('connect', (request: IncomingMessage, socket: Socket) => proxy.open(request, socket));
    server.on('request', (_, response) => {
      proxy.forwarded += 1;
      response.writeHead(405).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** URL, with user name and password if they are given. */
  url(credentials = ''): string {
    const { port } = this.server.address() as AddressInfo;
    return `${this.protocol}://${credentials && `${credentials}@`}127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private open({ url = '', headers }: IncomingMessage, client: Socket): void {
    this.targets.push(url);
    this.credentials.push(headers['proxy-authorization']);
    this.track(client);
    if (this.rejection === 0) return void client.destroy();
    if (this.rejection) {
      return void client.end(`HTTP/1.1 ${this.rejection} Rejected\r\nContent-Length: 0\r\n\r\n`);
    }
    const port = Number(url.slice(url.lastIndexOf(':') + 1));
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    this.track(target);
    target.on('close', () => client.destroy());
    client.on('close', () => target.destroy());
  }

  private track(socket: Duplex): void {
    this.sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.sockets.delete(socket));
  }
}
