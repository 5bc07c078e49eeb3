import type { UmaRpGetRptParams } from '../../commands/uma.js';
import { OperationError } from '../requests/operation-error.js';

/** Parameters that `params` must not contain: identity, credentials, scope and response mode. */
const RESERVED: readonly string[] = [
  ...['grant_type', 'ticket', 'claim_token', 'claim_token_format', 'pct', 'rpt', 'scope'],
  ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'],
  ...['response_mode'],
];

/**
 * Builds the form of a request for an RPT, without `grant_type` and client credentials. Always
 * contains `submit_request`: without it Keycloak submits every request that it denies.
 *
 * @throws {OperationError} `invalid_ticket_parameter`, `invalid_claim_token_or_claim_token_form`,
 *   or `bad_request` for `params`
 * @see UMA 2.0 Grant §3.3.1
 */
export function grantForm(command: UmaRpGetRptParams): Readonly<Record<string, string>> {
  const { ticket, claim_token, claim_token_format, pct, rpt, scope = [], params = {} } = command;
  if (!isPresent(ticket)) {
    throw new OperationError('invalid_ticket_parameter', 'ticket: must not be empty.');
  }
  if (isPresent(claim_token) !== isPresent(claim_token_format)) {
    const message = 'claim_token and claim_token_format: pass both or neither.';
    throw new OperationError('invalid_claim_token_or_claim_token_form', message);
  }
  checkCustomParams(params);
  const form = { ticket, claim_token, claim_token_format, pct, rpt, scope: joined(scope) };
  const present = Object.entries(form).filter(([, value]) => isPresent(value));
  return { submit_request: 'false', ...params, ...(Object.fromEntries(present) as typeof params) };
}

/** True if a form requests that a denied request is submitted to the resource owner (Keycloak). */
export function requestsSubmission(form: Readonly<Record<string, string>>): boolean {
  return form.submit_request === 'true';
}

function checkCustomParams(params: Readonly<Record<string, string>>): void {
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

function isPresent(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}
