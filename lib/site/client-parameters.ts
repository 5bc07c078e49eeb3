import type { ParameterTable, ParameterValues } from './parameter-kinds.js';

/** Parameters of {@link ClientMetadata}. */
export const CLIENT_PARAMETERS = {
  /** URL of a logo that the provider shows to users. */
  logo_uri: { kind: 'url', since: '4.0' },
  /** URL of the home page of the client. */
  client_uri: { kind: 'url', since: '4.0' },
  /** URL of the privacy policy of the client. */
  policy_uri: { kind: 'url', since: '4.0' },
  /** URL of the terms of service. */
  tos_uri: { kind: 'url', since: '4.0' },
  /** Public keys of the client as the JSON string of a JWK Set; excludes `client_jwks_uri`. */
  jwks: { kind: 'json', since: '4.0' },
  /** `pairwise`: a user has another `sub` at each client. `public`: the same `sub` at all clients. */
  subject_type: { kind: 'string', values: ['pairwise', 'public'], since: '4.0' },
  /** URL at which a third party can start a login (OpenID Connect Core §4); https. */
  initiate_login_uri: { kind: 'url', since: '4.0' },
  /** Maximum age of the user's authentication at a login, in seconds; embedded checks it. */
  default_max_age: { kind: 'number', min: 0, since: '4.0' },
  /** Requires the claim `auth_time` in ID tokens, which embedded checks; default false. */
  require_auth_time: { kind: 'boolean', since: '4.0' },
  /** Requires the session id in front-channel logout (Front-Channel Logout §2); default false. */
  front_channel_logout_session_required: {
    kind: 'boolean',
    since: '4.0',
    rfcName: 'frontchannel_logout_session_required',
  },
  /** Signature algorithm of ID tokens; never `none`. Default: the provider decides. */
  id_token_signed_response_alg: { kind: 'string', not: 'none', since: '4.0' },
  /** Encryption algorithm of ID tokens. Not embedded, which has no decryption keys. */
  id_token_encrypted_response_alg: { kind: 'string', since: '4.0', embedded: false },
  /** Content encryption of ID tokens. Not embedded, which has no decryption keys. */
  id_token_encrypted_response_enc: { kind: 'string', since: '4.0', embedded: false },
  /** Signature algorithm of userinfo; `userinfo_signed_response_alg` at the provider. */
  user_info_signed_response_alg: {
    kind: 'string',
    since: '4.0',
    rfcName: 'userinfo_signed_response_alg',
  },
  /** Encryption algorithm of userinfo. Not embedded, which has no decryption keys. */
  user_info_encrypted_response_alg: {
    kind: 'string',
    since: '4.0',
    embedded: false,
    rfcName: 'userinfo_encrypted_response_alg',
  },
  /** Content encryption of userinfo. Not embedded, which has no decryption keys. */
  user_info_encrypted_response_enc: {
    kind: 'string',
    since: '4.0',
    embedded: false,
    rfcName: 'userinfo_encrypted_response_enc',
  },
  /** Signature algorithm of request objects; the provider then rejects all others. */
  request_object_signing_alg: { kind: 'string', since: '4.0' },
  /** Encryption algorithm of request objects. */
  request_object_encryption_alg: { kind: 'string', since: '4.0' },
  /** Content encryption of request objects. */
  request_object_encryption_enc: { kind: 'string', since: '4.0' },
  /** Confirmation member of token-bound ID tokens. Not embedded, which binds no tokens. */
  id_token_binding_cnf: { kind: 'string', since: '4.0', embedded: false },
  /** Subject of the certificate with which the client authenticates (RFC 8705 §2.1.2). */
  tls_client_auth_subject_dn: { kind: 'string', since: '4.0' },
  /** Id of the client's software, equal in all its installations. */
  software_id: { kind: 'string', since: '4.0' },
  /** Version of the client's software. */
  software_version: { kind: 'string', since: '4.0' },
  /** Signed statement about the client's software (RFC 7591 §2.3). */
  software_statement: { kind: 'string', since: '4.0', secret: true },
  /** Issues access tokens as JWTs; default false. Gluu. */
  access_token_as_jwt: { kind: 'boolean', since: '4.0' },
  /** Signature algorithm of access tokens that are JWTs. Gluu. */
  access_token_signing_alg: { kind: 'string', since: '4.0' },
  /** Lifetime of access tokens, in seconds. Gluu. */
  access_token_lifetime: { kind: 'number', min: 1, since: '4.0' },
  /** Issues RPTs as JWTs; default false. Gluu. */
  rpt_as_jwt: { kind: 'boolean', since: '4.0' },
  /** Adds the claims of the introspection script to access tokens; default false. Gluu. */
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims: {
    kind: 'boolean',
    since: '4.0',
    rfcName: 'run_introspection_script_before_access_token_as_jwt_creation_and_include_claims',
  },
  /** Origins from which browsers may call the provider. Gluu. */
  authorized_origins: { kind: 'strings', since: '4.0' },
  /** Custom attributes of the client; embedded rejects names of standard parameters. Gluu. */
  custom_attributes: { kind: 'map', since: '4.0', rfcName: false },
  /** Lets the provider create scopes when clients request them. Gluu; oxd 4.2 and later. */
  allow_spontaneous_scopes: { kind: 'boolean', since: '4.2' },
  /** Patterns of scopes that the provider may create. Gluu; oxd 4.2 and later. */
  spontaneous_scopes: { kind: 'patterns', since: '4.2' },
  /** Lets oxd-server update its copy of the client from the provider. oxd 4.2 and later, not embedded. */
  sync_client_from_op: { kind: 'boolean', since: '4.2', embedded: false },
  /** Seconds between two of these updates; default 86400. oxd 4.2 and later, not embedded. */
  sync_client_period_in_seconds: { kind: 'number', min: 1, since: '4.2', embedded: false },
} as const satisfies ParameterTable;

/**
 * Optional metadata of the client of a site (RFC 7591 §2, OpenID Connect Registration §2). oxd 4.0 and
 * later, and embedded, which sends it to the provider unless stated otherwise. Parameters marked
 * "Gluu" are sent to every provider; providers other than Gluu ignore or reject them.
 */
export interface ClientMetadata extends ParameterValues<typeof CLIENT_PARAMETERS> {}
