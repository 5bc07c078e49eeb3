import type { CommandName } from '../commands/command.js';
import { OxdCommandError, OxdTransportError, printable } from '../base/errors.js';
import { OxdTransport, type ExecuteOptions } from '../commands/oxd-transport.js';
import { untilAborted } from '../base/until-aborted.js';
import {
  EmbeddedRuntime,
  OperationContext,
  type EmbeddedOptions,
  type Operation,
} from './context/operation-context.js';
import { CommandCall } from './requests/command-call.js';
import { OperationError } from './requests/operation-error.js';
import { getAccessTokenByRefreshToken } from './operations/get-access-token-by-refresh-token.js';
import { getAuthorizationUrl } from './operations/get-authorization-url.js';
import { getClientToken } from './operations/get-client-token.js';
import { getLogoutUri } from './operations/get-logout-uri.js';
import { getTokensByCode } from './operations/get-tokens-by-code.js';
import { getUserInfo } from './operations/get-user-info.js';
import { introspectAccessToken } from './operations/introspect-access-token.js';
import { registerSite } from './operations/register-site.js';
import { removeSite } from './operations/remove-site.js';
import { setupClient } from './operations/setup-client.js';
import { updateSite } from './operations/update-site.js';
import { umaRsProtect } from './operations/uma-rs-protect.js';
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
  get_authorization_url: getAuthorizationUrl,
  get_tokens_by_code: getTokensByCode,
  get_access_token_by_refresh_token: getAccessTokenByRefreshToken,
  get_user_info: getUserInfo,
  get_logout_uri: getLogoutUri,
  introspect_access_token: introspectAccessToken,
  uma_rs_protect: umaRsProtect,
  uma_rs_check_access: umaRsCheckAccess,
  uma_rp_get_rpt: umaRpGetRpt,
  uma_rp_get_claims_gathering_url: umaRpGetClaimsGatheringUrl,
  introspect_rpt: introspectRpt,
};

/**
 * Carries out commands in this process, straight against the OpenID Provider.
 *
 * Where it differs from oxd: a state is used up by the exchange, also by one that fails; `iss` of
 * the callback is compared; a removed site's client is deleted at the provider, too, where this
 * engine registered it; `get_client_token` asks for the scopes named and adds none.
 */
export class EmbeddedTransport extends OxdTransport {
  /** Private in every printed form: its options contain secrets. */
  readonly #engine: EmbeddedRuntime;
  private readonly running = new Set<AbortController>();
  private closed = false;

  /** @throws {OxdConfigurationError} when an environment variable names no usable proxy */
  constructor(options: EmbeddedOptions) {
    super();
    this.#engine = new EmbeddedRuntime(options);
  }

  /**
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when the command or the provider refused, and
   *   whatever else went wrong at the provider
   * @throws {OxdStoreError} OXD_STORE_UNAVAILABLE
   * @throws {OxdTransportError} OXD_TRANSPORT_CLOSED after {@link close}, OXD_TRANSPORT_BUSY when too
   *   many requests wait for a ticket
   */
  override async execute(
    command: string,
    params: Readonly<Record<string, unknown>>,
    { signal }: ExecuteOptions = {},
  ): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.closed) throw closedError(command, false);
    const ending = new AbortController();
    const abort = (): void => ending.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.running.add(ending);
    try {
      const call = new CommandCall(command, this.#engine.http, ending.signal);
      return await untilAborted(ending.signal, this.carryOut(call, params));
    } finally {
      this.running.delete(ending);
      signal?.removeEventListener('abort', abort);
    }
  }

  override async close(): Promise<void> {
    this.closed = true;
    for (const ending of this.running) ending.abort(closedError(undefined, true));
    await this.#engine.http.close();
  }

  private carryOut(call: CommandCall, params: unknown): Promise<unknown> {
    const { command } = call;
    const carriedOut = call.run(() => {
      if (!isCommand(command)) {
        throw new OperationError(
          'unsupported_operation',
          'The embedded transport has no such command.',
        );
      }
      return operate(command, new OperationContext(this.#engine, call), params);
    });
    return carriedOut.catch((error: unknown) => {
      this.logDescription(command, error);
      throw error;
    });
  }

  /** The message of an error contains no description: a user may read the message. */
  private logDescription(command: string, error: unknown): void {
    if (!(error instanceof OxdCommandError) || !error.error_description) return;
    const description = printable(error.error_description);
    this.#engine.options.log?.debug?.(`${command}: ${error.error}: ${description}`);
  }
}

async function operate<C extends CommandName>(
  command: C,
  context: OperationContext,
  params: unknown,
): Promise<unknown> {
  const operation: Operation<C> = OPERATIONS[command];
  return operation(context, checkParams(command, params));
}

function isCommand(command: string): command is CommandName {
  return Object.hasOwn(OPERATIONS, command);
}

function closedError(command: string | undefined, mayHaveRun: boolean): OxdTransportError {
  const message = 'The transport is closed: the application is shutting down.';
  return new OxdTransportError('OXD_TRANSPORT_CLOSED', message, { command, mayHaveRun });
}
