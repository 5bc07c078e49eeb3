import type { SiteParams } from './registration.js';

/**
 * Which scopes together are enough: a JsonLogic rule over the places of `data`. oxd keeps it for the
 * authorization server; embedded evaluates it itself.
 *
 * ```ts
 * { rule: { and: [{ var: 0 }, { or: [{ var: 1 }, { var: 2 }] }] }, data: ['read', 'add', 'all'] }
 * ```
 */
export interface ScopeExpression {
  /** A JsonLogic rule; `{ "var": 0 }` is whether the first scope of `data` is granted. */
  readonly rule: Readonly<Record<string, unknown>>;
  /** The scopes it speaks of. */
  readonly data: readonly string[];
}

/** What is needed for some methods of a resource. */
export interface UmaCondition {
  /** HTTP methods, such as `GET`. */
  readonly httpMethods: readonly string[];
  /** Scopes of which an RPT needs one. */
  readonly scopes?: readonly string[];
  /** Scopes that a ticket asks for; default `scopes`. */
  readonly ticketScopes?: readonly string[];
  /** Instead of `scopes`. Embedded, and oxd 3.1.2 and later. */
  readonly scope_expression?: ScopeExpression;
}

/** A resource that is to be protected. */
export interface UmaResource {
  /** Its path, compared as a whole; oxd takes no notice of upper and lower case in it. */
  readonly path: string;
  /** What is needed for which methods. */
  readonly conditions: readonly UmaCondition[];
}

/** Params of `uma_rs_protect`. Source: oxd command `uma_rs_protect`; UMA Federated Authorization §3. */
export interface UmaRsProtectParams extends SiteParams {
  /** The resources, at least one. */
  readonly resources: readonly UmaResource[];
  /**
   * Deletes what this site had protected before and is not named now; default false. On oxd
   * everything is deleted and created anew: what an administrator attached to the resources at
   * the authorization server is lost. Embedded, and oxd 3.1.3 and later.
   */
  readonly overwrite?: boolean;
}

/** Params of `uma_rs_check_access`. Source: oxd command `uma_rs_check_access`. */
export interface UmaRsCheckAccessParams extends SiteParams {
  /** Path of a protected resource. */
  readonly path: string;
  /** Method of the request. */
  readonly http_method: string;
  /** The RPT of the request; left out where it has none. */
  readonly rpt?: string;
  /** Scopes for this check instead of those of the resource. Embedded and oxd 4.2 and later. */
  readonly scopes?: readonly string[];
}

/** What an RPT allows at one resource (UMA Federated Authorization §5.1.1). */
export interface UmaPermission {
  /** Id of the resource at the authorization server. */
  readonly resource_id: string;
  /** Scopes granted there. */
  readonly resource_scopes: readonly string[];
  /** When this permission ends; seconds since 1970. */
  readonly exp?: number;
  /** When it was granted; seconds since 1970. */
  readonly iat?: number;
  /** From when on it is good; seconds since 1970. */
  readonly nbf?: number;
}

/** Result of `uma_rs_check_access`. */
export interface UmaRsCheckAccessResult {
  /** Whether the RPT is good for the resource. */
  readonly access: 'granted' | 'denied';
  /** What the answer to a denied request may carry; `as_uri` in it names the issuer. */
  readonly 'www-authenticate_header'?: string;
  /** The permission ticket of a denied request. */
  readonly ticket?: string;
  /** What the RPT allows, where access is granted. Ours: embedded only. */
  readonly permissions?: readonly UmaPermission[];
  /** Whom the RPT was issued for, where that is certain. Ours: embedded only. */
  readonly sub?: string;
}

/** Params of `uma_rp_get_rpt`. Source: oxd command `uma_rp_get_rpt`; UMA 2.0 Grant §3.3.1. */
export interface UmaRpGetRptParams extends SiteParams {
  /** The permission ticket. */
  readonly ticket: string;
  /** A claim token about the requesting party, such as the user's id_token. */
  readonly claim_token?: string;
  /** Format of `claim_token`; needed with it. */
  readonly claim_token_format?: string;
  /** Persisted claims token of the same requesting party (UMA 2.0 Grant §3.3.5). */
  readonly pct?: string;
  /** An RPT to be extended (UMA 2.0 Grant §3.3.5.1). */
  readonly rpt?: string;
  /** Scopes beyond those of the ticket. */
  readonly scope?: readonly string[];
  /** oxd never looks at it. */
  readonly state?: string;
  /**
   * Further parameters of the token request, such as `subject_token`, or `submit_request` (`true`
   * asks the owner; default `false`). Embedded and oxd 4.x.
   */
  readonly params?: Readonly<Record<string, string>>;
}

/** Result of `uma_rp_get_rpt`. */
export interface UmaRpGetRptResult {
  /** The RPT. */
  readonly access_token: string;
  /** `Bearer`. */
  readonly token_type?: string;
  /** Persisted claims token: keep it for the next request of the same requesting party. */
  readonly pct?: string;
  /**
   * Whether the permissions of the `rpt` that was sent are in it; false where the authorization
   * server does not say (UMA 2.0 Grant §3.3.5). `updated` on the wire.
   */
  readonly upgraded: boolean;
  /** Lifetime in seconds, where the authorization server tells it. Ours: embedded only. */
  readonly expires_in?: number;
}

/** Params of `uma_rp_get_claims_gathering_url`. UMA 2.0 Grant §3.3.2. */
export interface UmaRpGetClaimsGatheringUrlParams extends SiteParams {
  /** The newest permission ticket. */
  readonly ticket: string;
  /** Where to come back to: one of the `claims_redirect_uri` of the registration. */
  readonly claims_redirect_uri: string;
  /** The state to use instead of a generated one. Embedded and oxd 4.x. */
  readonly state?: string;
  /** Further query parameters. Embedded and oxd 4.2 and later. */
  readonly custom_parameters?: Readonly<Record<string, string>>;
}

/** Result of `uma_rp_get_claims_gathering_url`. */
export interface UmaRpGetClaimsGatheringUrlResult {
  /** Where to send the browser. */
  readonly url: string;
  /** The `state` in it, which comes back with the browser. */
  readonly state: string;
}

/** Params of `introspect_rpt`. oxd 3.1.2 and later; UMA Federated Authorization §5. */
export interface IntrospectRptParams extends SiteParams {
  /** The RPT in question. */
  readonly rpt: string;
}

/** Result of `introspect_rpt`. Times are seconds since 1970. */
export interface IntrospectRptResult {
  /** Whether the RPT is good. Strictly a boolean. */
  readonly active: boolean;
  /** When it expires. */
  readonly exp?: number;
  /** When it was issued. */
  readonly iat?: number;
  /** From when on it is good. */
  readonly nbf?: number;
  /** The client it was issued to. */
  readonly client_id?: string;
  /** The requesting party. */
  readonly sub?: string;
  /** Whom it is for. */
  readonly aud?: string | readonly string[];
  /** Who issued it. */
  readonly iss?: string;
  /** Its id. */
  readonly jti?: string;
  /** What it allows. */
  readonly permissions?: readonly UmaPermission[];
}
