import { createHash } from 'node:crypto';
import { refreshTokenGrant } from 'openid-client';
import type { Params } from '../../commands/command.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import type { OperationContext, Operation, RefreshResult } from '../context/operation-context.js';
import { checkSameLogin, givenIdToken } from '../login/given-id-token.js';
import { verifyIdToken } from '../login/id-token.js';
import { clientTokenResult } from '../registration/client-results.js';
import { userScope } from '../registration/scopes.js';

type Command = 'get_access_token_by_refresh_token';

/**
 * Obtains a new access token. Concurrent callers with the same refresh token share one request: a
 * provider that rotates refresh tokens treats a second use as theft. Without `scope` the scopes do
 * not change. An ID token of the response must be of the same login as a given one.
 *
 * @see oxd command get_access_token_by_refresh_token; RFC 6749 §6, OpenID Connect Core §12.2
 */
export const getAccessTokenByRefreshToken: Operation<Command> = async (context, params) => {
  const content = JSON.stringify([params.oxd_id, params.refresh_token]);
  const key = createHash('sha256').update(content).digest('base64url');
  const given = params.id_token === undefined ? undefined : givenIdToken(params.id_token);
  return context.call.changing(async () => {
    const { result, claims } = await context.runtime.refreshes.run(key, () => {
      const shared = context.detached();
      return shared.call.run(() => refresh(shared, params));
    });
    // Compared for every caller, because callers with another id_token share the request.
    if (given && claims) checkSameLogin(given, claims);
    return result;
  });
};

async function refresh(context: OperationContext, params: Params<Command>): Promise<RefreshResult> {
  const site = await context.site(params.oxd_id);
  const provider = await context.provider(site);
  const configuration = clientConfiguration(context, { provider, client: site.client });
  const scope = userScope(params.scope);
  const tokens = await context.call.changing(() =>
    refreshTokenGrant(configuration, params.refresh_token, scope ? { scope } : {}),
  );
  const { id_token, access_token } = tokens;
  const result = clientTokenResult(tokens);
  if (!id_token) return { result };
  return {
    result,
    claims: await verifyIdToken(context, id_token, { site, provider, access_token }),
  };
}
