import { tokenIntrospection } from 'openid-client';
import type { IntrospectAccessTokenResult } from '../../commands/oidc.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { withKnownRecords } from '../context/current-records.js';
import type { Operation, OperationContext } from '../context/operation-context.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Introspects an access token. `active` must be a boolean; for an inactive token no other claim is
 * returned.
 *
 * @see oxd command introspect_access_token; RFC 7662 §2
 */
export const introspectAccessToken: Operation<'introspect_access_token'> = async (
  context,
  params,
) => {
  const find = async () => ({ site: await context.knownSite(params.oxd_id) });
  return withKnownRecords(context, find, ({ site }) =>
    introspected(context, site, params.access_token),
  );
};

async function introspected(
  context: OperationContext,
  site: RegisteredSite,
  token: string,
): Promise<IntrospectAccessTokenResult> {
  const provider = await context.provider(site);
  const configuration = clientConfiguration(context, {
    provider,
    client: site.client,
    idempotent: true,
  });
  const hint = { token_type_hint: 'access_token' };
  const response = await tokenIntrospection(configuration, token, hint);
  if (!response.active) return { active: false };
  const { client_id, username, token_type, sub, aud, iss, jti, exp, iat, scope } = response;
  const { acr_values } = response as IntrospectAccessTokenResult;
  const active = true;
  const times = { exp, iat };
  const identity = { client_id, username, token_type, sub, aud, iss, jti, acr_values, scope };
  return withoutUndefined({ active, ...identity, ...times });
}
