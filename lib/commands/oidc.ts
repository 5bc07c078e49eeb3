import type { SiteParams } from './registration.js';

/** Address of a user (OpenID Connect Core §5.1.1). */
export interface AddressClaim {
  /** Full address, for a label. */
  readonly formatted?: string;
  /** Street, house number, floor. */
  readonly street_address?: string;
  /** City. */
  readonly locality?: string;
  /** State, province, region. */
  readonly region?: string;
  /** Postal code. */
  readonly postal_code?: string;
  /** Country. */
  readonly country?: string;
}

/**
 * What a provider says of a user (OpenID Connect Core §5.1). oxd 3.x knows only lists of strings:
 * standard claims get their types back, another claim of one value is that string, and one of
 * several values stays a list.
 */
export interface UserClaims {
  /** The user at this provider; never changes. */
  readonly sub: string;
  /** Full name, for people. */
  readonly name?: string;
  /** Given name or names. */
  readonly given_name?: string;
  /** Family name or names. */
  readonly family_name?: string;
  /** Middle name or names. */
  readonly middle_name?: string;
  /** Casual name. */
  readonly nickname?: string;
  /** Name the user goes by at the provider; not unique, and may change. */
  readonly preferred_username?: string;
  /** URL of a page about the user. */
  readonly profile?: string;
  /** URL of a picture of the user. */
  readonly picture?: string;
  /** URL of a page of the user. */
  readonly website?: string;
  /** Preferred e-mail address. */
  readonly email?: string;
  /** Whether the provider has made sure that the address is the user's. */
  readonly email_verified?: boolean;
  /** Such as `female` or `male`. */
  readonly gender?: string;
  /** `YYYY-MM-DD` or `YYYY`; year `0000` where it is left out. */
  readonly birthdate?: string;
  /** Time zone, such as `Europe/Paris`. */
  readonly zoneinfo?: string;
  /** Language, such as `en-US`. */
  readonly locale?: string;
  /** Preferred telephone number, such as `+1 (425) 555-1212`. */
  readonly phone_number?: string;
  /** Whether the provider has made sure that the number is the user's. */
  readonly phone_number_verified?: boolean;
  /** Postal address. */
  readonly address?: AddressClaim;
  /** When the profile was changed last; seconds since 1970. */
  readonly updated_at?: number;
  /** Any further claim. */
  readonly [claim: string]: unknown;
}

/** Claims of an id_token (OpenID Connect Core §2). Times are seconds since 1970. */
export interface IdTokenClaims extends UserClaims {
  /** The provider that issued it. */
  readonly iss: string;
  /** The client it is for, or the clients. */
  readonly aud: string | readonly string[];
  /** When it expires. */
  readonly exp: number;
  /** When it was issued. */
  readonly iat: number;
  /** When the user authenticated. */
  readonly auth_time?: number;
  /** Binds it to one login. */
  readonly nonce?: string;
  /** Authentication context class. */
  readonly acr?: string;
  /** Authentication methods. */
  readonly amr?: readonly string[];
  /** The client it was issued to. */
  readonly azp?: string;
  /** Hash of the access token. */
  readonly at_hash?: string;
}

/** Params of `get_authorization_url`. Source: oxd command `get_authorization_url`. */
export interface GetAuthorizationUrlParams extends SiteParams {
  /** Scopes; default those of the registration. */
  readonly scope?: readonly string[];
  /**
   * Authentication context classes, in order of preference. A request only: compare the claim `acr`
   * after the login.
   */
  readonly acr_values?: readonly string[];
  /**
   * `none`, `login`, `consent` or `select_account`. A request only, which the user can remove from the
   * URL: with `login` compare the claim `auth_time` after the login.
   *
   * @see OpenID Connect Core §3.1.2.1
   */
  readonly prompt?: string;
  /** Google: the hosted domain. A request only: compare the claim `hd` after the login. */
  readonly hd?: string;
  /** Sent as the one parameter `custom_response_headers`, as oxd does. */
  readonly custom_parameters?: Readonly<Record<string, string>>;
  /**
   * Further query parameters. Embedded and oxd 4.x. Embedded holds the id_token to a `max_age`
   * (seconds) among them.
   */
  readonly params?: Readonly<Record<string, string>>;
  /** The state to use instead of a generated one. Embedded and oxd 4.x. */
  readonly state?: string;
  /** The nonce to use instead of a generated one. Embedded and oxd 4.2 and later. */
  readonly nonce?: string;
  /** A registered redirect URI other than the first. Embedded and oxd 4.x. */
  readonly redirect_uri?: string;
  /** Registered response types other than the default. Embedded and oxd 4.x. */
  readonly response_types?: readonly string[];
}

/** Result of `get_authorization_url`. */
export interface GetAuthorizationUrlResult {
  /** Where to send the browser. Its `state` is single use. */
  readonly authorization_url: string;
}

/** Params of `get_tokens_by_code`. Source: oxd command `get_tokens_by_code`. */
export interface GetTokensByCodeParams extends SiteParams {
  /** The code of the callback. */
  readonly code: string;
  /** The state of the callback. */
  readonly state: string;
  /**
   * Parameter `iss` of the callback, unchanged (RFC 9207). Embedded compares it with the provider and
   * requires it if discovery has `authorization_response_iss_parameter_supported`. Ours: not sent to
   * oxd.
   */
  readonly iss?: string;
  /** `private_key_jwt`, with keys on the server. oxd 4.2.2 and later, not embedded. */
  readonly authentication_method?: string;
  /** Algorithm of the client assertion. oxd 4.2.2 and later, not embedded. */
  readonly algorithm?: string;
}

/** Result of `get_tokens_by_code`. */
export interface GetTokensByCodeResult {
  /** Token for userinfo and for APIs of the provider. */
  readonly access_token: string;
  /** Its lifetime in seconds; left out where the provider told none. */
  readonly expires_in?: number;
  /** The id_token as it came (a signed JWT). */
  readonly id_token: string;
  /** For a new access token, where the provider issues one. */
  readonly refresh_token?: string;
  /** The verified claims of the id_token. */
  readonly id_token_claims: IdTokenClaims;
}

/** Params of `get_access_token_by_refresh_token`. */
export interface GetAccessTokenByRefreshTokenParams extends SiteParams {
  /** The refresh token. */
  readonly refresh_token: string;
  /** Scopes; always name those wanted: oxd asks for `openid` alone without. */
  readonly scope?: readonly string[];
}

/** Params of `get_user_info`. Source: oxd command `get_user_info`. */
export interface GetUserInfoParams extends SiteParams {
  /** An access token with scope `openid`. */
  readonly access_token: string;
  /** The user's id_token; its `sub` must be that of the answer. Embedded and oxd 4.2 and later. */
  readonly id_token?: string;
}

/** Result of `get_user_info`: always with a `sub`; a refusal of the provider is an error. */
export interface GetUserInfoResult {
  /** What the provider says of the user. */
  readonly claims: UserClaims;
}

/** Params of `get_logout_uri`. Source: oxd command `get_logout_uri`. */
export interface GetLogoutUriParams extends SiteParams {
  /** The id_token of the user who logs out. */
  readonly id_token_hint?: string;
  /** A registered URI to come back to. */
  readonly post_logout_redirect_uri?: string;
  /** Comes back with the browser. */
  readonly state?: string;
  /** Session at the provider (OpenID Connect Session Management). */
  readonly session_state?: string;
}

/** Result of `get_logout_uri`. */
export interface GetLogoutUriResult {
  /** Where to send the browser for the end of its session at the provider. */
  readonly uri: string;
}

/** Params of `introspect_access_token`. oxd 3.1.2 and later. */
export interface IntrospectAccessTokenParams extends SiteParams {
  /** The token in question. */
  readonly access_token: string;
}

/** Result of `introspect_access_token` (RFC 7662 §2.2). Times are seconds since 1970. */
export interface IntrospectAccessTokenResult {
  /** Whether the token is good. Strictly a boolean. */
  readonly active: boolean;
  /** The client it was issued to. */
  readonly client_id?: string;
  /** Name of the user, for people. */
  readonly username?: string;
  /** Such as `Bearer`. */
  readonly token_type?: string;
  /** The user, or the client. */
  readonly sub?: string;
  /** Whom it is for. */
  readonly aud?: string | readonly string[];
  /** Who issued it. */
  readonly iss?: string;
  /** Its id. */
  readonly jti?: string;
  /** Authentication context class. Gluu. */
  readonly acr_values?: string;
  /** When it expires. */
  readonly exp?: number;
  /** When it was issued. */
  readonly iat?: number;
  /** Its scopes, separated by blanks. */
  readonly scope?: string;
}
