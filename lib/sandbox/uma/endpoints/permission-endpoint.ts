import { invalidRequest, OAuthError, type OAuthResponse } from '../oauth-response.js';
import { parseScopes } from '../resource-body.js';
import { mergePermissions, type Permission } from '../tickets.js';
import type { UmaServer } from '../uma-server.js';
import { isJsonObject } from '../../../base/json.js';

/** Maximum number of permissions of one ticket. */
const MAX_PERMISSIONS = 50;

/**
 * Issues a permission ticket for the access that a client attempted.
 *
 * @param body one permission, or a list
 * @throws {OAuthError} `invalid_request`, `invalid_resource_id` or `invalid_scope`
 * @see UMA Federated Authorization §4
 */
export async function requestPermission(
  uma: UmaServer,
  resourceServer: string,
  body: unknown,
): Promise<OAuthResponse> {
  const items: unknown[] = Array.isArray(body) ? body : [body];
  if (items.length === 0 || items.length > MAX_PERMISSIONS) {
    throw invalidRequest(`Between 1 and ${MAX_PERMISSIONS} permissions are required.`);
  }
  const permissions = mergePermissions(items.map((item) => parse(uma, resourceServer, item)));
  const ticket = await uma.tickets.issue({ resourceServer, permissions, answers: {} });
  return { status: 201, body: { ticket } };
}

function parse({ resources }: UmaServer, resourceServer: string, item: unknown): Permission {
  if (!isJsonObject(item) || typeof item.resource_id !== 'string') {
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
