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
    const { http, sites } = this.runtime;
    const context = new OperationContext(this.runtime, new CommandCall(command, http));
    const site = await sites.find(oxd_id);
    return new AuthorizationServer(context, site, await context.umaServer(site));
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.runtime.http.close();
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
