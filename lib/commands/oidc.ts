import type { SiteParams } from './registration.js';

/** Address of a user (OpenID Connect Core §5.1.1). */
export interface AddressClaim {
  /** Full address, as printed on a label. */
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
 * Claims about a user (OpenID Connect Core §5.1). oxd 3.x returns every claim as a list of strings:
 * standard claims are converted to their types, other claims to a string if the list has one item.
 */
export interface UserClaims {
  /** Id of the user at this provider; never changes. */
  readonly sub: string;
  /** Full name, for display. */
  readonly name?: string;
  /** Given name or names. */
  readonly given_name?: string;
  /** Family name or names. */
  readonly family_name?: string;
  /** Middle name or names. */
  readonly middle_name?: string;
  /** Casual name. */
  readonly nickname?: string;
  /** Preferred user name; not unique, and may change. */
  readonly preferred_username?: string;
  /** URL of a page about the user. */
  readonly profile?: string;
  /** URL of a picture of the user. */
  readonly picture?: string;
  /** URL of a page of the user. */
  readonly website?: string;
  /** Preferred e-mail address. */
  readonly email?: string;
  /** True if the provider has verified that the address belongs to the user. */
  readonly email_verified?: boolean;
  /** Gender, such as `female` or `male`. */
  readonly gender?: string;
  /** Birthday, `YYYY-MM-DD` or `YYYY`; year `0000` = omitted. */
  readonly birthdate?: string;
  /** Time zone, such as `Europe/Paris`. */
  readonly zoneinfo?: string;
  /** Language, such as `en-US`. */
  readonly locale?: string;
  /** Preferred telephone number, such as `+1 (425) 555-1212`. */
  readonly phone_number?: string;
  /** True if the provider has verified that the number belongs to the user. */
  readonly phone_number_verified?: boolean;
  /** Postal address. */
  readonly address?: AddressClaim;
  /** Time of the last change of these claims, in seconds since 1970. */
  readonly updated_at?: number;
  /** Any further claim. */
  readonly [claim: string]: unknown;
}

/** Claims of an ID token (OpenID Connect Core §2). Times are seconds since 1970. */
export interface IdTokenClaims extends UserClaims {
  /** Issuer: the provider. */
  readonly iss: string;
  /** Audience: id of the client, or ids of several clients. */
  readonly aud: string | readonly string[];
  /** Expiry. */
  readonly exp: number;
  /** Time of issue. */
  readonly iat: number;
  /** Time of the user's authentication. */
  readonly auth_time?: number;
  /** Value that binds the token to one login. */
  readonly nonce?: string;
  /** Authentication context class. */
  readonly acr?: string;
  /** Authentication methods. */
  readonly amr?: readonly string[];
  /** Authorized party: id of the client that requested the token. */
  readonly azp?: string;
  /** Hash of the access token. */
  readonly at_hash?: string;
}

/** Parameters of `get_authorization_url`. Source: oxd command `get_authorization_url`. */
export interface GetAuthorizationUrlParams extends SiteParams {
  /** Scopes; default: those of the registration. */
  readonly scope?: readonly string[];
  /**
   * Authentication context classes, in order of preference. The provider may ignore them: compare the
   * claim `acr` after the login.
   */
  readonly acr_values?: readonly string[];
  /**
   * `none`, `login`, `consent` or `select_account`. The user can remove the parameter from the URL:
   * with `login` compare the claim `auth_time` after the login.
   *
   * @see OpenID Connect Core §3.1.2.1
   */
  readonly prompt?: string;
  /** Hosted domain (Google). The user can remove it from the URL: compare the claim `hd` after the login. */
  readonly hd?: string;
  /** Parameters that are sent as a single one, `custom_response_headers`, as by oxd. */
  readonly custom_parameters?: Readonly<Record<string, string>>;
  /**
   * Further query parameters. Embedded checks the ID token against a `max_age` (seconds) among them.
   * Embedded and oxd 4.x.
   */
  readonly params?: Readonly<Record<string, string>>;
  /** State; default: a generated one. Embedded and oxd 4.x. */
  readonly state?: string;
  /** Nonce; default: a generated one. Embedded and oxd 4.2 and later. */
  readonly nonce?: string;
  /**
   * Registered redirect URI; default: `authorization_redirect_uri`. The port of a loopback address may
   * differ for a native client (RFC 8252 §7.3). Embedded and oxd 4.x.
   */
  readonly redirect_uri?: string;
  /** Registered response types; default: those of the registration. Embedded and oxd 4.x. */
  readonly response_types?: readonly string[];
  /**
   * False stores nothing: the result contains the values of {@link LoginSecrets}, which the caller
   * stores and passes to `get_tokens_by_code`. Default true: embedded stores them under the state. No
   * parameter of oxd, which always stores them itself: it is not sent to oxd-server.
   */
  readonly keep_state?: boolean;
}

/**
 * Values that `get_authorization_url` returns with `keep_state: false`. Store them where only the
 * browser that began the login leads to, and use them once: they bind the code and the ID token to
 * this login. Embedded only.
 */
export interface LoginSecrets {
  /** PKCE verifier (RFC 7636 §4.1). Secret. */
  readonly code_verifier: string;
  /** Nonce of the ID token (OpenID Connect Core §3.1.2.1). Secret. */
  readonly nonce: string;
  /** Redirect URI of the authorization request. */
  readonly redirect_uri: string;
  /**
   * Earliest `auth_time` of the ID token, in seconds since 1970; undefined if the login has no
   * `max_age`.
   */
  readonly min_auth_time?: number;
}

/** Result of `get_authorization_url`, with the login's secrets if `keep_state` is false. */
export interface GetAuthorizationUrlResult extends Partial<LoginSecrets> {
  /** URL to redirect the browser to. Its `state` is for a single use. */
  readonly authorization_url: string;
}

/**
 * Parameters of `get_tokens_by_code`. Source: oxd command `get_tokens_by_code`.
 *
 * Pass either none of the {@link LoginSecrets}: the login is looked up by its state and used once. Or
 * pass them as `get_authorization_url` returned them, `code_verifier` and `nonce` always together:
 * then the state is not looked up, and the caller has checked that this browser began the login and
 * that the login was not used before. Embedded only; oxd rejects them.
 */
export interface GetTokensByCodeParams extends SiteParams, Partial<LoginSecrets> {
  /** Parameter `code` of the callback. */
  readonly code: string;
  /** Parameter `state` of the callback. */
  readonly state: string;
  /**
   * Parameter `iss` of the callback, unchanged (RFC 9207). Embedded compares it with the provider and
   * requires it if discovery has `authorization_response_iss_parameter_supported`. No parameter of
   * oxd: it is not sent to oxd-server.
   */
  readonly iss?: string;
  /** `private_key_jwt`, with the keys of oxd-server. oxd 4.2.2 and later, not embedded. */
  readonly authentication_method?: string;
  /** Algorithm of the client assertion. oxd 4.2.2 and later, not embedded. */
  readonly algorithm?: string;
}

/** Result of `get_tokens_by_code`. */
export interface GetTokensByCodeResult {
  /** Access token for userinfo and for APIs of the provider. */
  readonly access_token: string;
  /** Lifetime of the access token, in seconds; undefined if the provider returned none. */
  readonly expires_in?: number;
  /** ID token (a signed JWT). */
  readonly id_token: string;
  /** Refresh token; undefined if the provider issued none. */
  readonly refresh_token?: string;
  /** Verified claims of the ID token. */
  readonly id_token_claims: IdTokenClaims;
}

/** Parameters of `get_access_token_by_refresh_token`. */
export interface GetAccessTokenByRefreshTokenParams extends SiteParams {
  /** Refresh token. */
  readonly refresh_token: string;
  /** Scopes; always set them, because the default of oxd is `openid` only. */
  readonly scope?: readonly string[];
  /**
   * ID token of the login. An ID token of the response must have the same `iss`, `sub` and `aud`
   * (OpenID Connect Core §12.2). Embedded only; rejected through oxd, which returns no ID token.
   */
  readonly id_token?: string;
}

/** Parameters of `get_user_info`. Source: oxd command `get_user_info`. */
export interface GetUserInfoParams extends SiteParams {
  /** Access token with scope `openid`. */
  readonly access_token: string;
  /** ID token of the user; its `sub` must equal that of the response. With oxd compared by this package. */
  readonly id_token?: string;
}

/** Result of `get_user_info`. The claims always have a `sub`; any other response is an error. */
export interface GetUserInfoResult {
  /** Claims about the user. */
  readonly claims: UserClaims;
}

/** Parameters of `get_logout_uri`. Source: oxd command `get_logout_uri`. */
export interface GetLogoutUriParams extends SiteParams {
  /** ID token of the user who logs out. */
  readonly id_token_hint?: string;
  /** Registered URL to which the provider redirects the browser after the logout. */
  readonly post_logout_redirect_uri?: string;
  /** Value that the provider adds to `post_logout_redirect_uri`. */
  readonly state?: string;
  /** Session at the provider (OpenID Connect Session Management). */
  readonly session_state?: string;
}

/** Result of `get_logout_uri`. */
export interface GetLogoutUriResult {
  /** URL to redirect the browser to; the provider ends its session there. */
  readonly uri: string;
}

/**
 * Parameters of `introspect_access_token`. oxd 3.1.2 and later. With one of the parameters that only
 * embedded has, the token must be an access token for this API: a JWT is verified by its signature, and
 * any other kind of token, such as an ID token, is not active.
 */
export interface IntrospectAccessTokenParams extends SiteParams {
  /** Access token to introspect. */
  readonly access_token: string;
  /**
   * Audiences, of which the token must have one; default: the `client_id` of the site. Embedded only.
   *
   * @see RFC 9068 §4, RFC 8725 §3.9
   */
  readonly audience?: readonly string[];
  /** Tokens that are introspected, see option `bearer.introspection`; default `opaque`. Embedded only. */
  readonly introspection?: 'opaque' | 'always' | 'never';
  /** True accepts a token with any audience, or without one; default false. Embedded only. */
  readonly anyAudience?: boolean;
}

/** Claims of a verified access token (RFC 9068 §2.2, RFC 7662 §2.2). Times are seconds since 1970. */
export interface AccessTokenClaims {
  /** Id of the user, or of the client. Missing in some introspection responses. */
  readonly sub?: string;
  /** Issuer. */
  readonly iss?: string;
  /** Audience. */
  readonly aud?: string | readonly string[];
  /** Expiry. */
  readonly exp?: number;
  /** Time of issue. */
  readonly iat?: number;
  /** Id of the client that requested the token. */
  readonly client_id?: string;
  /** Time of the user's authentication. */
  readonly auth_time?: number;
  /** Authentication context class. */
  readonly acr?: string;
  /** Any further claim. */
  readonly [claim: string]: unknown;
}

/**
 * Result of `introspect_access_token` (RFC 7662 §2.2). Times are seconds since 1970. With one of the
 * parameters that only embedded has, it has `active` and `claims`, or `reason`, and no other property.
 */
export interface IntrospectAccessTokenResult {
  /** True if the token is valid. Always a boolean. */
  readonly active: boolean;
  /** Id of the client that requested the token. */
  readonly client_id?: string;
  /** Name of the user, for display. */
  readonly username?: string;
  /** Type of the token, such as `Bearer`. */
  readonly token_type?: string;
  /** Id of the user, or of the client. */
  readonly sub?: string;
  /** Audience. */
  readonly aud?: string | readonly string[];
  /** Issuer. */
  readonly iss?: string;
  /** Id of the token. */
  readonly jti?: string;
  /** Authentication context class. Gluu. */
  readonly acr_values?: string;
  /** Expiry. */
  readonly exp?: number;
  /** Time of issue. */
  readonly iat?: number;
  /** Scopes, separated by blanks. */
  readonly scope?: string;
  /** Every claim of the verified token. Embedded, with one of the parameters that only embedded has. */
  readonly claims?: AccessTokenClaims;
  /**
   * Reason for which the token is not active, for a log: it contains no value of the token. Embedded,
   * with one of the parameters that only embedded has.
   */
  readonly reason?: string;
}
