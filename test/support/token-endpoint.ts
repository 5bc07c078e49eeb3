import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import { registerSecret } from './secrets.js';

/** Response of the token endpoint. */
export interface TokenAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Closes the connection without a response. */
  readonly drop?: boolean;
  /** Never responds. */
  readonly hang?: boolean;
}

/** Received request for an RPT. */
export interface TokenRequest {
  readonly path: string;
  readonly form: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** UMA discovery, keys and a token endpoint with scripted responses. */
export class TokenEndpoint {
  readonly requests: TokenRequest[] = [];
  /** Properties of both discovery documents; undefined removes a property. */
  discovery: Record<string, unknown> = {};
  answer: TokenAnswer = {};
  /** Serves an OpenID discovery document in addition to that of UMA. */
  hasOpenid = true;
  /** Serves the keys; false responds with 500. */
  hasKeys = true;
  private keys: JWK[] = [];
  private privateKey: CryptoKey;
  private kid = '';

  private constructor(private readonly server: Server) {}

  /** Starts on a free port of 127.0.0.1. */
  static async start(): Promise<TokenEndpoint> {
    const server = createServer();
    const endpoint = new TokenEndpoint(server);
    server.on('request', (request, response) => void endpoint.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await endpoint.rotate('k1');
    return endpoint;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Deletes recorded requests and scripted responses. */
  reset(): void {
    this.requests.length = 0;
    this.discovery = {};
    this.answer = {};
    this.hasOpenid = true;
    this.hasKeys = true;
  }

  async rotate(kid: string): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
    this.privateKey = privateKey;
    this.kid = kid;
    this.keys = [{ ...(await exportJWK(publicKey)), kid, alg: 'RS256' }];
  }

  /** A JWT of this issuer; undefined removes a claim. */
  async sign(claims: JWTPayload, key = this.privateKey): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: this.issuer, sub: 'alice', iat: now, exp: now + 300, ...claims };
    const present = Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== undefined),
    );
    const header = { alg: 'RS256', kid: this.kid };
    const token = await new SignJWT(present).setProtectedHeader(header).sign(key);
    registerSecret(token);
    return token;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = this.answerTo(request, Buffer.concat(chunks).toString());
    if (answer.drop) return void request.socket.destroy();
    if (answer.hang) return;
    const { status = 200, json, text = '', headers = {} } = answer;
    const type = json === undefined ? 'text/html' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(json === undefined ? text : JSON.stringify(json));
  }

  private answerTo({ url = '', headers }: IncomingMessage, body: string): TokenAnswer {
    switch (url) {
      case '/.well-known/uma2-configuration':
        return {
          json: {
            ...this.metadata(),
            token_endpoint: `${this.issuer}/uma/token`,
            ...this.discovery,
          },
        };
      case '/.well-known/openid-configuration':
        return this.hasOpenid ? { json: this.metadata() } : { status: 404 };
      case '/jwks':
        return this.hasKeys ? { json: { keys: this.keys } } : { status: 500 };
      case '/token':
      case '/uma/token':
        this.requests.push({ path: url, form: new URLSearchParams(body), headers });
        return this.answer;
      default:
        return { status: 404 };
    }
  }

  private metadata(): Record<string, unknown> {
    const { issuer } = this;
    return {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      introspection_endpoint: `${issuer}/introspect`,
      permission_endpoint: `${issuer}/permission`,
      resource_registration_endpoint: `${issuer}/resource`,
      claims_interaction_endpoint: `${issuer}/gather?theme=plain`,
    };
  }
}
