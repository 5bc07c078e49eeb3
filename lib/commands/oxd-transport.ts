/** Options of one {@link OxdTransport.execute}. */
export interface ExecuteOptions {
  /** Gives the call up: it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Versions of oxd whose spelling the dialect table knows; `contract` needs no translation. */
export type OxdVersion = 'contract' | '3.1.1' | '3.1.2' | '3.1.3' | '3.1.4';

/**
 * Carries a named command with its params to whoever answers it, and its result back.
 * Extend it to bring a transport of your own and pass the instance as option `transport`.
 */
export abstract class OxdTransport {
  /** The oxd version whose names the other side speaks; default `contract`: no renames. */
  readonly version: OxdVersion = 'contract';

  /**
   * Carries out one command.
   *
   * @param command name on the wire, such as `get_user_info`
   * @param params its params, JSON values only
   * @returns the members of the reply's `data`
   * @throws {OxdTransportError} when the other side was not reached or did not answer
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when it refused
   */
  abstract execute(
    command: string,
    params: Readonly<Record<string, unknown>>,
    options?: ExecuteOptions,
  ): Promise<unknown>;

  /** Ends every connection. Calls still under way reject. Called at shutdown. */
  abstract close(): Promise<void>;
}
