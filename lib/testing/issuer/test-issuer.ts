import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { rejectProduction } from '../../base/reject-production.js';
import { closeServer, listenOnLoopback, portOf } from '../../sandbox/web/loopback.js';
import { accessTokenClaims, type TestTokenOptions } from './access-token-claims.js';
import {
  EndpointTraffic,
  type TestIssuerEndpoint,
  type TestIssuerFault,
} from './endpoint-traffic.js';
import { IssuedTokens } from './issued-tokens.js';
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
  private readonly traffic = new EndpointTraffic();
  private readonly tokens: IssuedTokens;

  private constructor(
    /** Issuer, such as `http://127.0.0.1:41234`. */
    readonly issuer: string,
    private readonly server: Server,
    private readonly signer: TokenSigner,
  ) {
    this.tokens = new IssuedTokens(signer);
    const endpoints = new IssuerEndpoints(issuer, signer, this.tokens);
    server.on('request', (request, response) => {
      const fault = this.traffic.register(new URL(request.url ?? '/', issuer).pathname);
      void respond(endpoints, request, response, fault);
    });
  }

  /**
   * Starts an issuer with a new key on a free port.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when `NODE_ENV` is `production`
   */
  static async start(): Promise<TestIssuer> {
    rejectProduction('TestIssuer');
    const server = await listenOnLoopback(0);
    const issuer = `http://127.0.0.1:${portOf(server)}`;
    return new TestIssuer(issuer, server, await TokenSigner.create(issuer));
  }

  /** Number of requests since the start, by endpoint, such as `requests.introspection`. */
  get requests(): Readonly<Record<TestIssuerEndpoint, number>> {
    return this.traffic.requests;
  }

  /** Issues a token with the claims of an access token or an RPT of Keycloak; default a signed JWT. */
  token(options: TestTokenOptions = {}): Promise<string> {
    const { issuer } = this;
    const claims = accessTokenClaims(options, { issuer, now: Date.now() });
    return this.tokens.issue(claims, options);
  }

  /** Makes a token inactive at introspection; the signature of a JWT stays valid. */
  revoke(token: string): void {
    this.tokens.revoke(token);
  }

  /**
   * Signs with a new key, under a new `kid`, from now on.
   *
   * @param options `keepOld: true` still publishes the former keys; default false: tokens that they
   *   signed are no longer valid
   */
  rotateKeys({ keepOld = false }: { readonly keepOld?: boolean } = {}): Promise<void> {
    return this.signer.rotate(keepOld);
  }

  /**
   * Lets an endpoint fail, for each further request: `{ status: 503 }` sends this status with an empty
   * body, `{ hang: true }` never responds.
   *
   * @param fault default undefined: the endpoint responds normally again
   */
  disturb(endpoint: TestIssuerEndpoint, fault?: TestIssuerFault): void {
    this.traffic.disturb(endpoint, fault);
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
  fault: TestIssuerFault | undefined,
): Promise<void> {
  if (fault && 'hang' in fault) return;
  try {
    if (fault) return void response.writeHead(fault.status).end();
    const { status, json } = await endpoints.reply(request);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(json === undefined ? undefined : JSON.stringify(json));
  } catch {
    // Malformed JSON or a path that cannot be decoded.
    response.writeHead(400).end();
  }
}
