import type { CommandName, Result } from '../../commands/command.js';
import type { Release } from '../../commands/dialect/parameter-rules.js';
import { within } from '../../commands/dialect/parameter-rules.js';
import { OperationError } from '../../embedded/requests/operation-error.js';
import { OxdCommandError } from '../../base/errors.js';
import type { OxdTransport } from '../../commands/oxd-transport.js';
import type { AuthorizationServer, AuthorizationServers } from './authorization-servers.js';
import { unexpected, WireRefusal } from './reply.js';
import type { ServerParams } from './request.js';
import type { ServerRecords, ServerSite, UndoableStore } from './store.js';

/** What the commands of an `OxdServer` work with. */
export interface ServerContextOptions {
  readonly release: Release;
  readonly engine: OxdTransport;
  readonly servers: AuthorizationServers;
  readonly records: ServerRecords;
  readonly store: UndoableStore;
  /** Lifetime of a state, in milliseconds. */
  readonly stateLifetime: number;
  /** Whether commands need a protection token. */
  readonly protectCommands: boolean;
  /** Has `update_site` without `redirect_uris` rejected. */
  readonly strictUpdates: boolean;
}

/** What the commands of an `OxdServer` work with. */
export class ServerContext {
  constructor(readonly options: ServerContextOptions) {}

  /** Whether the server is this release or a later one. */
  since(release: Release): boolean {
    return within(this.options.release, { since: release });
  }

  /**
   * Has the engine carry out a command. Its params are those of the contract: the server has read
   * them by the table of the dialect.
   *
   * @throws {OxdCommandError} as the engine
   */
  async run<C extends CommandName>(command: C, params: ServerParams): Promise<Result<C>> {
    return (await this.options.engine.execute(command, params)) as Result<C>;
  }

  /**
   * The authorization server of a site.
   *
   * @throws {WireRefusal} no_uma_discovery_response
   */
  server(command: CommandName, oxd_id: string): Promise<AuthorizationServer> {
    return this.options.servers.of(command, oxd_id).catch((error: unknown) => {
      throw error instanceof OperationError ? new WireRefusal(error.error) : error;
    });
  }

  /** @throws {WireRefusal} invalid_oxd_id, or what 3.1.1 says instead */
  unknownSite(): never {
    throw this.since('3.1.2') ? new WireRefusal('invalid_oxd_id') : unexpected();
  }
}

/** Carries out one command of a site, or one before any site. */
export type ServerCommand = (
  context: ServerContext,
  params: ServerParams,
  site: ServerSite,
) => Promise<object>;

/** What a param says; undefined where it is blank, or no text. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** The error word of the engine; undefined where the failure was none of a command. */
export function operationErrorCode(error: unknown): string | undefined {
  return error instanceof OxdCommandError ? error.error : undefined;
}

/** The HTTP status that the provider answered the engine with, where it did. */
export function providerStatus(error: unknown): number | undefined {
  const cause = causeOf(error);
  return typeof cause?.status === 'number' ? cause.status : undefined;
}

/** Whether the provider was not reached, or did not answer. */
export function isProviderDown(error: unknown): boolean {
  return causeOf(error)?.name === 'OpRequestError';
}

function causeOf(error: unknown): { name?: unknown; status?: unknown } | undefined {
  return error instanceof OxdCommandError && error.cause instanceof Error ? error.cause : undefined;
}
