import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';

/** Request that a peer received. */
export interface PeerRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The exact text of the body. */
  readonly body: string;
  /** Position of the request among those of its connection, from 1. */
  readonly position: number;
}

/** Answers a request; a peer without an answer sends nothing. */
export type Answer = (request: PeerRequest, response: ServerResponse) => void;

/** Answers with JSON, such as an envelope of the HTTPS extension. */
export function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Success in the envelope of the HTTPS extension. */
export const ok =
  (data: unknown = {}): Answer =>
  (_request, response) =>
    json(response, { status: 'ok', data });

/** HTTP server, over TLS if it has a certificate, whose answers a test decides. */
export class HttpsPeer {
  readonly requests: PeerRequest[] = [];
  /** Number of connections that were opened. */
  opened = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
  ) {}

  /** @param port default: a free one */
  static async start(answer: Answer, tls?: ServerOptions, port = 0): Promise<HttpsPeer> {
    const server = tls ? createTlsServer(tls) : createServer();
    const peer = new HttpsPeer(server, tls ? 'https' : 'http');
    const positions = new WeakMap<Socket, number>();
    server.on('connection', (socket: Socket) => {
      peer.opened++;
      peer.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => peer.sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      let body = '';
      const position = (positions.get(request.socket) ?? 0) + 1;
      positions.set(request.socket, position);
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request;
        const received = { method, path, headers, body, position };
        peer.requests.push(received);
        answer(received, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return peer;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** URL with the given host name, which must resolve to this machine. */
  url(host = '127.0.0.1'): string {
    return `${this.scheme}://${host}:${this.port}`;
  }

  /** Closes every connection, as a server does with idle ones. */
  disconnect(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): Promise<void> {
    this.disconnect();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}
