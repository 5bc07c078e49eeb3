import { CLIENT_PARAMETERS } from './client-parameters.js';
import type { ParameterTable, ParameterValues, SiteParameter } from './parameter-kinds.js';

/** Cannot be changed by `update_site` on oxd. */
const FIXED = { oxd: false } as const;

/** Parameters of {@link SiteMetadata}, those of the client included. */
export const SITE_PARAMETERS = {
  ...CLIENT_PARAMETERS,
  /**
   * `native`: an application on the user's device. Its redirect URIs may have a private scheme, such as
   * `com.example.app:/callback` (RFC 8252 §7.1). Embedded only: oxd registers every client as `web`.
   */
  application_type: {
    kind: 'string',
    values: ['web', 'native'],
    oxd: false,
    defaultValue: 'web',
  },
  /** Absolute URL to which the provider redirects the browser after a login. */
  authorization_redirect_uri: { kind: 'redirect', rfcName: 'redirect_uris' },
  /** Redirect URIs; `authorization_redirect_uri` is added if missing. */
  redirect_uris: { kind: 'redirects' },
  /** Absolute URL to which the provider redirects the browser after a logout. */
  post_logout_redirect_uri: { kind: 'redirect', rfcName: 'post_logout_redirect_uris' },
  /** URLs for logout; `post_logout_redirect_uri` is added if missing. oxd 4.0 and later. */
  post_logout_redirect_uris: { kind: 'redirects', since: '4.0' },
  /** Response types; default `["code"]`. */
  response_types: { kind: 'strings' },
  /**
   * Grant types; default `["authorization_code"]`, on embedded with `uma_protection` in `scope` also
   * those of a resource server that discovery lists. oxd needs `client_credentials` in this list for a
   * resource server.
   */
  grant_types: { kind: 'strings' },
  /** Scopes; default `["openid", "profile", "email"]`. */
  scope: { kind: 'strings', min: 1 },
  /** Authentication context classes that a login requests by default. */
  acr_values: { kind: 'strings', rfcName: 'default_acr_values', update: { since: '4.0' } },
  /** Name of the client as the provider shows it to users. */
  client_name: { kind: 'string', update: { since: '4.0' } },
  /** URL of the client's public keys. */
  client_jwks_uri: { kind: 'url', rfcName: 'jwks_uri' },
  /**
   * How the client authenticates at the token endpoint. Default of embedded: `client_secret_basic` or
   * `client_secret_post`, the first that discovery lists; `client_secret_basic` without a list.
   */
  client_token_endpoint_auth_method: {
    kind: 'string',
    values: [
      'client_secret_basic',
      'client_secret_post',
      'client_secret_jwt',
      'private_key_jwt',
      'none',
    ],
    rfcName: 'token_endpoint_auth_method',
    update: FIXED,
  },
  /** Algorithm of the client assertion. oxd 3.1.4 and later. */
  client_token_endpoint_auth_signing_alg: {
    kind: 'string',
    since: '3.1.4',
    rfcName: 'token_endpoint_auth_signing_alg',
    update: { since: '4.0' },
  },
  /** Request URIs registered in advance (OpenID Connect Registration §2). */
  client_request_uris: { kind: 'urls', rfcName: 'request_uris' },
  /** Front-channel logout URIs; `client_logout_uris` in an update of oxd 3.x. */
  client_frontchannel_logout_uris: {
    kind: 'urls',
    rfcName: 'frontchannel_logout_uri',
    update: { spelled: { until: '3.1.4', as: 'client_logout_uris' } },
  },
  /** URL from which the provider computes pairwise subjects (OpenID Connect Core §8.1). */
  client_sector_identifier_uri: { kind: 'url', rfcName: 'sector_identifier_uri' },
  /** E-mail addresses of the persons responsible for the client. */
  contacts: { kind: 'strings' },
  /** Preferred languages of the user interface; stored by oxd, not sent to the provider. */
  ui_locales: { kind: 'strings', rfcName: false, update: FIXED },
  /** Preferred languages of claims; stored by oxd, not sent to the provider. */
  claims_locales: { kind: 'strings', rfcName: false, update: FIXED },
  /** URLs to which the authorization server may redirect the browser after claims gathering. */
  claims_redirect_uri: { kind: 'urls', rfcName: false, update: { since: '4.0' } },
} as const satisfies ParameterTable;

/** Scopes of a site without parameter `scope`. */
export const DEFAULT_SCOPE: readonly string[] = ['openid', 'profile', 'email'];

/** Rows of {@link SITE_PARAMETERS}. */
export const SITE_ROWS = Object.entries(SITE_PARAMETERS) as readonly (readonly [
  name: keyof SiteMetadata,
  row: SiteParameter,
])[];

/** Parameters of `register_site` beyond those that describe a site. */
export const REGISTRATION_PARAMETERS = {
  /** URL of the OpenID Provider: its issuer, unless another parameter locates the discovery document. */
  op_host: { kind: 'url', required: true },
  /** Path between `op_host` and the discovery document, with or without its leading `/`. */
  op_discovery_path: { kind: 'path' },
  /**
   * URL of the discovery document if neither `op_host` nor `op_discovery_path` locates it; ends in
   * `/.well-known/openid-configuration`. `op_host` is still required. oxd 4.2 and later.
   */
  op_configuration_endpoint: { kind: 'discovery', since: '4.2' },
  /**
   * Id of an existing client, which is used instead of a new one; requires `client_secret`. Embedded
   * accepts a public client without it if `client_token_endpoint_auth_method` is `none`.
   */
  client_id: { kind: 'string', min: 1 },
  /** Secret of the existing client; requires `client_id`. */
  client_secret: { kind: 'string', min: 1, secret: true },
  /** Registration access token of the existing client (RFC 7592 §3). oxd 3.1.2 and later. */
  client_registration_access_token: { kind: 'string', since: '3.1.2', secret: true },
  /** Client configuration endpoint of the existing client (RFC 7592 §3). oxd 3.1.2 and later. */
  client_registration_client_uri: { kind: 'url', since: '3.1.2' },
  /** Skips the consent of users. Gluu; oxd up to 4.1. */
  trusted_client: { kind: 'boolean', until: '4.1' },
  /** Programming language of the application, for statistics of oxd-server. oxd 3.x. */
  oxd_rp_programming_language: { kind: 'string', until: '3.1.4' },
} as const satisfies ParameterTable;

/** Rows of the parameters of `register_site`. */
export const REGISTRATION_ROWS = Object.entries<SiteParameter>({
  ...REGISTRATION_PARAMETERS,
  ...SITE_PARAMETERS,
});

/** Parameters that describe a site; shared by registration and update. */
export interface SiteMetadata extends ParameterValues<typeof SITE_PARAMETERS> {}

/** Method by which a client authenticates at the token endpoint (OpenID Connect Core §9). */
export type TokenEndpointAuthMethod = NonNullable<
  SiteMetadata['client_token_endpoint_auth_method']
>;
