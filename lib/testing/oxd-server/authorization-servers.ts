import {
  EmbeddedRuntime,
  OperationContext,
  type EmbeddedOptions,
} from '../../embedded/context/operation-context.js';
import { CommandCall } from '../../embedded/requests/command-call.js';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import {
  ProtectionApi,
  type ProtectionRequest,
} from '../../embedded/protection-api/protection-api.js';
import type { RegisteredSite } from '../../embedded/registration/site-record.js';
import type { UmaServer } from '../../embedded/provider/uma-discovery.js';
import { discoveryUrl, type ProviderAddress } from '../../embedded/provider/provider-address.js';
import { statusOf } from '../../embedded/requests/command-error.js';
import { SiteProvider } from './site-provider.js';

/**
 * Authorization servers of an `OxdServer`. oxd passes their responses on unchanged. Results and
 * errors of the embedded commands do not contain these responses, so the requests are sent here.
 */
export class AuthorizationServers {
  private readonly runtime: EmbeddedRuntime;

  constructor(options: EmbeddedOptions) {
    this.runtime = new EmbeddedRuntime(options);
  }

  /**
   * Returns the authorization server of a site.
   *
   * @throws {OperationError} `no_uma_discovery_response`
   */
  async of(command: string, oxd_id: string): Promise<AuthorizationServer> {
    const context = this.context(command);
    const site = await this.site(oxd_id);
    return new AuthorizationServer(context, site, await context.umaServer(site));
  }

  /**
   * Returns the response of the authorization server that made UMA discovery fail.
   *
   * @returns undefined when it was not an error response
   */
  async discoveryFailure(
    command: string,
    oxd_id: string,
    error: unknown,
  ): Promise<ProviderResponse | undefined> {
    if (statusOf(error) === undefined) return undefined;
    const { href } = discoveryUrl(await this.site(oxd_id), 'uma2-configuration');
    return this.context(command).call.send(href, { method: 'GET' });
  }

  /** Returns the record of a site in the embedded transport. */
  site(oxd_id: string): Promise<RegisteredSite> {
    return this.runtime.sites.find(oxd_id);
  }

  /** Returns the provider of a site. @throws {OperationError} when discovery fails */
  async providerOf(command: string, oxd_id: string): Promise<SiteProvider> {
    const context = this.context(command);
    const site = await this.site(oxd_id);
    return new SiteProvider(context, site, await context.provider(site));
  }

  /**
   * Returns the issuer of the provider at an address.
   *
   * @throws {OxdCommandError} as a command of the embedded transport
   */
  async issuerAt(command: string, address: ProviderAddress): Promise<string> {
    const context = this.context(command);
    const provider = await context.call.run(async () => context.provider(address));
    return provider.metadata.issuer;
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.runtime.http.close();
  }

  private context(command: string): OperationContext {
    return new OperationContext(this.runtime, new CommandCall(command, this.runtime.http));
  }
}

/** Authorization server of a site; its methods return every response, whatever its status. */
export class AuthorizationServer {
  constructor(
    private readonly context: OperationContext,
    readonly site: RegisteredSite,
    readonly uma: UmaServer,
  ) {}

  /**
   * Sends a request of the protection API.
   *
   * @throws when no PAT is available or no response arrives
   * @see UMA Federated Authorization §1.3
   */
  call(request: ProtectionRequest): Promise<ProviderResponse> {
    return new ProtectionApi(this.context, this.site, this.uma).call(request);
  }

  /**
   * Requests an RPT. Like oxd, always sends the credentials of the site in the header.
   *
   * @throws when no response arrives
   * @see UMA 2.0 Grant §3.3.1
   */
  grant(form: URLSearchParams): Promise<ProviderResponse> {
    const { client_id, client_secret = '' } = this.site.client;
    const credentials = Buffer.from(`${client_id}:${client_secret}`).toString('base64');
    return this.context.call.send(this.uma.token_endpoint, {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${credentials}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form.toString(),
    });
  }
}
