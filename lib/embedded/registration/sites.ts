import { randomUUID } from 'node:crypto';
import { OxdStoreError } from '../../base/errors.js';
import type { OxdLog } from '../../base/log.js';
import { lastResult } from '../../base/last-result.js';
import { oncePerObject } from '../../base/once-per-object.js';
import { SingleFlight } from '../../base/single-flight.js';
import { runOnce } from '../../store/distributed-lock.js';
import type { RecordStore } from '../../store/record-store.js';
import { clientMetadata, dependsOnUma } from './registration-metadata.js';
import { deleteClient, readClient, registerClient } from './client-registration.js';
import type { RejectedParameters } from './rejected-parameters.js';
import type { CommandCall } from '../requests/command-call.js';
import { statusOf } from '../requests/command-error.js';
import type { RegistrationBody } from './registration-retry.js';
import type { Provider, Providers } from '../provider/provider.js';
import { readSite, siteKey, type ClientRecord, type RegisteredSite } from './site-record.js';
import type { UmaServers } from '../provider/uma-discovery.js';
import { resourcesKey } from './resources-key.js';
import { lockResources } from './resources-lock.js';

/** Options of {@link Sites}. */
export interface SitesOptions {
  readonly store: RecordStore;
  readonly providers: Providers;
  readonly umaServers: UmaServers;
  readonly clock: () => number;
  readonly log: OxdLog;
  readonly rejections: RejectedParameters;
  readonly initialAccessToken?: string;
}

/** A site to be stored. */
export type NewSite = Omit<RegisteredSite, 'oxd_id' | 'client' | 'registered'> & {
  /** Client that already exists at the provider. */
  readonly given?: ClientRecord;
};

/**
 * Time between checks of a registration while the last check failed or found it missing, in
 * milliseconds.
 */
const CHECK_INTERVAL = 60_000;
/** Longest time that another replica may take to register a client again, in milliseconds. */
const RENEWAL_TIMEOUT = 60_000;

/**
 * Sites in the store. The registration of each site is checked at the provider once per process; a
 * client that was deleted there, or whose secret has expired, is registered again under the same
 * `oxd_id`.
 */
export class Sites {
  private readonly checks = new SingleFlight<RegisteredSite>();
  /** Time of the next check of a registration, by `oxd_id`; milliseconds since 1970. */
  private readonly nextCheck = new Map<string, number>();
  /** Returns the {@link resourcesKey} of a site, computed once for each record. */
  readonly resourcesKey = oncePerObject(resourcesKey);
  /** Store key of a site, retained for the last site: most processes have one only. */
  private readonly keyInMemory = lastResult(siteKey);

  constructor(private readonly options: SitesOptions) {}

  /**
   * Returns the copy of a site in memory; undefined if there is none, if it is older than 30 s, or if
   * a check of the registration is due.
   *
   * @throws {OperationError} `bad_request`
   */
  inMemory(oxd_id: string | undefined): RegisteredSite | undefined {
    const record = this.options.store.inMemory(this.keyInMemory(oxd_id), readSite);
    return record && !this.isCheckDue(record) ? record : undefined;
  }

  /**
   * Reads a site, after a check of its registration if one is due. Keeps no copy: only the commands of
   * guarded requests need one.
   *
   * @throws {OperationError} `bad_request` or `invalid_oxd_id`
   */
  async get(call: CommandCall, oxd_id: string | undefined): Promise<RegisteredSite> {
    return this.current(call, await readSite(this.options.store, siteKey(oxd_id)));
  }

  /** Like {@link get}, but shares the read with concurrent calls, and keeps a copy in memory. */
  async known(call: CommandCall, oxd_id: string | undefined): Promise<RegisteredSite> {
    return this.current(call, await this.options.store.read(siteKey(oxd_id), readSite));
  }

  /**
   * Reads a site as it is stored; shares no read that began before.
   *
   * @throws {OperationError} `bad_request` or `invalid_oxd_id`
   */
  async find(oxd_id: string | undefined): Promise<RegisteredSite> {
    return this.options.store.readAgain(siteKey(oxd_id), readSite);
  }

  /** Stores a new site, and registers a client unless one is given. */
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

  /** Stores a changed site. */
  async save(record: RegisteredSite): Promise<void> {
    await this.options.store.set(siteKey(record.oxd_id), record);
    this.checked(record);
  }

  /**
   * Removes a site. A client that was registered for the site is also deleted at the provider, if the
   * provider allows that; a given client stays.
   */
  async remove(call: CommandCall, record: RegisteredSite): Promise<void> {
    await this.forgetClient(call, record);
    await this.options.store.delete(siteKey(record.oxd_id));
    this.nextCheck.delete(record.oxd_id);
  }

  /** Metadata to register for a site, after UMA discovery if the metadata depends on it. */
  async describe(site: Omit<NewSite, 'given'>): Promise<RegistrationBody & { provider: Provider }> {
    const { providers, umaServers, rejections } = this.options;
    const provider = await providers.at(site);
    const uma = dependsOnUma(site.site) ? await umaServers.find(site) : undefined;
    const metadata = clientMetadata(site.site, { provider, uma, rejections });
    return { provider, metadata, rejections, server: provider.metadata.issuer };
  }

  private async register(call: CommandCall, site: Omit<NewSite, 'given'>): Promise<ClientRecord> {
    await this.checkStore();
    const { provider, ...request } = await this.describe(site);
    const { initialAccessToken } = this.options;
    const { registration_endpoint: endpoint } = provider.metadata;
    return registerClient(call, { ...request, endpoint, initialAccessToken });
  }

  /**
   * Checks that the store is writable before a client is registered: not every client can be
   * deleted.
   */
  private async checkStore(): Promise<void> {
    const { store } = this.options;
    const key = `probe:${randomUUID()}`;
    // No lifetime, like sites: the default store writes only such entries to its file.
    await store.set(key, true);
    if (!(await store.delete(key)))
      throw new OxdStoreError('The store did not persist a test value.');
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

  private current(call: CommandCall, record: RegisteredSite): Promise<RegisteredSite> {
    if (!this.isCheckDue(record)) return Promise.resolve(record);
    return this.checks.run(record.oxd_id, () => this.check(call.detached(), record));
  }

  /** Checks a registration; a failed check is logged, because the client may still work. */
  private async check(call: CommandCall, record: RegisteredSite): Promise<RegisteredSite> {
    this.nextCheck.set(record.oxd_id, this.options.clock() + CHECK_INTERVAL);
    try {
      return await this.upToDate(call, record);
    } catch (error) {
      if (error instanceof OxdStoreError) throw error;
      this.options.log.warn(`The registration of site ${record.oxd_id} could not be checked.`);
      return record;
    }
  }

  private async upToDate(call: CommandCall, record: RegisteredSite): Promise<RegisteredSite> {
    if (this.isExpired(record)) return this.renew(call, record);
    if (!record.client.registration_client_uri) return this.checked(record);
    try {
      const client = await readClient(call, record.client);
      return await this.replaceClient(record, client);
    } catch (error) {
      const status = statusOf(error);
      if (status === 401) return this.renew(call, record);
      // Some providers register clients, but do not let them read their registration.
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
      deadline: RENEWAL_TIMEOUT,
      done: () => this.renewedElsewhere(record),
      work: async () => {
        const client = await this.register(call, record);
        log.warn(
          `The provider no longer had the client of site ${record.oxd_id}: a new client was registered.`,
        );
        const renewed = await this.replaceClient(record, client);
        // A new client has no resources.
        const key = resourcesKey(record);
        await lockResources(store, key, () => store.delete(key));
        return renewed;
      },
    });
  }

  /**
   * Returns the site if another replica has registered the client again or has changed its token.
   */
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
    this.nextCheck.set(record.oxd_id, Math.max(expiry, this.options.clock() + CHECK_INTERVAL));
    return record;
  }

  private isCheckDue({ oxd_id }: RegisteredSite): boolean {
    return this.options.clock() >= (this.nextCheck.get(oxd_id) ?? 0);
  }

  private isExpired(record: RegisteredSite): boolean {
    return this.options.clock() >= this.expiryOf(record);
  }

  /** Expiry of the secret in milliseconds since 1970; 0 stands for never (RFC 7591 §3.2.1). */
  private expiryOf({ client: { client_secret_expires_at: seconds = 0 } }: RegisteredSite): number {
    return seconds > 0 ? seconds * 1000 : Infinity;
  }
}
