/** Site in the list of `get_rp`. */
export interface ListedRp {
  /** Id of the site. */
  readonly oxd_id: string;
  /** Name of the client; undefined if oxd stores or returns none. */
  readonly client_name?: string;
}

/** Protected resource in the record of a site. */
export interface RpResource {
  /** Id of the resource at the authorization server. */
  readonly id: string;
  /** Path of the resource. */
  readonly path: string;
  /** HTTP methods. */
  readonly http_methods: readonly string[];
  /** Required scopes; oxd omits them for a `scope_expression`. */
  readonly scopes?: readonly string[];
  /** Scopes that a permission ticket requests. */
  readonly ticketScopes?: readonly string[];
  /** Expressions as JSON strings. */
  readonly scope_expressions?: readonly string[];
}

/**
 * Record of a site, as oxd and embedded store it. It contains the client secret and tokens: do not log
 * it or send it to a browser. Printed with `console.log()` or as JSON it shows only what is no secret; a
 * copy shows everything. Times are milliseconds since 1970, unlike those of `register_site`. oxd has
 * further properties, which are returned unchanged.
 */
export interface RpRecord {
  /** Id of the site. */
  readonly oxd_id: string;
  /** URL of the OpenID Provider. */
  readonly op_host: string;
  /** Path between `op_host` and the discovery document. */
  readonly op_discovery_path?: string;
  /** URL of the discovery document. */
  readonly op_configuration_endpoint?: string;
  /** Id of the client. */
  readonly client_id?: string;
  /** Secret of the client. */
  readonly client_secret?: string;
  /** Registration access token of the client (RFC 7592 §3). */
  readonly client_registration_access_token?: string;
  /** Client configuration endpoint of the client (RFC 7592 §3). */
  readonly client_registration_client_uri?: string;
  /** Time of the client's registration. */
  readonly client_id_issued_at?: number;
  /** Expiry of the client secret. */
  readonly client_secret_expires_at?: number;
  /** Name of the client. */
  readonly client_name?: string;
  /** Redirect URI of a login; `redirect_uri` in oxd 4.x. */
  readonly authorization_redirect_uri?: string;
  /** Redirect URIs. */
  readonly redirect_uris?: readonly string[];
  /** Redirect URI of a logout; the first of `logout_redirect_uris` in oxd 4.x. */
  readonly logout_redirect_uri?: string;
  /** Redirect URIs of a logout. Embedded and oxd 4.0 and later. */
  readonly logout_redirect_uris?: readonly string[];
  /** Redirect URIs of claims gathering. */
  readonly claims_redirect_uri?: readonly string[];
  /** `web` or `native`. */
  readonly application_type?: string;
  /** Response types. */
  readonly response_types?: readonly string[];
  /** Grant types. */
  readonly grant_types?: readonly string[];
  /** Registered scopes. */
  readonly scope?: readonly string[];
  /** Authentication context classes that a login requests by default. */
  readonly acr_values?: readonly string[];
  /** Preferred languages of the user interface. */
  readonly ui_locales?: readonly string[];
  /** Preferred languages of claims. */
  readonly claims_locales?: readonly string[];
  /** E-mail addresses of the persons responsible for the client. */
  readonly contacts?: readonly string[];
  /** URL of the client's public keys. */
  readonly client_jwks_uri?: string;
  /** URL from which the provider computes pairwise subjects. */
  readonly sector_identifier_uri?: string;
  /** How the client authenticates at the token endpoint. */
  readonly token_endpoint_auth_method?: string;
  /** Algorithm of the client assertion. */
  readonly token_endpoint_auth_signing_alg?: string;
  /** Front-channel logout URIs. */
  readonly front_channel_logout_uri?: unknown;
  /** Resources that `uma_rs_protect` registered. */
  readonly uma_protected_resources?: readonly RpResource[];
  /** ID token of the latest login. oxd only, as all following properties. */
  readonly id_token?: string;
  /** Access token of the latest login. */
  readonly access_token?: string;
  /** PAT. */
  readonly pat?: string;
  /** Lifetime of the PAT, in seconds. */
  readonly pat_expires_in?: number;
  /** Time when the PAT was issued. */
  readonly pat_created_at?: number;
  /** Latest RPT of the site. */
  readonly rpt?: string;
  /** Id of the setup client's record. oxd 3.x. */
  readonly setup_oxd_id?: string;
  /** Id of the setup client. oxd 3.x. */
  readonly setup_client_id?: string;
  /** Any further property. */
  readonly [name: string]: unknown;
}
