import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { rejectProduction } from '../../base/reject-production.js';
import { closeServer, listenOnLoopback, portOf } from '../../sandbox/web/loopback.js';
import { accessTokenClaims, type TestTokenOptions } from './access-token-claims.js';
import { IssuerEndpoints } from './issuer-endpoints.js';
import { TokenSigner } from './token-signer.js';

/**
 * Issuer of access tokens and RPTs for tests, on the loopback interface: the value of `op_host` for
 * an application that verifies or introspects tokens. Has discovery, keys, introspection, dynamic
 * registration, and the endpoints that `UmaGuard` needs; it has no login, see `startSandbox()`.
 *
 * ```ts
 * const issuer = await TestIssuer.start();
 * const rpt = await issuer.token({
 *   permissions: [{ resource_id: '[GET] /albums/:id', resource_scopes: ['view'] }],
 * });
 * ```
 */
export class TestIssuer {
  private constructor(
    /** Issuer, such as `http://127.0.0.1:41234`. */
    readonly issuer: string,
    private readonly server: Server,
    private readonly signer: TokenSigner,
  ) {}

  /**
   * Starts an issuer with a new key on a free port.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when `NODE_ENV` is `production`
   */
  static async start(): Promise<TestIssuer> {
    rejectProduction('TestIssuer');
    const server = await listenOnLoopback(0);
    const issuer = `http://127.0.0.1:${portOf(server)}`;
    const signer = await TokenSigner.create(issuer);
    const endpoints = new IssuerEndpoints(issuer, signer);
    server.on('request', (request, response) => void respond(endpoints, request, response));
    return new TestIssuer(issuer, server, signer);
  }

  /** Issues a token: a signed JWT with the claims of an access token or an RPT of Keycloak. */
  token(options: TestTokenOptions = {}): Promise<string> {
    const { issuer } = this;
    return this.signer.sign(accessTokenClaims(options, { issuer, now: Date.now() }));
  }

  /** Closes every connection and releases the port. */
  close(): Promise<void> {
    return closeServer(this.server);
  }
}

async function respond(
  endpoints: IssuerEndpoints,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { status, json } = await endpoints.reply(request);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(json === undefined ? undefined : JSON.stringify(json));
  } catch {
    // Malformed JSON or a path that cannot be decoded.
    response.writeHead(400).end();
  }
}
