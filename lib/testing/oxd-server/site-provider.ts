import { clientAuthentication } from '../../embedded/registration/client-configuration.js';
import type { OperationContext } from '../../embedded/context/operation-context.js';
import type { Provider } from '../../embedded/provider/provider.js';
import type { RegisteredSite } from '../../embedded/registration/site-record.js';
import type { ProviderResponse } from '../../embedded/requests/provider-http.js';
import { unexpected } from './reply.js';

/** Provider of a site; its methods return every response, whatever its status. */
export class SiteProvider {
  constructor(
    private readonly context: OperationContext,
    private readonly site: RegisteredSite,
    private readonly provider: Provider,
  ) {}

  /**
   * Introspects an access token with the credentials of the site.
   *
   * @throws when no response arrives
   * @see RFC 7662 §2.1
   */
  async introspect(token: string): Promise<ProviderResponse> {
    const { client } = this.site;
    const { metadata } = this.provider;
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' });
    const headers = new Headers({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    });
    const authenticate = clientAuthentication(this.provider, client);
    // Signing an assertion is asynchronous, although the type declares no promise.
    await Promise.resolve(authenticate(metadata, { client_id: client.client_id }, body, headers));
    return this.context.call.send(endpoint(metadata.introspection_endpoint), {
      method: 'POST',
      headers: Object.fromEntries(headers),
      body: body.toString(),
    });
  }

  /**
   * Requests the claims of a user.
   *
   * @throws when no response arrives
   * @see OpenID Connect Core §5.3
   */
  userInfo(token: string): Promise<ProviderResponse> {
    const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
    const url = endpoint(this.provider.metadata.userinfo_endpoint);
    return this.context.call.send(url, { method: 'GET', headers });
  }
}

function endpoint(url: string | undefined): string {
  if (url === undefined) throw unexpected();
  return url;
}
