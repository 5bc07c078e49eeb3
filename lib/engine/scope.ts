import type { LeftOut } from './left-out.js';
import type { Provider } from './provider.js';
import type { UmaServer } from './uma-discovery.js';

/** Scopes that mean something to oxd and Gluu; elsewhere asking for them is an error (Keycloak). */
const OF_OXD = ['uma_protection', 'oxd'];

/** What discovery told of a server. */
export interface DiscoveredServer {
  readonly provider: Provider;
  /** Left out where it has no UMA, or that does not matter. */
  readonly uma?: UmaServer;
  /** Is told of what the server is not asked for. */
  readonly leftOut: LeftOut;
}

/** The scopes a server can be asked for at registration and for a client itself, as one string. */
export function scopeFor(
  { provider, uma, leftOut }: DiscoveredServer,
  scopes: readonly string[] = [],
): string {
  const { issuer: server, scopes_supported = [] } = provider.metadata;
  const known = [...scopes_supported, ...(uma?.scopes_supported ?? [])];
  const isKnown = (scope: string): boolean => !OF_OXD.includes(scope) || known.includes(scope);
  for (const scope of scopes.filter((one) => !isKnown(one))) {
    leftOut.tell({ server, what: scopeName(scope) }, 'Discovery does not list it.');
  }
  return scopes.filter(isKnown).join(' ');
}

/** What the log calls a scope that is left out. */
export function scopeName(scope: string): string {
  return `the scope ${scope}`;
}

/** The scopes users can be asked for, as one string: never those of a resource server. */
export function userScope(scopes: readonly string[] = []): string {
  return scopes.filter((scope) => !OF_OXD.includes(scope)).join(' ');
}
