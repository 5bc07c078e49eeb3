import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerSecret } from './secrets.js';

/**
 * An endpoint of the {@link FakeAs}; `cc` and `umatoken` are grants at the token endpoint, `token`
 * and `rpt` are introspections, with the credentials of the client and with a PAT.
 */
export type Endpoint =
  'provider' | 'uma' | 'reg' | 'cc' | 'umatoken' | 'rsrc' | 'rsrcdel' | 'perm' | 'rpt' | 'token';

/** Response of an endpoint. */
export interface Said {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
}

/** A received request. */
export interface Seen {
  readonly endpoint: Endpoint;
  readonly authorization: string;
  readonly path: string;
  readonly body: string;
}

const PATHS: Readonly<Record<string, Endpoint>> = {
  '/.well-known/openid-configuration': 'provider',
  '/.well-known/uma2-configuration': 'uma',
  '/reg': 'reg',
  '/perm': 'perm',
  '/rpt': 'rpt',
};

/**
 * An authorization server that grants everything, with scriptable responses and the part of a
 * provider that a site needs; not an example of a secure server.
 */
export class FakeAs {
  readonly requests: Seen[] = [];
  private readonly scripts = new Map<Endpoint, Said>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.handle(request, response));
  }

  /** Starts on a free port of 127.0.0.1. */
  static async start(): Promise<FakeAs> {
    const as = new FakeAs(createServer());
    await new Promise<void>((resolve) => as.server.listen(0, '127.0.0.1', resolve));
    return as;
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Scripts an endpoint until {@link reset}. */
  on(endpoint: Endpoint, said: Said): void {
    this.scripts.set(endpoint, said);
  }

  /** Clears all scripts and requests. */
  reset(): void {
    this.scripts.clear();
    this.requests.length = 0;
  }

  /** Requests to one endpoint. */
  seen(endpoint: Endpoint): Seen[] {
    return this.requests.filter((request) => request.endpoint === endpoint);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    // Lets clients in this process notice that their connections are closed.
    await new Promise((resolve) => setImmediate(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { method = '', url: path = '' } = request;
    const { authorization = '' } = request.headers;
    const isOfClient = path === '/rpt' && authorization.startsWith('Basic ');
    const endpoint = isOfClient ? 'token' : endpointOf(method, path, body);
    this.requests.push({ endpoint, authorization, path, body });
    const { status = 200, json, text } = this.scripts.get(endpoint) ?? this.usual(endpoint);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(json === undefined ? text : JSON.stringify(json));
  }

  private usual(endpoint: Endpoint): Said {
    switch (endpoint) {
      case 'provider':
      case 'uma':
        return { json: this.metadata() };
      case 'reg':
        return { status: 201, json: { client_id: randomUUID(), client_secret: secret() } };
      case 'cc':
        return { json: { ...token(), expires_in: 3600, scope: 'uma_protection' } };
      case 'umatoken':
        return { json: { ...token(), pct: secret(), upgraded: false } };
      case 'rsrc':
        return { status: 201, json: { _id: randomUUID() } };
      case 'rsrcdel':
        return { status: 204 };
      case 'perm':
        return { status: 201, json: { ticket: secret() } };
      case 'token':
      case 'rpt':
        return { json: { active: true, permissions: [] } };
    }
  }

  private metadata(): object {
    const { issuer } = this;
    return {
      issuer,
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      registration_endpoint: `${issuer}/reg`,
      introspection_endpoint: `${issuer}/rpt`,
      permission_endpoint: `${issuer}/perm`,
      resource_registration_endpoint: `${issuer}/rsrc`,
      claims_interaction_endpoint: `${issuer}/claims`,
      scopes_supported: ['openid', 'uma_protection'],
    };
  }
}

function endpointOf(method: string, path: string, body: string): Endpoint {
  if (path === '/token') return body.includes('uma-ticket') ? 'umatoken' : 'cc';
  if (path.startsWith('/rsrc')) return method === 'DELETE' ? 'rsrcdel' : 'rsrc';
  return PATHS[path] ?? 'provider';
}

function token() {
  return { access_token: secret(), token_type: 'Bearer' };
}

function secret(): string {
  const value = randomUUID();
  registerSecret(value);
  return value;
}
