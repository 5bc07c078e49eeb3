import {
  EmbeddedRuntime,
  OperationContext,
  type EngineOptions,
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
 * The authorization servers of an `OxdServer`. oxd passes on what they answered as it was, which no
 * result and no error of the engine's commands tells: so this works with the engine's parts.
 */
export class AuthorizationServers {
  private readonly engine: EmbeddedRuntime;

  constructor(options: EngineOptions) {
    this.engine = new EmbeddedRuntime(options);
  }

  /**
   * That of a site.
   *
   * @throws {Refusal} `no_uma_discovery_response`
   */
  async of(command: string, oxd_id: string): Promise<AuthorizationServer> {
    const { http, sites } = this.engine;
    const context = new OperationContext(this.engine, new CommandCall(command, http));
    const site = await sites.find(oxd_id);
    return new AuthorizationServer(context, site, await context.umaServer(site));
  }

  /** Ends every connection. */
  close(): Promise<void> {
    return this.engine.http.close();
  }
}

/** What the authorization server of a site answers, whatever it is. */
export class AuthorizationServer {
  constructor(
    private readonly context: OperationContext,
    readonly site: RegisteredSite,
    readonly uma: UmaServer,
  ) {}

  /**
   * Sends a request of the protection API.
   *
   * @throws when there is no PAT, or no answer
   * @see UMA Federated Authorization §1.3
   */
  call(request: ProtectionRequest): Promise<ProviderResponse> {
    return new ProtectionApi(this.context, this.site, this.uma).call(request);
  }

  /**
   * Asks for an RPT with the credentials of the site, as oxd always does: in the header.
   *
   * @throws when there is no answer
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
