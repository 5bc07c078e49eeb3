import { OxdCommandError, printable } from '../../base/errors.js';
import { toUmaError, type RptRequest, type TokenErrorResponse } from '../rpt-error-response.js';
import { isJsonObject, isNonEmptyString, type JsonObject } from '../../base/json.js';
import { contractCode, hasBareBody, hasPartlyRun, statusOf } from './wire-error-codes.js';
import type { Call } from './results.js';

/**
 * Translates an error response of oxd: error codes to their names in oxd 3.1, sets `mayHaveRun` if a
 * part of the command may have been executed, and converts the response to `uma_rp_get_rpt` to the
 * outcome of UMA that it reports.
 */
export function contractError(call: Call, error: unknown): unknown {
  if (call.version === 'contract') return error;
  if (!(error instanceof OxdCommandError) || error.code !== 'OXD_COMMAND_FAILED') return error;
  const outcome = call.command === 'uma_rp_get_rpt' ? umaOutcome(call, error) : undefined;
  return outcome ?? translated(call, error);
}

function translated(call: Call, error: OxdCommandError): OxdCommandError {
  const code = contractCode(call, error);
  const mayHaveRun = error.mayHaveRun || hasPartlyRun(call, error, code);
  if (code === error.error && mayHaveRun === error.mayHaveRun) return error;
  const { message, command, error_description, details } = error;
  const wire = { error: code, error_description, details };
  return new OxdCommandError(message, wire, { command, mayHaveRun, cause: error });
}

/**
 * Returns the outcome of UMA that an error response reports; undefined if it reports none. oxd 3.1
 * reports a body that has only properties of `need_info` as `need_info`, and from 3.1.4 on any other
 * body as `http_status_403` with the body as a string. oxd 4 returns the properties of `need_info`.
 *
 * @see oxd command uma_rp_get_rpt
 */
function umaOutcome(call: Call, error: OxdCommandError): OxdCommandError | undefined {
  const response = hasBareBody(call, error) ? bareResponse(error) : tokenErrorResponse(error);
  if (!response) return undefined;
  const { command, mayHaveRun } = error;
  const details = { command, mayHaveRun, cause: error };
  return toUmaError(response, rptRequestOf(call), details) ?? otherFailure(response, error);
}

/** oxd 4 replaces the status of the authorization server by 400 or 403, which then mean nothing. */
function bareResponse(error: OxdCommandError): TokenErrorResponse {
  const { details: body } = error;
  const status = statusOf(error);
  return status === 400 || status === 403 ? { body } : { status, body };
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
  const code = codeOf(body);
  if (code === undefined) return undefined;
  const { command, mayHaveRun } = error;
  const message = `${command} failed: ${printable(code)}`;
  const details = { command, mayHaveRun, cause: error };
  return new OxdCommandError(message, { error: code, details: body }, details);
}

function codeOf({ error }: JsonObject): string | undefined {
  return isNonEmptyString(error) && error !== 'need_info' ? error : undefined;
}
