import { once } from 'node:events';
import { STATUS_CODES } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { makeCertificate, type ServerCertificate } from './certificate.js';
import type { HttpsHandler, HttpsReply } from './https-answer.js';
import { HttpsExchange } from './https-exchange.js';

/** Limit of the headers of a request, in bytes: that of the web server in oxd. */
const MAX_HEADERS = 8192;
/** Time after which an unused connection is closed, in milliseconds: that of the web server in oxd. */
const IDLE_TIMEOUT = 30_000;

/** Options of {@link HttpsListener.listen}. */
export interface HttpsListenerOptions {
  /** TCP port; default 0: any free port. */
  readonly port?: number;
  /** Address to listen on; default `127.0.0.1`. */
  readonly host?: string;
  /** Certificate of the server; default: a new one for `localhost` and `127.0.0.1`. */
  readonly certificate?: ServerCertificate;
}

/** HTTPS server for tests. It knows no command: the handler supplies the responses. */
export class HttpsListener {
  private readonly open = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** Certificate of the server, PEM. */
    readonly ca: string,
    handler: HttpsHandler,
  ) {
    server.keepAliveTimeout = IDLE_TIMEOUT;
    server.on('connection', (socket: Socket) => this.accept(socket));
    server.on('request', (request, response) => {
      void new HttpsExchange(request, response).run(handler);
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
      const isOverflow = error.code === 'HPE_HEADER_OVERFLOW' && socket.writable;
      if (isOverflow) socket.end(rawResponse(handler.headersTooLong));
      else socket.destroy();
    });
  }

  /**
   * Starts a server; resolves when it listens.
   *
   * @throws the system error when the port is in use
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when no certificate is given, and the
   *   optional peer `selfsigned` is not installed or cannot be loaded
   */
  static async listen(
    handler: HttpsHandler,
    { port = 0, host = '127.0.0.1', certificate }: HttpsListenerOptions = {},
  ): Promise<HttpsListener> {
    const { cert, key } = certificate ?? (await makeCertificate());
    const server = createServer({ cert, key, maxHeaderSize: MAX_HEADERS, noDelay: true });
    const listener = new HttpsListener(server, cert, handler);
    server.listen(port, host);
    await once(server, 'listening');
    return listener;
  }

  /** TCP port on which the server listens. */
  get port(): number {
    // The address of a listening TCP server is always an AddressInfo.
    return (this.server.address() as AddressInfo).port;
  }

  /** Closes every open connection, as a restart would, and continues to listen. */
  dropConnections(): void {
    for (const socket of this.open) socket.destroy();
  }

  /** Stops listening and closes every connection, even while a request is in progress. */
  async close(): Promise<void> {
    const closed = this.server.listening ? once(this.server, 'close') : undefined;
    this.server.close();
    this.dropConnections();
    await closed;
  }

  private accept(socket: Socket): void {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
  }
}

/** Response to a request whose headers were not read, which the HTTP server cannot send itself. */
function rawResponse({ status, contentType, body }: HttpsReply): string {
  const text = Buffer.from(body).toString();
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    '',
    text,
  ].join('\r\n');
}
