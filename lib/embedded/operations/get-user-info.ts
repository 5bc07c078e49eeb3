import { enableNonRepudiationChecks, fetchUserInfo, None, skipSubjectCheck } from 'openid-client';
import { providerClaims } from '../../commands/provider-claims.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import type { Operation } from '../context/operation-context.js';
import { givenIdToken } from '../login/given-id-token.js';

/**
 * Requests the claims of the user. The response contains a `sub`, which must equal that of a given
 * ID token. The ID token is read without verification: the caller verified it at login.
 *
 * @see oxd command get_user_info; OpenID Connect Core §5.3
 */
export const getUserInfo: Operation<'get_user_info'> = async (context, params) => {
  const { access_token, id_token } = params;
  const subject = id_token === undefined ? skipSubjectCheck : givenIdToken(id_token).sub;
  const site = await context.knownSite(params.oxd_id);
  const provider = await context.provider(site);
  const configuration = clientConfiguration(context, {
    provider,
    client: site.client,
    // The access token authenticates the request.
    authentication: None(),
    idempotent: true,
  });
  enableNonRepudiationChecks(configuration);
  const { sub, ...claims } = await fetchUserInfo(configuration, access_token, subject);
  return { claims: { sub, ...providerClaims(claims) } };
};
