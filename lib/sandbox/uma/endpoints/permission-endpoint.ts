import { invalidRequest, OAuthError, type Answer } from '../oauth-response.js';
import { isRecord, parseScopes } from '../resource-body.js';
import { joined, type Permission } from '../tickets.js';
import type { UmaServer } from '../uma-server.js';

/** Most permissions that one ticket can ask for. */
const PERMISSIONS = 50;

/**
 * Issues a permission ticket for what a client tried to do.
 *
 * @param body one permission, or a list
 * @throws {OAuthError} `invalid_request`, `invalid_resource_id` or `invalid_scope`
 * @see UMA Federated Authorization §4
 */
export async function requestPermission(
  uma: UmaServer,
  resourceServer: string,
  body: unknown,
): Promise<Answer> {
  const items: unknown[] = Array.isArray(body) ? body : [body];
  if (items.length === 0 || items.length > PERMISSIONS) {
    throw invalidRequest(`Between 1 and ${PERMISSIONS} permissions are needed.`);
  }
  const permissions = joined(items.map((item) => parse(uma, resourceServer, item)));
  const ticket = await uma.tickets.issue({ resourceServer, permissions, answers: {} });
  return { status: 201, body: { ticket } };
}

function parse({ resources }: UmaServer, resourceServer: string, item: unknown): Permission {
  if (!isRecord(item) || typeof item.resource_id !== 'string') {
    throw invalidRequest('resource_id: must be a string.');
  }
  const { resource_id } = item;
  const resource = resources.find(resourceServer, resource_id);
  if (!resource)
    throw new OAuthError(400, 'invalid_resource_id', 'resource_id: is not registered.');
  const resource_scopes = parseScopes(item.resource_scopes);
  if (resource_scopes.every((scope) => resource.resource_scopes.includes(scope))) {
    return { resource_id, resource_scopes };
  }
  throw new OAuthError(400, 'invalid_scope', 'resource_scopes: the resource has no such scope.');
}
