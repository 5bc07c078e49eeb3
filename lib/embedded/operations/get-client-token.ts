import { clientCredentials } from '../protection-api/client-credentials.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import type { Operation } from '../context/operation-context.js';
import { clientTokenResult } from '../registration/client-results.js';
import { scopeFor } from '../registration/scopes.js';

/**
 * Obtains a token for a client itself. Unlike oxd it adds no scope `openid`: no user is involved,
 * and some providers reject the scope. The scope `oxd` is only sent if discovery lists it,
 * `uma_protection` unless discovery lists scopes without it.
 *
 * @see oxd command get_client_token; RFC 6749 §4.4
 */
export const getClientToken: Operation<'get_client_token'> = async (context, params) => {
  const { client_id, client_secret } = params;
  const provider = await context.provider(params);
  const configuration = clientConfiguration(context, {
    provider,
    client: { client_id, client_secret },
  });
  const { rejections } = context.runtime;
  const scope = scopeFor({ provider, rejections }, params.scope);
  const { issuer: server } = provider.metadata;
  const tokens = await context.call.changing(() =>
    clientCredentials({ configuration, scope, server, rejections }),
  );
  return clientTokenResult(tokens);
};
