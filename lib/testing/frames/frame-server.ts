import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { FrameHandler } from './frame-answer.js';
import { FrameConnection } from './frame-connection.js';

/** Options of {@link FrameServer.listen}. */
export interface FrameServerOptions {
  /** TCP port; default 0: any free port. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
}

/**
 * TCP server for tests that reads and writes frames exactly as oxd-server 3.1.x does, bugs included.
 * It knows no command: the handler supplies the replies, which the server can split, delay, withhold
 * or replace by raw bytes.
 *
 * The server closes the connection without a reply when the prefix is not a positive number, when
 * the body is blank, and when a reply exceeds 9999 UTF-16 code units. It accepts a prefix such as
 * `+029`, drops the bytes it has read beyond the end of a command, and waits without limit for the
 * rest of an incomplete command.
 */
export class FrameServer {
  /** Connections accepted since the start. */
  accepted = 0;
  /** Complete commands read since the start. */
  commands = 0;
  /** Segments received before the previous reply was sent: pipelining, which loses commands. */
  pipelined = 0;
  /** Closes new connections immediately, before reading from them; default false. */
  dropsNew = false;
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly handler: FrameHandler,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /**
   * Starts a server; resolves when it listens.
   *
   * @param handler returns the reply to each command
   * @throws the system error when the port is in use
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

  /** TCP port on which the server listens. */
  get port(): number {
    // The address of a listening TCP server is always an AddressInfo.
    return (this.server.address() as AddressInfo).port;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.open.size;
  }

  /** Closes every open connection, as a restart of oxd-server would, and continues to listen. */
  dropConnections(): void {
    for (const socket of this.open) socket.destroy();
  }

  /** Writes unsolicited bytes to every open connection. */
  writeUnasked(bytes: string | Uint8Array): void {
    for (const socket of this.open) socket.write(bytes);
  }

  /** Stops listening and closes every connection, even while a command is in progress. */
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
