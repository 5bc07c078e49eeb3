import type { ParameterValues } from '../site/parameter-kinds.js';
import type { ListedRp, RpRecord } from './rp-record.js';
import type { REGISTRATION_PARAMETERS, SiteMetadata } from '../site/site-parameters.js';

/** Parameter of every command of a site with `protect_commands_with_access_token`. */
export interface Protected {
  /**
   * Token of the setup client (oxd 3.x) or of the client of the site (oxd 4.x); `OxdClient` adds the
   * token automatically when oxd requires one.
   */
  readonly protection_access_token?: string;
}

/** Parameters of every command of a site; the services add them automatically. */
export interface SiteParams extends Protected {
  /** Id of the site as `register_site` returned it. */
  readonly oxd_id?: string;
  /**
   * Id of the site whose client obtained the protection token, if that is another site. `OxdClient`
   * adds the id automatically. oxd 4.2 and later: header `AuthorizationOxdId`.
   */
  readonly authorization_oxd_id?: string;
}

/** Parameters of `register_site`. Source: oxd command `register_site`. */
export interface RegisterSiteParams
  extends SiteMetadata, ParameterValues<typeof REGISTRATION_PARAMETERS>, Protected {
  /** URL of the OpenID Provider: its issuer, unless another parameter locates the discovery document. */
  readonly op_host: string;
  /** Absolute URL to which the provider redirects the browser after a login. */
  readonly authorization_redirect_uri: string;
}

/** Result of `register_site`. */
export interface RegisterSiteResult {
  /** Id of the site, a parameter of every later command. */
  readonly oxd_id: string;
  /** Parameter `op_host`; from oxd 4.2 on the issuer of the provider. */
  readonly op_host: string;
  /** Id of the site's client. This and all following properties: embedded and oxd 4.x. */
  readonly client_id?: string;
  /** Name of the site's client. */
  readonly client_name?: string;
  /** Secret of the site's client. */
  readonly client_secret?: string;
  /** Registration access token of the client (RFC 7592 §3). */
  readonly client_registration_access_token?: string;
  /** Client configuration endpoint of the client (RFC 7592 §3). */
  readonly client_registration_client_uri?: string;
  /** Time of the client's registration, in seconds since 1970; 0 = unknown. */
  readonly client_id_issued_at?: number;
  /** Expiry of the client secret, in seconds since 1970; 0 = never or unknown. */
  readonly client_secret_expires_at?: number;
  /** Parameter `initiate_login_uri`. Embedded and oxd 4.2.2 and later. */
  readonly initiate_login_uri?: string;
}

/** Parameters of `setup_client`. Source: oxd command `setup_client`, 3.x. */
export interface SetupClientParams extends RegisterSiteParams {
  /** Name of the setup client; `client_name` then names the site. oxd 3.1.4 and later. */
  readonly setup_client_name?: string;
}

/** Result of `setup_client`: a site and the setup client, which obtains protection tokens. */
export interface SetupClientResult {
  /** Id of the site, a parameter of every later command. */
  readonly oxd_id: string;
  /** Parameter `op_host`. */
  readonly op_host: string;
  /** Id of the setup client, not of the site. */
  readonly client_id: string;
  /** Secret of the setup client, not of the site. */
  readonly client_secret: string;
  /** Registration access token of the setup client. */
  readonly client_registration_access_token?: string;
  /** Client configuration endpoint of the setup client. */
  readonly client_registration_client_uri?: string;
  /** Time of the setup client's registration, in seconds since 1970; 0 = unknown. */
  readonly client_id_issued_at?: number;
  /** Expiry of the setup client's secret, in seconds since 1970; 0 = never or unknown. */
  readonly client_secret_expires_at?: number;
  /** `oxd_id` of the setup client. oxd 3.1.2 and later. */
  readonly setup_client_oxd_id?: string;
  /** Id of the site's client. oxd 3.1.2 and later. */
  readonly client_id_of_oxd_id?: string;
}

/** Parameters of `get_client_token`. Source: oxd command `get_client_token`. */
export interface GetClientTokenParams {
  /** URL of the OpenID Provider. */
  readonly op_host: string;
  /** Path between `op_host` and the discovery document, with or without its leading `/`. */
  readonly op_discovery_path?: string;
  /** URL of the discovery document, as in `register_site`. oxd 4.2 and later. */
  readonly op_configuration_endpoint?: string;
  /** Id of the client that requests the token. */
  readonly client_id: string;
  /** Secret of the client that requests the token. */
  readonly client_secret: string;
  /** Scopes; oxd always adds `openid`. A protection token needs `oxd` from 3.1.4 on. */
  readonly scope?: readonly string[];
  /** `private_key_jwt`, with the keys of oxd-server. oxd 3.1.2 and later, not embedded. */
  readonly authentication_method?: string;
  /** Algorithm of the client assertion. oxd 3.1.2 and later, not embedded. */
  readonly algorithm?: string;
  /** Id of the key of the client assertion. oxd 3.1.2 and later, not embedded. */
  readonly key_id?: string;
}

/** Result of `get_client_token` and of `get_access_token_by_refresh_token`. */
export interface ClientTokenResult {
  /** Access token. */
  readonly access_token: string;
  /** Lifetime of the access token, in seconds. */
  readonly expires_in?: number;
  /** New refresh token; replaces the one that was sent. */
  readonly refresh_token?: string;
  /** Granted scopes, separated by blanks. */
  readonly scope?: string;
}

/**
 * Parameters of `update_site` (`update_site_registration` in 3.1.1). Omitted parameters remain
 * unchanged.
 */
export interface UpdateSiteParams extends SiteMetadata, SiteParams {
  /** Expiry of the client secret, in milliseconds since 1970. oxd 3.1.1 to 3.1.3. */
  readonly client_secret_expires_at?: number;
  /**
   * Names of parameters to remove from the registration; a parameter that is also set remains.
   * Embedded only: oxd cannot remove parameters.
   */
  readonly remove?: readonly (keyof SiteMetadata)[];
  /**
   * Id of the site's client, if the client existed before the site. With this parameter only the
   * stored record of site and client is replaced; the provider receives no request. Embedded only.
   */
  readonly client_id?: string;
  /** Secret of {@link client_id}, for instance a rotated one. Embedded only. */
  readonly client_secret?: string;
  /** Registration access token of {@link client_id} (RFC 7592 §3). Embedded only. */
  readonly client_registration_access_token?: string;
  /** Client configuration endpoint of {@link client_id} (RFC 7592 §3). Embedded only. */
  readonly client_registration_client_uri?: string;
}

/** Parameters of `remove_site`. Source: oxd command `remove_site`, 3.1.2 and later. */
export type RemoveSiteParams = SiteParams;

/** Result of commands that return only the id of the site. */
export interface SiteResult {
  /** Id of the site. */
  readonly oxd_id: string;
}

/** Parameters of `get_rp` for one site. Source: oxd command `get_rp`, 3.1.4 and later. */
export interface GetRpParams extends SiteParams {
  /**
   * Returns a list of all sites of the oxd-server instead of one record; default false. oxd only: the
   * store of embedded cannot list its keys.
   */
  readonly list?: boolean;
}

/** Result of `get_rp`: a list if the parameter `list` is true, else the record of one site. */
export interface GetRpResult {
  /** Record of the site, or all sites. */
  readonly node: RpRecord | readonly ListedRp[];
}
