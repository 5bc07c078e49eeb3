import { isKeycloak, type UmaServer } from '../provider/uma-discovery.js';

/**
 * Authentication of a resource server at introspection: with its client credentials, or with a PAT.
 */
export type IntrospectionMethod = 'client' | 'pat';

/**
 * Remembers which authentication each introspection endpoint accepts. Keycloak requires the
 * credentials of the client, other authorization servers a PAT. If one rejects the first method, the
 * second is tried; the accepted one is used until the server rejects it.
 */
export class IntrospectionAuth {
  private readonly known = new Map<string, readonly [IntrospectionMethod]>();

  /** Methods to try, in this order. */
  methodsFor(server: UmaServer): readonly IntrospectionMethod[] {
    const known = this.known.get(server.introspection_endpoint);
    return known ?? (isKeycloak(server) ? ['client', 'pat'] : ['pat', 'client']);
  }

  /** Records the result of an attempt. */
  record(server: UmaServer, method: IntrospectionMethod, isRejected: boolean): void {
    if (isRejected) this.known.delete(server.introspection_endpoint);
    else this.known.set(server.introspection_endpoint, [method]);
  }
}
