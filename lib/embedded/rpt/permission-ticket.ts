import { isTicket } from '../../base/uma-tokens.js';
import { unexpectedResponse, type ProtectionApi } from '../protection-api/protection-api.js';
import { type ProviderResponseError, OperationError } from '../requests/operation-error.js';
import { responseError } from '../requests/response-error.js';
import { parseJson, objectOf } from '../../base/json.js';
import { isResourceId } from '../resources/resource-description.js';
import { ResourceRegistration } from '../resources/resource-registration.js';

/** Permissions that a ticket requests. */
export interface PermissionRequest {
  /** Id of the resource at the authorization server. */
  readonly resource_id: string;
  readonly resource_scopes: readonly string[];
}

/**
 * Obtains a permission ticket. A response without a ticket is an error and grants no access, even
 * where it means that the resource is public (SolidLab).
 *
 * @returns the ticket, or undefined if the authorization server does not know the resource or one
 *   of its scopes
 * @throws {OperationError} when no ticket was issued
 * @see UMA Federated Authorization §4
 */
export async function permissionTicket(
  api: ProtectionApi,
  { resource_id, resource_scopes }: PermissionRequest,
): Promise<string | undefined> {
  if (!isResourceId(resource_id)) {
    throw new OperationError('internal_error', 'The resource id of the ticket request is invalid.');
  }
  const response = await api.call({
    method: 'POST',
    url: api.server.permission_endpoint,
    // Every server accepts a list; Gluu and Janssen store one resource per ticket only.
    body: [{ resource_id, resource_scopes }],
    // A lost ticket expires without effect.
    idempotent: true,
  });
  if (response.status !== 201) {
    if (await isUnknownResource(api, resource_id, responseError(response))) return undefined;
    throw unexpectedResponse('No permission ticket was issued.', response);
  }
  const ticket = objectOf(parseJson(response.text))?.ticket;
  if (isTicket(ticket)) return ticket;
  throw new OperationError('internal_error', 'The authorization server issued no usable ticket.');
}

/**
 * True if the resource does not exist. A 404 without an error code may come from a gateway or a
 * moved endpoint, so the description is read.
 */
async function isUnknownResource(
  api: ProtectionApi,
  resource_id: string,
  { status, error }: ProviderResponseError,
): Promise<boolean> {
  if (status !== 400 && status !== 404) return false;
  if (error === 'invalid_resource_id' || error === 'invalid_scope') return true;
  return status === 404 && (await new ResourceRegistration(api).read(resource_id)) === undefined;
}
