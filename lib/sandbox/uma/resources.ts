import { randomUUID } from 'node:crypto';
import type { OxdStore } from '../../store/oxd-store.js';
import { invalidRequest } from './oauth-response.js';
import type { SandboxResource } from './policy.js';
import type { ResourceDescription } from './resource-body.js';

const KEY = 'UmaResources';
/** Maximum number of resources of one resource server. */
const MAX_RESOURCES = 1000;

/** Registered resources of all resource servers, persisted in the store. */
export class Resources {
  private constructor(
    private readonly store: OxdStore,
    private readonly owners: Map<string, Map<string, SandboxResource>>,
  ) {}

  /** Loads the resources of earlier starts. */
  static async open(store: OxdStore): Promise<Resources> {
    const stored = ((await store.get(KEY)) ?? {}) as Record<string, readonly SandboxResource[]>;
    const owners = Object.entries(stored).map(
      ([owner, list]) => [owner, new Map(list.map((one) => [one._id, one]))] as const,
    );
    return new Resources(store, new Map(owners));
  }

  /** Ids of the resources of a resource server. */
  list(owner: string): readonly string[] {
    return [...this.of(owner).keys()];
  }

  /** Returns a resource; undefined also when it belongs to another resource server. */
  find(owner: string, id: string): SandboxResource | undefined {
    return this.of(owner).get(id);
  }

  /** Registers a resource. @throws {OAuthError} `invalid_request` at 1000 resources */
  async create(owner: string, description: ResourceDescription): Promise<SandboxResource> {
    const own = this.of(owner);
    if (own.size >= MAX_RESOURCES)
      throw invalidRequest(`The limit of ${MAX_RESOURCES} resources is reached.`);
    const resource = { _id: randomUUID(), ...description };
    this.owners.set(owner, own.set(resource._id, resource));
    await this.save();
    return resource;
  }

  /** Replaces the whole description. @returns false when the resource does not exist */
  async replace(owner: string, id: string, description: ResourceDescription): Promise<boolean> {
    const own = this.of(owner);
    if (!own.has(id)) return false;
    own.set(id, { _id: id, ...description });
    await this.save();
    return true;
  }

  /** Deletes a resource. @returns false when the resource does not exist */
  async delete(owner: string, id: string): Promise<boolean> {
    if (!this.of(owner).delete(id)) return false;
    await this.save();
    return true;
  }

  /** Deletes all resources of a resource server. */
  async deleteAll(owner: string): Promise<void> {
    if (this.owners.delete(owner)) await this.save();
  }

  private of(owner: string): Map<string, SandboxResource> {
    return this.owners.get(owner) ?? new Map<string, SandboxResource>();
  }

  private async save(): Promise<void> {
    const all = [...this.owners].map(([owner, own]) => [owner, [...own.values()]] as const);
    await this.store.set(KEY, Object.fromEntries(all));
  }
}
