import { tokenAdvice } from './advice.js';
import { clientCredentials, patScopeOf } from './client-credentials.js';
import { clientConfiguration } from '../registration/client-configuration.js';
import type { OperationContext } from '../context/operation-context.js';
import type { Provider } from '../provider/provider.js';
import {
  PAT_SCOPE,
  scopeFor,
  supportsScope,
  type DiscoveredServer,
} from '../registration/scopes.js';
import type { RegisteredSite } from '../registration/site-record.js';
import { authorizationServerError } from './error-response.js';
import type { UmaServer } from '../provider/uma-discovery.js';
import type { Pat } from '../context/pat-cache.js';

/** Lifetime of a PAT without `expires_in`, in milliseconds. */
const DEFAULT_LIFETIME = 300_000;

/**
 * Time before the expiry of a PAT at which it is renewed, in milliseconds. A Keycloak ticket
 * expires together with the PAT that requested it.
 */
const RENEWAL_MARGIN = 60_000;

/**
 * Returns the PAT of a site; renewed one minute before it expires, or after half its lifetime if
 * that is shorter.
 *
 * @param rejected the PAT that the authorization server has just rejected
 * @throws {OperationError} with a message that states what to configure
 * @see UMA Federated Authorization §1.3, RFC 6749 §4.4
 */
export function patOf(
  context: OperationContext,
  site: RegisteredSite,
  rejected?: Pat,
): Promise<Pat> {
  const { pats } = context.runtime.uma;
  return pats.get(site, () => obtain(context.detached(), site), rejected);
}

/**
 * Records that a new PAT was rejected. If its request omitted the scope, the next request contains
 * the scope again: an administrator may have allowed it meanwhile.
 */
export function markFreshRejected(
  { runtime }: OperationContext,
  site: RegisteredSite,
  issuer: string,
): void {
  runtime.uma.pats.markFreshRejected(site);
  runtime.rejections.forget(patScopeOf(issuer, site.client.client_id));
}

async function obtain(context: OperationContext, site: RegisteredSite): Promise<Pat> {
  const uma = await context.umaServer(site);
  const provider = await context.provider(site);
  const server = tokenProvider(provider, uma);
  const configuration = clientConfiguration(context, {
    provider: server,
    client: site.client,
    idempotent: true,
  });
  const requestedAt = context.runtime.clock();
  const { rejections } = context.runtime;
  const scope = patScope({ provider, uma, rejections }, site);
  const request = { configuration, scope, rejections, server: uma.issuer };
  const tokens = await clientCredentials(request).catch((error: unknown) => {
    throw authorizationServerError('No protection API token was issued.', error, tokenAdvice);
  });
  const { access_token, expires_in } = tokens;
  const lifetime = expires_in === undefined ? DEFAULT_LIFETIME : expires_in * 1000;
  const renewAt = requestedAt + lifetime - Math.min(RENEWAL_MARGIN, lifetime / 2);
  return { authorization: `Bearer ${access_token}`, renewAt };
}

/** Provider metadata with the token endpoint of UMA discovery. */
function tokenProvider({ metadata }: Provider, { token_endpoint }: UmaServer) {
  return { metadata: { ...metadata, token_endpoint } };
}

/** Scope of a PAT request. An omitted scope is only logged if the operator configured the scope. */
function patScope(server: DiscoveredServer, { site }: RegisteredSite): string {
  if (site.scope?.includes(PAT_SCOPE)) return scopeFor(server, [PAT_SCOPE]);
  return supportsScope(server, PAT_SCOPE) ? PAT_SCOPE : '';
}
