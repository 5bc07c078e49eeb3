import type { Decision, DecisionRequest } from '../context/decisions.js';
import type { OperationContext } from '../context/operation-context.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import { clientHeaders } from '../context/client-headers.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { decisionAnswer } from './decision-answer.js';
import { decisionForm } from './decision-form.js';

/**
 * Asks the authorization server for one decision: with the access token as Bearer, or to push claims
 * with the credentials of the client and the token as `subject_token`.
 *
 * @throws {OperationError} see {@link decisionAnswer}
 */
export async function sendDecisionRequest(
  context: OperationContext,
  { site, server }: { readonly site: RegisteredSite; readonly server: UmaServer },
  request: DecisionRequest,
): Promise<Decision> {
  const form = decisionForm(site.client.client_id, request);
  const headers = request.claims
    ? await clientHeaders(context, site, form)
    : { ...FORM_HEADERS, authorization: `Bearer ${request.token}` };
  const response = await context.call.send(server.token_endpoint, {
    method: 'POST',
    headers,
    body: form.toString(),
    // A lost decision has no effect.
    idempotent: true,
  });
  const { issuer } = server;
  return decisionAnswer(response, request, { issuer, now: context.runtime.clock() / 1000 });
}

const FORM_HEADERS = {
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded',
};
