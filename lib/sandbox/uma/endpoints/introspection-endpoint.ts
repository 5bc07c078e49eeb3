import { invalidRequest, type OAuthResponse } from '../oauth-response.js';
import type { UmaServer } from '../uma-server.js';

/**
 * Returns the permissions of an RPT to its resource server. RPTs of other resource servers and other
 * kinds of tokens are reported as inactive.
 *
 * @throws {OAuthError} `invalid_request` unless the form has exactly one token
 * @see UMA Federated Authorization §5, RFC 7662
 */
export async function introspect(
  uma: UmaServer,
  resourceServer: string,
  form: URLSearchParams,
): Promise<OAuthResponse> {
  const [token, another] = form.getAll('token');
  if (!token || another !== undefined) throw invalidRequest('token: must be present exactly once.');
  const rpt = await uma.rpts.find(token);
  if (rpt?.resourceServer !== resourceServer) return { status: 200, body: { active: false } };
  const { client, party, permissions, exp, iat } = rpt;
  const body = {
    active: true,
    token_type: 'Bearer',
    client_id: client,
    sub: party,
    iss: uma.issuer,
    aud: resourceServer,
    exp,
    iat,
    permissions: permissions.map((permission) => ({ ...permission, exp })),
  };
  return { status: 200, body };
}
