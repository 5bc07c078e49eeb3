import type { UmaRpGetRptParams } from '../../commands/uma.js';
import { OperationError } from '../requests/operation-error.js';

/** What says who asks for what, or has an answer other than an RPT, is not for `params` to change. */
const RESERVED: readonly string[] = [
  ...['grant_type', 'ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt', 'scope'],
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
  ...['response_mode'],
];

/**
 * The form of a request for an RPT, but for `grant_type` and the client's credentials.
 * `submit_request` is always in it: without it Keycloak submits every request that it denies.
 *
 * @throws {OperationError} `invalid_ticket_parameter`, `invalid_claim_token_or_claim_token_form`, or
 *   `bad_request` for `params`
 * @see UMA 2.0 Grant §3.3.1
 */
export function grantForm(asked: UmaRpGetRptParams): Readonly<Record<string, string>> {
  const { ticket, claim_token, claim_token_format, pct, rpt, scope = [], params = {} } = asked;
  if (!isSaid(ticket)) {
    throw new OperationError('invalid_ticket_parameter', 'ticket: must not be empty.');
  }
  if (isSaid(claim_token) !== isSaid(claim_token_format)) {
    const message = 'claim_token and claim_token_format: pass both or neither.';
    throw new OperationError('invalid_claim_token_or_claim_token_form', message);
  }
  checkFurther(params);
  const form = { ticket, claim_token, claim_token_format, pct, rpt, scope: joined(scope) };
  const said = Object.entries(form).filter(([, value]) => isSaid(value));
  return { submit_request: 'false', ...params, ...(Object.fromEntries(said) as typeof params) };
}

/** Whether a form asks for the owner to be asked. */
export function asksOwner(form: Readonly<Record<string, string>>): boolean {
  return form.submit_request === 'true';
}

function checkFurther(params: Readonly<Record<string, string>>): void {
  const reserved = Object.keys(params).find((name) => RESERVED.includes(name));
  if (reserved) throw new OperationError('bad_request', `params: must not have ${reserved}.`);
  const { submit_request = 'false' } = params;
  if (submit_request !== 'true' && submit_request !== 'false') {
    throw new OperationError('bad_request', 'params: submit_request must be "true" or "false".');
  }
}

function joined(scopes: readonly string[]): string {
  return scopes
    .map((scope) => scope.trim())
    .filter((scope) => scope !== '')
    .join(' ');
}

function isSaid(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}
