import type { Context, OidcProvider } from '../../provider/oidc-provider.js';
import { OAuthError } from '../oauth-response.js';

const SCOPE = 'uma_protection';

/**
 * The resource server that calls: the client of the protection API token (PAT) in the request.
 *
 * @returns its client_id
 * @throws {OAuthError} 401 without a good token, 403 when it is not for the protection API
 * @see UMA Federated Authorization §1.3, RFC 6750 §3.1
 */
export async function resourceServerOf(context: Context, provider: OidcProvider): Promise<string> {
  const credentials = context.get('authorization');
  if (credentials === '') throw challenge(401, 'A protection API token is needed.');
  const value = /^Bearer +([\w.~+/-]+=*)$/i.exec(credentials)?.[1];
  const token = value === undefined ? undefined : await provider.ClientCredentials.find(value);
  if (!token || !(await provider.Client.find(token.clientId))) {
    throw challenge(401, 'The protection API token is not good.', 'error="invalid_token"');
  }
  if (token.scope?.split(' ').includes(SCOPE)) return token.clientId;
  const what = `error="insufficient_scope", scope="${SCOPE}"`;
  throw challenge(403, `The token lacks the scope ${SCOPE}.`, what);
}

/** Without a token there is no error to tell of. */
function challenge(status: 401 | 403, description: string, what = ''): OAuthError {
  const error = status === 401 ? 'invalid_token' : 'insufficient_scope';
  const header = `Bearer realm="uma"${what && `, ${what}`}`;
  return new OAuthError(status, error, description).withHeader('www-authenticate', header);
}
