import type { CommandName, Params, Result } from '../../commands/command.js';
import type { IdTokenClaims } from '../../commands/oidc.js';
import type { Abortable } from '../../base/call-end.js';
import type { OxdLog } from '../../base/log.js';
import type { CacheLimits } from '../../base/expiring-cache.js';
import { minimumTime } from '../../base/time-limit.js';
import { SingleFlight } from '../../base/single-flight.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { RecordStore } from '../../store/record-store.js';
import { RejectedParameters } from '../registration/rejected-parameters.js';
import { CommandCall } from '../requests/command-call.js';
import {
  INSECURE,
  ProviderHttp,
  type CommandEnd,
  ProviderRequestError,
  type ProviderHttpOptions,
} from '../requests/provider-http.js';
import { Providers, type Provider } from '../provider/provider.js';
import type { ProviderAddress } from '../provider/provider-address.js';
import { Sites } from '../registration/sites.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { UmaServers, type UmaServer } from '../provider/uma-discovery.js';
import { ClientForms } from './client-forms.js';
import { ACCESS_TOKEN_KEYS, KeyLookups } from './key-lookups.js';
import { UmaState } from './uma-state.js';

/** Options of `EmbeddedTransport`. Times in milliseconds. */
export interface EmbeddedOptions extends ProviderHttpOptions {
  /** Store of sites and pending logins. */
  readonly store: OxdStore;
  /** Allows providers on plain http. */
  readonly allowInsecureRequests: boolean;
  /** Token that the provider requires for dynamic registration (RFC 7591 §3). */
  readonly initialAccessToken?: string;
  /** Time that a user has to log in at the provider. */
  readonly stateLifetime: number;
  /** Current time in milliseconds since 1970; default `Date.now`. */
  readonly clock?: () => number;
  /** Log for problems that do not fail a command; default none. */
  readonly log?: OxdLog;
  /**
   * Requires the `iss` of the callback in `get_tokens_by_code` if the provider announces it
   * (RFC 9207 §2.4); default true. False only for callers that never see the callback.
   */
  readonly requireIssuerParameter?: boolean;
  /** Scopes of a condition that an RPT needs: one of them, as in oxd, or all; default `any`. */
  readonly requiredScopes?: 'any' | 'all';
  /** Checks RPTs that are JWTs by their signature instead of by introspection; default false. */
  readonly localVerification?: boolean;
  /** Cache of introspections; default none. */
  readonly cache?: CacheLimits;
  /** Tolerated difference between the clocks for access tokens, in milliseconds; default 30000. */
  readonly clockTolerance?: number;
}

/** Implementation of a command. */
export type Operation<C extends CommandName> = (
  context: OperationContext,
  params: Params<C>,
) => Promise<Result<C>>;

/** Result of a refresh that several callers share. */
export interface RefreshResult {
  readonly result: Result<'get_access_token_by_refresh_token'>;
  /** Verified claims of the ID token of the response; undefined if it has none. */
  readonly claims?: IdTokenClaims;
}

/** State that all commands of one embedded transport share. */
export class EmbeddedRuntime {
  readonly http: ProviderHttp;
  readonly providers: Providers;
  readonly umaServers: UmaServers;
  readonly uma: UmaState;
  readonly sites: Sites;
  readonly rejections: RejectedParameters;
  readonly refreshes = new SingleFlight<RefreshResult>();
  readonly clientForms = new ClientForms();
  /** Look-ups of the keys of access tokens. */
  readonly accessTokenKeys: KeyLookups;
  readonly clock: () => number;
  /** Store of sites, logins and resources, with copies of records in memory. */
  readonly store: RecordStore;

  constructor(readonly options: EmbeddedOptions) {
    const { initialAccessToken, clock = Date.now, log = SILENT } = options;
    this.clock = clock;
    const store = new RecordStore(options.store, clock);
    this.store = store;
    this.http = new ProviderHttp(options);
    this.providers = new Providers({ http: this.http, clock });
    this.uma = new UmaState(clock, options.cache);
    this.accessTokenKeys = new KeyLookups(clock, ACCESS_TOKEN_KEYS);
    this.rejections = new RejectedParameters(log);
    const { http, providers, rejections } = this;
    this.umaServers = new UmaServers({ http, providers, clock });
    const { umaServers } = this;
    const servers = { providers, umaServers, rejections };
    this.sites = new Sites({ ...servers, store, clock, log, initialAccessToken });
  }
}

/** Dependencies of an operation; a new context for each command. */
export class OperationContext {
  constructor(
    readonly runtime: EmbeddedRuntime,
    /** Requests of this command. */
    readonly call: CommandCall,
  ) {}

  /** @see EmbeddedRuntime.store */
  get store(): RecordStore {
    return this.runtime.store;
  }

  /** Log for problems that do not fail a command. */
  get log(): OxdLog {
    return this.runtime.options.log ?? SILENT;
  }

  /** True if a request of this command can still be answered before its deadline. */
  get hasTimeLeft(): boolean {
    const { clock, options } = this.runtime;
    const { deadline = Infinity } = this.call;
    return deadline - clock() >= minimumTime(options.timeout);
  }

  /** @see CommandCall.detached */
  detached(end?: CommandEnd): OperationContext {
    const { command } = this.call;
    return new OperationContext(this.runtime, new CommandCall(command, this.runtime.http, end));
  }

  /** @see CommandCall.withSignal */
  withSignal(signal: Abortable): OperationContext {
    return new OperationContext(this.runtime, this.call.withSignal(signal));
  }

  /** Site for a command that runs for each request: its copy in memory, else a new copy. */
  knownSite(oxd_id: string | undefined): RegisteredSite | Promise<RegisteredSite> {
    const { sites } = this.runtime;
    return sites.inMemory(oxd_id) ?? sites.known(this.call, oxd_id);
  }

  /** @see Sites.get */
  site(oxd_id: string | undefined): Promise<RegisteredSite> {
    return this.runtime.sites.get(this.call, oxd_id);
  }

  /** @see Providers.at */
  provider(address: ProviderAddress): Provider | Promise<Provider> {
    return this.runtime.providers.at(address);
  }

  /** @see UmaServers.at */
  umaServer(address: ProviderAddress): UmaServer | Promise<UmaServer> {
    return this.runtime.umaServers.at(address);
  }

  /**
   * Checks a discovered URL that a browser is redirected to.
   *
   * @throws {ProviderRequestError} `insecure` for plain http that the options do not allow
   */
  checkBrowserUrl(url: string): void {
    if (this.runtime.http.maySendBrowser(new URL(url))) return;
    throw new ProviderRequestError('insecure', INSECURE);
  }
}

const SILENT: OxdLog = { warn: () => undefined, error: () => undefined };
