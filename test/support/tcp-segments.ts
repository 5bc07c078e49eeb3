import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

const SERVER_SOCKET = 'net.server.socket';

/** Connection to a server of this process, of which both ends are known. */
export class TcpSegments {
  private constructor(
    readonly client: Socket,
    private readonly server: Socket | undefined,
  ) {}

  static async connect(port: number): Promise<TcpSegments> {
    const accepted = new Map<number | undefined, Socket>();
    const onAccepted = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket };
      accepted.set(socket.remotePort, socket);
    };
    subscribe(SERVER_SOCKET, onAccepted);
    const client = connect({ port, host: '127.0.0.1', noDelay: true });
    try {
      await once(client, 'connect');
      while (!accepted.has(client.localPort)) await setImmediate();
    } finally {
      unsubscribe(SERVER_SOCKET, onAccepted);
    }
    return new TcpSegments(client, accepted.get(client.localPort));
  }

  /** Writes bytes and waits until the server has read them or the connection is closed. */
  async write(bytes: string): Promise<void> {
    this.client.write(bytes);
    while (!this.client.closed && this.server?.bytesRead !== this.client.bytesWritten) {
      await setImmediate();
    }
  }
}
