import type { Context, OidcProvider } from '../../provider/oidc-provider.js';
import { OAuthError } from '../oauth-response.js';

const SCOPE = 'uma_protection';

/**
 * Returns the client_id of the resource server: the client of the protection API token (PAT) in the
 * request.
 *
 * @throws {OAuthError} 401 without a valid token, 403 when the token has no scope `uma_protection`
 * @see UMA Federated Authorization §1.3, RFC 6750 §3.1
 */
export async function resourceServerOf(context: Context, provider: OidcProvider): Promise<string> {
  const credentials = context.get('authorization');
  if (credentials === '') throw challenge(401, 'A protection API token is required.');
  const value = /^Bearer +([\w.~+/-]+=*)$/i.exec(credentials)?.[1];
  const token = value === undefined ? undefined : await provider.ClientCredentials.find(value);
  if (!token || !(await provider.Client.find(token.clientId))) {
    throw challenge(
      401,
      'The protection API token is invalid or expired.',
      'error="invalid_token"',
    );
  }
  if (token.scope?.split(' ').includes(SCOPE)) return token.clientId;
  const params = `error="insufficient_scope", scope="${SCOPE}"`;
  throw challenge(403, `The token lacks the scope ${SCOPE}.`, params);
}

/** Error with a challenge, which has no `error` when the request had no token (RFC 6750 §3.1). */
function challenge(status: 401 | 403, description: string, params = ''): OAuthError {
  const error = status === 401 ? 'invalid_token' : 'insufficient_scope';
  const header = `Bearer realm="uma"${params && `, ${params}`}`;
  return new OAuthError(status, error, description).withHeader('www-authenticate', header);
}
