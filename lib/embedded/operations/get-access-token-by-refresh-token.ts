import { createHash } from 'node:crypto';
import { refreshTokenGrant } from 'openid-client';
import type { Params, Result } from '../../commands/command.js';
import type { OperationContext, Operation } from '../context/operation-context.js';
import { verifyIdToken } from '../login/id-token.js';
import { required } from '../context/command-parameters.js';
import { clientTokenResult } from '../registration/client-results.js';
import { userScope } from '../registration/scopes.js';

type Command = 'get_access_token_by_refresh_token';

/**
 * Obtains a new access token. Concurrent callers with the same refresh token share one request: a
 * provider that rotates refresh tokens treats a second use as theft. Without `scope` the scopes do
 * not change.
 *
 * @see oxd command get_access_token_by_refresh_token; RFC 6749 §6
 */
export const getAccessTokenByRefreshToken: Operation<Command> = async (context, params) => {
  required('refresh_token', params.refresh_token);
  const content = JSON.stringify([params.oxd_id, params.refresh_token]);
  const key = createHash('sha256').update(content).digest('base64url');
  return context.engine.refreshes.run(key, () => {
    const shared = context.detached();
    return shared.call.run(() => refresh(shared, params));
  });
};

async function refresh(
  context: OperationContext,
  params: Params<Command>,
): Promise<Result<Command>> {
  const site = await context.site(params.oxd_id);
  const provider = await context.provider(site);
  const configuration = context.configuration(provider, site.client);
  const scope = userScope(params.scope);
  const tokens = await context.call.changing(() =>
    refreshTokenGrant(configuration, params.refresh_token, scope ? { scope } : {}),
  );
  const { id_token, access_token } = tokens;
  if (id_token) await verifyIdToken(context, id_token, { site, provider, access_token });
  return clientTokenResult(tokens);
}
