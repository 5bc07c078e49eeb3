import { buildEndSessionUrl } from 'openid-client';
import type { Operation } from '../context/operation-context.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { OperationError } from '../requests/operation-error.js';
import { logoutUris } from '../registration/site-record.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Returns the URL that ends the session at the provider. Default of `post_logout_redirect_uri`: the
 * first registered URI.
 *
 * @see oxd command get_logout_uri; OpenID Connect RP-Initiated Logout §2
 */
export const getLogoutUri: Operation<'get_logout_uri'> = async (context, params) => {
  const record = await context.site(params.oxd_id);
  const provider = await context.provider(record);
  if (!provider.metadata.end_session_endpoint) {
    const message = 'The OpenID Provider has no end_session_endpoint: log out locally only.';
    throw new OperationError('no_end_session_endpoint_at_op', message);
  }
  const { id_token_hint, state, session_state } = params;
  const [registered] = logoutUris(record.site);
  const { post_logout_redirect_uri = registered } = params;
  const query = withoutUndefined({ id_token_hint, post_logout_redirect_uri, state, session_state });
  const configuration = clientConfiguration(context, { provider, client: record.client });
  const { href } = buildEndSessionUrl(configuration, query as Record<string, string>);
  context.checkBrowserUrl(href);
  return { uri: href };
};
