import type { Configuration } from 'openid-client';
import type { CommandName, Params, Result } from '../../commands/command.js';
import type { OxdLog } from '../../base/log.js';
import { SingleFlight } from '../../base/single-flight.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { LeftOut } from '../registration/rejected-parameters.js';
import { OpCall } from '../requests/command-call.js';
import { INSECURE, OpHttp, OpRequestError, type OpHttpOptions } from '../requests/provider-http.js';
import { Providers, type Provider } from '../provider/provider.js';
import type { ProviderAddress } from '../provider/provider-address.js';
import { Sites } from '../registration/sites.js';
import type { ClientRecord, SiteRecord } from '../registration/site-record.js';
import { UmaServers, type UmaServer } from '../provider/uma-discovery.js';
import { UmaMemory } from './uma-state.js';

/** Options of `EngineTransport`. Times in milliseconds. */
export interface EngineOptions extends OpHttpOptions {
  /** Where sites and logins under way are kept. */
  readonly store: OxdStore;
  /** Whether providers on plain http are allowed. */
  readonly allowInsecureRequests: boolean;
  /** Token that the provider asks for at dynamic registration (RFC 7591 §3). */
  readonly initialAccessToken?: string;
  /** How long a user may take to log in at the provider. */
  readonly stateLifetime: number;
  /** Milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /** Where to tell what commands do not fail for; default nowhere. */
  readonly log?: OxdLog;
  /**
   * Whether `get_tokens_by_code` must be told the `iss` of the callback where the provider announces
   * one (RFC 9207 §2.4); default true. False only for callers that never see the callback.
   */
  readonly requireIssuerParameter?: boolean;
  /** Whether an RPT needs one of the scopes of a condition, as with oxd, or all; default `any`. */
  readonly requiredScopes?: 'any' | 'all';
}

/** A command, carried out. */
export type Operation<C extends CommandName> = (
  context: EngineContext,
  params: Params<C>,
) => Promise<Result<C>>;

/** What the commands of one engine share. */
export class Engine {
  readonly http: OpHttp;
  readonly providers: Providers;
  readonly umaServers: UmaServers;
  readonly uma: UmaMemory;
  readonly sites: Sites;
  readonly leftOut: LeftOut;
  readonly refreshes = new SingleFlight<Result<'get_access_token_by_refresh_token'>>();
  readonly clock: () => number;

  constructor(readonly options: EngineOptions) {
    const { timeout, store, initialAccessToken } = options;
    const { clock = Date.now, log = SILENT } = options;
    this.clock = clock;
    this.http = new OpHttp(options);
    this.providers = new Providers({ http: this.http, clock, timeout });
    this.uma = new UmaMemory(clock);
    this.leftOut = new LeftOut(log);
    const { http, providers, leftOut } = this;
    this.umaServers = new UmaServers({ http, providers, clock });
    const { umaServers } = this;
    const servers = { providers, umaServers, leftOut };
    this.sites = new Sites({ ...servers, store, clock, log, initialAccessToken });
  }
}

/** What an operation may use. One for each command. */
export class EngineContext {
  constructor(
    readonly engine: Engine,
    /** The requests of this command. */
    readonly call: OpCall,
  ) {}

  /** Where state is kept. */
  get store(): OxdStore {
    return this.engine.options.store;
  }

  /** Where the engine tells what it does not fail for. */
  get log(): OxdLog {
    return this.engine.options.log ?? SILENT;
  }

  /** For work that outlives the caller who began it. */
  detached(): EngineContext {
    return new EngineContext(this.engine, this.call.detached());
  }

  /** @see OpCall.inTime */
  inTime<T>(end: number, work: (limited: EngineContext) => Promise<T>): Promise<T> {
    return this.call.inTime(end, (call) => work(new EngineContext(this.engine, call)));
  }

  /** @see Sites.get */
  site(oxd_id: string | undefined): Promise<SiteRecord> {
    return this.engine.sites.get(this.call, oxd_id);
  }

  /** @see Providers.at */
  provider(address: ProviderAddress): Promise<Provider> {
    return this.engine.providers.at(address);
  }

  /** @see UmaServers.at */
  umaServer(address: ProviderAddress): Promise<UmaServer> {
    return this.engine.umaServers.at(address);
  }

  /** What `openid-client` needs to speak for a client at its provider. */
  configuration(provider: Pick<Provider, 'metadata'>, client: ClientRecord): Configuration {
    const { clock } = this.engine;
    return clientConfiguration(provider, client, { fetch: this.call.fetch, clock });
  }

  /** The same for requests that change nothing: they may be repeated, see `OpRequest.idempotent`. */
  readingConfiguration(provider: Pick<Provider, 'metadata'>, client: ClientRecord): Configuration {
    const { clock } = this.engine;
    return clientConfiguration(provider, client, { fetch: this.call.fetchIdempotent, clock });
  }

  /**
   * Checks a URL of discovery that a browser is sent to.
   *
   * @throws {OpRequestError} when it is plain http that the options do not allow
   */
  checkBrowserUrl(url: string): void {
    if (this.engine.http.maySendBrowser(new URL(url))) return;
    throw new OpRequestError('insecure', INSECURE);
  }
}

const SILENT: OxdLog = { warn: () => undefined, error: () => undefined };
