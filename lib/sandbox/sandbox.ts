import { OxdConfigurationError, printable } from '../errors.js';
import { FileStore } from '../file-store.js';
import { MemoryStore, type OxdStore } from '../store.js';
import { DEMO_PASSWORD, DEMO_USERS, type SandboxUser } from './accounts.js';
import { useInteractions } from './interactions.js';
import { openKeys } from './keys.js';
import { closeServer, listenOnLoopback, portOf } from './loopback.js';
import { loadOidcProvider, type OidcProvider } from './oidc-provider.js';
import { errorPage, sendPage } from './pages.js';
import { providerConfiguration } from './provider-configuration.js';

export type { SandboxClaims, SandboxUser } from './accounts.js';

/** Options of {@link startSandbox}. */
export interface SandboxOptions {
  /** Port on the loopback interface; default 9400, 0 = any free one. */
  readonly port?: number;
  /**
   * File that keeps registered clients and signing keys over a restart, mode 0600; false keeps
   * them in memory. Default `.oxd/sandbox-clients.json` under the working directory.
   */
  readonly clientsFile?: string | false;
  /** Who can log in; default three demo users, whose password is `sandbox`. */
  readonly users?: readonly SandboxUser[];
  /** Called with every token, code, session and client secret that is issued: for tests. */
  readonly onSecret?: (value: string) => void;
  /** Takes the lines that tell how to use it, and failures; default the process's stdout. */
  readonly log?: (line: string) => void;
  /** True says nothing; default false. */
  readonly quiet?: boolean;
}

/** A running sandbox. */
export interface Sandbox {
  /** What to give an application as `op_host`, for instance `http://localhost:9400`. */
  readonly issuer: string;
  /** Who can log in. */
  readonly users: readonly SandboxUser[];
  /** Ends every connection and frees the port and the file. */
  close(): Promise<void>;
}

const DEFAULTS = {
  port: 9400,
  clientsFile: '.oxd/sandbox-clients.json',
  users: DEMO_USERS,
  onSecret: () => undefined,
  log: (line: string) => void process.stdout.write(`${line}\n`),
} as const;

/**
 * Starts an OpenID Provider for development in this process: demo users, login and consent pages,
 * dynamic registration for everybody. It needs the package `oidc-provider` and answers on the
 * loopback interface only, under the name `localhost`.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID in production, when `oidc-provider` is
 *   not installed, or when the port or the file is in use
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  refuse(options);
  const { port, clientsFile, users, onSecret, log } = { ...DEFAULTS, ...defined(options) };
  const say = options.quiet ? () => undefined : log;
  const Provider = await loadOidcProvider();
  const store = await openStore(clientsFile);
  try {
    const keys = await openKeys(store);
    const server = await listenOnLoopback(port);
    const issuer = `http://localhost:${portOf(server)}`;
    const context = { store, grants: new Map(), onSecret };
    const provider = new Provider(issuer, providerConfiguration(keys, users, context));
    tellEvents(provider, onSecret, say);
    refuseOtherHosts(provider, issuer);
    useInteractions(provider, users);
    const handle = provider.callback();
    server.on('request', (request, response) => void handle(request, response));
    introduce(issuer, users, clientsFile).forEach(say);
    return { issuer, users, close: () => closeServer(server).then(() => closeStore(store)) };
  } catch (error) {
    await closeStore(store);
    throw error;
  }
}

function refuse({ users }: SandboxOptions): void {
  const issues: string[] = [];
  if (process.env.NODE_ENV === 'production') {
    issues.push('sandbox: lets anybody in and must not run in production; use a real provider');
  }
  if (users?.length === 0) issues.push('users: must name somebody who can log in');
  if (issues.length > 0) throw new OxdConfigurationError(issues);
}

async function openStore(clientsFile: string | false): Promise<OxdStore> {
  if (clientsFile === false) return new MemoryStore();
  try {
    return await FileStore.open(clientsFile);
  } catch (cause) {
    const why = cause instanceof OxdConfigurationError ? cause.issues.join(' ') : '';
    throw new OxdConfigurationError([`clientsFile: ${why.replace(/^store: /, '')}`], { cause });
  }
}

async function closeStore(store: OxdStore): Promise<void> {
  if (store instanceof FileStore) await store.close();
}

function tellEvents(
  provider: OidcProvider,
  onSecret: (value: string) => void,
  say: (line: string) => void,
): void {
  provider.silent = true;
  provider.on('server_error', (_context, error) =>
    say(`The sandbox failed: ${printable(error.message)}`),
  );
  provider.on('grant.success', ({ body }) => {
    const { id_token } = body as { id_token?: string };
    if (id_token !== undefined) onSecret(id_token);
  });
}

/** A page elsewhere whose name is made to point here must not speak to the sandbox. */
function refuseOtherHosts(provider: OidcProvider, issuer: string): void {
  provider.use(async (context, next) => {
    if (context.host === new URL(issuer).host) return next();
    sendPage(context, 421, errorPage('Wrong address.', `The sandbox answers at ${issuer} only.`));
  });
}

function introduce(issuer: string, users: readonly SandboxUser[], file: string | false): string[] {
  const names = users.map(({ username }) => username).join(', ');
  const password = users === DEMO_USERS ? ` (password: ${DEMO_PASSWORD})` : '';
  return [
    `Sandbox OpenID Provider: ${issuer}`,
    `  users: ${names}${password}`,
    `  clients: register themselves, kept ${file === false ? 'in memory' : `in ${file}`}`,
  ];
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
