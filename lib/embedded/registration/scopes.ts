import type { RejectedParameters } from './rejected-parameters.js';
import type { Provider } from '../provider/provider.js';
import type { UmaServer } from '../provider/uma-discovery.js';

/** Scope that makes an access token a PAT (UMA Federated Authorization §1.3). */
export const PAT_SCOPE = 'uma_protection';

/** Scopes of the protection API and of oxd-server; not requested from users. */
const GLUU_SCOPES = [PAT_SCOPE, 'oxd'];

/** Discovered metadata of a server. */
export interface DiscoveredServer {
  readonly provider: Provider;
  /** Undefined if the server has no UMA discovery, or the caller does not need it. */
  readonly uma?: UmaServer;
  /** Logs the scopes and parameters that are omitted. */
  readonly rejections: RejectedParameters;
}

/**
 * Scopes that a server supports, as one string, for a registration or a client credentials grant. A
 * warning names omitted scopes, except at Keycloak, where a role replaces `uma_protection`.
 */
export function scopeFor(server: DiscoveredServer, scopes: readonly string[] = []): string {
  const { issuer, token_endpoint } = server.provider.metadata;
  for (const scope of scopes.filter((one) => !supportsScope(server, one))) {
    if (scope === PAT_SCOPE && token_endpoint?.includes('/protocol/openid-connect/')) continue;
    server.rejections.warn(
      { server: issuer, what: scopeName(scope) },
      'Discovery does not list the scope.',
    );
  }
  return scopes.filter((scope) => supportsScope(server, scope)).join(' ');
}

/**
 * Returns false for `uma_protection` only if discovery lists scopes without it: the list is optional
 * metadata. `oxd` must be listed, because only oxd-server needs it.
 *
 * @see RFC 8414 §2
 */
export function supportsScope(
  { provider, uma }: Omit<DiscoveredServer, 'rejected'>,
  scope: string,
): boolean {
  if (!GLUU_SCOPES.includes(scope)) return true;
  const lists = [provider.metadata.scopes_supported, uma?.scopes_supported];
  if (lists.some((list) => list?.includes(scope))) return true;
  return scope === PAT_SCOPE && lists.every((list) => list === undefined);
}

/** Removes one scope from a string of scopes. */
export function withoutScope(scopes: string, omitted: string): string {
  return scopes
    .split(' ')
    .filter((scope) => scope !== omitted)
    .join(' ');
}

/** Name of an omitted scope in the log. */
export function scopeName(scope: string): string {
  return `the scope ${scope}`;
}

/** Scopes for a login, as one string, without those of resource servers and oxd-server. */
export function userScope(scopes: readonly string[] = []): string {
  return scopes.filter((scope) => !GLUU_SCOPES.includes(scope)).join(' ');
}
