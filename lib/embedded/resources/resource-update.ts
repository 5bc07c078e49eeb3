import { printable } from '../../base/errors.js';
import type { OperationContext } from '../context/operation-context.js';
import { wasNotExecuted, statusOf } from '../requests/command-error.js';
import type { ProtectionApi } from '../protection-api/protection-api.js';
import { OperationError } from '../requests/operation-error.js';
import { described, registeredScopes, type DeclaredResource } from './declared-resource.js';
import type { Modification } from './modification.js';
import { MISSING_AT_SERVER, NEVER_PROTECTED, notProtected } from './named-resource.js';
import { isGluu } from '../provider/uma-discovery.js';
import { planResources, type ProtectionPlan } from './resource-plan.js';
import { ResourceRegistration, type FoundResource } from './resource-registration.js';
import { scopesOf, type ResourceDescription } from './resource-description.js';
import { findResource, type ProtectedResource, type ResourceRecord } from './resource-record.js';
import { resourcesKey } from '../registration/resources-key.js';

/** Resources to protect. */
export interface Protection {
  readonly declared: readonly DeclaredResource[];
  /** Deletes resources that are not declared. */
  readonly overwrite: boolean;
}

/** Declaration without an existing resource. */
interface MissingResource extends DeclaredResource {
  /** Id of the deleted resource that the new one replaces. */
  readonly id?: string;
}

/** Number of resources that are read in parallel. */
const BATCH_SIZE = 8;

/**
 * Update of the resources of one client to a declaration. The record is written after each change at
 * the authorization server, and a name before its registration: an aborted update loses no resource.
 */
export class ResourceUpdate {
  private readonly registration: ResourceRegistration;

  constructor(
    private readonly context: OperationContext,
    private readonly api: ProtectionApi,
    private record: ResourceRecord,
  ) {
    this.registration = new ResourceRegistration(api);
  }

  /** Deletes, changes and creates resources until they equal the declaration. */
  async execute({ declared, overwrite }: Protection): Promise<void> {
    const plan = planResources(this.record.resources, declared, overwrite);
    // Deletions come first, because a created resource may have the name of a deleted one.
    for (const resource of plan.removed) await this.remove(resource);
    const missing = await this.missingIds(plan);
    const recreated: MissingResource[] = [];
    for (const resource of plan.kept) {
      if (!missing.has(resource.id) && (await this.retain(resource))) continue;
      // A gateway may return the same 404, so the id is retained until a new one replaces it.
      if (plan.declared.has(resource.id)) recreated.push(resource);
      else await this.save({ resources: this.without(resource.id) });
    }
    for (const resource of [...recreated, ...plan.created]) await this.create(resource);
    if (overwrite) await this.warnPending();
  }

  /**
   * Changes the scopes of one resource.
   *
   * @throws {OperationError} `invalid_request` when the resource is not registered
   */
  async modify({ path, http_method, ...scoped }: Modification): Promise<void> {
    const before = findResource(this.record, path, http_method);
    if (!before) throw notProtected(NEVER_PROTECTED);
    const { ticketScopes: _, scope_expression: __, name, ...resource } = before;
    const after = { ...described({ ...resource, ...scoped }), name, modified: true };
    if (!(await this.retain(after))) throw notProtected(MISSING_AT_SERVER);
  }

  private async remove(resource: ProtectedResource): Promise<void> {
    if (!resource.adopted) await this.registration.delete(resource.id);
    await this.save({ resources: this.without(resource.id) });
  }

  /** Logs names of unknown origin; they are not deleted, because another party may own them. */
  private async warnPending(): Promise<void> {
    for (const name of this.record.pending) {
      if (await this.mayExist(name)) {
        this.warn(
          name,
          'may exist at the authorization server, owned by another party: it is not deleted',
        );
      } else await this.save({ pending: this.settled({ name }) });
    }
  }

  /**
   * True after a failed lookup: the declared resources are registered, so the run must not fail.
   */
  private async mayExist(name: string): Promise<boolean> {
    try {
      const found = await this.registration.find(name);
      return found !== undefined && this.record.resources.every(({ id }) => id !== found.id);
    } catch {
      return true;
    }
  }

  /**
   * Ids of unchanged resources that are missing at the authorization server: resources of Gluu and
   * Janssen expire after a month.
   * Every run reads them again, because a check that finds a resource missing does not write the
   * record: it could undo a write of another replica, or would have to wait for it.
   */
  private async missingIds({ kept, declared }: ProtectionPlan): Promise<ReadonlySet<string>> {
    const all = kept.filter((resource) => declared.has(resource.id) && !this.isChanged(resource));
    const missing: string[] = [];
    for (let at = 0; at < all.length; at += BATCH_SIZE) {
      const batch = all.slice(at, at + BATCH_SIZE);
      const exist = await Promise.all(batch.map((one) => this.exists(one)));
      missing.push(...batch.filter((_, index) => !exist[index]).map(({ id }) => id));
    }
    return new Set(missing);
  }

  /**
   * True if the resource exists. Restores removed scopes, because no ticket is issued without them.
   * Keycloak may forbid a resource server to read its own resources, with 400.
   */
  private async exists(resource: ProtectedResource): Promise<boolean> {
    try {
      const found = await this.registration.read(resource.id);
      if (!found) return false;
      const isComplete =
        resource.scope_expression || hasAll(scopesOf(found), registeredScopes(resource));
      return isComplete ? true : await this.update(resource);
    } catch (error) {
      if (statusOf(error) === 400) return true;
      throw error;
    }
  }

  /** @returns false if the resource is missing */
  private async retain(resource: ProtectedResource): Promise<boolean> {
    const exists = !this.isChanged(resource) || (await this.update(resource));
    if (exists) this.warnReplaced(resource);
    const resources = this.record.resources.map((one) => (one.id === resource.id ? resource : one));
    const hasChanged = JSON.stringify(resources) !== JSON.stringify(this.record.resources);
    if (exists && hasChanged) await this.save({ resources });
    return exists;
  }

  /** Logs that a declaration replaces the scopes of `uma_rs_modify`. */
  private warnReplaced({ id, hash, name, modified }: ProtectedResource): void {
    const before = this.record.resources.find((one) => one.id === id);
    if (!before?.modified || modified || before.hash === hash) return;
    this.warn(name, 'has the declared scopes again, which replace those of uma_rs_modify');
  }

  private update(resource: ProtectedResource): Promise<boolean> {
    const { id, adopted } = resource;
    const before = this.record.resources.find((one) => one.id === id);
    const ours = before && !adopted ? registeredScopes(before) : [];
    return this.registration.update(id, this.describe(resource), ours);
  }

  private async create(resource: MissingResource): Promise<void> {
    const { pending } = this.record;
    const wasPending = pending.includes(resource.name);
    if (!wasPending) await this.save({ pending: [...pending, resource.name] });
    const found = wasPending ? await this.registration.find(resource.name) : undefined;
    if (found) return this.adopt(resource, found);
    const id = await this.register(resource);
    if (id === undefined) return this.adoptTaken(resource);
    await this.settle(resource, { id });
  }

  private async register(resource: DeclaredResource): Promise<string | undefined> {
    try {
      return await this.registration.create(this.describe(resource));
    } catch (error) {
      if (wasNotExecuted(error)) await this.save({ pending: this.settled(resource) });
      throw error;
    }
  }

  private async adoptTaken(resource: MissingResource): Promise<void> {
    await this.save({ pending: this.settled(resource) });
    const found = await this.registration.find(resource.name);
    if (!found) {
      const message =
        `The authorization server has a resource "${resource.name}" already, and it is not this ` +
        "client's. Rename or remove it there.";
      throw new OperationError('http_status_409', message);
    }
    await this.adopt(resource, found);
  }

  /**
   * Uses an existing resource of this name that another party may have registered: an attempt
   * without a response proves no ownership. Its policies and other scopes are preserved.
   */
  private async adopt(resource: MissingResource, found: FoundResource): Promise<void> {
    const adopted = { ...resource, id: found.id, adopted: true };
    if (!hasAll(found.scopes, registeredScopes(resource))) await this.update(adopted);
    this.warn(resource.name, 'was found at the authorization server; its policies apply');
    await this.settle(resource, { id: found.id, adopted: true });
  }

  private settle(
    resource: MissingResource,
    own: Pick<ProtectedResource, 'id' | 'adopted'>,
  ): Promise<void> {
    const others = this.without(own.id).filter(({ id }) => id !== resource.id);
    const resources = [...others, { ...resource, ...own }];
    return this.save({ resources, pending: this.settled(resource) });
  }

  private describe(resource: DeclaredResource): ResourceDescription {
    const { name, scope_expression } = resource;
    return {
      name,
      resource_scopes: registeredScopes(resource),
      ...(scope_expression &&
        isGluu(this.api.server) && { scope_expression: JSON.stringify(scope_expression) }),
    };
  }

  private isChanged({ id, hash }: ProtectedResource): boolean {
    return this.record.resources.some((one) => one.id === id && one.hash !== hash);
  }

  private without(id: string): readonly ProtectedResource[] {
    return this.record.resources.filter((resource) => resource.id !== id);
  }

  private settled({ name }: Pick<DeclaredResource, 'name'>): readonly string[] {
    return this.record.pending.filter((one) => one !== name);
  }

  private warn(name: string, predicate: string): void {
    this.context.log.warn(`uma_rs_protect: ${printable(name)} ${predicate}.`);
  }

  /** After the deadline the lock may be another replica's, whose record must not be overwritten. */
  private async save(changed: Partial<ResourceRecord>): Promise<void> {
    this.context.call.signal?.throwIfAborted();
    this.record = { ...this.record, ...changed };
    await this.context.store.set(resourcesKey(this.api.site), this.record);
  }
}

function hasAll(scopes: readonly string[], needed: readonly string[]): boolean {
  return needed.every((scope) => scopes.includes(scope));
}
