import { isKeycloak, type UmaServer } from '../provider/uma-discovery.js';

/** How a resource server proves itself at introspection: with its own credentials, or with a PAT. */
export type IntrospectionWay = 'client' | 'pat';

/**
 * Which way of introspection works at which authorization server. Keycloak wants the client's
 * credentials, the others a PAT. One that refuses the first way is asked in the second; what it then
 * took is remembered until refused.
 */
export class IntrospectionAuth {
  private readonly known = new Map<string, IntrospectionWay>();

  /** The ways to try, in this order. */
  of(server: UmaServer): readonly IntrospectionWay[] {
    const known = this.known.get(server.introspection_endpoint);
    if (known) return [known];
    return isKeycloak(server) ? ['client', 'pat'] : ['pat', 'client'];
  }

  /** Keeps what an attempt has shown. */
  tried(server: UmaServer, way: IntrospectionWay, isRefused: boolean): void {
    if (isRefused) this.known.delete(server.introspection_endpoint);
    else this.known.set(server.introspection_endpoint, way);
  }
}
