import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { FrameHandler } from './frame-answer.js';
import { FrameConnection } from './frame-connection.js';

/** Options of {@link FrameServer.listen}. */
export interface FrameServerOptions {
  /** TCP port; default 0, a free one. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
}

/**
 * A TCP server that reads and writes frames exactly as oxd-server 3.1.x does, mistakes included,
 * and knows no command. For tests it can split, delay, hang, drop and answer raw bytes.
 *
 * It closes without a reply on a prefix that is no positive number, on a body of blanks and
 * instead of a reply above 9999 UTF-16 units; it accepts a prefix such as `+029`; it loses what it
 * has read beyond a command, and waits for ever for what is missing of one.
 */
export class FrameServer {
  /** Connections accepted since the start. */
  accepted = 0;
  /** Commands read since the start. */
  commands = 0;
  /** Segments that came while a command was being answered: pipelining, which loses commands. */
  pipelined = 0;
  /** Whether new connections are closed at once, before anything is read. */
  dropsNew = false;
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly handler: FrameHandler,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /**
   * Starts a server.
   *
   * @throws the system's error when the port is taken
   */
  static async listen(
    handler: FrameHandler,
    { port = 0, host = '127.0.0.1' }: FrameServerOptions = {},
  ): Promise<FrameServer> {
    const server = createServer({ noDelay: true });
    const frameServer = new FrameServer(server, handler);
    server.listen(port, host);
    await once(server, 'listening');
    return frameServer;
  }

  /** The TCP port it listens on. */
  get port(): number {
    // A TCP server that listens has no other kind of address.
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.open.size;
  }

  /** Closes every open connection, as a restart of oxd-server would; goes on listening. */
  dropConnections(): void {
    for (const socket of this.open) socket.destroy();
  }

  /** Writes bytes that nobody asked for to every open connection. */
  writeUnasked(bytes: string | Uint8Array): void {
    for (const socket of this.open) socket.write(bytes);
  }

  /** Stops listening and closes every connection, whatever is under way. */
  async close(): Promise<void> {
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    this.server.close();
    this.dropConnections();
    await closed;
  }

  private accept(socket: Socket): void {
    this.accepted += 1;
    if (this.dropsNew) return void socket.destroy();
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    new FrameConnection(socket, {
      command: (text) => {
        this.commands += 1;
        return this.handler(text);
      },
      pipelined: () => {
        this.pipelined += 1;
      },
    });
  }
}
