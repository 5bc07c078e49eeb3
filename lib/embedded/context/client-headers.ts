import type { OperationContext } from './operation-context.js';
import { clientAuthentication } from '../registration/client-configuration.js';
import type { RegisteredSite } from '../registration/site-record.js';

/**
 * Headers of a form that the client of a site sends; some authentication methods add parameters to the
 * form.
 *
 * @throws {OperationError} `bad_request` if the authentication method of the client is not supported
 * @see RFC 6749 §2.3.1
 */
export async function clientHeaders(
  context: OperationContext,
  site: RegisteredSite,
  form: URLSearchParams,
): Promise<Readonly<Record<string, string>>> {
  const provider = await context.provider(site);
  const headers = new Headers({
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
  });
  const authenticate = clientAuthentication(provider, site.client);
  // Typed as synchronous, but client_secret_jwt returns a promise.
  await Promise.resolve(authenticate(provider.metadata, { ...site.client }, form, headers));
  return Object.fromEntries(headers);
}
