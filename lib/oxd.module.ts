import {
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { AccessTokenVerifier } from './access-token/access-token-verifier.js';
import { OxdClock, SystemClock } from './base/clock.js';
import { OxdConfigurationError } from './base/errors.js';
import { BEARER_MARKS } from './bearer/declarations/bearer-marks.js';
import { BearerRouteExplorer } from './bearer/explorer/bearer-route.explorer.js';
import { BearerAuthorizer } from './bearer/guard/bearer-authorizer.js';
import { BearerRouteTable } from './bearer/guard/bearer-route-table.js';
import { OxdTransport } from './commands/oxd-transport.js';
import { OidcService } from './oidc/oidc.service.js';
import { StrategyLifecycle } from './oidc/strategy-lifecycle.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  NO_OPTIONS,
  OPTIONS_TYPE,
} from './oxd.module-definition.js';
import {
  createClient,
  createResourceSynchronizer,
  createServerProbe,
  createTransport,
  openStore,
  resolveModuleOptions,
} from './oxd.module-factories.js';
import { importIssues, injectionIssues, type NestModule } from './oxd.module-imports.js';
import { OxdOptions, type OxdModuleOptions } from './options/oxd.options.js';
import { OxdClient } from './oxd-client/oxd-client.js';
import { GuardMarks } from './routes/guard-marks.js';
import { rejectIssues } from './routes/reject-issues.js';
import { GuardedStore } from './store/guarded-store.js';
import { OxdStore } from './store/oxd-store.js';
import { ProtectedClient } from './uma/explorer/protected-client.js';
import { CheckSubjects } from './uma/guard/check-subjects.js';
import { DecisionAuthorizer } from './uma/guard/decision-authorizer.js';
import { NamedFailures } from './uma/guard/named-failures.js';
import { ResourceCheck } from './uma/guard/resource-check.js';
import { TokenAuthentication } from './uma/guard/token-authentication.js';
import { UmaAuthorizer } from './uma/guard/uma-authorizer.js';
import { ServerProbe } from './uma/resources/server-probe.js';
import { ResourceSynchronizer } from './uma/resources/resource-synchronizer.js';
import { UmaResourceExplorer } from './uma/explorer/uma-resource.explorer.js';
import { UMA_MARKS } from './uma/declarations/uma-marks.js';
import { UmaRouteTable } from './uma/declarations/declared-route.js';
import { UmaService } from './uma/uma.service.js';

const providers: Provider[] = [
  // A dynamic module replaces this provider.
  { provide: MODULE_OPTIONS_TOKEN, useValue: NO_OPTIONS },
  { provide: OxdClock, useClass: SystemClock },
  {
    provide: OxdOptions,
    useFactory: readOptions,
    inject: [MODULE_OPTIONS_TOKEN, ModulesContainer],
  },
  { provide: OxdStore, useFactory: openStore, inject: [OxdOptions] },
  { provide: OxdTransport, useFactory: createTransport, inject: [OxdOptions, OxdStore, OxdClock] },
  {
    provide: OxdClient,
    useFactory: createClient,
    inject: [OxdOptions, OxdTransport, OxdStore, OxdClock],
  },
  OidcService,
  StrategyLifecycle,
  UmaService,
  {
    provide: ResourceSynchronizer,
    useFactory: createResourceSynchronizer,
    inject: [OxdOptions, OxdClient, OxdTransport, OxdStore, OxdClock],
  },
  { provide: GuardMarks, useFactory: () => new GuardMarks([UMA_MARKS, BEARER_MARKS]) },
  BearerRouteTable,
  BearerRouteExplorer,
  BearerAuthorizer,
  UmaRouteTable,
  UmaResourceExplorer,
  ProtectedClient,
  {
    provide: ServerProbe,
    useFactory: createServerProbe,
    inject: [OxdOptions, OxdClient, OxdClock],
  },
  CheckSubjects,
  NamedFailures,
  ResourceCheck,
  TokenAuthentication,
  DecisionAuthorizer,
  UmaAuthorizer,
  AccessTokenVerifier,
];

/**
 * OpenID Connect login and User-Managed Access for a NestJS application. Import `forRoot()` or
 * `forRootAsync()` once. For several sites, import one `OxdModule` per site, each with its own
 * `name` and in a different module: the controllers of a module use the `OxdModule` that this
 * module imports.
 */
@Module({
  providers,
  // Dependencies of the guards are exported, too: Nest creates a guard in the module of each controller.
  exports: [
    ...[OidcService, UmaService, UmaAuthorizer, BearerAuthorizer, AccessTokenVerifier],
    ...[OxdOptions, OxdTransport, OxdStore],
  ],
})
export class OxdModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown
{
  // `#` instead of `private`, so that a printed module shows neither secrets nor the application.
  readonly #options: OxdOptions;
  readonly #transport: OxdTransport;
  readonly #client: OxdClient;
  readonly #store: OxdStore;
  readonly #explorer: UmaResourceExplorer;
  readonly #bearerExplorer: BearerRouteExplorer;
  readonly #protection: ResourceSynchronizer;
  readonly #probe: ServerProbe;
  readonly #strategy: StrategyLifecycle;
  readonly #protectedClient: ProtectedClient;
  readonly #modules: ModulesContainer;

  constructor(
    options: OxdOptions,
    transport: OxdTransport,
    client: OxdClient,
    store: OxdStore,
    explorer: UmaResourceExplorer,
    bearerExplorer: BearerRouteExplorer,
    protection: ResourceSynchronizer,
    probe: ServerProbe,
    strategy: StrategyLifecycle,
    protectedClient: ProtectedClient,
    modules: ModulesContainer,
  ) {
    super();
    this.#options = options;
    this.#transport = transport;
    this.#client = client;
    this.#store = store;
    this.#explorer = explorer;
    this.#bearerExplorer = bearerExplorer;
    this.#protection = protection;
    this.#probe = probe;
    this.#strategy = strategy;
    this.#protectedClient = protectedClient;
    this.#modules = modules;
  }

  /**
   * Configures the module with options.
   *
   * @param options see {@link OxdModuleOptions}; `isGlobal` makes the services injectable in every
   *   module, default false
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, listing every issue
   */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    // A caller in JavaScript may pass no options.
    return super.forRoot(options ?? {});
  }

  /**
   * Configures the module with the options that `useFactory` returns, or the method
   * `createOxdOptions()` of `useClass` or `useExisting`.
   *
   * @throws {OxdConfigurationError} OXD_CONFIGURATION_INVALID at start-up, listing every issue
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** Checks the injected services, and registers the site if `eager` is true. Called by Nest. */
  async onModuleInit(): Promise<void> {
    await this.runAtStart(async () => {
      rejectIssues(injectionIssues(this.#modules, isOxdModule));
      if (this.#options.eager) await this.#client.oxdId();
    });
  }

  /** Adds the strategy to Passport and registers the declared resources. Called by Nest. */
  async onApplicationBootstrap(): Promise<void> {
    await this.runAtStart(async () => {
      this.#strategy.begin();
      this.#bearerExplorer.explore();
      const { registered, all } = this.#explorer.explore();
      if (registered.length > 0) this.#protectedClient.claim();
      await this.#protection.begin(registered);
      await this.#probe.begin(all);
    });
  }

  /** Removes the strategy from Passport, closes transport and store. Called by Nest. */
  async onApplicationShutdown(): Promise<void> {
    this.#strategy.end();
    this.#protection.stop();
    this.#probe.stop();
    await this.#transport.close();
    // An application or a test that overrides the store provider closes its own store.
    if (this.#store instanceof GuardedStore) await this.#store.close();
  }

  /** Cleans up if `work` fails: Nest calls no shutdown hook after a failed start. */
  private async runAtStart(work: () => Promise<unknown>): Promise<void> {
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

function readOptions(options: OxdModuleOptions, modules: ModulesContainer): OxdOptions {
  if (options === NO_OPTIONS) throw new OxdConfigurationError([WITHOUT_OPTIONS]);
  rejectIssues(importIssues(modules, isOxdModule));
  return resolveModuleOptions(options);
}

const WITHOUT_OPTIONS =
  'OxdModule: is imported without options; use forRoot() or forRootAsync() in imports';
