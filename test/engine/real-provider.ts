import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Token for dynamic registration at the {@link RealProvider}. */
export const INITIAL_TOKEN = 'initial-access-token-1';

interface ProviderClass {
  new (issuer: string, configuration: object): { callback(): RequestListener };
}

/** `oidc-provider` in this process, as strict as it can be. */
export class RealProvider {
  private constructor(
    readonly issuer: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<RealProvider> {
    // No types come with it.
    const name: string = 'oidc-provider';
    const { default: Provider } = (await import(name)) as { default: ProviderClass };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', new Provider(issuer, CONFIGURATION).callback());
    return new RealProvider(issuer, server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const CONFIGURATION = {
  cookies: { keys: ['for-tests-only'] },
  scopes: ['openid', 'profile', 'email', 'offline_access'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
  findAccount: (_: unknown, sub: string) => ({
    accountId: sub,
    claims: () => ({ sub, name: `Name of ${sub}`, email: `${sub}@example.com` }),
  }),
  pkce: { required: () => true },
  rotateRefreshToken: true,
  ttl: {
    AccessToken: 600,
    ClientCredentials: 600,
    IdToken: 600,
    RefreshToken: 86_400,
    Grant: 86_400,
    Interaction: 600,
    Session: 86_400,
  },
  issueRefreshToken: () => true,
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true, initialAccessToken: INITIAL_TOKEN },
    registrationManagement: { enabled: true },
    introspection: { enabled: true },
    clientCredentials: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
};
