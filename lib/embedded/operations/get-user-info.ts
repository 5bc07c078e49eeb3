import { decodeJwt } from 'jose';
import { enableNonRepudiationChecks, fetchUserInfo, skipSubjectCheck } from 'openid-client';
import { providerClaims } from '../../commands/provider-claims.js';
import type { Operation } from '../context/operation-context.js';
import { OperationError } from '../requests/operation-error.js';
import { required } from '../context/command-parameters.js';
import { isNonEmptyString } from '../../base/json.js';

/**
 * Requests the claims of the user. The response contains a `sub`, which must equal that of a given
 * ID token. The ID token is read without verification: the caller verified it at login.
 *
 * @see oxd command get_user_info; OpenID Connect Core §5.3
 */
export const getUserInfo: Operation<'get_user_info'> = async (context, params) => {
  const access_token = required('access_token', params.access_token);
  const { id_token } = params;
  const subject = id_token === undefined ? skipSubjectCheck : subjectOf(id_token);
  const site = await context.site(params.oxd_id);
  const configuration = context.readingConfiguration(await context.provider(site), site.client);
  enableNonRepudiationChecks(configuration);
  const { sub, ...claims } = await fetchUserInfo(configuration, access_token, subject);
  return { claims: { sub, ...providerClaims(claims) } };
};

function subjectOf(idToken: string): string {
  let sub: unknown;
  try {
    ({ sub } = decodeJwt(idToken));
  } catch {
    // Reported below, because the error of jose would quote the token.
  }
  if (isNonEmptyString(sub)) return sub;
  throw new OperationError('bad_request', 'id_token: must be an id_token with a sub.');
}
