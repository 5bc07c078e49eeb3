import {
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { OxdClock } from './clock.js';
import { OxdClient } from './commands/oxd-client.js';
import { EngineTransport } from './engine/engine.transport.js';
import { FileStore } from './file-store.js';
import { GuardedStore } from './guarded-store.js';
import { OidcService } from './oidc/oidc.service.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  OPTIONS_TYPE,
} from './oxd.module-definition.js';
import { OxdOptions, isTransport, resolveOptions, type OxdModuleOptions } from './oxd.options.js';
import { OxdStore } from './store.js';
import { SocketTransport } from './transport/socket.transport.js';
import { OxdTransport } from './transport/transport.js';

const providers: Provider[] = [
  { provide: OxdClock, useValue: { now: Date.now } },
  { provide: OxdOptions, useFactory: readOptions, inject: [MODULE_OPTIONS_TOKEN] },
  { provide: FileStore, useFactory: openFile, inject: [OxdOptions] },
  { provide: OxdStore, useFactory: openStore, inject: [OxdOptions, FileStore] },
  { provide: OxdTransport, useFactory: openTransport, inject: [OxdOptions, OxdStore, OxdClock] },
  {
    provide: OxdClient,
    useFactory: makeClient,
    inject: [OxdOptions, OxdTransport, OxdStore, OxdClock],
  },
  OidcService,
];

/** OpenID Connect login for a NestJS application: import `forRoot()` or `forRootAsync()` once. */
@Module({ providers, exports: [OidcService, OxdOptions, OxdTransport, OxdStore] })
export class OxdModule
  extends ConfigurableModuleClass
  implements OnModuleInit, OnApplicationShutdown
{
  constructor(
    private readonly options: OxdOptions,
    private readonly transport: OxdTransport,
    private readonly client: OxdClient,
    private readonly file: FileStore,
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

  /** Registers the site where `eager` is set. Called by Nest. */
  async onModuleInit(): Promise<void> {
    if (!this.options.eager) return;
    try {
      await this.client.oxdId();
    } catch (error) {
      await this.onApplicationShutdown();
      throw error;
    }
  }

  /** Closes what was opened. Called by Nest. */
  async onApplicationShutdown(): Promise<void> {
    await this.transport.close();
    await this.file?.close();
  }
}

const log = new Logger(OxdModule.name);

function readOptions(options: OxdModuleOptions): OxdOptions {
  const resolved = resolveOptions(options);
  if (resolved.secretIsRandom) {
    log.warn('secret is not set: logins under way end with this process. Set it for production.');
  }
  return resolved;
}

/** The default store, opened only where the options bring none. */
async function openFile({ store }: OxdOptions): Promise<FileStore | undefined> {
  return store ? undefined : FileStore.open();
}

async function openStore({ store, site }: OxdOptions, file: FileStore): Promise<OxdStore> {
  const guarded = new GuardedStore(store ?? file, { log });
  await guarded.probe();
  if (!guarded.add && !site.client_id && !site.oxd_id) {
    log.warn('The store has no add(): with several replicas set site.client_id and client_secret.');
  }
  return guarded;
}

function openTransport(
  { transport, login }: OxdOptions,
  store: OxdStore,
  { now }: OxdClock,
): OxdTransport {
  if (isTransport(transport)) return transport;
  if (transport.type === 'socket') return new SocketTransport(transport);
  const { stateLifetime } = login;
  return new EngineTransport({ ...transport, store, stateLifetime, clock: now, log });
}

function makeClient(
  { site }: OxdOptions,
  transport: OxdTransport,
  store: OxdStore,
  { now }: OxdClock,
): OxdClient {
  return new OxdClient({ site, transport, store, log, clock: now });
}
