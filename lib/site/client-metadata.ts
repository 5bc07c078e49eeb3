/**
 * Optional metadata of the client of a site (RFC 7591 §2, OpenID Connect Registration §2). oxd 4.0 and
 * later, and embedded, which sends it to the provider unless stated otherwise. Parameters marked
 * "Gluu" are sent to every provider; providers other than Gluu ignore or reject them.
 */
export interface ClientMetadata {
  /** URL of a logo that the provider shows to users. */
  readonly logo_uri?: string;
  /** URL of the home page of the client. */
  readonly client_uri?: string;
  /** URL of the privacy policy of the client. */
  readonly policy_uri?: string;
  /** URL of the terms of service. */
  readonly tos_uri?: string;
  /** Public keys of the client as the JSON string of a JWK Set; excludes `client_jwks_uri`. */
  readonly jwks?: string;
  /** `pairwise`: a user has another `sub` at each client. `public`: the same `sub` at all clients. */
  readonly subject_type?: 'pairwise' | 'public';
  /** URL at which a third party can start a login (OpenID Connect Core §4); https. */
  readonly initiate_login_uri?: string;
  /** Maximum age of the user's authentication at a login, in seconds; embedded checks it. */
  readonly default_max_age?: number;
  /** Requires the claim `auth_time` in ID tokens, which embedded checks; default false. */
  readonly require_auth_time?: boolean;
  /** Requires the session id in front-channel logout (Front-Channel Logout §2); default false. */
  readonly front_channel_logout_session_required?: boolean;
  /** Signature algorithm of ID tokens; never `none`. Default: the provider decides. */
  readonly id_token_signed_response_alg?: string;
  /** Encryption algorithm of ID tokens. Not embedded, which has no decryption keys. */
  readonly id_token_encrypted_response_alg?: string;
  /** Content encryption of ID tokens. Not embedded, which has no decryption keys. */
  readonly id_token_encrypted_response_enc?: string;
  /** Signature algorithm of userinfo; `userinfo_signed_response_alg` at the provider. */
  readonly user_info_signed_response_alg?: string;
  /** Encryption algorithm of userinfo. Not embedded, which has no decryption keys. */
  readonly user_info_encrypted_response_alg?: string;
  /** Content encryption of userinfo. Not embedded, which has no decryption keys. */
  readonly user_info_encrypted_response_enc?: string;
  /** Signature algorithm of request objects; the provider then rejects all others. */
  readonly request_object_signing_alg?: string;
  /** Encryption algorithm of request objects. */
  readonly request_object_encryption_alg?: string;
  /** Content encryption of request objects. */
  readonly request_object_encryption_enc?: string;
  /** Confirmation member of token-bound ID tokens. Not embedded, which binds no tokens. */
  readonly id_token_binding_cnf?: string;
  /** Subject of the certificate with which the client authenticates (RFC 8705 §2.1.2). */
  readonly tls_client_auth_subject_dn?: string;
  /** Id of the client's software, equal in all its installations. */
  readonly software_id?: string;
  /** Version of the client's software. */
  readonly software_version?: string;
  /** Signed statement about the client's software (RFC 7591 §2.3). */
  readonly software_statement?: string;
  /** Issues access tokens as JWTs; default false. Gluu. */
  readonly access_token_as_jwt?: boolean;
  /** Signature algorithm of access tokens that are JWTs. Gluu. */
  readonly access_token_signing_alg?: string;
  /** Lifetime of access tokens, in seconds. Gluu. */
  readonly access_token_lifetime?: number;
  /** Issues RPTs as JWTs; default false. Gluu. */
  readonly rpt_as_jwt?: boolean;
  /** Adds the claims of the introspection script to access tokens; default false. Gluu. */
  readonly run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims?: boolean;
  /** Origins from which browsers may call the provider. Gluu. */
  readonly authorized_origins?: readonly string[];
  /** Custom attributes of the client; embedded rejects names of standard parameters. Gluu. */
  readonly custom_attributes?: Readonly<Record<string, string>>;
  /** Lets the provider create scopes when clients request them. Gluu; oxd 4.2 and later. */
  readonly allow_spontaneous_scopes?: boolean;
  /** Patterns of scopes that the provider may create. Gluu; oxd 4.2 and later. */
  readonly spontaneous_scopes?: readonly string[];
  /** Lets oxd-server update its copy of the client from the provider. oxd 4.2 and later, not embedded. */
  readonly sync_client_from_op?: boolean;
  /** Seconds between two of these updates; default 86400. oxd 4.2 and later, not embedded. */
  readonly sync_client_period_in_seconds?: number;
}
