import type { ClientMetadata } from './client-metadata.js';

/** Method by which a client authenticates at the token endpoint (OpenID Connect Core §9). */
export type TokenEndpointAuthMethod =
  'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'private_key_jwt' | 'none';

/** Parameters that describe a site; shared by registration and update. */
export interface SiteMetadata extends ClientMetadata {
  /** Absolute URL to which the provider redirects the browser after a login. */
  readonly authorization_redirect_uri?: string;
  /** Redirect URIs; `authorization_redirect_uri` is added if missing. */
  readonly redirect_uris?: readonly string[];
  /** Absolute URL to which the provider redirects the browser after a logout. */
  readonly post_logout_redirect_uri?: string;
  /** URLs for logout; `post_logout_redirect_uri` is added if missing. oxd 4.0 and later. */
  readonly post_logout_redirect_uris?: readonly string[];
  /** Response types; default `["code"]`. */
  readonly response_types?: readonly string[];
  /**
   * Grant types; default `["authorization_code"]`. Embedded adds those of a resource server if `scope`
   * contains `uma_protection`; oxd needs `client_credentials` in this list for a resource server.
   */
  readonly grant_types?: readonly string[];
  /** Scopes; default `["openid", "profile", "email"]`. */
  readonly scope?: readonly string[];
  /** Authentication context classes that a login requests by default. */
  readonly acr_values?: readonly string[];
  /** Name of the client as the provider shows it to users. */
  readonly client_name?: string;
  /** URL of the client's public keys. */
  readonly client_jwks_uri?: string;
  /**
   * How the client authenticates at the token endpoint. Default of embedded: `client_secret_basic` or
   * `client_secret_post`, the first that discovery lists; `client_secret_basic` without a list.
   */
  readonly client_token_endpoint_auth_method?: TokenEndpointAuthMethod;
  /** Algorithm of the client assertion. oxd 3.1.4 and later. */
  readonly client_token_endpoint_auth_signing_alg?: string;
  /** Request URIs registered in advance (OpenID Connect Registration §2). */
  readonly client_request_uris?: readonly string[];
  /** Front-channel logout URIs; `client_logout_uris` in an update of oxd 3.x. */
  readonly client_frontchannel_logout_uris?: readonly string[];
  /** URL from which the provider computes pairwise subjects (OpenID Connect Core §8.1). */
  readonly client_sector_identifier_uri?: string;
  /** E-mail addresses of the persons responsible for the client. */
  readonly contacts?: readonly string[];
  /** Preferred languages of the user interface; stored by oxd, not sent to the provider. */
  readonly ui_locales?: readonly string[];
  /** Preferred languages of claims; stored by oxd, not sent to the provider. */
  readonly claims_locales?: readonly string[];
  /** URLs to which the authorization server may redirect the browser after claims gathering. */
  readonly claims_redirect_uri?: readonly string[];
}
