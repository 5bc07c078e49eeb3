import { OxdCommandError, OxdTransportError, printable } from '../base/errors.js';
import { isJsonObject, isNonEmptyString, parseJson, type JsonObject } from '../base/json.js';

/**
 * Encodes a request as JSON: `{"command": ..., "params": {...}}` without further properties.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED, `bad_request`, when `params` contains other values than JSON
 */
export function encodeRequest(command: string, params: Readonly<Record<string, unknown>>): string {
  try {
    return `{"command":${JSON.stringify(command)},"params":${JSON.stringify(params ?? {})}}`;
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
  const reply = parseJson(text);
  if (!isJsonObject(reply)) throw malformed(command);
  const { status, data } = reply;
  if (status === 'ok' && (data === null || isJsonObject(data))) return data;
  if (status === 'error' && isJsonObject(data)) throw commandError(command, data);
  throw malformed(command);
}

/**
 * Error codes after which the command may have been executed: oxd or the provider failed meanwhile,
 * or oxd rejected the response that the provider had sent.
 */
const MAY_HAVE_RUN =
  /^(internal_error|remove_site_failed|http_status_5\d\d|no_(id|access)_token|invalid_nonce|invalid_id_token.*|invalid_(access_token|authorization_code)_bad_hash)$/;

/** Error codes whose description is the body of another server's response, which may have a ticket. */
const HTTP_STATUS_ERROR = /^http_status_/;

function commandError(command: string, data: JsonObject): OxdCommandError {
  const { error, error_description: text, details } = data;
  if (!isNonEmptyString(error)) throw malformed(command);
  const error_description = typeof text === 'string' ? text : undefined;
  const reason = error_description && !HTTP_STATUS_ERROR.test(error) ? error_description : '';
  return new OxdCommandError(
    `${command} failed: ${printable(error)}${reason && ` (${printable(reason)})`}`,
    { error, error_description, details: details ?? undefined },
    { command, mayHaveRun: MAY_HAVE_RUN.test(error) },
  );
}

function malformed(command: string): OxdTransportError {
  return new OxdTransportError(
    'OXD_TRANSPORT_MALFORMED',
    'The response has no {"status", "data"} and is not from oxd-server. Check host and port of the transport.',
    { command, mayHaveRun: true },
  );
}
