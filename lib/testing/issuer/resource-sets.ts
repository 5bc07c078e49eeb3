import { randomUUID } from 'node:crypto';
import { failure, ok, type IssuerReply } from './issuer-reply.js';

/** Description of a resource, as registered. */
interface ResourceDescription {
  readonly name: string;
  readonly resource_scopes?: readonly string[];
}

/** Requested permission. */
interface RequestedPermission {
  readonly resource_id: string;
  readonly resource_scopes?: readonly string[];
}

/** Resources of the applications under test. The id of a resource is its name. */
export class ResourceSets {
  private readonly resources = new Map<string, ResourceDescription>();

  /**
   * Resource registration endpoint.
   *
   * @param id id in the path; undefined for the endpoint itself
   * @see UMA Federated Authorization §3.2
   */
  manage(method: string, id: string | undefined, body: string): IssuerReply {
    if (id === undefined) {
      return method === 'POST' ? this.create(body) : ok([...this.resources.keys()]);
    }
    const existing = this.resources.get(id);
    if (!existing) return failure(404, 'not_found');
    if (method === 'GET') return ok({ _id: id, ...existing });
    if (method === 'PUT') this.resources.set(id, JSON.parse(body) as ResourceDescription);
    else this.resources.delete(id);
    return { status: 204 };
  }

  /**
   * Permission endpoint.
   *
   * @see UMA Federated Authorization §4
   */
  ticket(body: string): IssuerReply {
    const requested = [JSON.parse(body) as RequestedPermission | RequestedPermission[]].flat();
    for (const { resource_id, resource_scopes = [] } of requested) {
      const resource = this.resources.get(resource_id);
      if (!resource) return failure(400, 'invalid_resource_id');
      const { resource_scopes: known = [] } = resource;
      if (!resource_scopes.every((scope) => known.includes(scope))) {
        return failure(400, 'invalid_scope');
      }
    }
    return { status: 201, json: { ticket: randomUUID() } };
  }

  private create(body: string): IssuerReply {
    const description = JSON.parse(body) as ResourceDescription;
    this.resources.set(description.name, description);
    return { status: 201, json: { _id: description.name } };
  }
}
