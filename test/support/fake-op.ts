import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose';
import { registerSecret } from './secrets.js';

/** An endpoint of the {@link FakeOp}. */
export type Endpoint =
  'discovery' | 'jwks' | 'register' | 'client' | 'token' | 'userinfo' | 'introspect';

/** Response of an endpoint. */
export interface Answer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never responds; {@link FakeOp.onHang} is called. */
  readonly hang?: boolean;
  /** Closes the connection without a response. */
  readonly drop?: boolean;
  /** Closes the connection after the beginning of the body. */
  readonly cut?: boolean;
}

/** Received request. */
export interface Seen {
  readonly endpoint: Endpoint;
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The body as form data. */
  readonly form: URLSearchParams;
  /** True if the client closed the connection before the response. */
  aborted: boolean;
}

type Script = Answer | ((seen: Seen) => Answer | Promise<Answer>);

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

const PATHS: Readonly<Record<string, Endpoint>> = {
  '/.well-known/openid-configuration': 'discovery',
  '/jwks': 'jwks',
  '/reg': 'register',
  '/token': 'token',
  '/me': 'userinfo',
  '/introspect': 'introspect',
};

/** OpenID Provider whose responses can be scripted. Tests only: it checks almost nothing. */
export class FakeOp {
  readonly requests: Seen[] = [];
  /** Changes the discovery document; undefined removes a property. */
  discovery: Record<string, unknown> = {};
  /** Changes the claims of the next ID tokens; undefined removes a claim. */
  claims: Record<string, unknown> = {};
  /** Creates ID tokens. */
  mint: (claims: JWTPayload) => Promise<string> = (claims) => this.sign(claims);
  /** Changes token responses; undefined removes a property. */
  tokens: Record<string, unknown> = {};
  /** Clock of the provider, in milliseconds since 1970. */
  clock: () => number = Date.now;
  /** Called for each request that gets no response. */
  onHang: () => void = ignore;
  key: Key;
  /** Origin of the issuer and of every announced URL; undefined means {@link origin}. */
  publicOrigin: string | undefined;
  private keys: Key[] = [];
  private readonly scripts = new Map<Endpoint, Script>();
  private readonly nonces = new Map<string, string>();
  private client: Record<string, unknown> = {};
  /** Properties of the client that the provider issued and no update changes. */
  private given: Record<string, unknown> = {};
  private accessToken = '';

  private port = 0;

  private constructor(
    private readonly server: Server,
    private readonly protocol: string,
  ) {}

  /** Starts on a port of 127.0.0.1, by default a free one. */
  static async start(tls?: ServerOptions, port = 0): Promise<FakeOp> {
    const server = tls ? createTlsServer(tls) : createServer();
    const op = new FakeOp(server, tls ? 'https' : 'http');
    server.on('request', (request, response) => void op.handle(request, response));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    op.port = (server.address() as AddressInfo).port;
    await op.rotate('k1');
    return op;
  }

  get issuer(): string {
    return this.publicOrigin ?? this.origin;
  }

  /** Origin of the listening socket. */
  get origin(): string {
    return `${this.protocol}://127.0.0.1:${this.port}`;
  }

  /** Scripts an endpoint until {@link reset}. */
  on(endpoint: Endpoint, script: Script): void {
    this.scripts.set(endpoint, script);
  }

  /** Deletes every script and every recorded request. */
  reset(): void {
    this.scripts.clear();
    this.requests.length = 0;
    this.discovery = {};
    this.claims = {};
    this.tokens = {};
    this.clock = Date.now;
    this.onHang = ignore;
    this.mint = (claims) => this.sign(claims);
    this.publicOrigin = undefined;
  }

  /** Requests that one endpoint received. */
  seen(endpoint: Endpoint): Seen[] {
    return this.requests.filter((request) => request.endpoint === endpoint);
  }

  /** Rotates the signing key. */
  async rotate(kid: string, alg = 'RS256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    this.key = { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
    this.keys = [this.key];
  }

  /** Simulates the browser: logs in and returns the parameters of the callback. */
  login(authorizationUrl: string): { code: string; state: string; iss: string } {
    const query = new URL(authorizationUrl).searchParams;
    const code = secret('code');
    const state = query.get('state') ?? '';
    this.nonces.set(code, query.get('nonce') ?? '');
    registerSecret(state);
    return { code, state, iss: this.issuer };
  }

  sign(claims: JWTPayload, header: { kid?: string; alg?: string; key?: CryptoKey } = {}) {
    const { kid = this.key.kid, alg = this.key.alg, key = this.key.privateKey } = header;
    return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
  }

  unsigned(claims: JWTPayload): string {
    return new UnsecuredJWT(claims).encode();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    // Clients of this process notice in this turn that their connections are closed.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await this.read(request, response);
    this.requests.push(seen);
    const script = this.scripts.get(seen.endpoint) ?? ((): Promise<Answer> => this.usual(seen));
    const answer = typeof script === 'function' ? await script(seen) : script;
    if (answer.hang) return this.onHang();
    if (answer.drop) return void request.socket.destroy();
    if (answer.cut) {
      response.writeHead(200, { 'content-length': '100' });
      return void response.write('{', () => request.socket.destroy());
    }
    const { status = 200, json, text, headers = {} } = answer;
    const type = json === undefined ? 'text/html' : 'application/json';
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(json === undefined ? text : JSON.stringify(json));
  }

  private async read(request: IncomingMessage, response: ServerResponse): Promise<Seen> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { method = '', headers, url = '' } = request;
    const endpoint = PATHS[new URL(url, this.issuer).pathname] ?? 'client';
    const form = new URLSearchParams(body);
    const seen: Seen = { endpoint, method, url, headers, body, form, aborted: false };
    response.on('close', () => (seen.aborted = !response.writableEnded));
    return seen;
  }

  /** Response of an endpoint without a script. */
  async usual(seen: Seen): Promise<Answer> {
    switch (seen.endpoint) {
      case 'discovery':
        return { json: { ...this.metadata(), ...this.discovery } };
      case 'jwks':
        return { json: { keys: this.keys.map(({ jwk }) => jwk) } };
      case 'register':
        return { status: 201, json: this.register(JSON.parse(seen.body) as object) };
      case 'client':
        return this.manage(seen);
      case 'token':
        return { json: { ...(await this.token(seen)), ...this.tokens } };
      case 'userinfo':
        return { json: { sub: 'alice', name: 'Alice', email: null } };
      case 'introspect':
        return { json: { active: true, sub: 'alice', scope: 'openid', exp: 4102444800 } };
    }
  }

  private metadata(): object {
    const { issuer } = this;
    return {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      userinfo_endpoint: `${issuer}/me`,
      jwks_uri: `${issuer}/jwks`,
      registration_endpoint: `${issuer}/reg`,
      introspection_endpoint: `${issuer}/introspect`,
      end_session_endpoint: `${issuer}/logout`,
      id_token_signing_alg_values_supported: [
        'RS256',
        'ES384',
        'EdDSA',
        'Ed25519',
        'HS256',
        'none',
      ],
      authorization_response_iss_parameter_supported: true,
    };
  }

  private register(metadata: object): object {
    const client_id = `client-${randomUUID()}`;
    this.given = {
      client_id,
      client_secret: secret('client'),
      client_secret_expires_at: 0,
      client_id_issued_at: 1700000000,
      registration_access_token: secret('registration'),
      registration_client_uri: `${this.issuer}/reg/${client_id}`,
    };
    this.client = { ...metadata, ...this.given };
    return this.client;
  }

  private manage({ method, body }: Seen): Answer {
    if (method === 'DELETE') return { status: 204 };
    if (method === 'PUT') this.client = { ...this.given, ...(JSON.parse(body) as object) };
    return { json: this.client };
  }

  private async token({ form }: Seen): Promise<Record<string, unknown>> {
    this.accessToken = secret('access');
    const answer = { access_token: this.accessToken, token_type: 'Bearer', expires_in: 3600 };
    if (form.get('grant_type') === 'client_credentials') {
      return { ...answer, scope: form.get('scope') ?? undefined };
    }
    const id_token = await this.mint(this.idTokenClaims(form.get('code') ?? ''));
    registerSecret(id_token);
    return { ...answer, id_token, refresh_token: secret('refresh') };
  }

  private idTokenClaims(code: string): JWTPayload {
    const now = Math.floor(this.clock() / 1000);
    const usual = {
      iss: this.issuer,
      aud: this.client.client_id as string,
      sub: 'alice',
      iat: now,
      exp: now + 300,
      nonce: this.nonces.get(code),
    };
    const claims = Object.entries({ ...usual, ...this.claims });
    return Object.fromEntries(claims.filter(([, value]) => value !== undefined));
  }

  /** Access token of the response that contains the current ID token. */
  get currentAccessToken(): string {
    return this.accessToken;
  }
}

const ignore = (): void => undefined;

function secret(kind: string): string {
  const value = `${kind}-${randomUUID()}`;
  registerSecret(value);
  return value;
}
