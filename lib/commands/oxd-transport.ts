import type { Abortable } from '../base/call-end.js';
import type { UmaRsCheckAccessParams, UmaRsCheckAccessResult } from './uma.js';

/** Options of one {@link OxdTransport.execute}. */
export interface ExecuteOptions {
  /** Aborts the call: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /**
   * Time at which `signal` is aborted, in milliseconds since 1970; without it `execute` has its own
   * time limit.
   *
   * @internal
   */
  readonly deadline?: number;
  /**
   * Source of `signal`. A transport that uses it does not read `signal`, which is then never created.
   *
   * @internal
   */
  readonly end?: Abortable;
}

/** Versions of oxd that the dialect supports; `contract` needs no translation. */
export type OxdVersion =
  'contract' | '3.1.1' | '3.1.2' | '3.1.3' | '3.1.4' | '4.0' | '4.1' | '4.2' | '4.5';

/**
 * Sends a command with its parameters to the peer that executes it, and returns its result. Extend
 * this class for a custom transport and pass the instance as option `transport`.
 */
export abstract class OxdTransport {
  /** oxd version of the peer; default `contract`: commands are sent without translation. */
  readonly version: OxdVersion = 'contract';

  /**
   * True if `execute` checks its parameters by the tables of the contract and returns only checked
   * results; default false: the client checks both.
   *
   * @internal
   */
  readonly isChecked: boolean = false;

  /**
   * Executes one command.
   *
   * @param command name on the wire, such as `get_user_info`
   * @param params parameters, JSON values only
   * @returns the property `data` of the response
   * @throws {OxdTransportError} when the peer was not reached or sent no valid response
   * @throws {OxdCommandError} OXD_COMMAND_FAILED when the peer rejected the command
   */
  abstract execute(
    command: string,
    params: Readonly<Record<string, unknown>>,
    options?: ExecuteOptions,
  ): Promise<unknown>;

  /**
   * Returns the result of `uma_rs_check_access` from memory, without waiting. It may only grant, and only
   * what the command has granted shortly before. Optional: for a transport without this method,
   * `OxdModule` retains granted checks itself if option `uma.cache` is set.
   *
   * @returns undefined if the command must be executed
   */
  cachedAccess?(params: UmaRsCheckAccessParams): UmaRsCheckAccessResult | undefined;

  /** Closes every connection; calls in progress reject. Called at shutdown. */
  abstract close(): Promise<void>;
}
