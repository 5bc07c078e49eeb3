import { AsyncLocalStorage } from 'node:async_hooks';
import { OxdStore } from '../../store/oxd-store.js';
import type { ProtectedResource } from './protected-resource.js';

/** Data that oxd-server stores for a site, beside the record of the embedded transport. */
export interface ServerSite {
  readonly oxd_id: string;
  readonly post_logout_redirect_uri?: string;
  /** Registered scopes: a login requests these unless it specifies others. */
  readonly scope?: readonly string[];
  /** True for a pre-registered client without a registration client URI: updates are impossible. */
  readonly unchangeable?: boolean;
  /** True for the record of a setup client. */
  readonly isSetup?: boolean;
  /** `oxd_id` of the setup client's record. */
  readonly setup_oxd_id?: string;
  /** `client_id` of the setup client. */
  readonly setup_client_id?: string;
  /** ID token of the most recent login. */
  readonly id_token?: string;
  /** Resources registered by `uma_rs_protect`, oldest first. */
  readonly resources?: readonly ProtectedResource[];
}

/** Sites and issued states of an oxd-server. */
export class ServerRecords {
  /** Sites registered since the start; in 3.1.1 they share one list of resources. */
  private readonly sharing = new Set<string>();
  private shared: readonly ProtectedResource[] = [];
  /** Ids of all sites registered since the start. */
  private readonly registered = new Set<string>();

  /** @param sharesResources makes all sites share one list of resources, as in 3.1.1 */
  constructor(
    private readonly store: OxdStore,
    private readonly stateLifetime: number,
    private readonly sharesResources: boolean,
  ) {}

  /** Stores a new site. */
  async add(site: ServerSite): Promise<void> {
    this.registered.add(site.oxd_id);
    if (!this.sharesResources) return this.save(site);
    this.sharing.add(site.oxd_id);
    await this.save({ ...site, resources: this.shared });
  }

  /** Replaces the resources of a site and of all sites that share them. */
  async storeResources(oxd_id: string, resources: readonly ProtectedResource[]): Promise<void> {
    if (!this.sharing.has(oxd_id)) return this.save({ oxd_id, resources });
    this.shared = resources;
    for (const one of this.sharing) await this.save({ oxd_id: one, resources });
  }

  /** Stores a site, or merges changed properties into its record. */
  async save(site: ServerSite): Promise<void> {
    await this.store.set(`oxd-server:site:${site.oxd_id}`, {
      ...(await this.site(site.oxd_id)),
      ...site,
    });
  }

  /** Returns a site; undefined when it does not exist. */
  async site(oxd_id: string): Promise<ServerSite | undefined> {
    return (await this.store.get(`oxd-server:site:${oxd_id}`)) as ServerSite | undefined;
  }

  /** Ids of the sites that were registered since the start and not deleted. */
  get ids(): readonly string[] {
    return [...this.registered];
  }

  /** Deletes a site. */
  async remove(oxd_id: string): Promise<void> {
    this.registered.delete(oxd_id);
    await this.store.delete(`oxd-server:site:${oxd_id}`);
  }

  /** Stores an issued state. */
  async storeState(state: string): Promise<void> {
    await this.store.set(`oxd-server:state:${state}`, true, this.stateLifetime);
  }

  /** Returns true when a state was issued and is neither used nor expired. */
  async knowsState(state: string): Promise<boolean> {
    return (await this.store.get(`oxd-server:state:${state}`)) === true;
  }

  /** Deletes a state. */
  async removeState(state: string): Promise<void> {
    await this.store.delete(`oxd-server:state:${state}`);
  }
}

/**
 * Store that can restore deleted values. The embedded transport deletes a state before the code
 * exchange; oxd deletes it only after a successful exchange.
 */
export class UndoableStore extends OxdStore {
  private readonly deleted = new AsyncLocalStorage<Map<string, unknown>>();

  constructor(private readonly inner: OxdStore) {
    super();
    if (inner.add)
      this.add = (key, value, ttl) => inner.add?.(key, value, ttl) ?? Promise.resolve(false);
  }

  /**
   * Runs `work`; when it fails, restores the values that it deleted.
   *
   * @param ttl lifetime of restored values, in milliseconds
   */
  async undoOnFailure<T>(ttl: number, work: () => Promise<T>): Promise<T> {
    const deleted = new Map<string, unknown>();
    try {
      return await this.deleted.run(deleted, work);
    } catch (error) {
      for (const [key, value] of deleted) await this.inner.set(key, value, ttl);
      throw error;
    }
  }

  get(key: string): Promise<unknown> {
    return this.inner.get(key);
  }

  set(key: string, value: unknown, ttl?: number): Promise<unknown> {
    return this.inner.set(key, value, ttl);
  }

  async delete(key: string): Promise<boolean> {
    const value = await this.inner.get(key);
    const wasDeleted = await this.inner.delete(key);
    if (wasDeleted) this.deleted.getStore()?.set(key, value);
    return wasDeleted;
  }
}
