import { Logger } from '@nestjs/common';
import type { OxdClock } from './base/clock.js';
import { isProduction } from './base/environment.js';
import { isLoopback } from './base/network-rules.js';
import type { OxdTransport } from './commands/oxd-transport.js';
import { EmbeddedTransport } from './embedded/embedded.transport.js';
import { proxySettings } from './embedded/requests/proxy-settings.js';
import { HttpsTransport } from './https/https.transport.js';
import { logContext } from './options/log-context.js';
import {
  isTransport,
  resolveOptions,
  type OxdModuleOptions,
  type OxdOptions,
} from './options/oxd.options.js';
import { OxdClient } from './oxd-client/oxd-client.js';
import { SocketTransport } from './socket/socket.transport.js';
import { FileStore } from './store/file-store.js';
import { GuardedStore } from './store/guarded-store.js';
import { isVolatile } from './store/keyv-check.js';
import type { OxdStore } from './store/oxd-store.js';
import { reprotectModeOf } from './uma/resources/resource-registrar.js';
import { ServerProbe } from './uma/resources/server-probe.js';
import { ResourceSynchronizer } from './uma/resources/resource-synchronizer.js';

/**
 * Resolves the options of the module, and logs warnings about defaults that lose state.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID, listing every issue
 */
export function resolveModuleOptions(options: OxdModuleOptions): OxdOptions {
  const resolved = resolveOptions(options);
  const log = logOf(resolved);
  if (resolved.secretIsRandom) {
    log.warn(
      'secret is not set: pending logins are lost when this process ends. Set secret in production.',
    );
  }
  const { stateLifetime } = resolved.login;
  if ((options.login?.stateLifetime ?? stateLifetime) > stateLifetime) {
    log.warn(
      `login.stateLifetime is limited to ${stateLifetime} on oxd: oxd then deletes the state.`,
    );
  }
  if (losesRegistration(options, resolved)) {
    log.warn(
      'store is not set and transport is an instance: state is in memory, and each start registers ' +
        'the site again. Set store, or site.client_id and site.client_secret.',
    );
  }
  if (resolved.bearer.anyAudience) log.warn(ANY_AUDIENCE);
  plainConnections(resolved).forEach((warning) => log.warn(warning));
  checkNetwork(resolved, log);
  return resolved;
}

/** Warnings about connections without TLS to other machines; in production some of them are errors. */
function plainConnections({ site, transport }: OxdOptions): string[] {
  const { authorization_redirect_uri: uri } = site;
  const isSocket = !isTransport(transport) && transport.type === 'socket';
  const isRemote = isSocket && !isLoopbackHost(transport.host);
  return [
    ...(uri?.startsWith('http:') && !isLoopback(uri) ? [PLAIN_REDIRECT] : []),
    ...(isRemote ? [PLAIN_SOCKET] : []),
  ];
}

const ANY_AUDIENCE =
  'bearer.anyAudience is true: in decision mode a token that a user gave to another API opens this API, ' +
  'too. Set bearer.audience instead.';

const PLAIN_REDIRECT =
  'site.authorization_redirect_uri is plain http on a host that is not loopback: codes and cookies of ' +
  'logins can be read on the network. Use https.';

const PLAIN_SOCKET =
  'transport.host is not loopback, and the socket protocol of oxd-server has no TLS: secrets and tokens ' +
  'can be read on the network. Run oxd-server on the same host, or connect through a tunnel.';

function isLoopbackHost(host: string): boolean {
  const url = `http://${host.includes(':') ? `[${host}]` : host}`;
  return URL.canParse(url) && isLoopback(url);
}

/**
 * Returns true if, in production, the default store loses the registration of the site at a
 * restart.
 */
function losesRegistration({ store }: OxdModuleOptions, resolved: OxdOptions): boolean {
  const { client_id, oxd_id } = resolved.site;
  if (!isProduction() || store !== undefined || client_id || oxd_id) {
    return false;
  }
  return typeof resolved.store !== 'string';
}

/**
 * Checks the proxy variables, and warns if the process verifies no certificates.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when an environment variable has no
 *   valid proxy URL
 */
function checkNetwork({ transport }: OxdOptions, log: Logger): void {
  if (isTransport(transport) || transport.type === 'socket') return;
  if (transport.type !== 'https') proxySettings(transport.proxy);
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  log.warn(
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: this module verifies certificates ' +
      'nevertheless, but other code of this process does not. Remove the variable; for a private ' +
      'certificate authority set transport.ca.',
  );
}

/**
 * Opens the store of the options and probes it.
 *
 * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID when the store cannot be used
 */
export async function openStore(options: OxdOptions): Promise<OxdStore> {
  const { store, site } = options;
  const log = logOf(options);
  const guarded = await guardStore(store, log);
  try {
    await guarded.probe();
  } catch (error) {
    await guarded.close();
    throw error;
  }
  if (!guarded.add && !site.client_id && !site.oxd_id) {
    log.warn(
      'The store has no add(): with several replicas set site.client_id and site.client_secret, and ' +
        'if routes are @UmaProtected start a single replica first.',
    );
  }
  return guarded;
}

async function guardStore(store: OxdOptions['store'], log: Logger): Promise<GuardedStore> {
  if (typeof store !== 'string') return new GuardedStore(store, { log });
  const file = await FileStore.open(store);
  return new GuardedStore(file, { log, close: () => file.close() });
}

/** Creates the transport of the options, or returns the given instance. */
export function createTransport(
  options: OxdOptions,
  store: OxdStore,
  clock: OxdClock,
): OxdTransport {
  const { transport, login, uma, bearer } = options;
  if (isTransport(transport)) return transport;
  if (transport.type === 'socket') return new SocketTransport(transport);
  if (transport.type === 'https') return new HttpsTransport(transport);
  const { stateLifetime } = login;
  const insecureHosts = isProduction() ? 'loopback' : 'any';
  const limits = { stateLifetime, insecureHosts, timers: clock } as const;
  const { cache, localVerification } = uma;
  const shared = { store, clock: clock.now, log: logOf(options) };
  const checks = { cache, localVerification, clockTolerance: bearer.clockTolerance };
  return new EmbeddedTransport({ ...transport, ...limits, ...shared, ...checks });
}

/** Creates the client that executes commands as the site of the options. */
export function createClient(
  options: OxdOptions,
  transport: OxdTransport,
  store: OxdStore,
  { now }: OxdClock,
): OxdClient {
  const { site, uma, bearer } = options;
  const caches = { cache: uma.cache, tokens: bearer.cache };
  return new OxdClient({ site, transport, store, log: logOf(options), clock: now, ...caches });
}

/** Creates the synchronizer of the declared resources. */
export function createResourceSynchronizer(
  options: OxdOptions,
  client: OxdClient,
  { version }: OxdTransport,
  store: OxdStore,
  clock: OxdClock,
): ResourceSynchronizer {
  const { eager, site, store: storeOption, uma } = options;
  const { overwrite } = uma;
  const volatile = typeof storeOption !== 'string' && isVolatile(storeOption);
  const reprotectMode = reprotectModeOf(version);
  // With oxd_id the store does not contain the resources that were protected before.
  const sharedList = version === '3.1.1' && !site.oxd_id;
  return new ResourceSynchronizer({
    ...{ client, store, clock, log: logOf(options) },
    ...{ reprotectMode, sharedList, overwrite, eager, volatile },
  });
}

/** Creates the probe of resources and decisions that declarations need. */
export function createServerProbe(
  options: OxdOptions,
  client: OxdClient,
  clock: OxdClock,
): ServerProbe {
  const { eager } = options;
  return new ServerProbe({ client, clock, eager, log: logOf(options) });
}

function logOf(options: Pick<OxdOptions, 'name'>): Logger {
  return new Logger(logContext('OxdModule', options));
}
