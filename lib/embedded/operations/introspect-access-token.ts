import { tokenIntrospection } from 'openid-client';
import type { IntrospectAccessTokenResult } from '../../commands/oidc.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import type { Operation } from '../context/operation-context.js';
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
  const site = await context.site(params.oxd_id);
  const provider = await context.provider(site);
  const configuration = clientConfiguration(context, {
    provider,
    client: site.client,
    idempotent: true,
  });
  const hint = { token_type_hint: 'access_token' };
  const response = await tokenIntrospection(configuration, params.access_token, hint);
  if (!response.active) return { active: false };
  const { client_id, username, token_type, sub, aud, iss, jti, exp, iat, scope } = response;
  const { acr_values } = response as IntrospectAccessTokenResult;
  const active = true;
  const times = { exp, iat };
  const token = { client_id, username, token_type, sub, aud, iss, jti, acr_values, scope };
  return withoutUndefined({ active, ...token, ...times });
};
