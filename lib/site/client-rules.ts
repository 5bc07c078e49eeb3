import type { ClientMetadata } from './client-parameters.js';
import { isJsonObject, parseJson } from '../base/json.js';

/** Problem of a parameter of a site. */
export interface SiteProblem {
  readonly param: string;
  /** Error code of oxd, such as `bad_request`. */
  readonly error: string;
  /** Predicate that follows the name of the parameter; never contains a value. */
  readonly message: string;
}

/** Algorithms with a private key; a token signed with an HS algorithm proves only its secret. */
export const PUBLIC_KEY_ALGS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
];
const SECRET_ALGS = /^HS(?:256|384|512)$/;

/** Types of asymmetric keys; a symmetric key (`oct`) is secret as a whole. */
const KEY_TYPES = ['RSA', 'EC', 'OKP'];

/** Properties of a JWK that belong to a private key (RFC 7518 §6, RFC 8037 §2). */
const PRIVATE_PROPERTIES = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];

/** Client metadata with the parameters of the site that the checks below depend on. */
type Client = ClientMetadata & {
  readonly client_jwks_uri?: string;
  readonly client_token_endpoint_auth_method?: string;
};

/** Returns the problems of client metadata on the embedded transport. */
export function clientProblems(site: Client): SiteProblem[] {
  return [
    ...idTokenProblems(site),
    ...userInfoProblems(site),
    ...subjectProblems(site),
    ...keyProblems(site),
  ];
}

function idTokenProblems({
  id_token_signed_response_alg: alg = 'RS256',
  client_token_endpoint_auth_method: method,
}: Client): SiteProblem[] {
  const param = 'id_token_signed_response_alg';
  if (alg === 'none') {
    const error = 'id_token_without_signature_not_allowed';
    return [problem(param, 'must not be none: an unsigned ID token proves nothing', error)];
  }
  if (!PUBLIC_KEY_ALGS.includes(alg) && !SECRET_ALGS.test(alg)) return [unverifiable(param)];
  if (method !== 'none' || !SECRET_ALGS.test(alg)) return [];
  const message = 'is for clients with a secret; client_token_endpoint_auth_method is none';
  return [problem(param, message, 'invalid_algorithm')];
}

function userInfoProblems({ user_info_signed_response_alg: alg = 'RS256' }: Client): SiteProblem[] {
  return PUBLIC_KEY_ALGS.includes(alg) ? [] : [unverifiable('user_info_signed_response_alg')];
}

function unverifiable(param: string): SiteProblem {
  return problem(param, 'is no supported signature algorithm', 'invalid_algorithm');
}

function subjectProblems({ subject_type = 'public' }: Client): SiteProblem[] {
  const isKnown = ['pairwise', 'public'].includes(subject_type);
  const error = 'invalid_subject_type';
  return isKnown ? [] : [problem('subject_type', 'must be pairwise or public', error)];
}

function keyProblems({ jwks, client_jwks_uri }: Client): SiteProblem[] {
  if (!jwks) return [];
  if (client_jwks_uri) return [problem('jwks', 'must not be set with client_jwks_uri')];
  return keySet(jwks) ? [] : [problem('jwks', 'must be the JSON of a JWK Set of public keys')];
}

/** @param error error code of oxd; default `bad_request` */
export function problem(param: string, message: string, error = 'bad_request'): SiteProblem {
  return { param, error, message };
}

/**
 * Parses a JWK Set; undefined if it is invalid or contains a private or symmetric key.
 *
 * @see OpenID Connect Registration §2
 */
export function keySet(jwks: string): object | undefined {
  const set = parseJson(jwks);
  return isJsonObject(set) && Array.isArray(set.keys) && set.keys.every(isPublic) ? set : undefined;
}

function isPublic(key: unknown): boolean {
  const jwk = (key ?? {}) as { readonly kty?: unknown };
  const isKnown = KEY_TYPES.some((type) => type === jwk.kty);
  return isKnown && !PRIVATE_PROPERTIES.some((name) => Object.hasOwn(jwk, name));
}
