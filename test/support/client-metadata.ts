import type { ClientMetadata } from '../../lib/site/client-parameters.js';

/** Expected handling of one client metadata parameter. */
export interface Described<V> {
  readonly value: V;
  /** First release of oxd that knows the parameter. */
  readonly since: '4.0' | '4.2';
  /** Parameters that the embedded transport sends; undefined when it rejects the value. */
  readonly sent?: Readonly<Record<string, unknown>>;
}

const JWKS = { keys: [{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9', y: 'x_FEzRu9m36HLN' }] };

/** All client metadata parameters: a missing row is a type error. */
export const CLIENT_METADATA: {
  readonly [N in keyof Required<ClientMetadata>]: Described<Required<ClientMetadata>[N]>;
} = {
  logo_uri: same('logo_uri', 'https://app.example.com/logo.png'),
  client_uri: same('client_uri', 'https://app.example.com/about'),
  policy_uri: same('policy_uri', 'https://app.example.com/policy'),
  tos_uri: same('tos_uri', 'https://app.example.com/terms'),
  jwks: { value: JSON.stringify(JWKS), since: '4.0', sent: { jwks: JWKS } },
  subject_type: same('subject_type', 'pairwise'),
  initiate_login_uri: same('initiate_login_uri', 'https://app.example.com/begin'),
  default_max_age: same('default_max_age', 3600),
  require_auth_time: same('require_auth_time', false),
  front_channel_logout_session_required: {
    value: true,
    since: '4.0',
    sent: { frontchannel_logout_session_required: true },
  },
  id_token_signed_response_alg: same('id_token_signed_response_alg', 'ES256'),
  id_token_encrypted_response_alg: { value: 'RSA-OAEP', since: '4.0' },
  id_token_encrypted_response_enc: { value: 'A128GCM', since: '4.0' },
  user_info_signed_response_alg: {
    value: 'PS256',
    since: '4.0',
    sent: { userinfo_signed_response_alg: 'PS256' },
  },
  user_info_encrypted_response_alg: { value: 'RSA-OAEP', since: '4.0' },
  user_info_encrypted_response_enc: { value: 'A128GCM', since: '4.0' },
  request_object_signing_alg: same('request_object_signing_alg', 'RS384'),
  request_object_encryption_alg: same('request_object_encryption_alg', 'RSA-OAEP-256'),
  request_object_encryption_enc: same('request_object_encryption_enc', 'A256GCM'),
  id_token_binding_cnf: { value: 'tbh', since: '4.0' },
  tls_client_auth_subject_dn: same('tls_client_auth_subject_dn', 'CN=app'),
  software_id: same('software_id', '4NRB1-0XZABZI9E6-5SM3R'),
  software_version: same('software_version', '2.2'),
  software_statement: same('software_statement', 'a.software.statement'),
  access_token_as_jwt: same('access_token_as_jwt', true),
  access_token_signing_alg: same('access_token_signing_alg', 'RS512'),
  access_token_lifetime: same('access_token_lifetime', 300),
  rpt_as_jwt: same('rpt_as_jwt', true),
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims: {
    value: true,
    since: '4.0',
    sent: {
      run_introspection_script_before_access_token_as_jwt_creation_and_include_claims: true,
    },
  },
  authorized_origins: same('authorized_origins', ['https://app.example.com']),
  custom_attributes: {
    value: { department: 'music', oxAuthX: '1' },
    since: '4.0',
    sent: { department: 'music', oxAuthX: '1' },
  },
  allow_spontaneous_scopes: same('allow_spontaneous_scopes', true, '4.2'),
  spontaneous_scopes: same('spontaneous_scopes', ['^transaction:.+$'], '4.2'),
  sync_client_from_op: { value: true, since: '4.2' },
  sync_client_period_in_seconds: { value: 60, since: '4.2' },
};

/** Rows of the table, for tests of one parameter each. */
export const CLIENT_METADATA_ROWS: readonly (readonly [
  name: keyof ClientMetadata,
  described: Described<unknown>,
])[] = Object.entries(CLIENT_METADATA) as [keyof ClientMetadata, Described<unknown>][];

function same<V>(name: string, value: V, since: '4.0' | '4.2' = '4.0'): Described<V> {
  return { value, since, sent: { [name]: value } };
}
