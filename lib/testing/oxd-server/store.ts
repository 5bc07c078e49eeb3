import type { LoginSecrets } from '../../commands/oidc.js';
import type { OxdStore } from '../../store/oxd-store.js';
import type { ProtectedResource } from './protected-resource.js';

/** Data that oxd-server stores for a site, beside the record of the embedded transport. */
export interface ServerSite {
  readonly oxd_id: string;
  /** Issuer of the provider, in oxd 4. */
  readonly op_host?: string;
  readonly client_name?: string;
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
  /** Access token of the most recent login. */
  readonly access_token?: string;
  /** Resources registered by `uma_rs_protect`, oldest first. */
  readonly resources?: readonly ProtectedResource[];
}

/** Parts of a login that oxd-server needs for the code exchange. */
export type ServerLogin = Pick<LoginSecrets, 'code_verifier' | 'nonce'>;

/** Sites and issued states of an oxd-server. */
export class ServerRecords {
  /** Sites registered since the start; in 3.1.1 they share one list of resources. */
  private readonly registered = new Set<string>();
  private shared: readonly ProtectedResource[] = [];
  private saved = false;

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
    await this.save({ ...site, resources: this.shared });
  }

  /** Replaces the resources of a site and of all sites that share them. */
  async storeResources(oxd_id: string, resources: readonly ProtectedResource[]): Promise<void> {
    const isShared = this.sharesResources && this.registered.has(oxd_id);
    if (!isShared) return this.save({ oxd_id, resources });
    this.shared = resources;
    for (const one of this.registered) await this.save({ oxd_id: one, resources });
  }

  /** Stores a site, or merges changed properties into its record. */
  async save(site: ServerSite): Promise<void> {
    this.saved = true;
    await this.store.set(`oxd-server:site:${site.oxd_id}`, {
      ...(await this.site(site.oxd_id)),
      ...site,
    });
  }

  /** True once a record was saved since the start. */
  get hasSaved(): boolean {
    return this.saved;
  }

  /** Returns the sites that were registered since the start. */
  async list(): Promise<readonly ServerSite[]> {
    const sites = await Promise.all([...this.registered].map((oxd_id) => this.site(oxd_id)));
    return sites.filter((site) => site !== undefined);
  }

  /** Returns a site; undefined when it does not exist. */
  async site(oxd_id: string): Promise<ServerSite | undefined> {
    return (await this.store.get(`oxd-server:site:${oxd_id}`)) as ServerSite | undefined;
  }

  /** Deletes a site. */
  async remove(oxd_id: string): Promise<void> {
    this.registered.delete(oxd_id);
    await this.store.delete(`oxd-server:site:${oxd_id}`);
  }

  /** Stores a login under its state. */
  async storeLogin(state: string, login: ServerLogin): Promise<void> {
    await this.store.set(`oxd-server:state:${state}`, login, this.stateLifetime);
  }

  /** Returns the login of a state; undefined when the state is unknown, used or expired. */
  async login(state: string): Promise<ServerLogin | undefined> {
    return (await this.store.get(`oxd-server:state:${state}`)) as ServerLogin | undefined;
  }

  /** Deletes a state. */
  async removeState(state: string): Promise<void> {
    await this.store.delete(`oxd-server:state:${state}`);
  }
}
