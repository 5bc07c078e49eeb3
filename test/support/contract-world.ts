import { Test, type TestingModule } from '@nestjs/testing';
import {
  MemoryStore,
  OidcService,
  OxdError,
  OxdModule,
  type LoginSecrets,
  type OxdModuleOptions,
  UmaService,
} from '../../lib/index.js';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../lib/sandbox/sandbox.js';
import type { OxdServer } from '../../lib/testing/testing.js';
import { DEMO_USERS } from '../../lib/sandbox/provider/accounts.js';
import { Browser, passSandbox } from './browser.js';
import { RecordedOp } from './recorded-op.js';
import {
  OXD_PEERS,
  startPeer,
  traitsOf,
  transportTo,
  type OxdPeer,
  type PeerTrait,
} from './oxd-peers.js';
import { registerSecret } from './secrets.js';

/** Ways to execute commands, each with its own provider. */
export const TRANSPORTS = ['embedded', ...(Object.keys(OXD_PEERS) as OxdPeer[])] as const;
export type TransportName = (typeof TRANSPORTS)[number];

export const CALLBACK = 'https://app.example/callback';
export const LOGGED_OUT = 'https://app.example/';
export const CLAIMS = 'https://app.example/claims?a=b&c=d%20e';

/** Results that differ on some transports, by the trait of the peer, with the reason. */
export type Exceptions = Readonly<
  Partial<Record<PeerTrait | 'embedded', { readonly result: unknown; readonly because: string }>>
>;

/** Expected result of a row on a transport. */
export function expectedOn(
  name: TransportName,
  { result, except = {} }: { readonly result: unknown; readonly except?: Exceptions },
): unknown {
  const trait = traitsOf(name).find((one) => except[one]);
  return trait ? except[trait]?.result : result;
}

/** Outcome of a command or a parameter that the version lacks: nothing is sent. */
export const unsupported = (command: string, because: string) => ({
  because,
  result: { name: 'OxdCommandError', code: 'OXD_COMMAND_UNSUPPORTED', command },
});

/** Tokens of a user. */
export type Login = Awaited<ReturnType<OidcService['getTokensByCode']>>;

/** Parameters of the redirect from the provider. */
export interface Callback {
  readonly code: string;
  readonly state: string;
  readonly iss: string;
}

/** Provider of a {@link World}. */
type Provider = Pick<Sandbox, 'issuer' | 'users' | 'close'>;

async function startProvider(name: TransportName, options?: SandboxOptions): Promise<Provider> {
  if (name === 'extension 3.1.1') {
    // 3.1.1 checks each protection token, and cannot read the parameter `scope` of an introspection.
    const { policies } = options ?? {};
    const provider = await RecordedOp.start(policies);
    provider.scopesIn = 'scopes';
    return Object.assign(provider, { users: DEMO_USERS });
  }
  return startSandbox({
    ...{ port: 0, clientsFile: false, quiet: true, onSecret: registerSecret },
    ...options,
  });
}

/** The module on one transport, a provider, and users with browsers. */
export class World {
  private token: { readonly protection_access_token?: string } = {};

  private constructor(
    readonly oidc: OidcService,
    readonly uma: UmaService,
    readonly sandbox: Provider,
    private readonly name: TransportName,
    private readonly module: TestingModule,
    private readonly server: OxdServer | undefined,
  ) {}

  static async create(name: TransportName, options?: SandboxOptions): Promise<World> {
    const provider = await startProvider(name, options);
    try {
      const { module, server } = await moduleOn(name, provider.issuer);
      const services = [module.get(OidcService), module.get(UmaService)] as const;
      const world = new World(...services, provider, name, module, server);
      if (name === 'extension 3.1.4') world.token = await world.newToken();
      return world;
    } catch (error) {
      await provider.close();
      throw error;
    }
  }

  /** Parameters of a registration, and on the extension a token, which oxd requires for another site. */
  get site() {
    return { ...siteOf(this.sandbox.issuer), ...this.token };
  }

  /** Returns a token for commands of another site. */
  private async newToken() {
    const { access_token } = await this.oidc.getClientToken({
      ...(await this.newClient()),
      scope: ['openid', 'oxd'],
    });
    return { protection_access_token: access_token };
  }

  /** Registers a client that obtains tokens for itself. In oxd 4 the client of a site does so. */
  async newClient() {
    const isRest = this.name.startsWith('REST');
    const { op_host, client_id, client_secret } = isRest
      ? await this.oidc.registerSite(this.site)
      : await this.oidc.setupClient(this.site);
    return { op_host, client_id: client_id ?? '', client_secret: client_secret ?? '' };
  }

  /** Sends a browser to the provider and returns its callback parameters. */
  async visit(username = 'zoe', browser = new Browser()): Promise<Callback> {
    // oxd would otherwise request every registered scope, those of a resource server included.
    const scope = ['openid', 'profile', 'email', 'offline_access'];
    const { authorization_url } = await this.oidc.getAuthorizationUrl({ prompt: 'consent', scope });
    return this.pass(authorization_url, username, browser);
  }

  /** Like {@link visit}, also returns the secrets that the transport has not stored. */
  async visitAndKeep(): Promise<Callback & { kept: Partial<LoginSecrets> }> {
    const { authorization_url, ...kept } = await this.oidc.getAuthorizationUrl({
      prompt: 'consent',
      scope: ['openid'],
      keep_state: false,
    });
    return { ...(await this.pass(authorization_url, 'zoe', new Browser())), kept };
  }

  private async pass(url: string, username: string, browser: Browser): Promise<Callback> {
    registerSecret(new URL(url).searchParams.get('state') ?? '');
    const stop = (url: string): boolean => url.startsWith(CALLBACK);
    const page = await passSandbox(browser, url, { username }, stop);
    const { searchParams } = new URL(page.location ?? CALLBACK);
    const read = (param: string): string => searchParams.get(param) ?? '';
    return { code: read('code'), state: read('state'), iss: read('iss') };
  }

  /** Completes a login, without cookies of the application. */
  async logIn(username?: string): Promise<Login> {
    return this.oidc.getTokensByCode(await this.visit(username));
  }

  async close(): Promise<void> {
    await this.module.close();
    await this.server?.close();
    await this.sandbox.close();
  }
}

/** The module on one transport, with a site of the provider. */
export async function moduleOn(name: TransportName, issuer: string) {
  const server = name === 'embedded' ? undefined : await startPeer(name);
  const module = await Test.createTestingModule({
    imports: [OxdModule.forRoot(optionsFor(issuer, server, name))],
  }).compile();
  module.useLogger(false);
  await module.init();
  return { module, server };
}

/** Result of a command, or the parts of its error that the contract defines. */
export async function outcomeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof OxdError)) throw error;
    const { name, code, command } = error;
    // Errors contain the command name as sent on the wire.
    return { name, code, command: command?.replace('update_site_registration', 'update_site') };
  }
}

function siteOf(op_host: string) {
  return {
    op_host,
    authorization_redirect_uri: CALLBACK,
    post_logout_redirect_uri: LOGGED_OUT,
    scope: ['openid', 'profile', 'email', 'offline_access', 'uma_protection', 'oxd'],
    grant_types: [
      ...['authorization_code', 'refresh_token', 'client_credentials'],
      'urn:ietf:params:oauth:grant-type:uma-ticket',
    ],
    claims_redirect_uri: [CLAIMS],
  };
}

function optionsFor(
  issuer: string,
  server: OxdServer | undefined,
  name: TransportName,
): OxdModuleOptions {
  return {
    site: siteOf(issuer),
    secret: 'a test secret of more than 32 characters',
    store: new MemoryStore(),
    transport:
      server && name !== 'embedded'
        ? transportTo(name, server)
        : { type: 'embedded', allowInsecureRequests: true },
  };
}
