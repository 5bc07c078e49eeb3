import { randomUUID } from 'node:crypto';
import type { OxdStore } from '../../store/oxd-store.js';
import { invalidRequest } from './oauth-response.js';
import type { SandboxResource } from './policy.js';
import type { ResourceDescription } from './resource-body.js';

const KEY = 'UmaResources';
/** Most resources that one resource server can have. */
const RESOURCES = 1000;

/** The registered resources of every resource server, kept over a restart. */
export class Resources {
  private constructor(
    private readonly store: OxdStore,
    private readonly owners: Map<string, Map<string, SandboxResource>>,
  ) {}

  /** Those of earlier starts. */
  static async open(store: OxdStore): Promise<Resources> {
    const kept = ((await store.get(KEY)) ?? {}) as Record<string, readonly SandboxResource[]>;
    const owners = Object.entries(kept).map(
      ([owner, list]) => [owner, new Map(list.map((one) => [one._id, one]))] as const,
    );
    return new Resources(store, new Map(owners));
  }

  /** The ids of what a resource server registered. */
  list(owner: string): readonly string[] {
    return [...this.of(owner).keys()];
  }

  /** A resource of this resource server; undefined also where it is another's. */
  find(owner: string, id: string): SandboxResource | undefined {
    return this.of(owner).get(id);
  }

  /** @throws {Refusal} `invalid_request` when there are too many */
  async create(owner: string, description: ResourceDescription): Promise<SandboxResource> {
    const own = this.of(owner);
    if (own.size >= RESOURCES) throw invalidRequest(`There are ${RESOURCES} resources already.`);
    const resource = { _id: randomUUID(), ...description };
    this.owners.set(owner, own.set(resource._id, resource));
    await this.keep();
    return resource;
  }

  /** Replaces the whole description. @returns whether there is such a resource */
  async replace(owner: string, id: string, description: ResourceDescription): Promise<boolean> {
    const own = this.of(owner);
    if (!own.has(id)) return false;
    own.set(id, { _id: id, ...description });
    await this.keep();
    return true;
  }

  /** @returns whether there was such a resource */
  async delete(owner: string, id: string): Promise<boolean> {
    if (!this.of(owner).delete(id)) return false;
    await this.keep();
    return true;
  }

  /** Removes all that a resource server registered. */
  async forget(owner: string): Promise<void> {
    if (this.owners.delete(owner)) await this.keep();
  }

  private of(owner: string): Map<string, SandboxResource> {
    return this.owners.get(owner) ?? new Map<string, SandboxResource>();
  }

  private async keep(): Promise<void> {
    const all = [...this.owners].map(([owner, own]) => [owner, [...own.values()]] as const);
    await this.store.set(KEY, Object.fromEntries(all));
  }
}
