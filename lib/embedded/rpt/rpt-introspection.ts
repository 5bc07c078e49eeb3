import { MAX_RPT_LENGTH } from '../../base/uma-tokens.js';
import type { OperationContext } from '../context/operation-context.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { clientAuthentication } from '../registration/client-configuration.js';
import { isRefused, refused, type ProtectionApi } from '../protection-api/protection-api.js';
import { OperationError } from '../requests/operation-error.js';
import { INACTIVE, introspectedRpt, type IntrospectedRpt } from './rpt-permissions.js';
import { isKeycloak } from '../provider/uma-discovery.js';
import type { IntrospectionMethod } from '../context/introspection-auth.js';
import { jsonOf, objectOf } from '../requests/json.js';

/**
 * What an RPT is good for, as the authorization server says.
 *
 * @throws {OperationError} when it does not say: that is neither a yes nor a no
 * @see UMA Federated Authorization §5
 */
export async function introspectRpt(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<IntrospectedRpt> {
  if (rpt.length > MAX_RPT_LENGTH) return INACTIVE;
  const answer = await askEachWay(context, api, rpt);
  const { server, site } = api;
  const rptStatus = introspectedRpt(statement(answer), {
    issuer: server.issuer,
    audience: isKeycloak(server) ? site.client.client_id : undefined,
    now: context.engine.clock() / 1000,
    hasWholeResources: isKeycloak(server),
  });
  if (rptStatus) return logged(context, rptStatus);
  if (answer.status !== 200) throw refused('The RPT could not be introspected.', answer);
  const message = 'What the authorization server said of the RPT is no introspection answer.';
  throw new OperationError('internal_error', message);
}

/** The client only learns that it needs another RPT; an operator may look for the cause. */
function logged({ call, log }: OperationContext, rpt: IntrospectedRpt): IntrospectedRpt {
  if (rpt.reason) log.debug?.(`${call.command}: the RPT is not active: ${rpt.reason}.`);
  return rpt;
}

async function askEachWay(
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
): Promise<ProviderResponse> {
  const { introspections } = context.engine.uma;
  const [first = 'pat', second] = introspections.methodsFor(api.server);
  const answer = await ask[first](context, api, rpt);
  if (!isRefused(answer) || !second) {
    introspections.record(api.server, first, isRefused(answer));
    return answer;
  }
  const other = await ask[second](context, api, rpt);
  introspections.record(api.server, second, isRefused(other));
  return isRefused(other) ? answer : other;
}

type Ask = (
  context: OperationContext,
  api: ProtectionApi,
  rpt: string,
) => Promise<ProviderResponse>;

const ask: Readonly<Record<IntrospectionMethod, Ask>> = {
  client: async (context, { site, server }, rpt) => {
    const provider = await context.provider(site);
    const body = new URLSearchParams({ token: rpt, token_type_hint: 'requesting_party_token' });
    const headers = new Headers({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    });
    const prove = clientAuthentication(provider, site.client);
    // What the type does not say: with client_secret_jwt this takes a while.
    await Promise.resolve(prove(provider.metadata, { ...site.client }, body, headers));
    return context.call.send(server.introspection_endpoint, {
      method: 'POST',
      headers: Object.fromEntries(headers),
      body: body.toString(),
      idempotent: true,
    });
  },
  pat: (_, api, rpt) =>
    api.call({
      method: 'POST',
      url: api.server.introspection_endpoint,
      body: new URLSearchParams({ token: rpt }),
      idempotent: true,
    }),
};

/** The answer's JSON; SolidLab's server says with a 400 that it does not know a token. */
function statement({ status, text }: ProviderResponse): unknown {
  const body = jsonOf(text);
  if (status === 200) return body;
  const { active, error, message } = objectOf(body) ?? {};
  const isUnknown =
    active === false || error === 'invalid_token' || message === 'Invalid request body.';
  return status === 400 && isUnknown ? { active: false } : undefined;
}
