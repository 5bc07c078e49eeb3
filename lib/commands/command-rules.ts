import type { CommandName, Params } from './command.js';
import {
  KNOWN,
  RAW,
  SINCE_4_2,
  SITE,
  SITE_LATE,
  STRINGS,
  URL_SAFE,
  URL_SAFE_NAMES,
  type CommandRule,
  type ParamRule,
} from './parameter-rules.js';
import {
  DISCOVERY_PATH,
  EMBEDDED_ONLY,
  RAW_AS_REGISTERED,
  REGISTRATION_RULES,
} from './registration-rules.js';
import { UMA_RULES } from './uma-rules.js';

const OXD_SINCE_3_1_2: ParamRule = { since: '3.1.2', embedded: false };

/** Values of a login that oxd stores: up to 4.2.0 URL-encoded, so that it does not find others. */
const STORED = [
  URL_SAFE,
  { since: '4.2', pattern: /^.{51}/s, because: 'oxd does not store more than 50 characters' },
] as const;

/** Rule of each parameter of each command. */
export const COMMAND_RULES: { readonly [C in CommandName]: CommandRule<Params<C>> } = {
  ...REGISTRATION_RULES,
  get_client_token: {
    params: {
      op_host: KNOWN,
      op_discovery_path: DISCOVERY_PATH,
      op_configuration_endpoint: SINCE_4_2,
      client_id: KNOWN,
      client_secret: KNOWN,
      scope: STRINGS,
      authentication_method: OXD_SINCE_3_1_2,
      algorithm: OXD_SINCE_3_1_2,
      key_id: OXD_SINCE_3_1_2,
    },
  },
  get_authorization_url: {
    params: {
      ...SITE,
      scope: STRINGS,
      acr_values: STRINGS,
      prompt: RAW,
      hd: RAW,
      custom_parameters: { kind: 'map' },
      params: { kind: 'map', since: '4.0', excludes: URL_SAFE_NAMES },
      state: { since: '4.0', excludes: STORED },
      nonce: { since: '4.2', excludes: STORED },
      redirect_uri: { since: '4.0', ...RAW_AS_REGISTERED },
      response_types: { kind: 'strings', since: '4.0' },
      // oxd always stores the login itself; its response then has no secrets of the login.
      keep_state: { kind: 'boolean', oxd: false, ifUnsupported: 'omit' },
    },
  },
  get_tokens_by_code: {
    params: {
      ...SITE,
      code: KNOWN,
      state: KNOWN,
      // No parameter of oxd: the caller compares `iss` with the ID token after this command.
      iss: { oxd: false, ifUnsupported: 'omit' },
      code_verifier: EMBEDDED_ONLY,
      nonce: EMBEDDED_ONLY,
      redirect_uri: EMBEDDED_ONLY,
      min_auth_time: { kind: 'number', ...EMBEDDED_ONLY },
      authentication_method: { since: '4.2', embedded: false },
      algorithm: { since: '4.2', embedded: false },
    },
  },
  get_access_token_by_refresh_token: {
    params: {
      ...SITE_LATE,
      refresh_token: KNOWN,
      scope: STRINGS,
      id_token: EMBEDDED_ONLY,
    },
  },
  get_user_info: {
    // results.ts compares the response with the ID token: oxd does so from 4.2 on, if configured.
    params: { ...SITE, access_token: KNOWN, id_token: { since: '4.2', ifUnsupported: 'omit' } },
  },
  get_logout_uri: {
    params: {
      ...SITE,
      // 3.1.4 to 4.2.1 ignore the hint: from 3.1.4 on results.ts adds it to the URI of the response.
      id_token_hint: { until: '3.1.3', ifUnsupported: 'omit' },
      post_logout_redirect_uri: KNOWN,
      state: RAW,
      session_state: RAW,
    },
    requires: [
      {
        param: 'id_token_hint',
        until: '3.1.3',
        because: 'without it oxd logs out the user who logged in last at this site',
      },
    ],
  },
  introspect_access_token: {
    since: '3.1.2',
    params: {
      ...SITE_LATE,
      access_token: KNOWN,
      audience: { ...STRINGS, ...EMBEDDED_ONLY },
      introspection: EMBEDDED_ONLY,
      anyAudience: { kind: 'boolean', ...EMBEDDED_ONLY },
    },
  },
  ...UMA_RULES,
};
