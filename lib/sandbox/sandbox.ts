import { isProduction } from '../base/environment.js';
import { OxdConfigurationError } from '../base/errors.js';
import { FileStore } from '../store/file-store.js';
import { MemoryStore, type OxdStore } from '../store/oxd-store.js';
import { DEMO_USERS, type SandboxUser } from './provider/accounts.js';
import { startupLines } from './startup-lines.js';
import { closeServer, listenOnLoopback, portOf } from './web/loopback.js';
import { loadOidcProvider } from './provider/oidc-provider-module.js';
import { openProvider } from './sandbox-provider.js';
import { arePolicies, DEMO_POLICY, type SandboxPolicies } from './uma/policy.js';
import { withoutUndefined } from '../base/json.js';

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
  /** Port on the loopback interface; default 9400; 0 selects any free port. */
  readonly port?: number;
  /**
   * File that persists registered clients, their UMA resources and the signing keys, with mode 0600;
   * false stores them in memory. Default `.oxd/sandbox-clients.json` in the working directory; false
   * if `NODE_ENV` is `test`.
   */
  readonly clientsFile?: string | false;
  /** Users who can log in, at least one; default three demo users with the password `sandbox`. */
  readonly users?: readonly SandboxUser[];
  /**
   * Policies that decide on access to UMA resources. By default a requesting party that is identified
   * by an ID token or a login is granted the scope `view`; everything else is denied. Requests that a
   * policy submits to the resource owner are listed at `/uma/requests` of the sandbox.
   */
  readonly policies?: SandboxPolicies;
  /**
   * `username` of the resource owner, the only user who decides requests at `/uma/requests`; default
   * undefined: every user decides.
   */
  readonly owner?: string;
  /**
   * Scopes of APIs, beside `openid`, `profile`, `email`, `offline_access`, `uma_protection` and `oxd`;
   * default none. A client can register and request no other scope.
   */
  readonly scopes?: readonly string[];
  /** Called with every issued token, ticket, code, session id and client secret; for tests. */
  readonly onSecret?: (value: string) => void;
  /** Logs one line: the startup summary and failures; default the standard output of the process. */
  readonly log?: (line: string) => void;
  /** Disables the log; default false. */
  readonly quiet?: boolean;
}

/** A running sandbox. */
export interface Sandbox {
  /** Issuer, the value of `op_host` for an application; for example `http://localhost:9400`. */
  readonly issuer: string;
  /** Users who can log in. */
  readonly users: readonly SandboxUser[];
  /** Closes every connection and releases the port and the file. */
  close(): Promise<void>;
}

const DEFAULTS = {
  port: 9400,
  clientsFile: '.oxd/sandbox-clients.json',
  users: DEMO_USERS,
  policies: DEMO_POLICY as SandboxPolicies,
  scopes: [] as readonly string[],
  onSecret: () => undefined,
  log: (line: string) => void process.stdout.write(`${line}\n`),
} as const;

/**
 * Starts an OpenID Provider and UMA 2.0 authorization server for development in this process, with
 * demo users, login and consent pages, open dynamic registration, and policies written as functions.
 * The sandbox requires the package `oidc-provider`. It listens only on the loopback interface, under
 * the name `localhost`.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when `NODE_ENV` is `production`, when
 *   `oidc-provider` is not installed, when the port or the file is in use, when `users` is empty,
 *   when `owner` is not one of them, when a scope is malformed, or when a policy is not a function
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  checkOptions(options);
  const inMemory = process.env.NODE_ENV === 'test' && { clientsFile: false as const };
  const { clientsFile, ...settings } = { ...DEFAULTS, ...inMemory, ...withoutUndefined(options) };
  await loadOidcProvider();
  const store = await openStore(clientsFile);
  try {
    return await start(store, { clientsFile, ...settings });
  } catch (error) {
    await closeStore(store);
    throw error;
  }
}

type Settings = Required<Omit<SandboxOptions, 'quiet' | 'owner'>> &
  Pick<SandboxOptions, 'quiet' | 'owner'>;

async function start(store: OxdStore, settings: Settings): Promise<Sandbox> {
  const { users, policies, owner, scopes, onSecret } = settings;
  const log = settings.quiet ? () => undefined : settings.log;
  const server = await listenOnLoopback(settings.port);
  const issuer = `http://localhost:${portOf(server)}`;
  const provider = openProvider(issuer, { store, users, policies, owner, scopes, onSecret, log });
  const handler = provider.then((opened) => opened.callback());
  // Requests that arrive before the provider is ready wait for it.
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

function checkOptions({ users, policies, owner, scopes = [] }: SandboxOptions): void {
  const issues: string[] = [];
  if (isProduction()) {
    issues.push(
      'NODE_ENV: the sandbox is insecure and must not run in production; use a real provider',
    );
  }
  if (users?.length === 0) issues.push('users: must contain at least one user');
  const names = (users ?? DEMO_USERS).map(({ username }) => username);
  if (owner !== undefined && !names.includes(owner)) {
    issues.push(`owner: must be the username of a user: ${names.join(', ')}`);
  }
  if (policies !== undefined && !arePolicies(policies)) {
    issues.push('policies: must be a function, or an object of functions by resource name');
  }
  if (!scopes.every((scope) => SCOPE.test(scope))) {
    issues.push('scopes: must be names without blanks, quotes and backslashes');
  }
  if (issues.length > 0) throw new OxdConfigurationError(issues);
}

/** A scope (RFC 6749 §3.3). */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+$/;

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
