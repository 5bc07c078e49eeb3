import { isTicket } from '../../base/uma-tokens.js';
import { refused, type ProtectionApi } from '../protection-api/protection-api.js';
import { type ProviderResponseError, OperationError } from '../requests/operation-error.js';
import { answerError } from '../protection-api/error-response.js';
import { jsonOf, objectOf } from '../requests/json.js';
import { isResourceId } from '../resources/resource-description.js';
import { ResourceRegistration } from '../resources/resource-registration.js';

/** What a ticket asks for. */
export interface PermissionRequest {
  /** Id of the resource at the authorization server. */
  readonly resource_id: string;
  readonly resource_scopes: readonly string[];
}

/**
 * Obtains a permission ticket. Whatever is not clearly one is a refusal: an answer without a ticket
 * (SolidLab: the resource is public) opens nothing.
 *
 * @returns the ticket, or undefined where the authorization server does not know the resource, or
 *   not all of its scopes
 * @throws {OperationError} when there is no ticket
 * @see UMA Federated Authorization §4
 */
export async function permissionTicket(
  api: ProtectionApi,
  { resource_id, resource_scopes }: PermissionRequest,
): Promise<string | undefined> {
  if (!isResourceId(resource_id)) {
    throw new OperationError('internal_error', 'A ticket was to be obtained for no resource.');
  }
  const answer = await api.call({
    method: 'POST',
    url: api.server.permission_endpoint,
    // A list is what every server takes, of one resource what Gluu and Janssen can keep.
    body: [{ resource_id, resource_scopes }],
    // A lost ticket expires without effect.
    idempotent: true,
  });
  if (answer.status !== 201) {
    if (await isUnknownResource(api, resource_id, answerError(answer))) return undefined;
    throw refused('No permission ticket was issued.', answer);
  }
  const ticket = objectOf(jsonOf(answer.text))?.ticket;
  if (isTicket(ticket)) return ticket;
  throw new OperationError('internal_error', 'The authorization server issued no usable ticket.');
}

/** A mere 404 may as well be a gateway's, or mean that the endpoint has moved: then it is read. */
async function isUnknownResource(
  api: ProtectionApi,
  resource_id: string,
  { status, error }: ProviderResponseError,
): Promise<boolean> {
  if (status !== 400 && status !== 404) return false;
  if (error === 'invalid_resource_id' || error === 'invalid_scope') return true;
  return status === 404 && (await new ResourceRegistration(api).read(resource_id)) === undefined;
}
