import { OxdCommandError, OxdTransportError, printable } from '../base/errors.js';

/**
 * The text of a request: `{"command": ..., "params": {...}}` and nothing else at the root.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED, `bad_request`, when params are no JSON values
 */
export function encodeRequest(command: string, params: Readonly<Record<string, unknown>>): string {
  try {
    return `{"command":${JSON.stringify(command)},"params":${JSON.stringify(params ?? {})}}`;
  } catch {
    const message = `${command} was not sent: its params must be JSON values.`;
    throw new OxdCommandError(message, { error: 'bad_request' }, { command });
  }
}

/**
 * The `data` of a reply, `{"status": "ok" | "error", "data": {...} | null}`.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED for an error reply
 * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED for anything that is no reply
 */
export function readReply(command: string, text: string): unknown {
  const reply = parse(text);
  if (!isObject(reply)) throw malformed(command);
  const { status, data } = reply;
  if (status === 'ok' && (data === null || isObject(data))) return data;
  if (status === 'error' && isObject(data)) throw refusal(command, data);
  throw malformed(command);
}

/**
 * Errors after which the command may have had its effect: oxd or the provider broke down on the
 * way, or the provider has answered already and oxd does not accept what it said.
 */
const MAY_HAVE_RUN =
  /^(internal_error|remove_site_failed|http_status_5\d\d|no_(id|access)_token|invalid_nonce|invalid_id_token.*|invalid_(access_token|authorization_code)_bad_hash)$/;

/** Their text is the body that a server answered, which may hold a ticket. */
const TEXT_IS_FOREIGN = /^http_status_/;

function refusal(command: string, data: Record<string, unknown>): OxdCommandError {
  const { error, error_description: text, details } = data;
  if (typeof error !== 'string' || error === '') throw malformed(command);
  const error_description = typeof text === 'string' ? text : undefined;
  const said = error_description && !TEXT_IS_FOREIGN.test(error) ? error_description : '';
  return new OxdCommandError(
    `${command} was refused: ${printable(error)}${said && ` (${printable(said)})`}`,
    { error, error_description, details: details ?? undefined },
    { command, mayHaveRun: MAY_HAVE_RUN.test(error) },
  );
}

// No cause: the parser's message quotes the text.
function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(command: string): OxdTransportError {
  return new OxdTransportError(
    'OXD_TRANSPORT_MALFORMED',
    'The reply is not {"status", "data"} as oxd-server writes it. Check that the transport options are those of oxd-server.',
    { command, mayHaveRun: true },
  );
}
