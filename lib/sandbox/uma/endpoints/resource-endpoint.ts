import { OAuthError, type OAuthResponse } from '../oauth-response.js';
import { parseDescription } from '../resource-body.js';
import type { UmaServer } from '../uma-server.js';

/** A request to the resource registration endpoint. */
export interface ResourceCall {
  /** client_id of the resource server. */
  readonly owner: string;
  /** Id of the resource; undefined for the whole collection. */
  readonly id?: string;
  readonly method: string;
  /** Reads and parses the resource description. */
  readonly body: () => Promise<unknown>;
}

/**
 * Creates, reads, updates, deletes and lists resources.
 *
 * @throws {OAuthError} `not_found`, also for a resource of another resource server;
 *   `unsupported_method_type`, `invalid_request` or `invalid_scope`
 * @see UMA Federated Authorization §3.2
 */
export async function callResources(uma: UmaServer, call: ResourceCall): Promise<OAuthResponse> {
  return call.id === undefined ? onAll(uma, call) : onOne(uma, call, call.id);
}

async function onAll(
  uma: UmaServer,
  { owner, method, body }: ResourceCall,
): Promise<OAuthResponse> {
  if (method === 'GET') return { status: 200, body: uma.resources.list(owner) };
  if (method !== 'POST') throw notAllowed('GET, POST');
  const { _id } = await uma.resources.create(owner, parseDescription(await body()));
  const location = `${uma.endpoints.resource_registration_endpoint}/${_id}`;
  return { status: 201, body: { _id }, headers: { location } };
}

async function onOne(uma: UmaServer, call: ResourceCall, id: string): Promise<OAuthResponse> {
  const { owner, method, body } = call;
  const resource = uma.resources.find(owner, id);
  if (!resource) throw notFound();
  switch (method) {
    case 'GET':
      return { status: 200, body: resource };
    case 'PUT':
      if (await uma.resources.replace(owner, id, parseDescription(await body()))) {
        return { status: 200, body: { _id: id } };
      }
      throw notFound();
    case 'DELETE':
      await uma.resources.delete(owner, id);
      return { status: 204 };
    default:
      throw notAllowed('GET, PUT, DELETE');
  }
}

function notFound(): OAuthError {
  return new OAuthError(404, 'not_found', 'The resource does not exist.');
}

/** @param allow allowed methods, separated by commas */
export function notAllowed(allow: string): OAuthError {
  const error = new OAuthError(405, 'unsupported_method_type', `Allowed methods: ${allow}.`);
  return error.withHeader('allow', allow);
}
