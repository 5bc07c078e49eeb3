import type { ClientMetadata } from '../../site/client-metadata.js';
import type { OxdOnly } from '../../site/client-rules.js';
import { type ParamRule } from './parameter-rules.js';

const SINCE_4_0 = { since: '4.0' } as const;
const SINCE_4_2 = { since: '4.2' } as const;
const OXD_SINCE_4_0 = { since: '4.0', embedded: false } as const;
const OXD_SINCE_4_2 = { since: '4.2', embedded: false } as const;

/** Rule of each parameter of client metadata: releases of oxd, and support by embedded. */
export const CLIENT_METADATA = {
  logo_uri: SINCE_4_0,
  client_uri: SINCE_4_0,
  policy_uri: SINCE_4_0,
  tos_uri: SINCE_4_0,
  jwks: SINCE_4_0,
  subject_type: SINCE_4_0,
  initiate_login_uri: SINCE_4_0,
  default_max_age: SINCE_4_0,
  require_auth_time: SINCE_4_0,
  front_channel_logout_session_required: SINCE_4_0,
  id_token_signed_response_alg: SINCE_4_0,
  id_token_encrypted_response_alg: OXD_SINCE_4_0,
  id_token_encrypted_response_enc: OXD_SINCE_4_0,
  user_info_signed_response_alg: SINCE_4_0,
  user_info_encrypted_response_alg: OXD_SINCE_4_0,
  user_info_encrypted_response_enc: OXD_SINCE_4_0,
  request_object_signing_alg: SINCE_4_0,
  request_object_encryption_alg: SINCE_4_0,
  request_object_encryption_enc: SINCE_4_0,
  id_token_binding_cnf: OXD_SINCE_4_0,
  tls_client_auth_subject_dn: SINCE_4_0,
  software_id: SINCE_4_0,
  software_version: SINCE_4_0,
  software_statement: SINCE_4_0,
  access_token_as_jwt: SINCE_4_0,
  access_token_signing_alg: SINCE_4_0,
  access_token_lifetime: SINCE_4_0,
  rpt_as_jwt: SINCE_4_0,
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims: SINCE_4_0,
  authorized_origins: SINCE_4_0,
  custom_attributes: SINCE_4_0,
  allow_spontaneous_scopes: SINCE_4_2,
  spontaneous_scopes: SINCE_4_2,
  sync_client_from_op: OXD_SINCE_4_2,
  sync_client_period_in_seconds: OXD_SINCE_4_2,
} as const satisfies {
  readonly [N in keyof Required<ClientMetadata>]: N extends OxdOnly
    ? ParamRule & { readonly embedded: false }
    : ParamRule & { readonly embedded?: never };
};
