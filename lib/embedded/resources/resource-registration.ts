import { printable } from '../../base/errors.js';
import type { ProviderResponse } from '../requests/provider-http.js';
import { refused, type ProtectionApi } from '../protection-api/protection-api.js';
import { OperationError } from '../requests/operation-error.js';
import { jsonOf, objectOf, textsOf, type JsonObject } from '../requests/json.js';
import {
  isResourceId,
  ownerOf,
  resourceUrl,
  scopesOf,
  withScopes,
  preserveProperties,
  type ResourceDescription,
} from './resource-description.js';

/** A resource that was found by its name. */
export interface FoundResource {
  readonly id: string;
  readonly scopes: readonly string[];
}

/** How many descriptions are read to find a name, and how many of them at a time. */
const [MAX_READ, AT_A_TIME] = [1000, 8];

/**
 * The resources of one client at its authorization server.
 *
 * @see UMA Federated Authorization §3
 */
export class ResourceRegistration {
  constructor(private readonly api: ProtectionApi) {}

  /**
   * Registers a resource.
   *
   * @returns its id, or undefined where the name is taken (Keycloak, SolidLab)
   * @see UMA Federated Authorization §3.2.1
   */
  async create(description: ResourceDescription): Promise<string | undefined> {
    const { resource_registration_endpoint: url } = this.api.server;
    const answer = await this.api.change('The resource was not registered.', [200, 201, 409], {
      method: 'POST',
      url,
      body: description,
    });
    if (answer.status === 409) return undefined;
    const created = objectOf(jsonOf(answer.text)) ?? {};
    const { _id: id, name = description.name } = created;
    if (!isResourceId(id)) {
      throw unusable('The answer to the registration of a resource has no usable _id.');
    }
    if (name !== description.name || !this.isOurs(created)) {
      throw unusable('Another resource was registered than the one described.');
    }
    return id;
  }

  /**
   * The description of a resource; undefined where there is none of this id.
   *
   * @see UMA Federated Authorization §3.2.2
   */
  async read(id: string): Promise<JsonObject | undefined> {
    const answer = await this.api.call({ method: 'GET', url: this.urlOf(id) });
    if (answer.status === 404) return undefined;
    const description = objectOf(jsonOf(answer.text));
    if (answer.status === 200 && description) return description;
    throw refused('The description of a resource could not be read.', answer);
  }

  /**
   * Replaces the name and the scopes of a resource. Whatever else an administrator wrote into the
   * description is sent along: some servers forget what an update leaves out.
   *
   * @param ours the scopes that this site had given it; others are an administrator's, and stay
   * @returns whether there is such a resource
   * @see UMA Federated Authorization §3.2.3
   */
  async update(
    id: string,
    description: ResourceDescription,
    ours: readonly string[],
  ): Promise<boolean> {
    const there = await this.read(id);
    if (there === undefined) return false;
    const theirs = scopesOf(there).filter((scope) => !ours.includes(scope));
    const answer = await this.api.change('The resource was not changed.', [200, 204, 404], {
      method: 'PUT',
      url: this.urlOf(id),
      body: preserveProperties(withScopes(description, theirs), there),
    });
    return answer.status !== 404;
  }

  /**
   * Removes a resource; one that is not there counts as removed.
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
   * This client's resource with exactly this name. Servers that filter are asked to; of the others
   * every resource is looked at.
   *
   * @throws {OperationError} when there are too many to say that there is none
   * @see UMA Federated Authorization §3.2.5
   */
  async find(name: string): Promise<FoundResource | undefined> {
    const ids = await this.candidates(name);
    for (let at = 0; at < Math.min(ids.length, MAX_READ); at += AT_A_TIME) {
      const some = ids.slice(at, at + AT_A_TIME).map((id) => this.named(id, name));
      const found = (await Promise.all(some)).find((one) => one !== undefined);
      if (found) return found;
    }
    if (ids.length <= MAX_READ) return undefined;
    throw unusable(
      `The client has more than ${MAX_READ} resources there, and "${printable(name)}" is not among ` +
        'the first. Whether it is registered is not known. Remove those that are not needed.',
    );
  }

  private async named(id: string, name: string): Promise<FoundResource | undefined> {
    const there = await this.read(id);
    if (there?.name !== name || !this.isOurs(there)) return undefined;
    return { id, scopes: scopesOf(there) };
  }

  private async candidates(name: string): Promise<readonly string[]> {
    const { resource_registration_endpoint: list } = this.api.server;
    const filtered = new URL(list);
    const filter = { name, exactName: 'true', owner: this.api.site.client.client_id };
    Object.entries(filter).forEach(([key, value]) => filtered.searchParams.set(key, value));
    let answer = await this.list(filtered.href);
    if (answer.status !== 200) answer = await this.list(list);
    const ids = textsOf(jsonOf(answer.text));
    if (answer.status === 200 && ids) return ids.filter(isResourceId);
    throw refused('The resources could not be listed.', answer);
  }

  private list(url: string): Promise<ProviderResponse> {
    return this.api.call({ method: 'GET', url });
  }

  /** An owner is told by Keycloak alone, and there by name only now and then. */
  private isOurs(description: JsonObject): boolean {
    const owner = ownerOf(description);
    return owner === undefined || owner === this.api.site.client.client_id;
  }

  private urlOf(id: string): string {
    return resourceUrl(this.api.server.resource_registration_endpoint, id);
  }
}

function unusable(message: string): OperationError {
  return new OperationError('internal_error', message);
}
