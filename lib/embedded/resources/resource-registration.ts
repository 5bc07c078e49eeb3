import { printable } from '../../base/errors.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { unexpectedResponse, type ProtectionApi } from '../protection-api/protection-api.js';
import { OperationError } from '../requests/operation-error.js';
import { parseJson, objectOf, stringsOf, type JsonObject } from '../../base/json.js';
import {
  isResourceId,
  ownerOf,
  resourceUrl,
  scopesOf,
  withScopes,
  preserveProperties,
  type ResourceDescription,
} from './resource-description.js';

/** Resource that was found by its name or id. */
export interface FoundResource {
  readonly id: string;
  readonly scopes: readonly string[];
}

/** Maximum number of descriptions that are read to find a name. */
const MAX_READ = 1000;

/** Number of descriptions that are read in parallel. */
const BATCH_SIZE = 8;

/**
 * Client of the resource registration endpoint, for the resources of one client.
 *
 * @see UMA Federated Authorization §3
 */
export class ResourceRegistration {
  constructor(private readonly api: ProtectionApi) {}

  /**
   * Registers a resource.
   *
   * @returns the id, or undefined if the name is in use (Keycloak, SolidLab)
   * @see UMA Federated Authorization §3.2.1
   */
  async create(description: ResourceDescription): Promise<string | undefined> {
    const { resource_registration_endpoint: url } = this.api.server;
    const response = await this.api.change('The resource was not registered.', [200, 201, 409], {
      method: 'POST',
      url,
      body: description,
    });
    if (response.status === 409) return undefined;
    const created = objectOf(parseJson(response.text)) ?? {};
    const { _id: id, name = description.name } = created;
    if (!isResourceId(id)) {
      throw internalError('The response to the registration of a resource has no valid _id.');
    }
    if (name !== description.name || !this.isOwn(created)) {
      throw internalError('The registered resource differs from its description.');
    }
    return id;
  }

  /**
   * Reads the description of a resource; undefined if no resource has this id.
   *
   * @see UMA Federated Authorization §3.2.2
   */
  async read(id: string): Promise<JsonObject | undefined> {
    const response = await this.api.call({ method: 'GET', url: this.urlOf(id) });
    if (response.status === 404) return undefined;
    const description = objectOf(parseJson(response.text));
    if (response.status === 200 && description) return description;
    throw unexpectedResponse('The description of a resource could not be read.', response);
  }

  /**
   * Replaces the name and the scopes of a resource. Properties of administrators are sent along:
   * some servers delete properties that an update omits.
   *
   * @param ownScopes scopes that this site had registered; other scopes belong to an administrator,
   *   and are preserved
   * @returns false if the resource does not exist
   * @see UMA Federated Authorization §3.2.3
   */
  async update(
    id: string,
    description: ResourceDescription,
    ownScopes: readonly string[],
  ): Promise<boolean> {
    const existing = await this.read(id);
    if (existing === undefined) return false;
    const others = scopesOf(existing).filter((scope) => !ownScopes.includes(scope));
    const response = await this.api.change('The resource was not changed.', [200, 204, 404], {
      method: 'PUT',
      url: this.urlOf(id),
      body: preserveProperties(withScopes(description, others), existing),
    });
    return response.status !== 404;
  }

  /**
   * Deletes a resource; a missing resource counts as deleted.
   *
   * @see UMA Federated Authorization §3.2.4
   */
  async delete(id: string): Promise<void> {
    await this.api.change('The resource was not removed.', [200, 204, 404], {
      method: 'DELETE',
      url: this.urlOf(id),
    });
  }

  /**
   * Finds the resource of this client with exactly this name. The list is filtered by servers that
   * support a filter; on other servers every resource is read.
   *
   * @throws {OperationError} when the client has more resources than are read
   * @see UMA Federated Authorization §3.2.5
   */
  async find(name: string): Promise<FoundResource | undefined> {
    const ids = await this.candidates(name);
    for (let at = 0; at < Math.min(ids.length, MAX_READ); at += BATCH_SIZE) {
      const batch = ids.slice(at, at + BATCH_SIZE).map((id) => this.readNamed(id, name));
      const found = (await Promise.all(batch)).find((resource) => resource !== undefined);
      if (found) return found;
    }
    if (ids.length <= MAX_READ) return undefined;
    throw internalError(
      `The client has more than ${MAX_READ} resources, and "${printable(name)}" is not among the ` +
        'first. It may be registered. Remove unused resources at the authorization server.',
    );
  }

  /** Finds a resource by its id; its owner does not matter. */
  async findById(id: string): Promise<FoundResource | undefined> {
    const existing = await this.read(id);
    const { _id = id } = existing ?? {};
    return existing && _id === id ? { id, scopes: scopesOf(existing) } : undefined;
  }

  private async readNamed(id: string, name: string): Promise<FoundResource | undefined> {
    const existing = await this.read(id);
    if (existing?.name !== name || !this.isOwn(existing)) return undefined;
    return { id, scopes: scopesOf(existing) };
  }

  private async candidates(name: string): Promise<readonly string[]> {
    const { resource_registration_endpoint: list } = this.api.server;
    const filtered = new URL(list);
    const filter = { name, exactName: 'true', owner: this.api.site.client.client_id };
    Object.entries(filter).forEach(([key, value]) => filtered.searchParams.set(key, value));
    let response = await this.list(filtered.href);
    if (response.status !== 200) response = await this.list(list);
    const ids = stringsOf(parseJson(response.text));
    if (response.status === 200 && ids) return ids.filter(isResourceId);
    throw unexpectedResponse('The resources could not be listed.', response);
  }

  private list(url: string): Promise<ProviderResponse> {
    return this.api.call({ method: 'GET', url });
  }

  /** True unless another owner is named; only Keycloak returns owners, and not always by name. */
  private isOwn(description: JsonObject): boolean {
    const owner = ownerOf(description);
    return owner === undefined || owner === this.api.site.client.client_id;
  }

  private urlOf(id: string): string {
    return resourceUrl(this.api.server.resource_registration_endpoint, id);
  }
}

function internalError(message: string): OperationError {
  return new OperationError('internal_error', message);
}
