import type { ClientMetadata } from './client-metadata.js';

/** How a client proves itself at the token endpoint (OpenID Connect Core §9). */
export type TokenEndpointAuthMethod =
  'client_secret_basic' | 'client_secret_post' | 'client_secret_jwt' | 'private_key_jwt' | 'none';

/** What describes a site to oxd and to the OpenID Provider; shared by registration and update. */
export interface SiteMetadata extends ClientMetadata {
  /** Where the provider sends the browser back to after a login. An absolute URL. */
  readonly authorization_redirect_uri?: string;
  /** Further redirect URIs; `authorization_redirect_uri` is always among them. */
  readonly redirect_uris?: readonly string[];
  /** Where the provider sends the browser to after a logout. An absolute URL. */
  readonly post_logout_redirect_uri?: string;
  /** Further URLs for after a logout; `post_logout_redirect_uri` is among them. oxd 4.0 and later. */
  readonly post_logout_redirect_uris?: readonly string[];
  /** Response types; default `["code"]`. */
  readonly response_types?: readonly string[];
  /**
   * Grant types; default `["authorization_code"]`. Embedded adds those of a resource server where
   * `scope` names `uma_protection`; oxd needs `client_credentials` named for that.
   */
  readonly grant_types?: readonly string[];
  /** Scopes; default `["openid", "profile", "email"]`. */
  readonly scope?: readonly string[];
  /** Authentication context classes to ask for by default. */
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
  /** URL for computing pairwise subjects. */
  readonly client_sector_identifier_uri?: string;
  /** E-mail addresses of those responsible. */
  readonly contacts?: readonly string[];
  /** Preferred languages of the user interface; kept by oxd, not sent to the provider. */
  readonly ui_locales?: readonly string[];
  /** Preferred languages of claims; kept by oxd, not sent to the provider. */
  readonly claims_locales?: readonly string[];
  /** Where the authorization server sends the browser back to after claims gathering. */
  readonly claims_redirect_uri?: readonly string[];
}
