import type { Decision, DecisionRequest } from '../context/decisions.js';
import type { OperationContext } from '../context/operation-context.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import { FORM_HEADERS } from '../requests/form-headers.js';
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
  const sent = request.claims
    ? await context.runtime.clientForms.build(await context.provider(site), site.client, form)
    : ({ method: 'POST', headers: bearerHeaders(request.token), body: form } as const);
  // A lost decision has no effect.
  const response = await context.call.send(server.token_endpoint, { idempotent: true, ...sent });
  const { issuer } = server;
  return decisionAnswer(response, request, { issuer, now: context.runtime.clock() / 1000 });
}

function bearerHeaders(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, ...FORM_HEADERS };
}
