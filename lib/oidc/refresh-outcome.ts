import {
  OxdCommandError,
  OxdError,
  OxdStoreError,
  OxdTransportError,
  type OxdCommandErrorCode,
  type OxdTransportErrorCode,
} from '../base/errors.js';
import type { Result } from '../commands/command.js';

/** Result of a refresh. */
export type RefreshedTokens = Result<'get_access_token_by_refresh_token'>;

/** Error of a refresh, in JSON. */
interface Failure {
  readonly message: string;
  readonly mayHaveRun: boolean;
  /** Code of an `OxdTransportError`. */
  readonly transport?: OxdTransportErrorCode;
  /** Codes and description of an `OxdCommandError`. */
  readonly command?: {
    readonly code: OxdCommandErrorCode;
    readonly error: string;
    readonly error_description?: string;
  };
}

/** Outcome of the refresh of one replica, in JSON, for the replicas that wait for it. */
export type RefreshOutcome = { readonly result: RefreshedTokens } | { readonly failure: Failure };

const COMMAND = 'get_access_token_by_refresh_token';

/** Returns the outcome of a refresh that failed. */
export function failed(error: unknown): RefreshOutcome {
  const { message, mayHaveRun } =
    error instanceof OxdError
      ? error
      : { message: 'The refresh of another replica failed.', mayHaveRun: true };
  const failure = { message, mayHaveRun };
  if (error instanceof OxdTransportError) {
    return { failure: { ...failure, transport: error.code } };
  }
  if (!(error instanceof OxdCommandError)) return { failure };
  const { code, error: wire, error_description } = error;
  return { failure: { ...failure, command: { code, error: wire, error_description } } };
}

/**
 * Returns the tokens of an outcome.
 *
 * @throws {OxdCommandError} of another replica, as {@link OxdTransportError} and
 *   {@link OxdStoreError}
 */
export function tokensOf(outcome: RefreshOutcome): RefreshedTokens {
  if ('result' in outcome) return outcome.result;
  const { message, mayHaveRun, transport, command } = outcome.failure;
  const details = { command: COMMAND, mayHaveRun };
  if (transport) throw new OxdTransportError(transport, message, details);
  if (!command) throw new OxdStoreError(message, details);
  const { code, ...wire } = command;
  throw new OxdCommandError(message, wire, { ...details, code });
}

/** Error of a refresh that exceeded its time limit. */
export function refreshTimeout(milliseconds: number): OxdTransportError {
  const message = `The refresh did not end within ${milliseconds} ms.`;
  return new OxdTransportError('OXD_TRANSPORT_TIMEOUT', message, {
    command: COMMAND,
    mayHaveRun: true,
  });
}
