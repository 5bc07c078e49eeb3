import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Socket path or port of a server. */
export type Target = { readonly path: string } | { readonly port: number };

/** TCP proxy before Redis, whose server and speed can be changed. */
export class RedisProxy {
  /** Server of the next connections; present ones stay. */
  target: Target;
  /** Delay of each chunk in milliseconds; Infinity drops the chunk and keeps the connection. */
  delay = 0;
  /** Number of accepted connections. */
  connections = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(target: Target) {
    this.target = target;
    this.server = createServer((client) => this.accept(client));
  }

  static async start(target: Target): Promise<RedisProxy> {
    const proxy = new RedisProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  /** URL for a client of Redis. */
  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Number of open connections. */
  get open(): number {
    return this.sockets.size / 2;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    this.connections += 1;
    const server = connect({ ...this.target });
    this.pipe(client, server);
    this.pipe(server, client);
  }

  private pipe(from: Socket, to: Socket): void {
    this.sockets.add(from);
    from.on('error', () => undefined);
    from.on('close', () => {
      this.sockets.delete(from);
      to.destroy();
    });
    from.on('data', (chunk) => {
      if (this.delay < Infinity) setTimeout(() => to.write(chunk), this.delay);
    });
  }
}
