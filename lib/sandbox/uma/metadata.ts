import { UMA_GRANT_TYPE } from '../../base/uma-tokens.js';

/** Absolute URLs of the UMA endpoints. */
export interface UmaEndpoints {
  readonly introspection_endpoint: string;
  readonly permission_endpoint: string;
  readonly resource_registration_endpoint: string;
  readonly claims_interaction_endpoint: string;
}

/** Paths that UMA adds to the provider. */
export const UMA_PATHS = {
  metadata: '/.well-known/uma2-configuration',
  introspection: '/uma/introspection',
  permission: '/uma/permission',
  resources: '/uma/resources',
  claims: '/uma/claims',
  requests: '/uma/requests',
} as const;

/** UMA endpoints of a sandbox. */
export function umaEndpoints(issuer: string): UmaEndpoints {
  return {
    introspection_endpoint: issuer + UMA_PATHS.introspection,
    permission_endpoint: issuer + UMA_PATHS.permission,
    resource_registration_endpoint: issuer + UMA_PATHS.resources,
    claims_interaction_endpoint: issuer + UMA_PATHS.claims,
  };
}

/**
 * Discovery document of UMA; its introspection endpoint requires a PAT.
 *
 * @param scopes scopes that the provider supports
 * @see UMA 2.0 Grant §2, UMA Federated Authorization §2
 */
export function umaMetadata(issuer: string, scopes: readonly string[]): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    registration_endpoint: `${issuer}/reg`,
    revocation_endpoint: `${issuer}/token/revocation`,
    ...umaEndpoints(issuer),
    grant_types_supported: [
      'authorization_code',
      'refresh_token',
      'client_credentials',
      UMA_GRANT_TYPE,
    ],
    response_types_supported: ['code'],
    token_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_jwt',
      'client_secret_post',
      'private_key_jwt',
      'none',
    ],
    scopes_supported: scopes,
    uma_profiles_supported: [],
  };
}
