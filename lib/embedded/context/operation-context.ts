import type { Configuration } from 'openid-client';
import type { CommandName, Params, Result } from '../../commands/command.js';
import type { OxdLog } from '../../base/log.js';
import { SingleFlight } from '../../base/single-flight.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { RejectedParameters } from '../registration/rejected-parameters.js';
import { CommandCall } from '../requests/command-call.js';
import {
  INSECURE,
  ProviderHttp,
  OpRequestError,
  type OpHttpOptions,
} from '../requests/provider-http.js';
import { Providers, type Provider } from '../provider/provider.js';
import type { ProviderAddress } from '../provider/provider-address.js';
import { Sites } from '../registration/sites.js';
import type { ClientRecord, RegisteredSite } from '../registration/site-record.js';
import { UmaServers, type UmaServer } from '../provider/uma-discovery.js';
import { UmaState } from './uma-state.js';

/** Options of `EmbeddedTransport`. Times in milliseconds. */
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
  context: OperationContext,
  params: Params<C>,
) => Promise<Result<C>>;

/** What the commands of one engine share. */
export class EmbeddedRuntime {
  readonly http: ProviderHttp;
  readonly providers: Providers;
  readonly umaServers: UmaServers;
  readonly uma: UmaState;
  readonly sites: Sites;
  readonly leftOut: RejectedParameters;
  readonly refreshes = new SingleFlight<Result<'get_access_token_by_refresh_token'>>();
  readonly clock: () => number;

  constructor(readonly options: EngineOptions) {
    const { timeout, store, initialAccessToken } = options;
    const { clock = Date.now, log = SILENT } = options;
    this.clock = clock;
    this.http = new ProviderHttp(options);
    this.providers = new Providers({ http: this.http, clock, timeout });
    this.uma = new UmaState(clock);
    this.leftOut = new RejectedParameters(log);
    const { http, providers, leftOut } = this;
    this.umaServers = new UmaServers({ http, providers, clock });
    const { umaServers } = this;
    const servers = { providers, umaServers, leftOut };
    this.sites = new Sites({ ...servers, store, clock, log, initialAccessToken });
  }
}

/** What an operation may use. One for each command. */
export class OperationContext {
  constructor(
    readonly engine: EmbeddedRuntime,
    /** The requests of this command. */
    readonly call: CommandCall,
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
  detached(): OperationContext {
    return new OperationContext(this.engine, this.call.detached());
  }

  /** @see CommandCall.inTime */
  inTime<T>(end: number, work: (limited: OperationContext) => Promise<T>): Promise<T> {
    return this.call.inTime(end, (call) => work(new OperationContext(this.engine, call)));
  }

  /** @see Sites.get */
  site(oxd_id: string | undefined): Promise<RegisteredSite> {
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
