import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registerSecret } from '../support/secrets.js';
import { admin, KEYCLOAK } from './admin.js';

/** Users of every realm of this suite. */
export const USERS = ['alice', 'bob', 'carol'] as const;
export type User = (typeof USERS)[number];

/** Clients that request access for a user. */
export const REQUESTING_CLIENTS = ['shop-web', 'shop-spa'] as const;
export type RequestingClient = (typeof REQUESTING_CLIENTS)[number];

/** Clients of every realm of this suite. */
export type Client = RequestingClient | 'albums-web' | ResourceServer;

/** Clients that protect resources. */
export type ResourceServer = 'albums-api' | 'other-api';

interface Template {
  readonly users: readonly { readonly username: string }[];
  readonly clients: readonly { readonly clientId: string; readonly publicClient?: boolean }[];
}

/** A resource as an administrator sees it. */
export interface Resource {
  readonly _id: string;
  readonly name: string;
  readonly scopes?: readonly { readonly name: string }[];
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
}

/** A change that Keycloak recorded. */
export interface AdminEvent {
  readonly operationType: string;
  readonly resourceType: string;
  readonly resourcePath: string;
}

/** Policies that an administrator attaches to a resource; for all its scopes if `scopes` is omitted. */
export interface Permission {
  readonly policies: readonly string[];
  readonly scopes?: readonly string[];
  readonly decisionStrategy?: 'UNANIMOUS' | 'AFFIRMATIVE' | 'CONSENSUS';
}

/** A request for which Keycloak simulates its decision. */
export interface Evaluation {
  readonly user: User;
  readonly client: RequestingClient;
  readonly resource: Resource;
  readonly scopes: readonly string[];
}

/** A realm of this suite, created from `realm.json` under a unique name. */
export class Realm {
  private rotations = 0;

  private constructor(
    readonly name: string,
    private readonly secrets: ReadonlyMap<string, string>,
  ) {}

  static async create(): Promise<Realm> {
    const template = JSON.parse(
      await readFile(join(import.meta.dirname, 'realm.json'), 'utf8'),
    ) as Template;
    const secrets = new Map<string, string>();
    const secretOf = (name: string): string => {
      const secret = randomBytes(24).toString('base64url');
      registerSecret(secret);
      secrets.set(name, secret);
      return secret;
    };
    const name = `oxd-test-${randomBytes(6).toString('hex')}`;
    await admin.call('POST', '', {
      ...template,
      realm: name,
      users: template.users.map((user) => ({
        ...user,
        credentials: [{ type: 'password', value: secretOf(user.username) }],
      })),
      clients: template.clients.map((client) =>
        client.publicClient ? client : { ...client, secret: secretOf(client.clientId) },
      ),
    });
    return new Realm(name, secrets);
  }

  /** Issuer, and base of the endpoints. */
  get issuer(): string {
    return `${KEYCLOAK}/realms/${this.name}`;
  }

  /** Password of a user, or secret of a confidential client; undefined for a public one. */
  secretOf(name: string): string | undefined {
    return this.secrets.get(name);
  }

  /** Sends an admin request; `path` begins after the name of the realm. */
  call<T>(method: string, path: string, body?: unknown): Promise<T> {
    return admin.call<T>(method, `/${this.name}${path}`, body);
  }

  /** Admin path of a client. */
  async client(clientId: Client): Promise<string> {
    const [found] = await this.call<{ id: string }[]>('GET', `/clients?clientId=${clientId}`);
    if (!found) throw new Error(`There is no client ${clientId}.`);
    return `/clients/${found.id}`;
  }

  /** Changes properties of a client. */
  async changeClient(clientId: Client, change: object): Promise<void> {
    const path = await this.client(clientId);
    const client = await this.call<object>('GET', path);
    await this.call('PUT', path, { ...client, ...change });
  }

  /** Adds a resource server to the audience of the access tokens of a client; replaces other mappers. */
  changeAudience(clientId: RequestingClient, audience: ResourceServer): Promise<void> {
    const config = { 'included.client.audience': audience, 'access.token.claim': 'true' };
    const mapper = { protocol: 'openid-connect', protocolMapper: 'oidc-audience-mapper', config };
    return this.changeClient(clientId, { protocolMappers: [{ name: 'audience', ...mapper }] });
  }

  /** Admin path of a user. */
  async user(name: User): Promise<string> {
    return `/users/${await this.userId(name)}`;
  }

  /** Id of a user: `sub` of the user's tokens. */
  async userId(username: User): Promise<string> {
    const query = `/users?username=${username}&exact=true`;
    const [found] = await this.call<{ id: string }[]>('GET', query);
    if (!found) throw new Error(`There is no user ${username}.`);
    return found.id;
  }

  /** Token for a dynamic registration. */
  async initialAccessToken(): Promise<string> {
    const body = { count: 1, expiration: 600 };
    const { token } = await this.call<{ token: string }>('POST', '/clients-initial-access', body);
    registerSecret(token);
    return token;
  }

  /** All resources of a resource server. */
  async resources(server: ResourceServer = 'albums-api'): Promise<Resource[]> {
    return this.call('GET', `${await this.authorization(server)}/resource?deep=true&max=-1`);
  }

  /** The one resource of this name. */
  async resource(name: string, server: ResourceServer = 'albums-api'): Promise<Resource> {
    const [found, ...others] = (await this.resources(server)).filter((one) => one.name === name);
    if (!found || others.length > 0) throw new Error(`There is not one resource ${name}.`);
    return found;
  }

  /** Creates a resource as an administrator does. */
  async createResource(name: string, scopes: readonly string[]): Promise<Resource> {
    const path = `${await this.authorization('albums-api')}/resource`;
    return this.call('POST', path, { name, scopes: scopes.map((scope) => ({ name: scope })) });
  }

  /** Creates a policy as an administrator does. */
  async createPolicy(type: string, policy: object): Promise<void> {
    await this.call('POST', `${await this.authorization('albums-api')}/policy/${type}`, policy);
  }

  /** Changes a resource as an administrator does. */
  async changeResource(resource: Resource, change: object): Promise<void> {
    const path = `${await this.authorization('albums-api')}/resource/${resource._id}`;
    await this.call('PUT', path, { ...(await this.call<object>('GET', path)), ...change });
  }

  /** Deletes a resource as an administrator does. */
  async deleteResource({ _id }: Resource): Promise<void> {
    await this.call('DELETE', `${await this.authorization('albums-api')}/resource/${_id}`);
  }

  /** Attaches policies to a resource as an administrator does. */
  async permit(
    resource: Resource,
    { scopes, ...given }: Permission,
    server: ResourceServer = 'albums-api',
  ): Promise<void> {
    const path = await this.authorization(server);
    await this.call('POST', `${path}/permission/${scopes ? 'scope' : 'resource'}`, {
      name: randomBytes(6).toString('hex'),
      resources: [resource._id],
      ...(scopes && { scopes }),
      ...given,
    });
  }

  /** Scopes that Keycloak itself would grant. */
  async evaluate({ user, client, resource, scopes }: Evaluation): Promise<readonly string[]> {
    const server = await this.authorization('albums-api');
    const { rpt } = await this.call<Evaluated>('POST', `${server}/policy/evaluate`, {
      userId: await this.userId(user),
      clientId: (await this.client(client)).replace('/clients/', ''),
      resources: [{ _id: resource._id, scopes: scopes.map((name) => ({ name })) }],
      roleIds: [],
      context: { attributes: {} },
      entitlements: false,
    });
    const permissions = rpt?.authorization?.permissions ?? [];
    return permissions.find(({ rsid }) => rsid === resource._id)?.scopes ?? [];
  }

  /** Gives the realm a new signing key; the former keys stay valid. */
  async rotateKey(): Promise<void> {
    this.rotations += 1;
    await this.call('POST', '/components', {
      name: `rotation ${this.rotations}`,
      providerId: 'rsa-generated',
      providerType: 'org.keycloak.keys.KeyProvider',
      config: { priority: [String(1000 + this.rotations)], algorithm: ['RS256'] },
    });
  }

  /** Changes of resources that were made since the last {@link forgetEvents}. */
  async resourceEvents(): Promise<AdminEvent[]> {
    return this.call('GET', '/admin-events?resourceTypes=AUTHORIZATION_RESOURCE&max=1000');
  }

  /** Deletes the record of changes. */
  async forgetEvents(): Promise<void> {
    await this.call('DELETE', '/admin-events');
  }

  /** Deletes the realm. */
  async close(): Promise<void> {
    await admin.call('DELETE', `/${this.name}`);
  }

  private async authorization(server: ResourceServer): Promise<string> {
    return `${await this.client(server)}/authz/resource-server`;
  }
}

interface Evaluated {
  readonly rpt?: {
    readonly authorization?: {
      readonly permissions?: readonly { readonly rsid: string; readonly scopes?: string[] }[];
    };
  };
}
