import type { Provider } from './provider.js';

/** Scopes that mean something to oxd and Gluu; elsewhere asking for them is an error (Keycloak). */
const OF_OXD = ['uma_protection', 'oxd'];

/** The scopes a provider can be asked for at registration and for its own client, as one string. */
export function scopeFor(provider: Provider, scopes: readonly string[] = []): string {
  const known = provider.metadata.scopes_supported ?? [];
  return scopes.filter((scope) => !OF_OXD.includes(scope) || known.includes(scope)).join(' ');
}

/** The scopes users can be asked for, as one string: never those of a resource server. */
export function userScope(scopes: readonly string[] = []): string {
  return scopes.filter((scope) => !OF_OXD.includes(scope)).join(' ');
}
