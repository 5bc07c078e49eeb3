import {
  OxdCommandError,
  OxdTransportError,
  printable,
  type OxdErrorDetails,
} from '../base/errors.js';
import { isJsonObject, isNonEmptyString, parseJson } from '../base/json.js';

/**
 * Encodes a request as JSON: `{"command": ..., "params": {...}}` without further properties.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED, `bad_request`, when `params` contains other values than JSON
 */
export function encodeRequest(command: string, params: Readonly<Record<string, unknown>>): string {
  return encode(command, { command, params: params ?? {} });
}

/**
 * Encodes the parameters of a command as JSON.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED, `bad_request`, when `params` contains other values than JSON
 */
export function encodeParams(command: string, params: Readonly<Record<string, unknown>>): string {
  return encode(command, params ?? {});
}

/** Encodes a value as JSON; `command` is named in the error. */
function encode(command: string, value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    const message = `${command} was not sent: its parameters must be JSON values.`;
    throw new OxdCommandError(message, { error: 'bad_request' }, { command });
  }
}

/**
 * Returns `data` of a response, `{"status": "ok" | "error", "data": {...} | null}`.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED for an error response
 * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED for any other string
 */
export function readReply(command: string, text: string): unknown {
  return readEnvelope(command, parseJson(text), malformed);
}

/**
 * Returns `data` of a parsed response.
 *
 * @param invalid creates the error for a value that is no response of oxd
 * @throws {OxdCommandError} OXD_COMMAND_FAILED for an error response
 */
export function readEnvelope(
  command: string,
  reply: unknown,
  invalid: (command: string) => Error,
): unknown {
  const { status, data } = isJsonObject(reply) ? reply : {};
  if (status === 'ok' && (data === null || isJsonObject(data))) return data;
  if (status === 'error' && isErrorData(data)) throw commandError(data, { command });
  throw invalid(command);
}

/**
 * Error codes after which the command may have been executed: oxd or the provider failed meanwhile,
 * or oxd rejected the response that the provider had sent.
 */
const MAY_HAVE_RUN =
  /^(internal_error|remove_site_failed|http_status_5\d\d|no_(id|access)_token|invalid_nonce|invalid_id_token.*|invalid_(access_token|authorization_code)_bad_hash)$/;

/** Error codes whose description is the body of another server's response, which may have a ticket. */
const HTTP_STATUS_ERROR = /^http_status_/;

/** Error response with its code. */
export interface ErrorData {
  readonly error: string;
  readonly error_description?: unknown;
  readonly details?: unknown;
}

/** Returns true for a JSON object with an error code. */
export function isErrorData(value: unknown): value is ErrorData {
  return isJsonObject(value) && isNonEmptyString(value.error);
}

/** Returns the error for an error response; `mayHaveRun` follows from its code unless given. */
export function commandError(data: ErrorData, details: OxdErrorDetails): OxdCommandError {
  const { error, error_description: text } = data;
  const { mayHaveRun = MAY_HAVE_RUN.test(error) } = details;
  const error_description = typeof text === 'string' ? text : undefined;
  const reason = error_description && !HTTP_STATUS_ERROR.test(error) ? error_description : '';
  return new OxdCommandError(
    `${details.command} failed: ${printable(error)}${reason && ` (${printable(reason)})`}`,
    { error, error_description, details: data.details ?? undefined },
    { ...details, mayHaveRun },
  );
}

function malformed(command: string): OxdTransportError {
  return new OxdTransportError(
    'OXD_TRANSPORT_MALFORMED',
    'The response has no {"status", "data"} and is not from oxd-server. Check host and port of the transport.',
    { command, mayHaveRun: true },
  );
}
