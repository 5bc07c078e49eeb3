import { randomUUID } from 'node:crypto';
import { OxdStoreError } from '../../base/errors.js';
import type { OxdLog } from '../../base/log.js';
import { SingleFlight } from '../../base/single-flight.js';
import { runOnce } from '../../store/distributed-lock.js';
import type { OxdStore } from '../../store/oxd-store.js';
import { clientMetadata, dependsOnUma } from './registration-metadata.js';
import { deleteClient, readClient, registerClient } from './client-registration.js';
import type { RejectedParameters } from './rejected-parameters.js';
import type { CommandCall } from '../requests/command-call.js';
import { statusOf } from '../requests/command-error.js';
import type { RegistrationBody } from './registration-retry.js';
import { OperationError } from '../requests/operation-error.js';
import type { Provider, Providers } from '../provider/provider.js';
import { siteKey, siteRecord, type ClientRecord, type RegisteredSite } from './site-record.js';
import type { UmaServers } from '../provider/uma-discovery.js';
import { resourcesKey } from './resources-key.js';

/** Options of {@link Sites}. */
export interface SitesOptions {
  readonly store: OxdStore;
  readonly providers: Providers;
  readonly umaServers: UmaServers;
  readonly clock: () => number;
  readonly log: OxdLog;
  readonly leftOut: RejectedParameters;
  readonly initialAccessToken?: string;
}

/** A site that is to be kept. */
export type NewSite = Omit<RegisteredSite, 'oxd_id' | 'client' | 'registered'> & {
  /** The client it has at the provider already. */
  readonly given?: ClientRecord;
};

/** How long to wait after a check of a registration that led to nothing, in milliseconds. */
const RETRY = 60_000;
/** Longest time a registration may take, in milliseconds. */
const RENEWAL = 60_000;

/**
 * The sites in the store. Each registration is read back once per process; a client that the
 * provider has forgotten, or whose secret has expired, is registered again under the same oxd_id.
 */
export class Sites {
  private readonly checks = new SingleFlight<RegisteredSite>();
  /** When a site's registration is to be checked next; milliseconds since 1970. */
  private readonly nextCheck = new Map<string, number>();

  constructor(private readonly options: SitesOptions) {}

  /**
   * A site with a client that is known to the provider.
   *
   * @throws {OperationError} `bad_request` or `invalid_oxd_id`
   */
  async get(call: CommandCall, oxd_id: string | undefined): Promise<RegisteredSite> {
    const record = await this.find(oxd_id);
    if (this.options.clock() < (this.nextCheck.get(record.oxd_id) ?? 0)) return record;
    return this.checks.run(record.oxd_id, () => this.check(call.detached(), record));
  }

  /**
   * A site as it was kept.
   *
   * @throws {OperationError} `bad_request` or `invalid_oxd_id`
   */
  async find(oxd_id = ''): Promise<RegisteredSite> {
    if (oxd_id.trim() === '') throw new OperationError('bad_request', 'oxd_id: must not be empty.');
    const record = siteRecord(await this.options.store.get(siteKey(oxd_id)));
    if (record) return record;
    throw new OperationError(
      'invalid_oxd_id',
      'oxd_id: no such site. Register it with register_site.',
    );
  }

  /** Keeps a new site, with a new client unless it has one. */
  async create(call: CommandCall, { given, ...site }: NewSite): Promise<RegisteredSite> {
    const client = given ?? (await this.register(call, site));
    const record = { ...site, oxd_id: randomUUID(), client, registered: given === undefined };
    try {
      await this.save(record);
    } catch (error) {
      await this.forgetClient(call, record);
      throw error;
    }
    return record;
  }

  /** Keeps a changed site. */
  async save(record: RegisteredSite): Promise<void> {
    await this.options.store.set(siteKey(record.oxd_id), record);
    this.checked(record);
  }

  /**
   * Removes a site. A client that was registered for it is deleted at the provider, too, where the
   * provider lets us; a client that was given stays.
   */
  async remove(call: CommandCall, record: RegisteredSite): Promise<void> {
    await this.forgetClient(call, record);
    await this.options.store.delete(siteKey(record.oxd_id));
    this.nextCheck.delete(record.oxd_id);
  }

  /** What a site's provider is to be told of it. UMA discovery is asked where that depends on it. */
  async describe(site: Omit<NewSite, 'given'>): Promise<RegistrationBody & { provider: Provider }> {
    const { providers, umaServers, leftOut } = this.options;
    const provider = await providers.at(site);
    const uma = dependsOnUma(site.site) ? await umaServers.ifAny(site) : undefined;
    const metadata = clientMetadata(site.site, { provider, uma, leftOut });
    return { provider, metadata, leftOut, server: provider.metadata.issuer };
  }

  private async register(call: CommandCall, site: Omit<NewSite, 'given'>): Promise<ClientRecord> {
    await this.checkStore();
    const { provider, ...request } = await this.describe(site);
    const { initialAccessToken } = this.options;
    const { registration_endpoint: endpoint } = provider.metadata;
    return registerClient(call, { ...request, endpoint, initialAccessToken });
  }

  /** What cannot be kept must not be registered: not every provider lets us delete it again. */
  private async checkStore(): Promise<void> {
    const { store } = this.options;
    const key = `probe:${randomUUID()}`;
    // Without a lifetime, as sites have none: the default store writes nothing else to its file.
    await store.set(key, true);
    if (!(await store.delete(key))) throw new OxdStoreError('The store keeps nothing.');
  }

  private async forgetClient(
    call: CommandCall,
    { client, registered }: RegisteredSite,
  ): Promise<void> {
    if (!registered || !client.registration_client_uri) return;
    await deleteClient(call.detached(), client).catch(() => {
      this.options.log.warn(`Client ${client.client_id} could not be deleted at the provider.`);
    });
  }

  /** What cannot be found out must not stop a site that may work. */
  private async check(call: CommandCall, record: RegisteredSite): Promise<RegisteredSite> {
    this.nextCheck.set(record.oxd_id, this.options.clock() + RETRY);
    try {
      return await this.upToDate(call, record);
    } catch (error) {
      if (error instanceof OxdStoreError) throw error;
      this.options.log.warn(`The registration of site ${record.oxd_id} could not be checked.`);
      return record;
    }
  }

  private async upToDate(call: CommandCall, record: RegisteredSite): Promise<RegisteredSite> {
    if (this.expired(record)) return this.renew(call, record);
    if (!record.client.registration_client_uri) return this.checked(record);
    try {
      const client = await readClient(call, record.client);
      return await this.replaceClient(record, client);
    } catch (error) {
      const status = statusOf(error);
      if (status === 401) return this.renew(call, record);
      // Some providers register clients, but let nobody read them.
      if (status !== undefined && status < 500) return this.checked(record);
      throw error;
    }
  }

  private async renew(call: CommandCall, record: RegisteredSite): Promise<RegisteredSite> {
    const { log, store } = this.options;
    if (!record.registered) {
      log.warn(`The provider does not accept the credentials given for site ${record.oxd_id}.`);
      return this.checked(record);
    }
    return runOnce({
      store,
      key: `${siteKey(record.oxd_id)}:lock`,
      deadline: RENEWAL,
      done: () => this.renewedElsewhere(record),
      work: async () => {
        const client = await this.register(call, record);
        log.warn(`The provider no longer knew site ${record.oxd_id}: it was registered again.`);
        const renewed = await this.replaceClient(record, client);
        // A new client has no resources.
        await store.delete(resourcesKey(record));
        return renewed;
      },
    });
  }

  /** Another replica was faster, or has changed the registration, which replaces its token. */
  private async renewedElsewhere(record: RegisteredSite): Promise<RegisteredSite | undefined> {
    const current = await this.find(record.oxd_id);
    const same = JSON.stringify(current.client) === JSON.stringify(record.client);
    return same ? undefined : this.checked(current);
  }

  private async replaceClient(
    record: RegisteredSite,
    client: ClientRecord,
  ): Promise<RegisteredSite> {
    const changed = { ...record, client };
    if (JSON.stringify(client) === JSON.stringify(record.client)) return this.checked(record);
    await this.save(changed);
    return changed;
  }

  private checked(record: RegisteredSite): RegisteredSite {
    const expiry = this.expiryOf(record);
    this.nextCheck.set(record.oxd_id, Math.max(expiry, this.options.clock() + RETRY));
    return record;
  }

  private expired(record: RegisteredSite): boolean {
    return this.options.clock() >= this.expiryOf(record);
  }

  /** Milliseconds since 1970; RFC 7591 §3.2.1: 0 = never. */
  private expiryOf({ client: { client_secret_expires_at: seconds = 0 } }: RegisteredSite): number {
    return seconds > 0 ? seconds * 1000 : Infinity;
  }
}
