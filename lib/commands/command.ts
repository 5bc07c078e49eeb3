import type {
  ClientTokenResult,
  GetClientTokenParams,
  GetRpParams,
  GetRpResult,
  RegisterSiteParams,
  RegisterSiteResult,
  RemoveSiteParams,
  SetupClientParams,
  SetupClientResult,
  SiteResult,
  UpdateSiteParams,
} from './registration.js';
import type {
  GetAccessTokenByRefreshTokenParams,
  GetAuthorizationUrlParams,
  GetAuthorizationUrlResult,
  GetLogoutUriParams,
  GetLogoutUriResult,
  GetTokensByCodeParams,
  GetTokensByCodeResult,
  GetUserInfoParams,
  GetUserInfoResult,
  IntrospectAccessTokenParams,
  IntrospectAccessTokenResult,
} from './oidc.js';
import type {
  IntrospectRptParams,
  IntrospectRptResult,
  UmaRpGetClaimsGatheringUrlParams,
  UmaRpGetClaimsGatheringUrlResult,
  UmaRpGetRptParams,
  UmaRpGetRptResult,
  UmaRsCheckAccessParams,
  UmaRsCheckAccessResult,
  UmaRsModifyParams,
  UmaRsProtectParams,
} from './uma.js';

/** Every command of the contract with its parameters and its result. */
export interface Commands {
  /** Registers a site and a second client that obtains protection tokens. 3.x. */
  setup_client: [SetupClientParams, SetupClientResult];
  /** Obtains a token with the credentials of a client, such as a protection token. */
  get_client_token: [GetClientTokenParams, ClientTokenResult];
  /** Registers a site at oxd and, as a client, at the provider. */
  register_site: [RegisterSiteParams, RegisterSiteResult];
  /** Changes a registration; `update_site_registration` in 3.1.1. */
  update_site: [UpdateSiteParams, SiteResult];
  /** Deletes a site. 3.1.2 and later. */
  remove_site: [RemoveSiteParams, SiteResult];
  /** Returns the record of a site with its secrets. 3.1.4 and later, not over the HTTPS extension. */
  get_rp: [GetRpParams, GetRpResult];
  /** Returns the URL to redirect the browser to for a login. */
  get_authorization_url: [GetAuthorizationUrlParams, GetAuthorizationUrlResult];
  /** Exchanges an authorization code for tokens. */
  get_tokens_by_code: [GetTokensByCodeParams, GetTokensByCodeResult];
  /** Exchanges a refresh token for a new access token. */
  get_access_token_by_refresh_token: [GetAccessTokenByRefreshTokenParams, ClientTokenResult];
  /** Returns the claims of a user from the userinfo endpoint. */
  get_user_info: [GetUserInfoParams, GetUserInfoResult];
  /** Returns the URL to redirect the browser to for a logout. */
  get_logout_uri: [GetLogoutUriParams, GetLogoutUriResult];
  /** Returns state and claims of an access token (RFC 7662). 3.1.2 and later. */
  introspect_access_token: [IntrospectAccessTokenParams, IntrospectAccessTokenResult];
  /** Registers resources at the authorization server. */
  uma_rs_protect: [UmaRsProtectParams, SiteResult];
  /** Changes the scopes of a protected resource. 4.2 and later. */
  uma_rs_modify: [UmaRsModifyParams, SiteResult];
  /** Decides on a request for a protected resource; a denial has a permission ticket. */
  uma_rs_check_access: [UmaRsCheckAccessParams, UmaRsCheckAccessResult];
  /** Exchanges a permission ticket for an RPT. */
  uma_rp_get_rpt: [UmaRpGetRptParams, UmaRpGetRptResult];
  /** Returns the URL to redirect the browser to for claims gathering. */
  uma_rp_get_claims_gathering_url: [
    UmaRpGetClaimsGatheringUrlParams,
    UmaRpGetClaimsGatheringUrlResult,
  ];
  /** Returns state and permissions of an RPT. 3.1.2 and later. */
  introspect_rpt: [IntrospectRptParams, IntrospectRptResult];
}

/** Name of a command as of oxd 3.1.2 and later. */
export type CommandName = keyof Commands;

/** Parameters of command `C`. */
export type Params<C extends CommandName> = Commands[C][0];

/** Result of command `C`. */
export type Result<C extends CommandName> = Commands[C][1];
