/** Paths of the endpoints. */
export const PATHS = {
  jwks: '/jwks',
  token: '/token',
  registration: '/register',
  introspection: '/introspect',
  permission: '/permission',
  resources: '/resource_set',
} as const;

/**
 * Returns the discovery document, for OpenID Connect and for UMA.
 *
 * @see OpenID Connect Discovery §3; UMA 2.0 Grant §2; UMA Federated Authorization §2
 */
export function issuerMetadata(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: issuer + PATHS.token,
    jwks_uri: issuer + PATHS.jwks,
    registration_endpoint: issuer + PATHS.registration,
    introspection_endpoint: issuer + PATHS.introspection,
    permission_endpoint: issuer + PATHS.permission,
    resource_registration_endpoint: issuer + PATHS.resources,
    scopes_supported: ['openid', 'profile', 'email', 'uma_protection'],
    grant_types_supported: ['authorization_code', 'client_credentials'],
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
