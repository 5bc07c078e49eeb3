import { OxdCommandError, printable } from '../errors.js';
import { rptRefusal, type RptAnswer } from '../rpt-refusal.js';
import { isMembers } from './dialect-members.js';
import type { Call } from './dialect-results.js';

/**
 * Makes the outcome of UMA that oxd reports of an error reply to `uma_rp_get_rpt`; leaves every
 * other error as it is. oxd says `need_info` of whatever answer has no member but those of
 * `need_info`, and from 3.1.4 on `http_status_403` with the answer as text of all others.
 *
 * @see oxd command uma_rp_get_rpt
 */
export function readRefusal(call: Call, error: unknown): unknown {
  if (call.command !== 'uma_rp_get_rpt' || call.version === 'contract') return error;
  if (!(error instanceof OxdCommandError) || error.code !== 'OXD_COMMAND_FAILED') return error;
  const answer = answerOf(error);
  if (!answer) return error;
  const { command, mayHaveRun } = error;
  const details = { command, mayHaveRun, cause: error };
  return rptRefusal(answer, askedOf(call), details) ?? inItsWord(answer, error);
}

function answerOf({ error, error_description, details }: OxdCommandError): RptAnswer | undefined {
  if (error === 'need_info') return { body: details };
  const [, status] = /^http_status_(\d{3})$/.exec(error) ?? [];
  return status === undefined ? undefined : { status: Number(status), body: error_description };
}

function askedOf({ params: { ticket, params } }: Call): { submit: boolean; ticket?: string } {
  const submit = isMembers(params) && params.submit_request === 'true';
  return { submit, ...(typeof ticket === 'string' && { ticket }) };
}

/** What oxd calls `need_info` and is another failure. */
function inItsWord({ body }: RptAnswer, error: OxdCommandError): OxdCommandError {
  if (error.error !== 'need_info' || !isMembers(body)) return error;
  const word = body.error;
  if (typeof word !== 'string' || word === '' || word === 'need_info') return error;
  const { command, mayHaveRun } = error;
  const message = `${command} was refused: ${printable(word)}`;
  const details = { command, mayHaveRun, cause: error };
  return new OxdCommandError(message, { error: word, details: body }, details);
}
