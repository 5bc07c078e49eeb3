import type { SiteParams } from './registration.js';

/**
 * Sufficient combinations of scopes: a JsonLogic rule whose variables are the indexes of `data`. oxd
 * passes the rule to the authorization server; embedded evaluates it in the access check.
 *
 * ```ts
 * { rule: { and: [{ var: 0 }, { or: [{ var: 1 }, { var: 2 }] }] }, data: ['read', 'add', 'all'] }
 * ```
 */
export interface ScopeExpression {
  /** JsonLogic rule; `{ "var": 0 }` is true if the first scope of `data` is granted. */
  readonly rule: Readonly<Record<string, unknown>>;
  /** Scopes, referenced by their index in the rule. */
  readonly data: readonly string[];
}

/** Scopes that certain methods of a resource require. */
export interface UmaCondition {
  /** HTTP methods, such as `GET`. */
  readonly httpMethods: readonly string[];
  /** Scopes, one of which an RPT needs. */
  readonly scopes?: readonly string[];
  /** Scopes that a permission ticket requests; default `scopes`. */
  readonly ticketScopes?: readonly string[];
  /** Expression that replaces `scopes`. Embedded, and oxd 3.1.2 and later. */
  readonly scope_expression?: ScopeExpression;
}

/** Resource to protect. */
export interface UmaResource {
  /** Path of the resource, matched as a whole; oxd ignores its case. */
  readonly path: string;
  /** Required scopes by HTTP method. */
  readonly conditions: readonly UmaCondition[];
}

/** Parameters of `uma_rs_protect`. Source: oxd command `uma_rs_protect`; UMA Federated Authorization §3. */
export interface UmaRsProtectParams extends SiteParams {
  /** Resources, at least one. */
  readonly resources: readonly UmaResource[];
  /**
   * Deletes resources of this site that `resources` does not contain; default false. oxd deletes every
   * resource and creates all of them again: policies that an administrator attached to them at the
   * authorization server are lost. Embedded, and oxd 3.1.3 and later.
   */
  readonly overwrite?: boolean;
}

/** Parameters of `uma_rs_modify`. Source: oxd command `uma_rs_modify`, 4.2 and later. */
export interface UmaRsModifyParams extends SiteParams {
  /** Path of a protected resource. */
  readonly path: string;
  /** One of the HTTP methods of the resource. */
  readonly http_method: string;
  /** New scopes, one of which an RPT needs; required without `scope_expression`. */
  readonly scopes?: readonly string[];
  /** New expression; replaces `scopes`, also those given here. */
  readonly scope_expression?: ScopeExpression;
}

/** Parameters of `uma_rs_check_access`. Source: oxd command `uma_rs_check_access`. */
export interface UmaRsCheckAccessParams extends SiteParams {
  /** Path of a protected resource; required without `resource`. */
  readonly path?: string;
  /** HTTP method of the request; required without `resource`. */
  readonly http_method?: string;
  /**
   * RPT of the request, with `mode: 'decision'` the access token of the user; undefined if the request
   * has none.
   */
  readonly rpt?: string;
  /** Scopes that replace those of the resource in this check. Embedded and oxd 4.2 and later. */
  readonly scopes?: readonly string[];
  /**
   * `decision` lets the authorization server decide about an ordinary access token, without ticket and
   * RPT (Keycloak); default `rpt`. Embedded only.
   */
  readonly mode?: UmaMode;
  /**
   * Name or id of a resource that an administrator made at the authorization server, instead of `path`
   * and `http_method`; a name needs Keycloak. `scopes` may be omitted only if the resource has none.
   * Embedded only.
   */
  readonly resource?: string;
  /**
   * Claims for the policies, with `mode: 'decision'` only. The request then authenticates the client, and
   * the access token has at most 4000 characters. Embedded only.
   */
  readonly claims?: UmaPushedClaims;
}

/** Decision by the permissions of an RPT, or by the authorization server about an access token. */
export type UmaMode = 'rpt' | 'decision';

/** Claims that are pushed to the policies of the authorization server, each with a list of values. */
export type UmaPushedClaims = Readonly<Record<string, readonly string[]>>;

/** Permission of an RPT for one resource (UMA Federated Authorization §5.1.1). */
export interface UmaPermission {
  /** Id of the resource at the authorization server. */
  readonly resource_id: string;
  /** Granted scopes of the resource. */
  readonly resource_scopes: readonly string[];
  /** Expiry of the permission, in seconds since 1970. */
  readonly exp?: number;
  /** Time of the grant, in seconds since 1970. */
  readonly iat?: number;
  /** Time before which the permission is invalid, in seconds since 1970. */
  readonly nbf?: number;
}

/** Result of `uma_rs_check_access`. */
export interface UmaRsCheckAccessResult {
  /** Decision on the request. */
  readonly access: 'granted' | 'denied';
  /** Header `WWW-Authenticate` for the response to a denied request; its `as_uri` is the issuer. */
  readonly 'www-authenticate_header'?: string;
  /** Permission ticket of a denied request. */
  readonly ticket?: string;
  /** Issuer of the authorization server, if access is denied. Embedded only. */
  readonly as_uri?: string;
  /** Permissions of the RPT, if access is granted. Embedded only. */
  readonly permissions?: readonly UmaPermission[];
  /** Id of the requesting party, if the RPT proves it. Embedded only. */
  readonly sub?: string;
}

/** Parameters of `uma_rp_get_rpt`. Source: oxd command `uma_rp_get_rpt`; UMA 2.0 Grant §3.3.1. */
export interface UmaRpGetRptParams extends SiteParams {
  /** Permission ticket. */
  readonly ticket: string;
  /** Claim token about the requesting party, such as the ID token of the user. */
  readonly claim_token?: string;
  /** Format of `claim_token`; required with it. */
  readonly claim_token_format?: string;
  /** Persisted claims token of the same requesting party (UMA 2.0 Grant §3.3.5). */
  readonly pct?: string;
  /** Existing RPT to upgrade (UMA 2.0 Grant §3.3.5.1). */
  readonly rpt?: string;
  /** Scopes in addition to those of the ticket. */
  readonly scope?: readonly string[];
  /** Ignored by every version of oxd. */
  readonly state?: string;
  /**
   * Further parameters of the token request, such as `subject_token`, or `submit_request` (`true`
   * submits the request to the resource owner; default `false`). Embedded and oxd 4.x.
   */
  readonly params?: Readonly<Record<string, string>>;
}

/** Result of `uma_rp_get_rpt`. */
export interface UmaRpGetRptResult {
  /** RPT. */
  readonly access_token: string;
  /** Type of the token: `Bearer`. */
  readonly token_type?: string;
  /** Persisted claims token for the next request of the same requesting party. */
  readonly pct?: string;
  /**
   * True if the new RPT includes the permissions of the parameter `rpt`; false also if the
   * authorization server omits the property (UMA 2.0 Grant §3.3.5). `updated` in oxd.
   */
  readonly upgraded: boolean;
  /** Lifetime in seconds; undefined if the authorization server returned none. Embedded only. */
  readonly expires_in?: number;
}

/** Parameters of `uma_rp_get_claims_gathering_url`. UMA 2.0 Grant §3.3.2. */
export interface UmaRpGetClaimsGatheringUrlParams extends SiteParams {
  /** Newest permission ticket. */
  readonly ticket: string;
  /** URL to return to; one of the `claims_redirect_uri` of the registration. */
  readonly claims_redirect_uri: string;
  /** State; default: a generated one. Embedded and oxd 4.x. */
  readonly state?: string;
  /** Further query parameters. Embedded and oxd 4.2 and later. */
  readonly custom_parameters?: Readonly<Record<string, string>>;
}

/** Result of `uma_rp_get_claims_gathering_url`. */
export interface UmaRpGetClaimsGatheringUrlResult {
  /** URL to redirect the browser to. */
  readonly url: string;
  /** State in the URL, a parameter of the redirect back to `claims_redirect_uri`. */
  readonly state: string;
}

/** Parameters of `introspect_rpt`. oxd 3.1.2 and later; UMA Federated Authorization §5. */
export interface IntrospectRptParams extends SiteParams {
  /** RPT to introspect. */
  readonly rpt: string;
}

/** Result of `introspect_rpt`. Times are seconds since 1970. */
export interface IntrospectRptResult {
  /** True if the RPT is valid. Always a boolean. */
  readonly active: boolean;
  /** Expiry. */
  readonly exp?: number;
  /** Time of issue. */
  readonly iat?: number;
  /** Time before which the RPT is invalid. */
  readonly nbf?: number;
  /** Id of the client that requested the RPT. */
  readonly client_id?: string;
  /** Id of the requesting party. */
  readonly sub?: string;
  /** Audience. */
  readonly aud?: string | readonly string[];
  /** Issuer. */
  readonly iss?: string;
  /** Id of the RPT. */
  readonly jti?: string;
  /** Permissions of the RPT. */
  readonly permissions?: readonly UmaPermission[];
}
