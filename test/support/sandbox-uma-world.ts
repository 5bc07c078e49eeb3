import { createHash, randomBytes } from 'node:crypto';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../lib/sandbox/sandbox.js';
import { Browser, passSandbox } from './browser.js';
import { registerSecret } from './secrets.js';

export const UMA_GRANT = 'urn:ietf:params:oauth:grant-type:uma-ticket';
export const ID_TOKEN = 'http://openid.net/specs/openid-connect-core-1_0.html#IDToken';
export const CLIENT = 'http://localhost:4100';
export const CLAIMS_REDIRECT_URI = `${CLIENT}/claims?from=sandbox`;

/** A registered client. */
export interface Client {
  readonly client_id: string;
  readonly client_secret: string;
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
}

/** A JSON response. */
export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A resource server with its PAT. */
export interface ResourceServer {
  readonly client: Client;
  readonly pat: string;
}

/** A resource as the sandbox returns it to its resource server. */
export interface RegisteredResource {
  readonly _id: string;
  readonly name: string;
  readonly resource_scopes: readonly string[];
}

/** Starts a sandbox without log and without file. */
export function startQuietly(options: SandboxOptions = {}): Promise<Sandbox> {
  return startSandbox({
    port: 0,
    clientsFile: false,
    quiet: true,
    onSecret: registerSecret,
    ...options,
  });
}

/** Requests of resource servers and clients to a sandbox. */
export class UmaWorld {
  constructor(readonly sandbox: Sandbox) {}

  async register(metadata: object = {}): Promise<Client> {
    const reply = await this.tryToRegister(metadata);
    if (reply.status !== 201) throw new Error(`Registration: ${reply.status}`);
    return reply.body as unknown as Client;
  }

  tryToRegister(metadata: object): Promise<Reply> {
    return this.send('/reg', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        client_name: 'Photo Print',
        redirect_uris: [`${CLIENT}/callback`],
        response_types: ['code'],
        grant_types: ['authorization_code', 'client_credentials', UMA_GRANT],
        claims_redirect_uris: [CLAIMS_REDIRECT_URI],
        ...metadata,
      }),
    });
  }

  async resourceServer(): Promise<ResourceServer> {
    const client = await this.register({ client_name: 'Albums' });
    return { client, pat: await this.clientToken(client, 'uma_protection') };
  }

  async clientToken(client: Client, scope?: string): Promise<string> {
    const params = { grant_type: 'client_credentials', ...(scope && { scope }) };
    return String((await this.token(client, params)).body.access_token);
  }

  /** ID token and access token of a user, issued to this client. */
  async logIn(client: Client, username = 'zoe') {
    const verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id: client.client_id,
      redirect_uri: `${CLIENT}/callback`,
      response_type: 'code',
      scope: 'openid',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    const url = `${this.sandbox.issuer}/auth?${query.toString()}`;
    const page = await passSandbox(new Browser(), url, { username }, (to) => to.startsWith(CLIENT));
    const code = String(new URL(String(page.location)).searchParams.get('code'));
    const { body } = await this.token(client, {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: `${CLIENT}/callback`,
    });
    return body as {
      readonly id_token: string;
      readonly access_token: string;
      readonly refresh_token?: string;
    };
  }

  /** Sends one request to the protection API; an undefined body is omitted. */
  call(pat: string | undefined, method: string, path: string, body?: unknown): Promise<Reply> {
    const json = body !== undefined && { 'content-type': 'application/json' };
    return this.send(path, {
      method,
      headers: { ...json, ...(pat !== undefined && { authorization: `Bearer ${pat}` }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** @returns the id of the resource */
  async resource({ pat }: ResourceServer, name: string, scopes = ['view', 'edit']) {
    const reply = await this.call(pat, 'POST', '/uma/resources', { name, resource_scopes: scopes });
    return String(reply.body._id);
  }

  /** Resources of this resource server, by name. */
  async resourcesOf({ pat }: Pick<ResourceServer, 'pat'>): Promise<RegisteredResource[]> {
    const { body: ids } = await this.call(pat, 'GET', '/uma/resources');
    const each = (ids as unknown as string[]).map((id) => this.call(pat, 'GET', resourceAt(id)));
    const resources = (await Promise.all(each)).map(({ body }) => body);
    return (resources as unknown as RegisteredResource[]).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    );
  }

  async ticket({ pat }: ResourceServer, resource_id: string, resource_scopes = ['view']) {
    const reply = await this.call(pat, 'POST', '/uma/permission', [
      { resource_id, resource_scopes },
    ]);
    return String(reply.body.ticket);
  }

  /** Requests an RPT. */
  ask(client: Client, params: Record<string, string>): Promise<Reply> {
    return this.token(client, { grant_type: UMA_GRANT, ...params });
  }

  introspect({ pat }: ResourceServer, token: unknown): Promise<Reply> {
    return this.send('/uma/introspection', {
      method: 'POST',
      headers: { authorization: `Bearer ${pat}` },
      body: new URLSearchParams({ token: String(token) }),
    });
  }

  token(client: Client, params: Record<string, string>): Promise<Reply> {
    return this.asClient(client, '/token', params);
  }

  asClient(client: Client, path: string, params: Record<string, string>): Promise<Reply> {
    const credentials = Buffer.from(`${client.client_id}:${client.client_secret}`);
    return this.send(path, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials.toString('base64')}` },
      body: new URLSearchParams(params),
    });
  }

  async send(path: string, init: RequestInit = {}): Promise<Reply> {
    const response = await fetch(this.sandbox.issuer + path, init);
    const text = await response.text();
    const body = text === '' ? {} : (JSON.parse(text) as Reply['body']);
    return { status: response.status, headers: response.headers, body };
  }
}

/** Path of a resource at the sandbox. */
export function resourceAt(id: string): string {
  return `/uma/resources/${id}`;
}

/** Claim token parameters for a user. */
export function claimToken({ id_token }: { readonly id_token: string }) {
  return { claim_token: id_token, claim_token_format: ID_TOKEN };
}
