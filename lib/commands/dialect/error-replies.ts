import { OxdCommandError, printable } from '../../base/errors.js';
import { toUmaError, type TokenErrorResponse } from '../rpt-error-response.js';
import type { CommandName } from '../command.js';
import { isJsonObject } from './members.js';
import type { Call } from './results.js';

/**
 * Error codes that oxd 3.1 sends after a part of the command may have been carried out, beside those
 * that mean this for every command.
 */
const AFTER_A_PART: { readonly [C in CommandName]?: RegExp } = {
  // Registers the client, then checks the protection token.
  register_site:
    /^(?:http_status_\d{3}|\w+_protection_access_token|protection_access_token_\w+|no_setup_client_for_oxd_id|invalid_introspection_response)$/,
  // Registers one resource after another, and with overwrite deletes others first.
  uma_rs_protect: /^http_status_\d{3}$/,
  // Obtains the RPT, which spends the ticket, then introspects it.
  uma_rp_get_rpt: /^http_status_\d{3}$/,
};

/**
 * Reads an error reply of oxd: sets `mayHaveRun` if a part of the command may have been carried out,
 * and turns a reply to `uma_rp_get_rpt` into the outcome of UMA that it reports.
 */
export function toUmaOutcome(call: Call, error: unknown): unknown {
  if (call.version === 'contract') return error;
  if (!(error instanceof OxdCommandError) || error.code !== 'OXD_COMMAND_FAILED') return error;
  const outcome = call.command === 'uma_rp_get_rpt' ? umaOutcome(call, error) : undefined;
  return outcome ?? withParts(call, error);
}

function withParts({ command }: Call, error: OxdCommandError): OxdCommandError {
  if (error.mayHaveRun || !AFTER_A_PART[command]?.test(error.error)) return error;
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
 * The outcome of UMA that an error reply reports; undefined if it reports none. oxd answers
 * `need_info` to a body with no properties but those of `need_info`, and from 3.1.4 on
 * `http_status_403` with the body as a string to any other.
 *
 * @see oxd command uma_rp_get_rpt
 */
function umaOutcome(call: Call, error: OxdCommandError): OxdCommandError | undefined {
  const answer = answerOf(error);
  if (!answer) return undefined;
  const { command, mayHaveRun } = error;
  const details = { command, mayHaveRun, cause: error };
  return toUmaError(answer, askedOf(call), details) ?? inItsWord(answer, error);
}

function answerOf({
  error,
  error_description,
  details,
}: OxdCommandError): TokenErrorResponse | undefined {
  if (error === 'need_info') return { body: details };
  const [, status] = /^http_status_(\d{3})$/.exec(error) ?? [];
  return status === undefined ? undefined : { status: Number(status), body: error_description };
}

function askedOf({ params: { ticket, params } }: Call): { submit: boolean; ticket?: string } {
  const submit = isJsonObject(params) && params.submit_request === 'true';
  return { submit, ...(typeof ticket === 'string' && { ticket }) };
}

/** Another failure that oxd reports as `need_info`; undefined if it is none. */
function inItsWord(
  { body }: TokenErrorResponse,
  error: OxdCommandError,
): OxdCommandError | undefined {
  if (error.error !== 'need_info' || !isJsonObject(body)) return undefined;
  const word = body.error;
  if (typeof word !== 'string' || word === '' || word === 'need_info') return undefined;
  const { command, mayHaveRun } = error;
  const message = `${command} was refused: ${printable(word)}`;
  const details = { command, mayHaveRun, cause: error };
  return new OxdCommandError(message, { error: word, details: body }, details);
}
