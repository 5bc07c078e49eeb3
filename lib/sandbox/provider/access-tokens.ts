import { withoutUndefined } from '../../base/json.js';
import type { SandboxUser } from './accounts.js';
import type { Context, ProviderToken } from './oidc-provider.js';

/** Claims of an access token in addition to those of RFC 9068 §2.2. */
type TokenClaims = Readonly<Record<string, unknown>>;

/**
 * Access tokens of APIs: a request with the parameter `resource` (RFC 8707) gets a JWT (RFC 9068) whose
 * audience is that resource; a request without it an opaque token. Every resource is accepted.
 */
export function accessTokenConfiguration(users: readonly SandboxUser[], scopes: readonly string[]) {
  const resourceServer = { scope: scopes.join(' '), accessTokenFormat: 'jwt' };
  return {
    extraTokenClaims: (context: Context, token: ProviderToken) =>
      token.kind === 'AccessToken' ? userClaims(users, context, token) : token.claims,
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => resourceServer,
      // The token request may omit `resource`: a login through oxd cannot send it there.
      useGrantedResource: () => true,
    },
  };
}

/** Registered metadata of a client. */
export interface ScopedClient {
  /** Scopes that the client may request, separated by blanks; undefined: every scope. */
  scope?: unknown;
}

/**
 * Lets a client that registers a scope of an API request each of them: MCP clients register the scopes of
 * their first request, and request more when a tool needs them.
 */
export function allowApiScopes(client: ScopedClient, apiScopes: readonly string[]): void {
  if (typeof client.scope !== 'string') return;
  const registered = client.scope.split(' ');
  if (!registered.some((scope) => apiScopes.includes(scope))) return;
  client.scope = [...new Set([...registered, ...apiScopes])].join(' ');
}

/** Claims about a login and its user, with the roles as Keycloak issues them. */
function userClaims(
  users: readonly SandboxUser[],
  { oidc }: Context,
  { accountId }: ProviderToken,
): TokenClaims {
  // A refreshed token has the values of the login (RFC 9068 §2.2.1).
  const { acr, authTime } = oidc.entities.AuthorizationCode ?? oidc.entities.RefreshToken ?? {};
  const user = users.find(({ claims }) => claims.sub === accountId);
  const realm_access = user?.roles && { roles: user.roles };
  return withoutUndefined({
    ...{ acr, auth_time: authTime, realm_access },
    preferred_username: user?.username,
  });
}
