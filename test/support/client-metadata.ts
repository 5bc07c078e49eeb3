import type { Release } from '../../lib/base/oxd-releases.js';
import { CLIENT_PARAMETERS, type ClientMetadata } from '../../lib/site/client-parameters.js';
import type { ParameterTypes, SiteParameter } from '../../lib/site/parameter-kinds.js';

/** Expected handling of one client metadata parameter. */
export interface Described<V> {
  readonly value: V;
  /** First release of oxd that knows the parameter. */
  readonly since: Release;
  /** Parameters that the embedded transport sends; undefined when it rejects the value. */
  readonly sent?: Readonly<Record<string, unknown>>;
}

const JWKS = { keys: [{ kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9', y: 'x_FEzRu9m36HLN' }] };

/** Parameters that embedded rejects or sends in another form, and one that is false. */
const EXPLICIT: { readonly [N in keyof ClientMetadata]: Described<unknown> } = {
  jwks: { value: JSON.stringify(JWKS), since: '4.0', sent: { jwks: JWKS } },
  front_channel_logout_session_required: {
    value: true,
    since: '4.0',
    sent: { frontchannel_logout_session_required: true },
  },
  require_auth_time: { value: false, since: '4.0', sent: { require_auth_time: false } },
  id_token_encrypted_response_alg: { value: 'RSA-OAEP', since: '4.0' },
  id_token_encrypted_response_enc: { value: 'A128GCM', since: '4.0' },
  user_info_signed_response_alg: {
    value: 'PS256',
    since: '4.0',
    sent: { userinfo_signed_response_alg: 'PS256' },
  },
  user_info_encrypted_response_alg: { value: 'RSA-OAEP', since: '4.0' },
  user_info_encrypted_response_enc: { value: 'A128GCM', since: '4.0' },
  id_token_binding_cnf: { value: 'tbh', since: '4.0' },
  run_introspection_script_beforeaccess_token_as_jwt_creation_and_include_claims: {
    value: true,
    since: '4.0',
    sent: {
      run_introspection_script_before_access_token_as_jwt_creation_and_include_claims: true,
    },
  },
  custom_attributes: {
    value: { department: 'music', oxAuthX: '1' },
    since: '4.0',
    sent: { department: 'music', oxAuthX: '1' },
  },
  sync_client_from_op: { value: true, since: '4.2' },
  sync_client_period_in_seconds: { value: 60, since: '4.2' },
};

const SAMPLES: ParameterTypes = {
  string: 'ES256',
  redirect: 'https://client.example/there',
  url: 'https://app.example.com/about',
  discovery: 'https://op.example.com/.well-known/openid-configuration',
  path: '/path',
  json: '{}',
  number: 300,
  boolean: true,
  strings: ['one', 'two'],
  redirects: ['https://client.example/there'],
  urls: ['https://app.example.com/one'],
  patterns: ['^transaction:.+$'],
  map: { name: 'value' },
};

/** All client metadata parameters, for tests of one parameter each. */
export const CLIENT_METADATA_ROWS = Object.entries(CLIENT_PARAMETERS).map(([name, row]) => {
  const parameter = name as keyof ClientMetadata;
  return [parameter, EXPLICIT[parameter] ?? described(name, row)] as const;
});

function described(name: string, row: SiteParameter): Described<unknown> {
  const { kind, values, since = '3.1.1', embedded, rfcName = name } = row;
  const value = values?.[0] ?? SAMPLES[kind];
  return { value, since, ...(embedded !== false && { sent: { [String(rfcName)]: value } }) };
}
