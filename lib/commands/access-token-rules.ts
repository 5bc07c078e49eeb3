import { isStringList, textOf, type JsonObject } from '../base/json.js';

/** Rules that the claims of an access token must follow. */
export interface AccessTokenRules {
  /** Accepted values of `aud`; undefined accepts any audience, and none. */
  readonly audience: readonly string[] | undefined;
  /** Returns true for the issuer of the provider. */
  readonly isIssuer: (issuer: string) => boolean;
  /** Current time, in seconds since 1970. */
  readonly now: number;
  /** Tolerated difference between the clocks, in seconds. */
  readonly clockTolerance: number;
}

/**
 * Returns the reason for which verified claims are not those of an access token for this API, without
 * values of the token; undefined if they are.
 *
 * @param claims claims of a verified JWT, or of an introspection response
 * @param header header of the JWT; undefined for an introspection response
 * @see RFC 9068 §4; RFC 8725 §3.9, §3.11, §3.12
 */
export function accessTokenProblem(
  claims: JsonObject,
  rules: AccessTokenRules,
  header?: JsonObject,
): string | undefined {
  return (
    kindProblem(claims, header) ??
    bindingProblem(claims) ??
    issuerProblem(claims, rules) ??
    timeProblem(claims, rules) ??
    audienceProblem(claims, rules)
  );
}

/** Returns true for the `typ` of the header of a JWT access token. @see RFC 9068 §2.1 */
export function isAccessTokenType(typ: unknown): boolean {
  return typeof typ === 'string' && /^(?:application\/)?at\+jwt$/i.test(typ);
}

/**
 * Reason for which claims are those of an ID token or another kind. A JWT of the type `at+jwt` is an
 * access token by its header; other types need the marks of one.
 */
export function kindProblem(claims: JsonObject, header?: JsonObject): string | undefined {
  if (!isBearer(claims)) return OTHER_TYPE;
  if (claims.events !== undefined) return SECURITY_EVENT;
  if (isAccessTokenType(header?.typ)) return undefined;
  if (ID_TOKEN_CLAIMS.some((name) => claims[name] !== undefined)) return ID_TOKEN;
  const isMarked = MARKS.some((name) => claims[name] !== undefined);
  return header && !isMarked ? UNMARKED : undefined;
}

/** @see RFC 7662 §2.2; `typ` is a claim of Keycloak, `token_use` one of Cognito and Hydra */
function isBearer({ typ = 'Bearer', token_type = 'Bearer', token_use = 'access' }: JsonObject) {
  const isOfType = /^(?:bearer|access_token)$/i.test(String(token_type));
  return typ === 'Bearer' && isOfType && /^access(?:_token)?$/.test(String(token_use));
}

const OTHER_TYPE = 'it is no access token of the type Bearer (typ, token_type or token_use)';

const SECURITY_EVENT = 'it reports a security event, such as a logout (events)';

/** Claims of an ID token. @see OpenID Connect Core §2, §3.1.3.6, §3.3.2.11 */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash'];
const ID_TOKEN = 'it is an ID token (nonce, at_hash or c_hash)';

/** Claims of which an access token of the type `JWT` has one. */
const MARKS = ['scope', 'scp', 'client_id', 'typ'];
const UNMARKED = 'it may be an ID token: it has none of scope, scp, client_id and typ';

/**
 * A token that is bound to a key or a certificate: its proof is not checked here.
 *
 * @see RFC 7800 §3, RFC 9449 §7.2; Janssen has `x5t#S256` outside of `cnf`
 */
export function bindingProblem({ cnf, 'x5t#S256': thumbprint }: JsonObject): string | undefined {
  return cnf === undefined && thumbprint === undefined ? undefined : BOUND;
}

const BOUND =
  'it is bound to a key or a certificate of its client (cnf), whose proof is not checked';

function issuerProblem({ iss }: JsonObject, { isIssuer }: AccessTokenRules): string | undefined {
  if (iss === undefined || (typeof iss === 'string' && isIssuer(iss))) return undefined;
  return 'it has another issuer (iss)';
}

/** Reason for which a token has expired or is not valid yet. */
export function timeProblem(
  { exp, nbf, iat }: JsonObject,
  { now, clockTolerance }: Pick<AccessTokenRules, 'now' | 'clockTolerance'>,
): string | undefined {
  if (![exp, nbf, iat].every(isTime)) return 'exp, nbf or iat is not a number';
  if (Number(exp ?? Infinity) <= now - clockTolerance) return 'it has expired (exp)';
  const begins = Math.max(Number(nbf ?? 0), Number(iat ?? 0));
  return begins > now + clockTolerance ? 'it is not valid yet (nbf or iat)' : undefined;
}

function isTime(value: unknown): boolean {
  return value === undefined || Number.isFinite(value);
}

function audienceProblem({ aud }: JsonObject, { audience }: AccessTokenRules): string | undefined {
  if (audience === undefined) return undefined;
  if (aud === undefined) return NO_AUDIENCE;
  const list = typeof aud === 'string' ? [aud] : aud;
  const isOurs = isStringList(list) && list.some((one) => audience.includes(one));
  return isOurs ? undefined : `its audience (aud) does not contain ${audience.join(' or ')}`;
}

const NO_AUDIENCE =
  'it has no audience (aud), so that it may be meant for another API; at Keycloak add an Audience mapper';

/** Returns the scopes of `scope` and `scp`, each a string or a list. */
export function scopesOf({ scope, scp }: JsonObject): ReadonlySet<string> {
  const scopes = new Set<string>();
  for (const claim of [scope, scp]) {
    const items = isStringList(claim) ? claim : [textOf(claim) ?? ''];
    for (const one of items.join(' ').split(' ')) scopes.add(one);
  }
  scopes.delete('');
  return scopes;
}
