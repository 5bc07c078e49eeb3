import type { RejectedParameters } from './rejected-parameters.js';
import type { Provider } from '../provider/provider.js';
import type { UmaServer } from '../provider/uma-discovery.js';

/** Scope that makes an access token a PAT (UMA Federated Authorization §1.3). */
export const PAT_SCOPE = 'uma_protection';

/** Scopes of the protection API and of oxd-server; no user is asked for them. */
const GLUU_SCOPES = [PAT_SCOPE, 'oxd'];

/** What discovery told of a server. */
export interface DiscoveredServer {
  readonly provider: Provider;
  /** Left out where it has no UMA, or that does not matter. */
  readonly uma?: UmaServer;
  /** Is told of what the server is not asked for. */
  readonly leftOut: RejectedParameters;
}

/**
 * Scopes that a server supports, as one string: for a registration or for a token of the client
 * itself. A warning names what is omitted; at Keycloak, where a role replaces the scope, none does.
 */
export function scopeFor(server: DiscoveredServer, scopes: readonly string[] = []): string {
  const { issuer, token_endpoint } = server.provider.metadata;
  for (const scope of scopes.filter((one) => !supportsScope(server, one))) {
    if (scope === PAT_SCOPE && token_endpoint?.includes('/protocol/openid-connect/')) continue;
    server.leftOut.tell({ server: issuer, what: scopeName(scope) }, 'Discovery does not list it.');
  }
  return scopes.filter((scope) => supportsScope(server, scope)).join(' ');
}

/**
 * Returns false for `uma_protection` only if discovery lists scopes without it: the list is optional
 * metadata. `oxd` must be listed; no server but oxd-server needs it.
 *
 * @see RFC 8414 §2
 */
export function supportsScope(
  { provider, uma }: Omit<DiscoveredServer, 'leftOut'>,
  scope: string,
): boolean {
  if (!GLUU_SCOPES.includes(scope)) return true;
  const lists = [provider.metadata.scopes_supported, uma?.scopes_supported];
  if (lists.some((list) => list?.includes(scope))) return true;
  return scope === PAT_SCOPE && lists.every((list) => list === undefined);
}

/** The scopes of a string but for one. */
export function withoutScope(scopes: string, omitted: string): string {
  return scopes
    .split(' ')
    .filter((scope) => scope !== omitted)
    .join(' ');
}

/** What the log calls a scope that is left out. */
export function scopeName(scope: string): string {
  return `the scope ${scope}`;
}

/** The scopes users can be asked for, as one string: never those of a resource server. */
export function userScope(scopes: readonly string[] = []): string {
  return scopes.filter((scope) => !GLUU_SCOPES.includes(scope)).join(' ');
}
