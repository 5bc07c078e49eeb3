import { OxdConfigurationError } from '../base/errors.js';
import { FileStore } from '../store/file-store.js';
import { MemoryStore, type OxdStore } from '../store/oxd-store.js';
import { DEMO_USERS, type SandboxUser } from './provider/accounts.js';
import { startupLines } from './startup-lines.js';
import { closeServer, listenOnLoopback, portOf } from './web/loopback.js';
import { loadOidcProvider } from './provider/oidc-provider.js';
import { openProvider } from './sandbox-provider.js';
import { arePolicies, DEMO_POLICY, type SandboxPolicies } from './uma/policy.js';

export type { SandboxClaims, SandboxUser } from './provider/accounts.js';
export type {
  SandboxDecision,
  SandboxNeed,
  SandboxPolicies,
  SandboxPolicy,
  SandboxPolicyRequest,
  SandboxQuestion,
  SandboxResource,
} from './uma/policy.js';

/** Options of {@link startSandbox}. */
export interface SandboxOptions {
  /** Port on the loopback interface; default 9400, 0 = any free one. */
  readonly port?: number;
  /**
   * File that keeps registered clients, their UMA resources and signing keys over a restart, mode
   * 0600; false keeps them in memory. Default `.oxd/sandbox-clients.json` under the working
   * directory, and false where `NODE_ENV` is `test`.
   */
  readonly clientsFile?: string | false;
  /** Who can log in; default three demo users, whose password is `sandbox`. */
  readonly users?: readonly SandboxUser[];
  /**
   * Who may have access to what is protected with UMA. Default: whoever is known, by an id_token or
   * a login, may `view`, and nothing else is granted. What a policy submits to the owner waits at
   * `/uma/requests` of the sandbox, where every user who logs in is the owner.
   */
  readonly policies?: SandboxPolicies;
  /** Called with every token, ticket, code, session and client secret issued: for tests. */
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
  policies: DEMO_POLICY as SandboxPolicies,
  onSecret: () => undefined,
  log: (line: string) => void process.stdout.write(`${line}\n`),
} as const;

/**
 * Starts an OpenID Provider and UMA 2.0 authorization server for development in this process: demo
 * users, login and consent pages, dynamic registration for everybody, policies that are functions.
 * It needs the package `oidc-provider` and answers on the loopback interface only, under the name
 * `localhost`.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID in production, when `oidc-provider` is
 *   not installed, when the port or the file is in use, or when a policy is no function
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  refuse(options);
  const inMemory = process.env.NODE_ENV === 'test' && { clientsFile: false as const };
  const { clientsFile, ...settings } = { ...DEFAULTS, ...inMemory, ...defined(options) };
  await loadOidcProvider();
  const store = await openStore(clientsFile);
  try {
    return await start(store, { clientsFile, ...settings });
  } catch (error) {
    await closeStore(store);
    throw error;
  }
}

type Settings = Required<Omit<SandboxOptions, 'quiet'>> & Pick<SandboxOptions, 'quiet'>;

async function start(store: OxdStore, settings: Settings): Promise<Sandbox> {
  const { users, policies, onSecret } = settings;
  const log = settings.quiet ? () => undefined : settings.log;
  const server = await listenOnLoopback(settings.port);
  const issuer = `http://localhost:${portOf(server)}`;
  const provider = openProvider(issuer, { store, users, policies, onSecret, say: log });
  const handler = provider.then((opened) => opened.callback());
  // Whoever asks at once waits until there is an answer.
  server.on('request', (request, response) => {
    handler.then((handle) => handle(request, response)).catch(() => response.destroy());
  });
  try {
    await handler;
  } catch (error) {
    await closeServer(server);
    throw error;
  }
  startupLines(issuer, settings).forEach(log);
  return { issuer, users, close: () => closeServer(server).then(() => closeStore(store)) };
}

function refuse({ users, policies }: SandboxOptions): void {
  const issues: string[] = [];
  if (process.env.NODE_ENV === 'production') {
    issues.push('sandbox: lets anybody in and must not run in production; use a real provider');
  }
  if (users?.length === 0) issues.push('users: must name somebody who can log in');
  if (policies !== undefined && !arePolicies(policies)) {
    issues.push('policies: must be a function, or an object of functions by name of the resource');
  }
  if (issues.length > 0) throw new OxdConfigurationError(issues);
}

async function openStore(clientsFile: string | false): Promise<OxdStore> {
  if (clientsFile === false) return new MemoryStore();
  try {
    return await FileStore.open(clientsFile);
  } catch (cause) {
    const why = cause instanceof OxdConfigurationError ? cause.issues.join(' ') : '';
    const issue = why
      .replace(/^store: /, '')
      .replace(' the option store or the variable OXD_STORE_FILE,', ' this option,');
    throw new OxdConfigurationError([`clientsFile: ${issue}`], { cause });
  }
}

async function closeStore(store: OxdStore): Promise<void> {
  if (store instanceof FileStore) await store.close();
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
