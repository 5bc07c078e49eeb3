import type { SiteMetadata } from '../site/site-metadata.js';

/** May go along with every command of a site on oxd 3.x whose protection is switched on. */
export interface Protected {
  /** Token of the setup client; `OxdClient` adds it by itself where it is needed. */
  readonly protection_access_token?: string;
}

/** Names the site a command speaks for; services add it by themselves. */
export interface SiteParams extends Protected {
  /** Id of the site as `register_site` returned it. */
  readonly oxd_id?: string;
}

/** Params of `register_site`. Source: oxd command `register_site`. */
export interface RegisterSiteParams extends SiteMetadata, Protected {
  /** URL of the OpenID Provider; its issuer, where discovery lies below it. */
  readonly op_host: string;
  /** Path between `op_host` and the discovery document; begins with `/`. */
  readonly op_discovery_path?: string;
  /**
   * URL of the discovery document, where neither `op_host` nor `op_discovery_path` leads to it; ends
   * in `/.well-known/openid-configuration`. oxd 4.2 and later. `op_host` is needed beside it.
   */
  readonly op_configuration_endpoint?: string;
  /** Required: where the provider sends the browser back to after a login. */
  readonly authorization_redirect_uri: string;
  /** Id of a client that exists at the provider; it needs `client_secret`. Nothing is registered. */
  readonly client_id?: string;
  /** Secret of the client that exists at the provider; it needs `client_id`. */
  readonly client_secret?: string;
  /** Token for changing the existing client later (RFC 7592 §3); it needs the client. oxd 3.1.2 and later. */
  readonly client_registration_access_token?: string;
  /** URL for changing the existing client later (RFC 7592 §3); it needs the client. oxd 3.1.2 and later. */
  readonly client_registration_client_uri?: string;
  /** Gluu: the client needs no consent of users. */
  readonly trusted_client?: boolean;
  /** For statistics of oxd-server. */
  readonly oxd_rp_programming_language?: string;
}

/** Result of `register_site`. */
export interface RegisterSiteResult {
  /** Id of the site; every later command names it. */
  readonly oxd_id: string;
  /** The provider as it was sent; from oxd 4.2 on its issuer. */
  readonly op_host: string;
  /** Id of the site's client. Embedded and oxd 4.x, as the members that follow. */
  readonly client_id?: string;
  /** Name of the site's client. */
  readonly client_name?: string;
  /** Secret of the site's client; `get_client_token` takes both. */
  readonly client_secret?: string;
  /** Token for changing the client (RFC 7592 §3). */
  readonly client_registration_access_token?: string;
  /** URL for changing the client (RFC 7592 §3). */
  readonly client_registration_client_uri?: string;
  /** When the client was registered; seconds since 1970, 0 = unknown. */
  readonly client_id_issued_at?: number;
  /** When its secret expires; seconds since 1970, 0 = never or unknown. */
  readonly client_secret_expires_at?: number;
  /** From where others begin a login, as it was sent. Embedded and oxd 4.2.2 and later. */
  readonly initiate_login_uri?: string;
}

/** Params of `setup_client`. Source: oxd command `setup_client`, 3.x. */
export interface SetupClientParams extends RegisterSiteParams {
  /** Name of the setup client; `client_name` then names the site. oxd 3.1.4 and later. */
  readonly setup_client_name?: string;
}

/** Result of `setup_client`: the site and, beside it, the client that obtains protection tokens. */
export interface SetupClientResult {
  /** Id of the site; every later command names it. */
  readonly oxd_id: string;
  /** The provider as it was sent. */
  readonly op_host: string;
  /** Id of the setup client, not of the site. */
  readonly client_id: string;
  /** Secret of the setup client, not of the site. */
  readonly client_secret: string;
  /** Registration access token of the setup client. */
  readonly client_registration_access_token?: string;
  /** Registration URI of the setup client. */
  readonly client_registration_client_uri?: string;
  /** When the setup client was registered; seconds since 1970, 0 = unknown. */
  readonly client_id_issued_at?: number;
  /** When its secret expires; seconds since 1970, 0 = never or unknown. */
  readonly client_secret_expires_at?: number;
  /** `oxd_id` of the setup client's own record. oxd 3.1.2 and later. */
  readonly setup_client_oxd_id?: string;
  /** Id of the site's client. oxd 3.1.2 and later. */
  readonly client_id_of_oxd_id?: string;
}

/** Params of `get_client_token`. Source: oxd command `get_client_token`. */
export interface GetClientTokenParams {
  /** URL of the OpenID Provider. */
  readonly op_host: string;
  /** Path between `op_host` and the discovery document; begins with `/`. */
  readonly op_discovery_path?: string;
  /** URL of the discovery document, as in `register_site`. oxd 4.2 and later. */
  readonly op_configuration_endpoint?: string;
  /** Id of the client the token is for. */
  readonly client_id: string;
  /** Secret of the client the token is for. */
  readonly client_secret: string;
  /** Scopes; oxd always adds `openid`. A protection token needs `oxd` from 3.1.4 on. */
  readonly scope?: readonly string[];
  /** `private_key_jwt`; oxd 3.1.2 and later, with keys on the server. Not embedded. */
  readonly authentication_method?: string;
  /** Algorithm of the client assertion. oxd 3.1.2 and later, not embedded. */
  readonly algorithm?: string;
  /** Key of the client assertion. oxd 3.1.2 and later, not embedded. */
  readonly key_id?: string;
}

/** Result of `get_client_token` and of `get_access_token_by_refresh_token`. */
export interface ClientTokenResult {
  /** The access token. */
  readonly access_token: string;
  /** Its lifetime in seconds. */
  readonly expires_in?: number;
  /** A new refresh token; where one comes, the old one is used up. */
  readonly refresh_token?: string;
  /** The granted scopes, separated by blanks. */
  readonly scope?: string;
}

/** Params of `update_site` (`update_site_registration` in 3.1.1). Changes what is named. */
export interface UpdateSiteParams extends SiteMetadata, SiteParams {
  /** When the client secret expires; milliseconds since 1970. oxd 3.1.1 to 3.1.3. */
  readonly client_secret_expires_at?: number;
  /**
   * Names of members that the registration is to lose; those given beside it stay. Embedded alone:
   * oxd takes nothing out.
   */
  readonly remove?: readonly (keyof SiteMetadata)[];
  /**
   * The client of the site, if it was given and not registered. With it only the stored description
   * of site and client is replaced, and nothing is sent to the provider. Embedded only.
   */
  readonly client_id?: string;
  /** Secret of {@link client_id}, for instance a rotated one. Embedded only. */
  readonly client_secret?: string;
  /** Registration access token of {@link client_id} (RFC 7592 §3). Embedded only. */
  readonly client_registration_access_token?: string;
  /** Registration URI of {@link client_id} (RFC 7592 §3). Embedded only. */
  readonly client_registration_client_uri?: string;
}

/** Params of `remove_site`. Source: oxd command `remove_site`, 3.1.2 and later. */
export type RemoveSiteParams = SiteParams;

/** Result of the commands that only name the site they changed. */
export interface SiteResult {
  /** Id of the site. */
  readonly oxd_id: string;
}
