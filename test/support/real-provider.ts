import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerCredentialsIn, registerSecret } from './secrets.js';

/** Token for dynamic registration at the {@link RealProvider}. */
export const INITIAL_TOKEN = 'initial-access-token-1';

/** Part of a Koa context that describes the response. */
interface ResponseContext {
  readonly body: unknown;
  readonly response: { get(header: 'location'): string };
}

interface ProviderClass {
  new (
    issuer: string,
    configuration: object,
  ): {
    use(middleware: (context: ResponseContext, next: () => Promise<void>) => Promise<void>): void;
    callback(): RequestListener;
  };
}

/** Properties of responses whose values are secret. */
const SECRETS = [
  ...['access_token', 'refresh_token', 'id_token'],
  ...['client_secret', 'registration_access_token'],
];

/** `oidc-provider` in this process, with strict settings. Registers every secret it issues. */
export class RealProvider {
  private constructor(
    readonly issuer: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<RealProvider> {
    // The package has no types.
    const name: string = 'oidc-provider';
    const { default: Provider } = (await import(name)) as { default: ProviderClass };
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, CONFIGURATION);
    provider.use(async (context, next) => {
      await next();
      registerSecretsOf(context);
    });
    server.on('request', provider.callback());
    registerSecret(INITIAL_TOKEN);
    return new RealProvider(issuer, server);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function registerSecretsOf({ body, response }: ResponseContext): void {
  const location = response.get('location');
  if (URL.canParse(location)) registerCredentialsIn(location);
  const properties = Object(body) as Readonly<Record<string, unknown>>;
  for (const name of SECRETS) {
    const value = properties[name];
    if (typeof value === 'string') registerSecret(value);
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
