import type { CommandName, Result } from '../../commands/command.js';
import { within, type Release } from '../../base/oxd-releases.js';
import { isRest } from '../../commands/dialect/https-paths.js';
import { OperationError } from '../../embedded/requests/operation-error.js';
import { OxdCommandError } from '../../base/errors.js';
import type { OxdTransport } from '../../commands/oxd-transport.js';
import type { AuthorizationServer, AuthorizationServers } from './authorization-servers.js';
import { unexpected, CommandFailure } from './reply.js';
import type { ServerParams } from './request.js';
import type { ServerRecords, ServerSite } from './store.js';

/** Options of a {@link ServerContext}. */
export interface ServerContextOptions {
  readonly release: Release;
  readonly embedded: OxdTransport;
  readonly servers: AuthorizationServers;
  readonly records: ServerRecords;
  /** Requires a protection token for commands. */
  readonly protectCommands: boolean;
  /** Rejects `update_site` without `redirect_uris`. */
  readonly strictUpdates: boolean;
}

/** Environment of the commands of an `OxdServer`. */
export class ServerContext {
  constructor(readonly options: ServerContextOptions) {}

  /** True when the server is this release or a later release. */
  since(release: Release): boolean {
    return within(this.options.release, { since: release });
  }

  /** True for releases with the REST API. */
  get isRest(): boolean {
    return isRest(this.options.release);
  }

  /**
   * Executes a command with the embedded transport. The parameters must have the names of the
   * contract; `readParams` ensures this.
   *
   * @throws {OxdCommandError} as the embedded transport does
   */
  async run<C extends CommandName>(command: C, params: ServerParams): Promise<Result<C>> {
    return (await this.options.embedded.execute(command, params)) as Result<C>;
  }

  /**
   * Returns the authorization server of a site.
   *
   * @throws {CommandFailure} no_uma_discovery_response
   */
  server(command: CommandName, oxd_id: string): Promise<AuthorizationServer> {
    return this.options.servers.of(command, oxd_id).catch((error: unknown) => {
      throw error instanceof OperationError ? new CommandFailure(error.error) : error;
    });
  }

  /** @throws {CommandFailure} invalid_oxd_id; internal_error in 3.1.1 */
  unknownSite(): never {
    throw this.since('3.1.2') ? new CommandFailure('invalid_oxd_id') : unexpected();
  }
}

/** Executes one command; `site` has a blank `oxd_id` for commands that need no site. */
export type ServerCommand = (
  context: ServerContext,
  params: ServerParams,
  site: ServerSite,
) => Promise<object>;

/** Error code of a failed command of the embedded transport; undefined for other failures. */
export function operationErrorCode(error: unknown): string | undefined {
  return error instanceof OxdCommandError ? error.error : undefined;
}

/** HTTP status of the provider's response that caused a failure; undefined without a response. */
export function providerStatus(error: unknown): number | undefined {
  const cause = causeOf(error);
  return typeof cause?.status === 'number' ? cause.status : undefined;
}

/** True when the provider could not be reached or did not respond. */
export function isProviderDown(error: unknown): boolean {
  return causeOf(error)?.name === 'ProviderRequestError';
}

function causeOf(error: unknown): { name?: unknown; status?: unknown } | undefined {
  return error instanceof OxdCommandError && error.cause instanceof Error ? error.cause : undefined;
}
