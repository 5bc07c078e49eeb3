import type { ClientMetadata } from './client-metadata.js';

/** What is wrong with a param of a site. */
export interface SiteProblem {
  readonly param: string;
  /** oxd's word for it, such as `bad_request`. */
  readonly error: string;
  /** Goes on after the param's name; quotes no value. */
  readonly message: string;
}

type Kind = 'text' | 'number' | 'boolean' | 'texts' | 'map';

/** The JSON type of what describes a client further; what only oxd can do is refused here. */
export const CLIENT_DETAILS = {
  logo_uri: 'text',
  client_uri: 'text',
  policy_uri: 'text',
  tos_uri: 'text',
  jwks: 'text',
  subject_type: 'text',
  initiate_login_uri: 'text',
  default_max_age: 'number',
  require_auth_time: 'boolean',
  front_channel_logout_session_required: 'boolean',
  id_token_signed_response_alg: 'text',
  id_token_encrypted_response_alg: 'oxd',
  id_token_encrypted_response_enc: 'oxd',
  user_info_signed_response_alg: 'text',
  user_info_encrypted_response_alg: 'oxd',
  user_info_encrypted_response_enc: 'oxd',
  request_object_signing_alg: 'text',
  request_object_encryption_alg: 'text',
  request_object_encryption_enc: 'text',
  id_token_binding_cnf: 'oxd',
  tls_client_auth_subject_dn: 'text',
  software_id: 'text',
  software_version: 'text',
  software_statement: 'text',
  access_token_as_jwt: 'boolean',
  access_token_signing_alg: 'text',
  access_token_lifetime: 'number',
  rpt_as_jwt: 'boolean',
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims: 'boolean',
  authorized_origins: 'texts',
  custom_attributes: 'map',
  allow_spontaneous_scopes: 'boolean',
  spontaneous_scopes: 'texts',
  sync_client_from_op: 'oxd',
  sync_client_period_in_seconds: 'oxd',
} as const satisfies { [N in keyof ClientMetadata]-?: Kind | 'oxd' };

type Details = typeof CLIENT_DETAILS;

/** Parameters that only an oxd-server acts on; the embedded transport rejects them. */
export type OxdOnly = { [N in keyof Details]: Details[N] extends 'oxd' ? N : never }[keyof Details];

/** Names at the provider, where they differ. */
const SPELLED: Readonly<Record<string, string>> = {
  user_info_signed_response_alg: 'userinfo_signed_response_alg',
  user_info_encrypted_response_alg: 'userinfo_encrypted_response_alg',
  user_info_encrypted_response_enc: 'userinfo_encrypted_response_enc',
  front_channel_logout_session_required: 'frontchannel_logout_session_required',
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims:
    'run_introspection_script_before_access_token_as_jwt_creation_and_include_claims',
};

/** Whoever has the secret of an HS algorithm could have signed: these need the private key. */
export const PUBLIC_KEY_ALGS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'],
  ...['EdDSA', 'Ed25519'],
];
const SECRET_ALGS = /^HS(?:256|384|512)$/;

/** Key types whose private members are known; a symmetric key (`oct`) is a secret as a whole. */
const KEY_TYPES = ['RSA', 'EC', 'OKP'];

/** Members of a JWK that its owner keeps (RFC 7518 §6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'];

/**
 * What a site says of its client further, as a registration request has it; attributes of its own
 * aside.
 *
 * @see RFC 7591 §2, OpenID Connect Registration §2
 */
export function clientDetails(site: ClientMetadata): Record<string, unknown> {
  const given: Readonly<Record<string, unknown>> = {
    ...site,
    jwks: site.jwks && keySet(site.jwks),
  };
  const named = Object.entries(CLIENT_DETAILS)
    .filter(([name, kind]) => kind !== 'oxd' && name !== 'custom_attributes')
    .map(([name]) => [SPELLED[name] ?? name, given[name]] as const);
  return Object.fromEntries(named);
}

/** Whether a site says this under a name of its own; by either of its names. */
export function isClientDetail(name: string): boolean {
  return Object.hasOwn(CLIENT_DETAILS, name) || Object.values(SPELLED).includes(name);
}

/** A client with what else of its site its description must fit. */
type Client = ClientMetadata & {
  readonly client_jwks_uri?: string;
  readonly client_token_endpoint_auth_method?: string;
};

/** What of it cannot work on embedded. */
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
    const word = 'id_token_without_signature_not_allowed';
    return [problem(param, 'must not be none, an id_token proves who came', word)];
  }
  if (!PUBLIC_KEY_ALGS.includes(alg) && !SECRET_ALGS.test(alg)) return [unverifiable(param)];
  if (method !== 'none' || !SECRET_ALGS.test(alg)) return [];
  return [problem(param, 'is for clients with a secret, this one has none', 'invalid_algorithm')];
}

function userInfoProblems({ user_info_signed_response_alg: alg = 'RS256' }: Client): SiteProblem[] {
  return PUBLIC_KEY_ALGS.includes(alg) ? [] : [unverifiable('user_info_signed_response_alg')];
}

function unverifiable(param: string): SiteProblem {
  return problem(param, 'is no algorithm that can be verified here', 'invalid_algorithm');
}

function subjectProblems({ subject_type = 'public' }: Client): SiteProblem[] {
  const isKnown = ['pairwise', 'public'].includes(subject_type);
  const word = 'invalid_subject_type';
  return isKnown ? [] : [problem('subject_type', 'must be pairwise or public', word)];
}

function keyProblems({ jwks, client_jwks_uri }: Client): SiteProblem[] {
  if (!jwks) return [];
  if (client_jwks_uri) return [problem('jwks', 'must be left out beside client_jwks_uri')];
  return keySet(jwks) ? [] : [problem('jwks', 'must be the text of a JWK Set of public keys')];
}

/** @param error oxd's word for it; default `bad_request` */
export function problem(param: string, message: string, error = 'bad_request'): SiteProblem {
  return { param, error, message };
}

/** OpenID Connect Registration §2: neither private nor symmetric keys. */
function keySet(jwks: string): object | undefined {
  try {
    const set = JSON.parse(jwks) as { readonly keys?: unknown } | null;
    if (set && Array.isArray(set.keys) && set.keys.every(isPublic)) return set;
  } catch {
    // Text that is no JSON holds no keys.
  }
  return undefined;
}

function isPublic(key: unknown): boolean {
  const members = (key ?? {}) as { readonly kty?: unknown };
  const isKnown = KEY_TYPES.some((type) => type === members.kty);
  return isKnown && !PRIVATE.some((name) => Object.hasOwn(members, name));
}
