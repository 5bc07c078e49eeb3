import { OxdCommandError } from '../base/errors.js';
import type { OxdLog } from '../base/log.js';
import type { SiteOptions } from '../options/oxd.options.js';
import { SingleFlight } from '../base/single-flight.js';
import { runOnce } from '../store/distributed-lock.js';
import type { OxdStore } from '../store/oxd-store.js';
import type { OxdVersion } from '../commands/oxd-transport.js';
import type { UpdateSiteParams } from '../commands/registration.js';
import { ignoredParams } from '../commands/dialect/dialect.js';
import { withoutIgnored } from './ignored-options.js';
import { givenClient, missingClient } from './protected-site.js';
import type { ProtectionToken } from './protection-token.js';
import type { Send } from './command-sender.js';
import { RejectedRegistration } from './rejected-registration.js';
import {
  changedOptions,
  optionHashes,
  resourceOwnerName,
  siteName,
  updateParams,
  type Site,
  type RegisteredSite,
} from './registered-site.js';
import { withSiteDefaults } from './site-defaults.js';
import { SiteRegistration } from './site-registration.js';

/** Dependencies of a {@link SiteLifecycle}. */
export interface SiteLifecycleOptions {
  readonly site: SiteOptions;
  readonly version: OxdVersion;
  readonly send: Send;
  readonly protection: ProtectionToken;
  readonly store: OxdStore;
  readonly log: OxdLog;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Time limit of a registration, in milliseconds. */
const REGISTRATION_TIMEOUT = 60_000;
/** Minimum time between two renewals, in milliseconds. */
const RENEWAL_COOLDOWN = 60_000;

/** Site of this application: from the options or the store, otherwise registered once. */
export class SiteLifecycle {
  /** Site; undefined before the first {@link resolve}. */
  current: Site | undefined;
  private readonly flight = new SingleFlight<Site>();
  private readonly renewals = new SingleFlight<boolean>();
  private renewedAt = -Infinity;
  /** Name of the owner of the site's resources in the keys of the store. */
  readonly resourceOwner: string;
  private readonly key: string;
  private readonly rejected: RejectedRegistration;
  private readonly registration: SiteRegistration;
  /** Registered site that is not persisted yet because the store failed; prevents a second registration. */
  private unsaved: RegisteredSite | undefined;

  constructor(private readonly options: SiteLifecycleOptions) {
    const side = options.version === 'contract' ? 'embedded' : 'oxd';
    this.resourceOwner = resourceOwnerName(options.site, side);
    this.key = `client:${siteName(options.site, side)}`;
    this.rejected = new RejectedRegistration(options);
    this.registration = new SiteRegistration(options);
  }

  /** True if the options contain the client of the site. */
  get hasGivenClient(): boolean {
    return Boolean(this.options.site.client_id);
  }

  /** Returns the site; registers the site first if necessary. */
  resolve(): Promise<Site> {
    return this.flight.run('resolve', async () => (this.current ??= await this.find()));
  }

  /**
   * Registers the site again, because the peer no longer knows `stale`.
   *
   * @returns false if the id of the site is an option, which the operator must correct; and within
   *   {@link RENEWAL_COOLDOWN}, so that a peer that loses sites does not receive client after client
   */
  async renew(stale: Site): Promise<boolean> {
    if (this.options.site.oxd_id) return false;
    return this.renewals.run('renew', async () => {
      if (this.current && this.current.oxd_id !== stale.oxd_id) return true;
      if (this.options.clock() < this.renewedAt + RENEWAL_COOLDOWN) return false;
      this.renewedAt = this.options.clock();
      this.options.log.warn('The site is no longer known. Registering the site again.');
      this.current = await this.register(stale);
      return true;
    });
  }

  /**
   * Adds a client for protection tokens to the site, because oxd-server requires tokens.
   *
   * @param rejection error that reports that a token is required
   * @throws {OxdCommandError} if the options contain neither a client nor allow a registration
   */
  async protect(stale: Site, rejection: OxdCommandError): Promise<boolean> {
    const { version, site } = this.options;
    if (!site.oxd_id) return this.renew(stale);
    const setup = givenClient(site);
    if (!setup) throw missingClient(version, rejection);
    this.current = { oxd_id: site.oxd_id, setup };
    return true;
  }

  private async find(): Promise<Site> {
    const { oxd_id } = this.options.site;
    if (oxd_id) return { oxd_id };
    const stored = await this.read();
    return stored ? this.upToDate(stored) : this.register();
  }

  private async read(): Promise<RegisteredSite | undefined> {
    return (await this.options.store.get(this.key)) as RegisteredSite | undefined;
  }

  /** @throws {OxdCommandError} also the error of an earlier attempt, see {@link RejectedRegistration} */
  private async register(stale?: Site): Promise<RegisteredSite> {
    this.rejected.check();
    return this.registerOnce(stale).catch((error: unknown) => {
      this.rejected.record(error);
      throw error;
    });
  }

  private registerOnce(stale?: Site): Promise<RegisteredSite> {
    return runOnce({
      store: this.options.store,
      key: `${this.key}:lock`,
      deadline: REGISTRATION_TIMEOUT,
      done: async () => {
        const stored = await this.read();
        return stored?.oxd_id === stale?.oxd_id ? undefined : stored;
      },
      work: async (signal) => {
        this.unsaved ??= await this.registration.create(stale?.setup !== undefined, signal);
        await this.options.store.set(this.key, this.unsaved);
        const record = this.unsaved;
        this.unsaved = undefined;
        return record;
      },
    });
  }

  private async upToDate(record: RegisteredSite): Promise<RegisteredSite> {
    const { site, store, log } = this.options;
    const changed = changedOptions(record, site);
    if (changed.length === 0) return record;
    if (this.hasGivenClient) {
      log.warn(`The options of the site changed: ${changed.join(', ')}. ${this.consequence()}`);
      if (!this.isEmbedded) return this.register(record);
    }
    try {
      await this.update(record, changed);
    } catch (error) {
      if (!(error instanceof OxdCommandError)) throw error;
      log.warn(
        `update_site was rejected; the registration remains unchanged (${changed.join(', ')}).`,
      );
      return record;
    }
    const updated = { ...record, members: optionHashes(site) };
    await store.set(this.key, updated);
    return updated;
  }

  private get isEmbedded(): boolean {
    return this.options.version === 'contract';
  }

  /** Effect of changed options on a site whose client is an option. */
  private consequence(): string {
    return this.isEmbedded
      ? 'The stored record is updated; client and resources of the site remain.'
      : 'oxd cannot update such a site: the site and its declared resources are registered again.';
  }

  private async update(record: RegisteredSite, changed: readonly string[]): Promise<void> {
    const { oxd_id, setup } = record;
    const { site, protection, send, version } = this.options;
    const { remove, ...given } = updateParams(record, site);
    const context = { version, site, isProtected: setup !== undefined };
    const update = withSiteDefaults('update_site', given, context);
    const token = setup && (await protection.get(setup));
    const params = { ...update, ...(this.isEmbedded && { remove, ...credentials(site) }) };
    await send('update_site', {
      ...withoutIgnored(this.options, 'update_site', params, changed),
      oxd_id,
      protection_access_token: token,
    });
    if (remove && !this.isEmbedded) this.warnNotRemoved(remove);
  }

  /** Logs removed options that were registered, because oxd cannot remove parameters. */
  private warnNotRemoved(removed: readonly string[]): void {
    const { version, log } = this.options;
    const params = Object.fromEntries(removed.map((name) => [name, true]));
    const ignored = ignoredParams(version, 'register_site', params);
    const names = removed.filter((name) => !ignored.includes(name)).map((name) => `site.${name}`);
    if (names.length === 0) return;
    log.warn(
      `oxd ${version} cannot remove parameters of a registration: ${names.join(', ')} may remain ` +
        'in effect. Remove them at the provider, or change site.client_name to register a new site.',
    );
  }
}

/** Parameters of `update_site` on embedded for a client from the options. */
function credentials(site: SiteOptions): Partial<UpdateSiteParams> {
  const { client_id, client_secret } = site;
  const { client_registration_access_token, client_registration_client_uri } = site;
  if (!client_id) return {};
  const management = { client_registration_access_token, client_registration_client_uri };
  return { client_id, client_secret, ...management };
}
