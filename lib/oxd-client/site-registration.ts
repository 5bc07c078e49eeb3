import { randomUUID } from 'node:crypto';
import { OxdCommandError } from '../base/errors.js';
import type { OxdLog } from '../base/log.js';
import { isRest } from '../commands/dialect/https-paths.js';
import type { OxdVersion } from '../commands/oxd-transport.js';
import type { RegisterSiteParams, RegisterSiteResult } from '../commands/registration.js';
import type { SiteOptions } from '../options/oxd.options.js';
import type { Send } from './command-sender.js';
import { withoutIgnored } from './ignored-options.js';
import {
  protectedRegistration,
  registeredClient,
  setupClient,
  setupRegistration,
} from './protected-site.js';
import { optionHashes, type RegisteredSite } from './registered-site.js';

/** Dependencies of a {@link SiteRegistration}. */
export interface SiteRegistrationOptions {
  readonly site: SiteOptions;
  readonly version: OxdVersion;
  readonly send: Send;
  readonly log: OxdLog;
}

/** Registration of the site of this application at oxd, or at the provider by embedded. */
export class SiteRegistration {
  constructor(private readonly options: SiteRegistrationOptions) {}

  /**
   * Registers the site, with a client for protection tokens if oxd requires them.
   *
   * @param hadSetup true if oxd required tokens for the site before
   */
  async create(hadSetup: boolean, signal: AbortSignal): Promise<RegisteredSite> {
    const { send, site, log, version } = this.options;
    // This cast is safe: the options require a redirect URI, except for a given client on embedded.
    const given = site as SiteOptions & Pick<RegisterSiteParams, 'authorization_redirect_uri'>;
    const params = withoutIgnored(this.options, 'register_site', given);
    const members = optionHashes(site);
    const isProtected = hadSetup || (await this.requiresToken());
    if (isProtected && isRest(version)) return this.createProtected(params, signal);
    const registered = isProtected ? undefined : await this.withoutToken(params, signal);
    if (registered) {
      log.log?.(registrationMessage(site, registered.client_id));
      return { oxd_id: registered.oxd_id, members };
    }
    const setup = setupRegistration(version, params);
    const { oxd_id, client_id, client_secret } = await send('setup_client', setup, { signal });
    log.log?.(registrationMessage(site, client_id));
    return { oxd_id, members, setup: setupClient(site, { client_id, client_secret }) };
  }

  /** Registers a site of oxd 4, whose own client obtains the protection tokens. */
  private async createProtected(
    params: RegisterSiteParams,
    signal: AbortSignal,
  ): Promise<RegisteredSite> {
    const { send, site, log } = this.options;
    const registered = await send('register_site', protectedRegistration(params), { signal });
    const setup = registeredClient(registered, site);
    log.log?.(registrationMessage(site, registered.client_id));
    return { oxd_id: registered.oxd_id, members: optionHashes(site), setup };
  }

  private async withoutToken(
    params: RegisterSiteParams,
    signal: AbortSignal,
  ): Promise<RegisterSiteResult | undefined> {
    try {
      return await this.options.send('register_site', params, { signal });
    } catch (error) {
      if (isTokenRequired(error)) return undefined;
      throw error;
    }
  }

  /**
   * Checks with an unknown site, because `register_site` without a token creates a client before oxd
   * rejects the command. 3.1.1 gives no indication: there the client remains unused.
   */
  private async requiresToken(): Promise<boolean> {
    if (this.options.version === 'contract') return false;
    try {
      await this.options.send('get_authorization_url', { oxd_id: randomUUID() });
      return false;
    } catch (error) {
      if (!(error instanceof OxdCommandError)) throw error;
      return isTokenRequired(error);
    }
  }
}

/** Ids that can be printed: a provider could return any string. */
const PRINTABLE_ID = /^[\w.:~-]{1,128}$/;

function registrationMessage(site: SiteOptions, registered: string | undefined): string {
  const { op_host, client_id = registered } = site;
  const host = URL.canParse(op_host) ? new URL(op_host).host : 'the provider';
  const client = client_id && PRINTABLE_ID.test(client_id) ? ` with the client ${client_id}` : '';
  return `The site is ${site.client_id ? 'set up' : 'registered'}${client} at ${host}.`;
}

function isTokenRequired(error: unknown): boolean {
  return error instanceof OxdCommandError && error.error === 'blank_protection_access_token';
}
