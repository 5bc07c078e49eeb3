import { randomUUID } from 'node:crypto';
import { OxdCommandError } from '../base/errors.js';
import type { OxdLog } from '../base/log.js';
import type { SiteOptions } from '../options/oxd.options.js';
import { SingleFlight } from '../base/single-flight.js';
import { runOnce } from '../store/distributed-lock.js';
import type { OxdStore } from '../store/oxd-store.js';
import type { OxdVersion } from '../commands/oxd-transport.js';
import type { CommandName } from '../commands/command.js';
import type { RegisterSiteResult, UpdateSiteParams } from '../commands/registration.js';
import { ignoredParams } from '../commands/dialect/dialect.js';
import type { ProtectionToken, SetupClient } from './protection-token.js';
import type { Send } from './command-sender.js';
import {
  changedMembers,
  memberHashes,
  resourceOwnerName,
  siteName,
  updateParams,
  type Site,
  type RegisteredSite,
} from './registered-site.js';

/** What a {@link SiteLifecycle} needs. */
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

/** Longest time a registration may take, in milliseconds. */
const DEADLINE = 60_000;
/** From one renewal to the next at least, in milliseconds. */
const RENEWAL_PAUSE = 60_000;

/** Which site this application is: found in the options or in the store, else registered once. */
export class SiteLifecycle {
  /** The site, once it is known. */
  current: Site | undefined;
  private readonly flight = new SingleFlight<Site>();
  private readonly renewals = new SingleFlight<boolean>();
  private renewedAt = -Infinity;
  /** Name of the owner of the site's resources in the keys of the store. */
  readonly resourceOwner: string;
  private readonly key: string;
  /** Registered, but not kept yet because the store failed: must not be registered again. */
  private unsaved: RegisteredSite | undefined;

  constructor(private readonly options: SiteLifecycleOptions) {
    const side = options.version === 'contract' ? 'embedded' : 'oxd';
    this.resourceOwner = resourceOwnerName(options.site, side);
    this.key = `client:${siteName(options.site, side)}`;
  }

  /** True for a client that the options name. */
  get hasGivenClient(): boolean {
    return Boolean(this.options.site.client_id);
  }

  /** Finds the site, or registers it. */
  resolve(): Promise<Site> {
    return this.flight.run('resolve', async () => (this.current ??= await this.find()));
  }

  /**
   * Registers anew because `stale` is not known any more.
   *
   * @returns false where the site comes from the options: that is for the operator to mend; and
   *   where it has just been done: what forgets at once would be sent one client after the other
   */
  async renew(stale: Site): Promise<boolean> {
    if (this.options.site.oxd_id) return false;
    return this.renewals.run('renew', async () => {
      if (this.current && this.current.oxd_id !== stale.oxd_id) return true;
      if (this.options.clock() < this.renewedAt + RENEWAL_PAUSE) return false;
      this.renewedAt = this.options.clock();
      this.options.log.warn('The site is not known any more. Registering it again.');
      this.current = await this.register(stale);
      return true;
    });
  }

  /**
   * Makes the site one whose commands can carry a protection token, because the server asks.
   *
   * @returns false where that cannot be done with what the options name
   */
  async protect(stale: Site): Promise<boolean> {
    const { oxd_id } = this.options.site;
    if (!oxd_id) return this.renew(stale);
    const setup = givenClient(this.options.site);
    if (setup) this.current = { oxd_id, setup };
    return setup !== undefined;
  }

  private async find(): Promise<Site> {
    const { oxd_id } = this.options.site;
    if (oxd_id) return { oxd_id };
    const kept = await this.read();
    return kept ? this.upToDate(kept) : this.register();
  }

  private async read(): Promise<RegisteredSite | undefined> {
    return (await this.options.store.get(this.key)) as RegisteredSite | undefined;
  }

  private register(stale?: Site): Promise<RegisteredSite> {
    return runOnce({
      store: this.options.store,
      key: `${this.key}:lock`,
      deadline: DEADLINE,
      done: async () => {
        const kept = await this.read();
        return kept?.oxd_id === stale?.oxd_id ? undefined : kept;
      },
      work: async (signal) => {
        this.unsaved ??= await this.create(stale?.setup !== undefined, signal);
        await this.options.store.set(this.key, this.unsaved);
        const record = this.unsaved;
        this.unsaved = undefined;
        return record;
      },
    });
  }

  private async create(setUpBefore: boolean, signal: AbortSignal): Promise<RegisteredSite> {
    const { send, site } = this.options;
    const params = this.accepted('register_site', site);
    const members = memberHashes(site);
    const registered =
      setUpBefore || (await this.asksForToken())
        ? undefined
        : await this.withoutToken(params, signal);
    if (registered) return { oxd_id: registered.oxd_id, members };
    const { oxd_id, client_id, client_secret } = await send('setup_client', params, { signal });
    return { oxd_id, members, setup: setupClient(site, { client_id, client_secret }) };
  }

  private async withoutToken(
    params: SiteOptions,
    signal: AbortSignal,
  ): Promise<RegisterSiteResult | undefined> {
    try {
      return await this.options.send('register_site', params, { signal });
    } catch (error) {
      if (asksForToken(error)) return undefined;
      throw error;
    }
  }

  /**
   * Asked with a site that cannot exist, since `register_site` without a token leaves an orphan
   * behind before it is refused. 3.1.1 does not tell: there the orphan is the price.
   */
  private async asksForToken(): Promise<boolean> {
    if (this.options.version === 'contract') return false;
    try {
      await this.options.send('get_authorization_url', { oxd_id: randomUUID() });
      return false;
    } catch (error) {
      if (!(error instanceof OxdCommandError)) throw error;
      return asksForToken(error);
    }
  }

  private async upToDate(record: RegisteredSite): Promise<RegisteredSite> {
    const { site, store, log } = this.options;
    const changed = changedMembers(record, site);
    if (changed.length === 0) return record;
    if (givenClient(site)) {
      log.warn(`The options of the site changed: ${changed.join(', ')}. ${this.consequence()}`);
      if (!this.isEmbedded) return this.register(record);
    }
    try {
      await this.update(record);
    } catch (error) {
      if (!(error instanceof OxdCommandError)) throw error;
      log.warn(`Changed options were refused, the old registration stays (${changed.join(', ')}).`);
      return record;
    }
    const updated = { ...record, members: memberHashes(site) };
    await store.set(this.key, updated);
    return updated;
  }

  private get isEmbedded(): boolean {
    return this.options.version === 'contract';
  }

  /** Result of changed options for a given client. */
  private consequence(): string {
    return this.isEmbedded
      ? 'Its stored record is updated; its client and its resources stay.'
      : 'oxd has no command for that: the site and its declared resources are registered again.';
  }

  private async update(record: RegisteredSite): Promise<void> {
    const { oxd_id, setup } = record;
    const { site, protection, send } = this.options;
    const { remove, ...named } = updateParams(record, site);
    const token = setup && (await protection.get(setup));
    const params = { ...named, ...(this.isEmbedded && { remove, ...credentials(site) }) };
    await send('update_site', {
      ...this.accepted('update_site', params),
      oxd_id,
      protection_access_token: token,
    });
    if (remove && !this.isEmbedded) this.tellWhatStays(remove);
  }

  /** oxd takes nothing out of a registration. */
  private tellWhatStays(removed: readonly string[]): void {
    const { version, log } = this.options;
    const asked = Object.fromEntries(removed.map((name) => [name, true]));
    const ignored = ignoredParams(version, 'register_site', asked);
    const names = removed.filter((name) => !ignored.includes(name)).map((name) => `site.${name}`);
    if (names.length === 0) return;
    log.warn(
      `oxd ${version} cannot take out of a registration what the options no longer have: ` +
        `${names.join(', ')} may stay in force. Remove that at the provider, or register the site ` +
        'anew by another site.client_name.',
    );
  }

  /** Leaves out what this version of oxd would ignore without a word, and says so. */
  private accepted<P extends object>(command: CommandName, params: P): P {
    const ignored = ignoredParams(this.options.version, command, params);
    if (ignored.length === 0) return params;
    const names = ignored.map((name) => `site.${name}`).join(', ');
    this.options.log.warn(`oxd ${this.options.version} ignores ${names} in ${command}.`);
    const entries = Object.entries(params).filter(([name]) => !ignored.includes(name));
    return Object.fromEntries(entries) as P;
  }
}

function asksForToken(error: unknown): boolean {
  return error instanceof OxdCommandError && error.error === 'blank_protection_access_token';
}

function givenClient(site: SiteOptions): SetupClient | undefined {
  const { client_id, client_secret } = site;
  if (!client_id || !client_secret) return undefined;
  return setupClient(site, { client_id, client_secret });
}

/** A given client as `update_site` takes it on embedded. */
function credentials(site: SiteOptions): Partial<UpdateSiteParams> {
  const { client_id, client_secret } = site;
  const { client_registration_access_token, client_registration_client_uri } = site;
  if (!client_id) return {};
  const management = { client_registration_access_token, client_registration_client_uri };
  return { client_id, client_secret, ...management };
}

/** A client with everything that says where its provider is. */
function setupClient(
  { op_host, op_discovery_path, op_configuration_endpoint }: SiteOptions,
  client: Pick<SetupClient, 'client_id' | 'client_secret'>,
): SetupClient {
  return { op_host, op_discovery_path, op_configuration_endpoint, ...client };
}
