import { genericGrantRequest } from 'openid-client';
import type { Operation, OperationContext } from '../context/operation-context.js';
import { verifyIdToken } from '../login/id-token.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import { OperationError } from '../requests/operation-error.js';
import { consumeLogin, findLogin, givenLogin } from '../login/pending-login.js';
import type { Provider } from '../provider/provider.js';
import { withoutUndefined } from '../../base/json.js';

/**
 * Finishes a login: compares `iss`, exchanges the code once and checks the ID token. The exchange
 * consumes the state even if it fails; oxd retains the state then.
 *
 * @see oxd command get_tokens_by_code; OpenID Connect Core §3.1.3, RFC 9207
 */
export const getTokensByCode: Operation<'get_tokens_by_code'> = async (context, params) => {
  const { code, state } = params;
  const site = await context.site(params.oxd_id);
  const provider = await context.provider(site);
  const configuration = clientConfiguration(context, { provider, client: site.client });
  const given = givenLogin(params, site);
  const login = given ?? (await findLogin(context, state, site.oxd_id));
  const { redirect_uri, code_verifier, nonce } = login;
  checkIssuer(context, provider, params.iss);
  if (!given) await consumeLogin(context, state);
  // Not authorizationCodeGrant(), which removes the query of the redirect URI.
  const tokens = await context.call.changing(() =>
    genericGrantRequest(configuration, 'authorization_code', {
      code,
      redirect_uri,
      code_verifier,
    }),
  );
  const { access_token, id_token, expires_in, refresh_token } = tokens;
  if (id_token === undefined) {
    throw new OperationError(
      'no_id_token',
      'The response has no id_token: the login must request scope openid.',
    );
  }
  const authenticatedSince = login.min_auth_time ?? (site.site.require_auth_time ? 0 : undefined);
  const checks = { site, provider, access_token, nonce, authenticatedSince };
  const id_token_claims = await verifyIdToken(context, id_token, checks);
  return withoutUndefined({ access_token, expires_in, id_token, refresh_token, id_token_claims });
};

const MISSING_ISSUER =
  'iss: is missing. This provider sends it with every callback (RFC 9207): pass the iss of the ' +
  'callback unchanged.';
const OTHER_ISSUER = 'iss: names another provider. The callback must come from this provider.';

function checkIssuer({ runtime }: OperationContext, { metadata }: Provider, iss?: string): void {
  if (iss === metadata.issuer) return;
  const { authorization_response_iss_parameter_supported: announced } = metadata;
  const { requireIssuerParameter = true } = runtime.options;
  if (iss === undefined && !(announced && requireIssuerParameter)) return;
  throw new OperationError('bad_request', iss === undefined ? MISSING_ISSUER : OTHER_ISSUER);
}
