import { OxdCommandError, printable } from '../../base/errors.js';
import { toUmaError, type RptRequest, type TokenErrorResponse } from '../rpt-error-response.js';
import type { CommandName } from '../command.js';
import { isJsonObject, isNonEmptyString } from '../../base/json.js';
import type { Call } from './results.js';

/**
 * Error codes that oxd 3.1 sends after a part of the command may have been executed, in addition to
 * those that mean this for every command.
 */
const PARTIALLY_EXECUTED: { readonly [C in CommandName]?: RegExp } = {
  // Registers the client, then checks the protection token.
  register_site:
    /^(?:http_status_\d{3}|\w+_protection_access_token|protection_access_token_\w+|no_setup_client_for_oxd_id|invalid_introspection_response)$/,
  // Registers one resource after another, and with overwrite deletes others first.
  uma_rs_protect: /^http_status_\d{3}$/,
  // Obtains the RPT, which spends the ticket, then introspects it.
  uma_rp_get_rpt: /^http_status_\d{3}$/,
};

/**
 * Translates an error response of oxd: sets `mayHaveRun` if a part of the command may have been
 * executed, and converts the response to `uma_rp_get_rpt` to the outcome of UMA that it reports.
 */
export function toUmaOutcome(call: Call, error: unknown): unknown {
  if (call.version === 'contract') return error;
  if (!(error instanceof OxdCommandError) || error.code !== 'OXD_COMMAND_FAILED') return error;
  const outcome = call.command === 'uma_rp_get_rpt' ? umaOutcome(call, error) : undefined;
  return outcome ?? withMayHaveRun(call, error);
}

function withMayHaveRun({ command }: Call, error: OxdCommandError): OxdCommandError {
  if (error.mayHaveRun || !PARTIALLY_EXECUTED[command]?.test(error.error)) return error;
  const { message, code, command: sent, error_description, details } = error;
  const wire = { error: error.error, error_description, details };
  return new OxdCommandError(message, wire, {
    code,
    command: sent,
    mayHaveRun: true,
    cause: error,
  });
}

/**
 * Returns the outcome of UMA that an error response reports; undefined if it reports none. oxd reports
 * a body that has only properties of `need_info` as `need_info`, and from 3.1.4 on any other body as
 * `http_status_403` with the body as a string.
 *
 * @see oxd command uma_rp_get_rpt
 */
function umaOutcome(call: Call, error: OxdCommandError): OxdCommandError | undefined {
  const response = tokenErrorResponse(error);
  if (!response) return undefined;
  const { command, mayHaveRun } = error;
  const details = { command, mayHaveRun, cause: error };
  return toUmaError(response, rptRequestOf(call), details) ?? otherFailure(response, error);
}

function tokenErrorResponse({
  error,
  error_description,
  details,
}: OxdCommandError): TokenErrorResponse | undefined {
  if (error === 'need_info') return { body: details };
  const [, status] = /^http_status_(\d{3})$/.exec(error) ?? [];
  return status === undefined ? undefined : { status: Number(status), body: error_description };
}

function rptRequestOf({ params: { ticket, params } }: Call): RptRequest {
  const submit = isJsonObject(params) && params.submit_request === 'true';
  return { submit, ...(typeof ticket === 'string' && { ticket }) };
}

/** Returns the failure that oxd reports as `need_info` by mistake; undefined for a real `need_info`. */
function otherFailure(
  { body }: TokenErrorResponse,
  error: OxdCommandError,
): OxdCommandError | undefined {
  if (error.error !== 'need_info' || !isJsonObject(body)) return undefined;
  const { error: code } = body;
  if (!isNonEmptyString(code) || code === 'need_info') return undefined;
  const { command, mayHaveRun } = error;
  const message = `${command} failed: ${printable(code)}`;
  const details = { command, mayHaveRun, cause: error };
  return new OxdCommandError(message, { error: code, details: body }, details);
}
