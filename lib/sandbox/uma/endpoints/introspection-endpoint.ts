import { invalidRequest, type Answer } from '../oauth-response.js';
import type { UmaServer } from '../uma-server.js';

/**
 * Tells a resource server what an RPT allows there. RPTs of other resource servers, and tokens that
 * are no RPT, are not active.
 *
 * @throws {Refusal} `invalid_request` unless there is one token
 * @see UMA Federated Authorization §5, RFC 7662
 */
export async function introspect(
  uma: UmaServer,
  resourceServer: string,
  form: URLSearchParams,
): Promise<Answer> {
  const [token, another] = form.getAll('token');
  if (!token || another !== undefined) throw invalidRequest('token: must be there, once.');
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
