import { clientCredentialsGrant } from 'openid-client';
import type { Operation } from '../engine-context.js';
import { required } from '../params.js';
import { clientTokenResult } from '../results.js';
import { scopeFor } from '../scope.js';

/**
 * Obtains a token for a client itself. Asks for the scopes named and, unlike oxd, adds no `openid`:
 * no user takes part, and some providers refuse it. oxd's own scopes go to providers that list them.
 *
 * @see oxd command get_client_token; RFC 6749 §4.4
 */
export const getClientToken: Operation<'get_client_token'> = async (context, params) => {
  const client = {
    client_id: required('client_id', params.client_id),
    client_secret: required('client_secret', params.client_secret),
  };
  const provider = await context.provider(params);
  const configuration = context.configuration(provider, client);
  const { leftOut } = context.engine;
  const scope = scopeFor({ provider, leftOut }, params.scope);
  const tokens = await context.call.changing(() =>
    clientCredentialsGrant(configuration, scope ? { scope } : {}),
  );
  return clientTokenResult(tokens);
};
