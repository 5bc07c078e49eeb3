import { AsyncLocalStorage } from 'node:async_hooks';
import { OxdStore } from '../../store/oxd-store.js';
import type { ProtectedResource } from './protected-resource.js';

/** What oxd-server keeps of a site beside what the engine keeps. */
export interface ServerSite {
  readonly oxd_id: string;
  readonly post_logout_redirect_uri?: string;
  /** Registered scopes, which a login asks for unless it names its own. */
  readonly scope?: readonly string[];
  /** Whether the client was given and can never be changed. */
  readonly unchangeable?: boolean;
  /** Whether this is the record of a setup client. */
  readonly isSetup?: boolean;
  /** The setup client's record. */
  readonly setup_oxd_id?: string;
  /** The setup client. */
  readonly setup_client_id?: string;
  /** Of whoever logged in last. */
  readonly id_token?: string;
  /** What `uma_rs_protect` has registered, the oldest first. */
  readonly resources?: readonly ProtectedResource[];
}

/** The sites and the states that oxd-server has given out. */
export class ServerRecords {
  /** Sites that share one list of resources: those registered since the start. */
  private readonly sharing = new Set<string>();
  private shared: readonly ProtectedResource[] = [];

  /** @param sharesResources sites have one list of resources together, as in 3.1.1 */
  constructor(
    private readonly store: OxdStore,
    private readonly stateLifetime: number,
    private readonly sharesResources: boolean,
  ) {}

  /** Stores a new site. */
  async add(site: ServerSite): Promise<void> {
    if (!this.sharesResources) return this.keep(site);
    this.sharing.add(site.oxd_id);
    await this.keep({ ...site, resources: this.shared });
  }

  /** Replaces the resources of a site, and of those that share them. */
  async keepResources(oxd_id: string, resources: readonly ProtectedResource[]): Promise<void> {
    if (!this.sharing.has(oxd_id)) return this.keep({ oxd_id, resources });
    this.shared = resources;
    for (const one of this.sharing) await this.keep({ oxd_id: one, resources });
  }

  /** Keeps a site, or what has changed of it. */
  async keep(site: ServerSite): Promise<void> {
    await this.store.set(`oxd-server:site:${site.oxd_id}`, {
      ...(await this.site(site.oxd_id)),
      ...site,
    });
  }

  /** A site; undefined where there is none. */
  async site(oxd_id: string): Promise<ServerSite | undefined> {
    return (await this.store.get(`oxd-server:site:${oxd_id}`)) as ServerSite | undefined;
  }

  /** Forgets a site. */
  async remove(oxd_id: string): Promise<void> {
    await this.store.delete(`oxd-server:site:${oxd_id}`);
  }

  /** Remembers a state that was given out. */
  async keepState(state: string): Promise<void> {
    await this.store.set(`oxd-server:state:${state}`, true, this.stateLifetime);
  }

  /** Whether a state was given out and is neither used nor too old. */
  async knowsState(state: string): Promise<boolean> {
    return (await this.store.get(`oxd-server:state:${state}`)) === true;
  }

  /** Forgets a state. */
  async removeState(state: string): Promise<void> {
    await this.store.delete(`oxd-server:state:${state}`);
  }
}

/**
 * A store that can take back what was deleted: the engine uses a state up when it is shown, oxd
 * only when the exchange has succeeded.
 */
export class UndoableStore extends OxdStore {
  private readonly deleted = new AsyncLocalStorage<Map<string, unknown>>();

  constructor(private readonly inner: OxdStore) {
    super();
    if (inner.add)
      this.add = (key, value, ttl) => inner.add?.(key, value, ttl) ?? Promise.resolve(false);
  }

  /** @param ttl lifetime of what is taken back, in milliseconds */
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
    const there = await this.inner.delete(key);
    if (there) this.deleted.getStore()?.set(key, value);
    return there;
  }
}
