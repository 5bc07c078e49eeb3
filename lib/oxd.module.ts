import {
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { OxdClock, SystemClock } from './base/clock.js';
import { OxdClient } from './oxd-client/oxd-client.js';
import { EmbeddedTransport } from './embedded/embedded.transport.js';
import { proxySettings } from './embedded/requests/proxy-settings.js';
import { OxdConfigurationError } from './base/errors.js';
import { FileStore } from './store/file-store.js';
import { GuardedStore } from './store/guarded-store.js';
import { isVolatile } from './store/keyv-check.js';
import { logContext } from './options/log-context.js';
import { OidcService } from './oidc/oidc.service.js';
import { StrategyLifecycle } from './oidc/strategy-lifecycle.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  OPTIONS_TYPE,
} from './oxd.module-definition.js';
import {
  OxdOptions,
  isTransport,
  resolveOptions,
  type OxdModuleOptions,
} from './options/oxd.options.js';
import { importIssues, injectionIssues, type NestModule } from './oxd.module-imports.js';
import { OxdStore } from './store/oxd-store.js';
import { SocketTransport } from './socket/socket.transport.js';
import { OxdTransport } from './commands/oxd-transport.js';
import { ProtectedClient } from './uma/explorer/protected-client.js';
import { ResourceCheck } from './uma/guard/resource-check.js';
import { reprotectModeOf } from './uma/resources/resource-registrar.js';
import { UmaAuthorizer } from './uma/guard/uma-authorizer.js';
import { ResourceSynchronizer } from './uma/resources/resource-synchronizer.js';
import { UmaResourceExplorer } from './uma/explorer/uma-resource.explorer.js';
import { UmaRouteTable } from './uma/declarations/route-table.js';
import { UmaService } from './uma/uma.service.js';

const providers: Provider[] = [
  { provide: OxdClock, useClass: SystemClock },
  {
    provide: OxdOptions,
    useFactory: readOptions,
    inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
  },
  { provide: OxdStore, useFactory: openStore, inject: [OxdOptions] },
  { provide: OxdTransport, useFactory: openTransport, inject: [OxdOptions, OxdStore, OxdClock] },
  {
    provide: OxdClient,
    useFactory: makeClient,
    inject: [OxdOptions, OxdTransport, OxdStore, OxdClock],
  },
  OidcService,
  StrategyLifecycle,
  UmaService,
  {
    provide: ResourceSynchronizer,
    useFactory: makeProtection,
    inject: [OxdOptions, OxdClient, OxdTransport, OxdStore, OxdClock],
  },
  UmaRouteTable,
  UmaResourceExplorer,
  ProtectedClient,
  ResourceCheck,
  UmaAuthorizer,
];

/**
 * OpenID Connect login and User-Managed Access for a NestJS application: import `forRoot()` or
 * `forRootAsync()` once. For several sites import one `OxdModule` each, with its own `name`, in
 * different modules; the controllers of a module use the `OxdModule` that it imports.
 */
@Module({
  providers,
  // UmaAuthorizer is what UmaGuard is made with, in the module of each controller.
  exports: [OidcService, UmaService, UmaAuthorizer, OxdOptions, OxdTransport, OxdStore],
})
export class OxdModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown
{
  constructor(
    private readonly options: OxdOptions,
    private readonly transport: OxdTransport,
    private readonly client: OxdClient,
    private readonly store: OxdStore,
    private readonly explorer: UmaResourceExplorer,
    private readonly protection: ResourceSynchronizer,
    private readonly strategy: StrategyLifecycle,
    private readonly protectedClient: ProtectedClient,
    private readonly modules: ModulesContainer,
  ) {
    super();
  }

  /**
   * @param options see {@link OxdModuleOptions}; `isGlobal` makes the services injectable everywhere
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, listing every problem
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Takes the options from `useFactory`, `useClass` or `useExisting` (with a method
   * `createOxdOptions()`).
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, listing every problem
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** Checks what Nest injected, and registers the site if `eager` is set. Called by Nest. */
  async onModuleInit(): Promise<void> {
    await this.starting(async () => {
      rejectIssues(injectionIssues(this.modules, isOxdModule));
      if (this.options.eager) await this.client.oxdId();
    });
  }

  /** Adds the strategy to Passport, reads the declared routes, registers them. Called by Nest. */
  async onApplicationBootstrap(): Promise<void> {
    await this.starting(async () => {
      this.strategy.begin();
      const declared = this.explorer.explore();
      if (declared.length > 0) this.protectedClient.claim();
      await this.protection.begin(declared);
    });
  }

  /** Closes what was opened. Called by Nest. */
  async onApplicationShutdown(): Promise<void> {
    this.strategy.end();
    this.protection.stop();
    await this.transport.close();
    // A store that replaces this provider is closed by the application, or the test, that made it.
    if (this.store instanceof GuardedStore) await this.store.close();
  }

  /** Nest calls no shutdown hook of an application that did not start. */
  private async starting(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.onApplicationShutdown();
      throw error;
    }
  }
}

function isOxdModule({ metatype }: NestModule): boolean {
  return metatype === OxdModule || metatype.prototype instanceof OxdModule;
}

function rejectIssues(issues: readonly string[]): void {
  if (issues.length > 0) throw new OxdConfigurationError(issues);
}

function logOf(options: Pick<OxdOptions, 'name'>): Logger {
  return new Logger(logContext(OxdModule.name, options));
}

function readOptions(options: OxdModuleOptions, modules: ModulesContainer): OxdOptions {
  rejectIssues(importIssues(modules, isOxdModule));
  const resolved = resolveOptions(options);
  const log = logOf(resolved);
  if (resolved.secretIsRandom) {
    log.warn('secret is not set: logins under way end with this process. Set it for production.');
  }
  const { stateLifetime } = resolved.login;
  if ((options.login?.stateLifetime ?? stateLifetime) > stateLifetime) {
    log.warn(
      `login.stateLifetime is limited to ${stateLifetime} on oxd: it forgets a login after that.`,
    );
  }
  if (isForgetful(options, resolved)) {
    log.warn(
      'store is not set and transport is an instance: state is in memory, and each start registers ' +
        'the site again. Set store, or site.client_id and site.client_secret.',
    );
  }
  checkNetwork(resolved, log);
  return resolved;
}

/** Returns true if the default store loses the registration of a site in production. */
function isForgetful({ store }: OxdModuleOptions, resolved: OxdOptions): boolean {
  const { client_id, oxd_id } = resolved.site;
  if (process.env.NODE_ENV !== 'production' || store !== undefined || client_id || oxd_id) {
    return false;
  }
  return typeof resolved.store !== 'string';
}

/** @throws {OxdConfigurationError} when an environment variable names no usable proxy */
function checkNetwork({ transport }: OxdOptions, log: Logger): void {
  if (isTransport(transport) || transport.type !== 'embedded') return;
  proxySettings(transport.proxy);
  if (process.env.NODE_TLS_REJECT_UNAUTHORIZED !== '0') return;
  log.warn(
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is set: it has no effect on connections to the OpenID Provider, ' +
      'but other code of this process verifies no certificate. Remove it; for a private ' +
      'certificate authority set transport.ca.',
  );
}

async function openStore(options: OxdOptions): Promise<OxdStore> {
  const { store, site } = options;
  const log = logOf(options);
  const guarded = await guardedStore(store, log);
  try {
    await guarded.probe();
  } catch (error) {
    await guarded.close();
    throw error;
  }
  if (!guarded.add && !site.client_id && !site.oxd_id) {
    log.warn(
      'The store has no add(): with several replicas set site.client_id and client_secret, and ' +
        'where routes are @UmaProtected start one replica alone first.',
    );
  }
  return guarded;
}

async function guardedStore(store: OxdOptions['store'], log: Logger): Promise<GuardedStore> {
  if (typeof store !== 'string') return new GuardedStore(store, { log });
  const file = await FileStore.open(store);
  return new GuardedStore(file, { log, close: () => file.close() });
}

function openTransport(options: OxdOptions, store: OxdStore, { now }: OxdClock): OxdTransport {
  const { transport, login } = options;
  if (isTransport(transport)) return transport;
  if (transport.type === 'socket') return new SocketTransport(transport);
  const { stateLifetime } = login;
  const insecureHosts = process.env.NODE_ENV === 'production' ? 'loopback' : 'any';
  const limits = { stateLifetime, insecureHosts } as const;
  const log = logOf(options);
  return new EmbeddedTransport({ ...transport, ...limits, store, clock: now, log });
}

function makeClient(
  options: OxdOptions,
  transport: OxdTransport,
  store: OxdStore,
  { now }: OxdClock,
): OxdClient {
  const { site } = options;
  return new OxdClient({ site, transport, store, log: logOf(options), clock: now });
}

function makeProtection(
  options: OxdOptions,
  client: OxdClient,
  { version }: OxdTransport,
  store: OxdStore,
  clock: OxdClock,
): ResourceSynchronizer {
  const { eager, site, store: option, uma } = options;
  const { overwrite } = uma;
  const volatile = typeof option !== 'string' && isVolatile(option);
  const reprotectMode = reprotectModeOf(version);
  // With a given site the store cannot know what was protected before.
  const sharedList = version === '3.1.1' && !site.oxd_id;
  return new ResourceSynchronizer({
    ...{ client, store, clock, log: logOf(options) },
    ...{ reprotectMode, sharedList, overwrite, eager, volatile },
  });
}
