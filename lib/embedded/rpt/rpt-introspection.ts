import { MAX_RPT_LENGTH } from '../../base/limits.js';
import type { OperationContext } from '../context/operation-context.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { isPublicKeyJwt } from '../jwt/verified-jwt.js';
import { isPatRejection } from '../protection-api/advice.js';
import { unexpectedResponse, type ProtectionApi } from '../protection-api/protection-api.js';
import { OperationError } from '../requests/operation-error.js';
import { INACTIVE, introspectedRpt, type IntrospectedRpt } from './rpt-permissions.js';
import { isKeycloak } from '../provider/uma-discovery.js';
import type { IntrospectionMethod } from '../context/introspection-auth.js';
import { parseJson, objectOf } from '../../base/json.js';

/**
 * Queries the authorization server for the state and the permissions of an RPT.
 *
 * @throws {OperationError} when the server returns no introspection response: the state is unknown
 * @see UMA Federated Authorization §5
 */
export function introspectRpt(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<IntrospectedRpt> {
  if (rpt.length > MAX_RPT_LENGTH) return Promise.resolve(INACTIVE);
  const { server, site } = api;
  return introspect(context, api, rpt).then((response) => {
    const hasWholeResources = isKeycloak(server);
    const rptStatus = introspectedRpt(bodyOf(response), {
      issuer: server.issuer,
      audience: hasWholeResources ? site.client.client_id : undefined,
      now: context.runtime.clock() / 1000,
      hasWholeResources,
    });
    if (rptStatus) {
      // The client only learns that it needs another RPT.
      const { result, wholeResources, reason } = rptStatus;
      if (reason) context.log.debug?.(`${context.call.command}: the RPT is not active: ${reason}.`);
      return { result, wholeResources, isSubjectProven: !isPublicKeyJwt(rpt) };
    }
    if (response.status !== 200) {
      throw unexpectedResponse('The RPT could not be introspected.', response);
    }
    const message = 'The introspection response has no boolean active.';
    throw new OperationError('internal_error', message);
  });
}

/**
 * Authenticates with the method that last succeeded, and after a rejection with the other method.
 */
async function introspect(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<ProviderResponse> {
  const { introspections } = context.runtime.uma;
  const [first = 'pat', second] = introspections.methodsFor(api.server);
  const response = await sendWith[first](context, api, rpt);
  const isRejected = isPatRejection(response);
  if (!isRejected || !second) {
    // The only method is the one that was accepted last.
    if (isRejected || second) introspections.record(api.server, first, isRejected);
    return response;
  }
  const other = await sendWith[second](context, api, rpt);
  introspections.record(api.server, second, isPatRejection(other));
  return isPatRejection(other) ? response : other;
}

type SendRequest = (
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
) => Promise<ProviderResponse>;

const sendWith: Readonly<Record<IntrospectionMethod, SendRequest>> = {
  client: async (context, { site, server }, rpt) => {
    const form = `token=${encodeURIComponent(rpt.toWellFormed())}&token_type_hint=requesting_party_token`;
    const provider = await context.provider(site);
    const request = await context.runtime.clientForms.build(provider, site.client, form);
    return context.call.send(server.introspection_endpoint, { idempotent: true, ...request });
  },
  pat: (_, api, rpt) =>
    api.call({
      method: 'POST',
      url: api.server.introspection_endpoint,
      body: `token=${encodeURIComponent(rpt.toWellFormed())}`,
      idempotent: true,
    }),
};

/** JSON of an introspection response; SolidLab responds with 400 to an unknown token. */
function bodyOf({ status, text }: ProviderResponse): unknown {
  const body = parseJson(text);
  if (status === 200) return body;
  const { active, error, message } = objectOf(body) ?? {};
  const isUnknown =
    active === false || error === 'invalid_token' || message === 'Invalid request body.';
  return status === 400 && isUnknown ? { active: false } : undefined;
}
