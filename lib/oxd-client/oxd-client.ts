import { OxdCommandError } from '../base/errors.js';
import type { CacheLimits } from '../base/expiring-cache.js';
import type { OxdLog } from '../base/log.js';
import type { SiteOptions } from '../options/oxd.options.js';
import type { OxdStore } from '../store/oxd-store.js';
import { endOf } from '../base/call-end.js';
import { untilAborted } from '../base/until-aborted.js';
import type { ExecuteOptions, OxdTransport } from '../commands/oxd-transport.js';
import { COMMAND_ALIASES, contractParams, type GivenParams } from '../commands/aliases.js';
import type { CommandName, Params, Result } from '../commands/command.js';
import { hasCommand } from '../commands/dialect/dialect.js';
import { ProtectionToken } from './protection-token.js';
import type { SiteParams } from '../commands/registration.js';
import { sender, type Send } from './command-sender.js';
import { GrantCache } from './grant-cache.js';
import { TokenCache } from './token-cache.js';
import { SiteLifecycle } from './site-lifecycle.js';
import type { Site } from './registered-site.js';
import { SITE_DEFAULTS, withSiteDefaults, type SiteContext } from './site-defaults.js';

/** Dependencies of an {@link OxdClient}. */
export interface OxdClientOptions {
  readonly transport: OxdTransport;
  readonly site: SiteOptions;
  readonly store: OxdStore;
  readonly log: OxdLog;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** Cache of granted checks, for a transport without its own; default none. */
  readonly cache?: CacheLimits;
  /** Cache of verified access tokens; default none. */
  readonly tokens?: CacheLimits;
}

/** Commands without `oxd_id`. */
const WITHOUT_SITE = new Set<CommandName>(['setup_client', 'get_client_token', 'register_site']);

const UNKNOWN_SITE = new Set(['invalid_oxd_id', 'expired_client']);
const BLANK_TOKEN = 'blank_protection_access_token';
const MISSING_TOKEN = new Set([BLANK_TOKEN, 'no_setup_client_for_oxd_id']);
const INACTIVE_TOKEN = 'inactive_protection_access_token';
const INVALID_TOKEN = new Set([INACTIVE_TOKEN, 'invalid_protection_access_token']);

interface Call<C extends CommandName> {
  readonly command: C;
  readonly params: Params<C> & SiteParams;
  readonly options?: ExecuteOptions;
}

/** Client that executes commands of the contract for one site. */
export class OxdClient {
  // `#` instead of `private`, so that a printed client shows no secret.
  readonly #send: Send;
  readonly #protection: ProtectionToken;
  readonly #site: SiteLifecycle;
  readonly #context: Omit<SiteContext, 'isProtected'>;
  readonly #transport: OxdTransport;
  readonly #grants: GrantCache | undefined;
  readonly #tokens: TokenCache | undefined;

  constructor({ transport, clock = Date.now, cache, tokens, ...options }: OxdClientOptions) {
    const { version } = transport;
    this.#transport = transport;
    if (cache && !transport.cachedAccess) this.#grants = new GrantCache({ ...cache, clock });
    if (tokens) this.#tokens = new TokenCache({ ...tokens, clock });
    const send = this.#grants?.watch(sender(transport)) ?? sender(transport);
    this.#send = this.#tokens?.watch(send) ?? send;
    this.#protection = new ProtectionToken(this.#send, version, clock);
    this.#site = new SiteLifecycle({
      ...options,
      ...{ clock, version, send: this.#send, protection: this.#protection },
    });
    this.#context = { version, site: options.site };
  }

  /** Name of the owner of the site's resources in the keys of the store: it stays when options change. */
  get resourceOwner(): string {
    return this.#site.resourceOwner;
  }

  /** True for a client that `site.client_id` names. */
  get hasGivenClient(): boolean {
    return this.#site.hasGivenClient;
  }

  /**
   * Returns the id of the site; registers the site first if necessary.
   *
   * @throws {OxdError} when the store, the transport or the registration fails
   */
  async oxdId(): Promise<string> {
    return (this.#site.current ?? (await this.#site.resolve())).oxd_id;
  }

  /**
   * Executes one command; adds `oxd_id`, a protection token if required, and for the own site parameters
   * of the options without which oxd would drop values. A command that was rejected before its
   * execution, because of an unknown site or its token, is sent once more, unless the caller passed the
   * rejected value.
   *
   * @param given parameters under the names of the contract, or those of {@link GivenParams}
   * @throws {OxdCommandError} OXD_COMMAND_FAILED, OXD_COMMAND_UNSUPPORTED
   * @throws {OxdTransportError} when oxd-server was not reached or sent no valid response
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   */
  execute<C extends CommandName>(
    command: C,
    given: Params<C> | GivenParams<C>,
    options?: ExecuteOptions,
  ): Promise<Result<C>> {
    const aliases = COMMAND_ALIASES[command];
    const isAliased = aliases && Object.keys(aliases).some((name) => Object.hasOwn(given, name));
    if (isAliased || WITHOUT_SITE.has(command)) return this.respelled(command, given, options);
    // This cast is safe: no parameter has another name than in the contract.
    const call: Call<C> = { command, params: given as Params<C>, options };
    const { current } = this.#site;
    // A known site needs no await here: each await would slow down every command.
    if (!current || current.setup) return this.prepare(call);
    return this.attempt(call, current, this.identified(call, current));
  }

  /**
   * Returns the grant of a check from memory, without waiting.
   *
   * @returns undefined if `uma_rs_check_access` must be executed
   */
  cachedAccess(params: Params<'uma_rs_check_access'>): Result<'uma_rs_check_access'> | undefined {
    if (!this.#grants && !this.#transport.cachedAccess) return undefined;
    const oxd_id = params.oxd_id ?? this.#site.current?.oxd_id;
    if (oxd_id === undefined) return undefined;
    const check = Object.assign({}, params, { oxd_id });
    const result = this.#grants ? this.#grants.find(check) : this.#transport.cachedAccess?.(check);
    // A custom transport may break the rule that memory never denies.
    return result?.access === 'granted' ? result : undefined;
  }

  /** Returns true if the peer of the transport has a command. */
  supports(command: CommandName): boolean {
    return hasCommand(this.#transport.version, command);
  }

  /**
   * Returns a verified access token from memory, without waiting.
   *
   * @param use see {@link TokenOwner.use}
   */
  cachedToken(token: string, use: string): object | undefined {
    const { current } = this.#site;
    return current && this.#tokens?.find({ oxd_id: current.oxd_id, token, use });
  }

  /**
   * Begins the verification of an access token.
   *
   * @returns function that retains the result for {@link cachedToken}, unless site or token have changed
   *   meanwhile; undefined without a cache
   */
  retainedToken(
    token: string,
    use: string,
  ): ((value: object, claims: { readonly exp?: number }) => void) | undefined {
    const tokens = this.#tokens;
    if (!tokens) return undefined;
    const { current: before } = this.#site;
    const start = tokens.begin();
    return (value, { exp }) => {
      const { current } = this.#site;
      if (!current || (before && before.oxd_id !== current.oxd_id)) return;
      tokens.retain({ oxd_id: current.oxd_id, token, use }, value, { ...start, exp });
    };
  }

  private async respelled<C extends CommandName>(
    command: C,
    given: Params<C> | GivenParams<C>,
    options?: ExecuteOptions,
  ): Promise<Result<C>> {
    const params = contractParams(command, given);
    const isForSite = !WITHOUT_SITE.has(command);
    return isForSite
      ? this.execute(command, params, options)
      : this.#send(command, params, options);
  }

  private async prepare<C extends CommandName>(call: Call<C>): Promise<Result<C>> {
    const [site, sent] = await untilAborted(endOf(call.options), this.prepared(call));
    return this.attempt(call, site, sent);
  }

  private async prepared<C extends CommandName>(
    call: Call<C>,
  ): Promise<[Site, Params<C> & SiteParams]> {
    const site = await this.#site.resolve();
    return [site, await this.withToken(call, site)];
  }

  private attempt<C extends CommandName>(
    call: Call<C>,
    site: Site,
    sent: Params<C> & SiteParams,
  ): Promise<Result<C>> {
    const { command, options } = call;
    return this.#send(command, sent, options).catch(async (error: unknown) => {
      const again = this.corrected(error, site, { call, sent });
      return this.#send(command, await untilAborted(endOf(options), again), options);
    });
  }

  /**
   * Returns the parameters for the second attempt of a rejected command.
   *
   * @throws the error if its cause remains
   */
  private async corrected<C extends CommandName>(
    error: unknown,
    site: Site,
    { call, sent }: { call: Call<C>; sent: SiteParams },
  ): Promise<Params<C> & SiteParams> {
    if (!(await this.removeCause(error, site, { call, sent }))) throw error;
    return this.withToken(call, await this.#site.resolve());
  }

  private async withToken<C extends CommandName>(
    call: Call<C>,
    site: Site,
  ): Promise<Params<C> & SiteParams> {
    const sent = this.identified(call, site);
    if (!site.setup || sent.protection_access_token) return sent;
    const protection_access_token = await this.#protection.get(site.setup);
    if (sent.oxd_id === site.oxd_id) return Object.assign({}, sent, { protection_access_token });
    const { authorization_oxd_id = site.oxd_id } = sent;
    return Object.assign({}, sent, { protection_access_token, authorization_oxd_id });
  }

  /** Adds the id of the site, and parameters of the options for the own site. */
  private identified<C extends CommandName>(
    { command, params }: Call<C>,
    { oxd_id, setup }: Site,
  ): Params<C> & SiteParams {
    const id = params.oxd_id ?? oxd_id;
    const isCompleted = id === oxd_id && command in SITE_DEFAULTS;
    const whole = isCompleted
      ? withSiteDefaults(command, params, { ...this.#context, isProtected: setup !== undefined })
      : params;
    // Not { ...whole, oxd_id }, for which V8 creates a hidden class each time.
    return Object.assign({}, whole, { oxd_id: id });
  }

  /**
   * Removes the cause of a rejection if the cause is known and the command has not run. A wrong
   * `oxd_id` or token that the caller passed is no reason to change the site of the application.
   */
  private async removeCause<C extends CommandName>(
    error: unknown,
    site: Site,
    { call: { params: given }, sent }: { call: Call<C>; sent: SiteParams },
  ): Promise<boolean> {
    if (!isUnexecuted(error)) return false;
    // Another site may require the token of another client; an inactive one is of no use to any site.
    if (sent.oxd_id !== site.oxd_id && error.error !== INACTIVE_TOKEN) return false;
    if (UNKNOWN_SITE.has(error.error)) return !given.oxd_id && this.#site.renew(site);
    if (given.protection_access_token) return false;
    // A token that was sent and not received: a registration would not help.
    if (error.error === BLANK_TOKEN && sent.protection_access_token) return false;
    if (MISSING_TOKEN.has(error.error)) return !given.oxd_id && this.#site.protect(site, error);
    return INVALID_TOKEN.has(error.error) && this.dropped(sent.protection_access_token);
  }

  private dropped(token: string | undefined): boolean {
    if (token) this.#protection.drop(token);
    return Boolean(token);
  }
}

function isUnexecuted(error: unknown): error is OxdCommandError {
  return error instanceof OxdCommandError && !error.mayHaveRun;
}
