import { isJsonObject, parseJson } from '../../base/json.js';
import type { Decision, DecisionRequest } from '../context/decisions.js';
import { decisionAdvice } from '../protection-api/advice.js';
import { authorizationServerError } from '../protection-api/error-response.js';
import { OperationError, type ProviderResponseError } from '../requests/operation-error.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { responseError } from '../requests/response-error.js';
import { coversResource, rptOfClaims } from '../rpt/rpt-permissions.js';
import { listsPermissions } from './decision-form.js';

/** Authorization server that gave an answer, and the current time in seconds since 1970. */
export interface AnswerContext {
  readonly issuer: string;
  readonly now: number;
}

const DENIALS = new Set(['access_denied', 'request_denied']);
const UNKNOWN = new Set(['invalid_resource', 'invalid_scope']);

/**
 * Reads the answer to a decision request. Only `{"result": true}`, or permissions that cover the
 * request, grant access.
 *
 * @throws {OperationError} `invalid_token` if the server does not accept the access token,
 *   `invalid_resource` or `invalid_scope` if it does not know the resource or a scope; any other answer
 *   is an error, too
 */
export function decisionAnswer(
  response: ProviderResponse,
  request: DecisionRequest,
  context: AnswerContext,
): Decision {
  if (response.status === 200) {
    const decision = positiveAnswer(parseJson(response.text), request, context);
    if (decision) return decision;
    throw new OperationError('internal_error', 'The response is not the requested decision.');
  }
  const error = responseError(response);
  const { status, error: code = '' } = error;
  if (status === 403 && DENIALS.has(code)) return { granted: false };
  if (rejectsToken(error, request)) {
    // Without a cause: the records of the site need not be read again.
    throw new OperationError('invalid_token', 'The server does not accept the access token.');
  }
  if (status === 400 && UNKNOWN.has(code)) {
    const message = 'The server does not know the resource, or not with these scopes.';
    throw new OperationError(code, message, error);
  }
  throw authorizationServerError('No decision was made.', error, decisionAdvice);
}

/** With client credentials, 401 rejects the client instead of the token. */
function rejectsToken(
  { status, error }: ProviderResponseError,
  { claims }: DecisionRequest,
): boolean {
  if (error === 'invalid_grant') return status === 400 || status === 401;
  return claims !== undefined && status === 400 && error === 'unauthorized_client';
}

function positiveAnswer(
  answer: unknown,
  request: DecisionRequest,
  { issuer, now }: AnswerContext,
): Decision | undefined {
  if (!listsPermissions(request)) return isGrant(answer) ? { granted: true } : undefined;
  if (!Array.isArray(answer)) return undefined;
  const { result, wholeResources } = rptOfClaims({}, answer, {
    issuer,
    now,
    hasWholeResources: true,
  });
  // A permission without scopes proves the whole resource only if no scope was requested.
  const whole = request.scopes.length === 0 ? wholeResources : new Set<string>();
  const granted = coversResource({ result, wholeResources: whole }, request);
  return granted ? { granted, permissions: result.permissions } : { granted };
}

function isGrant(answer: unknown): boolean {
  return isJsonObject(answer) && answer.result === true && Object.keys(answer).length === 1;
}
