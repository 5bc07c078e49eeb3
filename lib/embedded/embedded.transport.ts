import type { CommandName } from '../commands/command.js';
import { OxdCommandError, OxdTransportError, printable } from '../base/errors.js';
import { OxdTransport, type ExecuteOptions } from '../commands/oxd-transport.js';
import { withTimeLimit } from '../base/time-limit.js';
import { onAbort, untilEnded } from '../base/until-aborted.js';
import {
  EmbeddedRuntime,
  OperationContext,
  type EmbeddedOptions,
  type Operation,
} from './context/operation-context.js';
import { CommandCall } from './requests/command-call.js';
import { OperationError } from './requests/operation-error.js';
import { cachedAccess } from './operations/cached-access.js';
import { getAccessTokenByRefreshToken } from './operations/get-access-token-by-refresh-token.js';
import { getAuthorizationUrl } from './operations/get-authorization-url.js';
import { getClientToken } from './operations/get-client-token.js';
import { getLogoutUri } from './operations/get-logout-uri.js';
import { getRp } from './operations/get-rp.js';
import { getTokensByCode } from './operations/get-tokens-by-code.js';
import { getUserInfo } from './operations/get-user-info.js';
import { introspectAccessToken } from './operations/introspect-access-token.js';
import { registerSite } from './operations/register-site.js';
import { removeSite } from './operations/remove-site.js';
import { setupClient } from './operations/setup-client.js';
import { updateSite } from './operations/update-site.js';
import { umaRsProtect } from './operations/uma-rs-protect.js';
import { umaRsModify } from './operations/uma-rs-modify.js';
import { umaRsCheckAccess } from './operations/uma-rs-check-access.js';
import { umaRpGetRpt } from './operations/uma-rp-get-rpt.js';
import { umaRpGetClaimsGatheringUrl } from './operations/uma-rp-get-claims-gathering-url.js';
import { introspectRpt } from './operations/introspect-rpt.js';
import { checkParams } from './context/command-parameters.js';

const OPERATIONS: { readonly [C in CommandName]: Operation<C> } = {
  setup_client: setupClient,
  get_client_token: getClientToken,
  register_site: registerSite,
  update_site: updateSite,
  remove_site: removeSite,
  get_rp: getRp,
  get_authorization_url: getAuthorizationUrl,
  get_tokens_by_code: getTokensByCode,
  get_access_token_by_refresh_token: getAccessTokenByRefreshToken,
  get_user_info: getUserInfo,
  get_logout_uri: getLogoutUri,
  introspect_access_token: introspectAccessToken,
  uma_rs_protect: umaRsProtect,
  uma_rs_modify: umaRsModify,
  uma_rs_check_access: umaRsCheckAccess,
  uma_rp_get_rpt: umaRpGetRpt,
  uma_rp_get_claims_gathering_url: umaRpGetClaimsGatheringUrl,
  introspect_rpt: introspectRpt,
};

/**
 * Executes commands in this process, with direct requests to the OpenID Provider.
 *
 * Differences to oxd: a code exchange consumes the state even if it fails; `iss` of the callback is
 * compared; `remove_site` also deletes a client that embedded registered at the provider;
 * `get_client_token` adds no scopes.
 */
export class EmbeddedTransport extends OxdTransport {
  override readonly isChecked = true;
  /** Undefined without option `cache`. */
  override readonly cachedAccess?: OxdTransport['cachedAccess'];
  /** Private field, which no inspection prints, because the options contain secrets. */
  readonly #runtime: EmbeddedRuntime;
  /** Time limit of a whole command, in milliseconds; other commands have a limit for each request. */
  readonly #limits: ReadonlyMap<string, number>;
  /**
   * Functions that reject the commands in progress. A later command reuses the slot of one that has
   * ended: V8 keeps the deleted entries of a busy `Set` until a full garbage collection.
   */
  private readonly running: (((reason: unknown) => void) | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  private closed = false;

  /** @throws {OxdConfigurationError} when an environment variable contains an invalid proxy URL */
  constructor(options: EmbeddedOptions) {
    super();
    this.#runtime = new EmbeddedRuntime(options);
    // Twice the limit of a request: enough for an introspection and a ticket.
    this.#limits = new Map([['uma_rs_check_access', 2 * options.timeout]]);
    if (!options.cache) return;
    this.cachedAccess = (params) => (this.closed ? undefined : cachedAccess(this.#runtime, params));
  }

  /**
   * Executes a command; rejects with the reason of `signal` when the signal is aborted.
   *
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when the command is invalid, or the provider
   *   rejects it or fails
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE when the store is down
   * @throws {OxdTransportError} OXD_TRANSPORT_CLOSED after {@link close}, OXD_TRANSPORT_BUSY when
   *   too many requests wait for a ticket
   */
  override execute(
    command: string,
    params: Readonly<Record<string, unknown>>,
    options: ExecuteOptions = {},
  ): Promise<unknown> {
    // Repeats endOf(), because each guarded request comes here.
    const { deadline, end: signal = options.signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason as Error);
    if (this.closed) return Promise.reject(closedError(command, false));
    const { http, clock } = this.#runtime;
    const milliseconds = deadline === undefined ? this.#limits.get(command) : undefined;
    if (milliseconds !== undefined) {
      const error = () => timedOut(command);
      return withTimeLimit({ timers: http.timers, milliseconds, error, signal }, (limited) =>
        this.execute(command, params, { signal: limited, deadline: clock() + milliseconds }),
      );
    }
    const call = new CommandCall(command, http, { signal, deadline });
    return untilEnded(this.run(call, params), (end) => {
      const stop = onAbort(signal, end);
      const slot = this.freeSlots.pop() ?? this.running.length;
      this.running[slot] = end;
      return () => {
        stop();
        this.running[slot] = undefined;
        this.freeSlots.push(slot);
      };
    });
  }

  override async close(): Promise<void> {
    this.closed = true;
    for (const end of this.running) end?.(closedError(undefined, true));
    await this.#runtime.http.close();
  }

  private run(call: CommandCall, params: unknown): Promise<unknown> {
    const { command } = call;
    const failed = async (reason: unknown): Promise<never> => {
      const error = await call.failure(reason);
      this.logDescription(command, error);
      throw error;
    };
    try {
      if (!Object.hasOwn(OPERATIONS, command)) {
        const message = 'The embedded transport has no such command.';
        throw new OperationError('unsupported_operation', message);
      }
      const name = command as CommandName;
      const operation = OPERATIONS[name] as Operation<CommandName>;
      const context = new OperationContext(this.#runtime, call);
      return operation(context, checkParams(name, params)).catch(failed);
    } catch (reason) {
      return failed(reason);
    }
  }

  /** Logs the `error_description`; error messages omit it because a user may read them. */
  private logDescription(command: string, error: unknown): void {
    if (!(error instanceof OxdCommandError) || !error.error_description) return;
    const description = printable(error.error_description);
    this.#runtime.options.log?.debug?.(`${command}: ${error.error}: ${description}`);
  }
}

function timedOut(command: string): OxdCommandError {
  const message = `${command}: The OpenID Provider did not respond within the time limit of the command.`;
  return new OxdCommandError(
    `${message} [internal_error]`,
    { error: 'internal_error' },
    { command },
  );
}

function closedError(command: string | undefined, mayHaveRun: boolean): OxdTransportError {
  const message = 'The transport is closed: the application is shutting down.';
  return new OxdTransportError('OXD_TRANSPORT_CLOSED', message, { command, mayHaveRun });
}
