import { isIssuerOf } from '../base/issuer.js';
import type { JsonObject } from '../base/json.js';
import { unverifiedJwt } from '../base/unverified-jwt.js';
import {
  accessTokenProblem,
  bindingProblem,
  kindProblem,
  timeProblem,
  type AccessTokenRules,
} from '../commands/access-token-rules.js';
import type { Params } from '../commands/command.js';
import { transportSide, type OxdOptions } from '../options/oxd.options.js';

/** Purpose of a verification: a route of `BearerGuard`, or a decision of the authorization server. */
export type TokenUse = 'bearer' | 'decision';

/** Active token of oxd or a custom transport. */
export interface IntrospectedToken {
  readonly token: string;
  readonly claims: JsonObject;
  /** Current time, in seconds since 1970. */
  readonly now: number;
}

/** Expectations of access tokens for one purpose. */
export interface TokenPolicy {
  readonly use: TokenUse;
  /** Parameters of `introspect_access_token` beside the token. */
  readonly params: Omit<Params<'introspect_access_token'>, 'access_token'>;
  /** Reason for which no token is valid; undefined if one may be. */
  readonly misconfigured: string | undefined;
  /** True if the transport applies the rules of an access token itself, as embedded does. */
  readonly isVerified: boolean;
  /** Reason for which an active token is not valid for this API; undefined if it is. */
  readonly problem: (introspected: IntrospectedToken) => string | undefined;
}

/** Returns the policies of option `bearer`. One policy serves both purposes if they do not differ. */
export function tokenPolicies(options: OxdOptions): Readonly<Record<TokenUse, TokenPolicy>> {
  const { audience, anyAudience = false } = options.bearer;
  const bearer = policyOf(options, 'bearer');
  const isShared = audience.length > 0 && !anyAudience;
  return { bearer, decision: isShared ? bearer : policyOf(options, 'decision') };
}

function policyOf(options: OxdOptions, use: TokenUse): TokenPolicy {
  const { audience, introspection, anyAudience } = options.bearer;
  const isEmbedded = transportSide(options.transport) === 'embedded';
  const isAny = use === 'decision' && anyAudience === true;
  const isMissing = use === 'bearer' && audience.length === 0;
  return {
    use,
    // Without audiences, embedded requires the `client_id` of the site.
    params: isEmbedded ? { audience, introspection, ...(isAny && { anyAudience: true }) } : {},
    misconfigured: isMissing ? 'bearer.audience is not set' : undefined,
    isVerified: isEmbedded,
    problem: (introspected) => problemOf(options, introspected),
  };
}

function problemOf(
  { site, bearer }: OxdOptions,
  { token, claims, now }: IntrospectedToken,
): string | undefined {
  const rules = {
    audience: bearer.audience,
    isIssuer: (issuer: string) => isIssuerOf(site, issuer),
    now,
    clockTolerance: bearer.clockTolerance / 1000,
  };
  return accessTokenProblem(claims, rules) ?? omittedProblem(token, rules);
}

/** oxd omits claims of the introspection, such as `cnf`, `typ` and `nbf`, which a JWT has, too. */
function omittedProblem(token: string, rules: AccessTokenRules): string | undefined {
  const jwt = unverifiedJwt(token);
  if (!jwt) return undefined;
  const { claims, header } = jwt;
  return kindProblem(claims, header) ?? bindingProblem(claims) ?? timeProblem(claims, rules);
}
