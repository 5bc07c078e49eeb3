/**
 * What describes the client of a site further. oxd 4.0 and later, and embedded, which sends it to
 * the provider where nothing else is said (RFC 7591 §2, OpenID Connect Registration §2). What is
 * Gluu's own goes to any provider; others ignore or refuse it.
 */
export interface ClientMetadata {
  /** URL of a logo that the provider shows to users. */
  readonly logo_uri?: string;
  /** URL of the home page of the client. */
  readonly client_uri?: string;
  /** URL of a page on what becomes of the user's data. */
  readonly policy_uri?: string;
  /** URL of the terms of service. */
  readonly tos_uri?: string;
  /** The client's public keys as the text of a JWK Set; not beside `client_jwks_uri`. */
  readonly jwks?: string;
  /** Whether each client gets another `sub` of a user (`pairwise`) or all the same (`public`). */
  readonly subject_type?: 'pairwise' | 'public';
  /** URL from which others begin a login (OpenID Connect Core §4); https. */
  readonly initiate_login_uri?: string;
  /** How long before a login users may have authenticated, in seconds; embedded checks it. */
  readonly default_max_age?: number;
  /** Whether id_tokens must have `auth_time`, which embedded checks; default false. */
  readonly require_auth_time?: boolean;
  /** Whether front-channel logout must name the session (Front-Channel Logout §2); default false. */
  readonly front_channel_logout_session_required?: boolean;
  /** Signature algorithm of id_tokens; never `none`. Default: what the provider does. */
  readonly id_token_signed_response_alg?: string;
  /** Encryption algorithm of id_tokens. Not embedded, which has no keys to decrypt with. */
  readonly id_token_encrypted_response_alg?: string;
  /** Content encryption of id_tokens. Not embedded, which has no keys to decrypt with. */
  readonly id_token_encrypted_response_enc?: string;
  /** Signature algorithm of user info; `userinfo_signed_response_alg` at the provider. */
  readonly user_info_signed_response_alg?: string;
  /** Encryption algorithm of user info. Not embedded, which has no keys to decrypt with. */
  readonly user_info_encrypted_response_alg?: string;
  /** Content encryption of user info. Not embedded, which has no keys to decrypt with. */
  readonly user_info_encrypted_response_enc?: string;
  /** Signature algorithm of request objects; others are then refused. */
  readonly request_object_signing_alg?: string;
  /** Encryption algorithm of request objects. */
  readonly request_object_encryption_alg?: string;
  /** Content encryption of request objects. */
  readonly request_object_encryption_enc?: string;
  /** Confirmation member of token-bound id_tokens. Not embedded, which binds no tokens. */
  readonly id_token_binding_cnf?: string;
  /** Subject of the certificate with which the client proves itself (RFC 8705 §2.1.2). */
  readonly tls_client_auth_subject_dn?: string;
  /** Id of the client's software, the same for all its installations. */
  readonly software_id?: string;
  /** Version of the client's software. */
  readonly software_version?: string;
  /** Signed statement about the client's software (RFC 7591 §2.3). */
  readonly software_statement?: string;
  /** Whether access tokens are JWTs; default false. Gluu. */
  readonly access_token_as_jwt?: boolean;
  /** Signature algorithm of access tokens that are JWTs. Gluu. */
  readonly access_token_signing_alg?: string;
  /** Lifetime of access tokens, in seconds. Gluu. */
  readonly access_token_lifetime?: number;
  /** Whether RPTs are JWTs; default false. Gluu. */
  readonly rpt_as_jwt?: boolean;
  /** Whether the introspection script adds its claims to access tokens; default false. Gluu. */
  readonly run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims?: boolean;
  /** Origins from which browsers may call the provider. Gluu. */
  readonly authorized_origins?: readonly string[];
  /** Further attributes of the client; embedded refuses those that have a member of their own. Gluu. */
  readonly custom_attributes?: Readonly<Record<string, string>>;
  /** Whether scopes may be made up as they are asked for. Gluu; oxd 4.2 and later. */
  readonly allow_spontaneous_scopes?: boolean;
  /** Patterns of the scopes that may be made up. Gluu; oxd 4.2 and later. */
  readonly spontaneous_scopes?: readonly string[];
  /** Whether oxd-server reads the client back from the provider. oxd 4.2 and later, not embedded. */
  readonly sync_client_from_op?: boolean;
  /** How often it does so, in seconds; default 86400. oxd 4.2 and later, not embedded. */
  readonly sync_client_period_in_seconds?: number;
}
