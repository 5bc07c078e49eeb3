import type {
  ClientTokenResult,
  GetClientTokenParams,
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
  UmaRsProtectParams,
} from './uma.js';

/** Every command of the contract with its params and its result. */
export interface Commands {
  /** Registers a site and, beside it, the client that obtains protection tokens. 3.x. */
  setup_client: [SetupClientParams, SetupClientResult];
  /** A token for a client itself, such as a protection token. */
  get_client_token: [GetClientTokenParams, ClientTokenResult];
  /** Registers a site at oxd and, as a client, at the provider. */
  register_site: [RegisterSiteParams, RegisterSiteResult];
  /** Changes a registration; `update_site_registration` in 3.1.1. */
  update_site: [UpdateSiteParams, SiteResult];
  /** Forgets a site. 3.1.2 and later. */
  remove_site: [RemoveSiteParams, SiteResult];
  /** Where to send the browser for a login. */
  get_authorization_url: [GetAuthorizationUrlParams, GetAuthorizationUrlResult];
  /** Exchanges the code of a callback. */
  get_tokens_by_code: [GetTokensByCodeParams, GetTokensByCodeResult];
  /** A new access token without the user. */
  get_access_token_by_refresh_token: [GetAccessTokenByRefreshTokenParams, ClientTokenResult];
  /** What the provider says of a user. */
  get_user_info: [GetUserInfoParams, GetUserInfoResult];
  /** Where to send the browser for a logout. */
  get_logout_uri: [GetLogoutUriParams, GetLogoutUriResult];
  /** Whether an access token is good, and whose it is. 3.1.2 and later. */
  introspect_access_token: [IntrospectAccessTokenParams, IntrospectAccessTokenResult];
  /** Registers resources at the authorization server. */
  uma_rs_protect: [UmaRsProtectParams, SiteResult];
  /** Whether a request may have a protected resource; a ticket if not. */
  uma_rs_check_access: [UmaRsCheckAccessParams, UmaRsCheckAccessResult];
  /** Exchanges a ticket for an RPT. */
  uma_rp_get_rpt: [UmaRpGetRptParams, UmaRpGetRptResult];
  /** Where to send the browser when the authorization server wants to ask the user something. */
  uma_rp_get_claims_gathering_url: [
    UmaRpGetClaimsGatheringUrlParams,
    UmaRpGetClaimsGatheringUrlResult,
  ];
  /** Whether an RPT is good, and for what. 3.1.2 and later. */
  introspect_rpt: [IntrospectRptParams, IntrospectRptResult];
}

/** Name of a command, as oxd 3.1.2 and later spell it. */
export type CommandName = keyof Commands;

/** Params of command `C`. */
export type Params<C extends CommandName> = Commands[C][0];

/** Result of command `C`. */
export type Result<C extends CommandName> = Commands[C][1];
