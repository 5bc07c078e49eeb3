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
  type ListRule,
  type Requirement,
  type ParamRule,
  type ParamRules,
} from './parameter-rules.js';
import { UMA_RULES } from './uma-rules.js';
import {
  REGISTRATION_PARAMETERS,
  SITE_ROWS,
  SITE_PARAMETERS,
  type SiteMetadata,
} from '../site/site-parameters.js';
import type { RegisterSiteParams } from './registration.js';

const SINCE_3_1_4: ParamRule = { since: '3.1.4' };
const OXD_SINCE_3_1_2: ParamRule = { since: '3.1.2', embedded: false };
const EMBEDDED_ONLY = { oxd: false } as const satisfies ParamRule;

/** oxd copies these values into URLs; encoding is no way out, for they must equal the registered ones. */
const RAW_AS_REGISTERED = {
  excludes: {
    pattern: /[&#+%]/,
    because: 'oxd copies it into URLs without encoding, where &, #, + and % would change it',
  },
} as const satisfies ParamRule;

/** Values of a login that oxd stores: up to 4.2.0 URL-encoded, so that it does not find others. */
const STORED = [
  URL_SAFE,
  { since: '4.2', pattern: /^.{51}/s, because: 'oxd does not store more than 50 characters' },
] as const;

const RESPONSE_TYPES = {
  kind: 'strings',
  excludes: {
    until: '4.1',
    pattern: /\s/,
    because: 'oxd up to 4.1 does not register a combined value; list its parts',
  },
} as const satisfies ParamRule;

const DISCOVERY_PATH: ParamRule = {
  excludes: { pattern: /^(?!\/)/, because: 'it must begin with /' },
};

const PROTECTION_NEVER: ParamRule = { oxd: false, ifUnsupported: 'omit' };

const REGISTRATION: ParamRules<RegisterSiteParams> = {
  ...SITE_PARAMETERS,
  ...REGISTRATION_PARAMETERS,
  authorization_redirect_uri: RAW_AS_REGISTERED,
  op_discovery_path: DISCOVERY_PATH,
  client_id: RAW_AS_REGISTERED,
  response_types: RESPONSE_TYPES,
  protection_access_token: KNOWN,
};

/** oxd 4 has lists only, and takes the first redirect URI as the default of a login. */
const URI_LISTS: readonly ListRule[] = [
  { since: '4.0', list: 'redirect_uris', first: 'authorization_redirect_uri' },
  { since: '4.0', list: 'post_logout_redirect_uris', first: 'post_logout_redirect_uri' },
];

const UPDATE = Object.fromEntries(
  SITE_ROWS.map(([name, { update, ...rule }]) => [name, { ...rule, ...update }]),
) as ParamRules<SiteMetadata>;

/** With only one of the two, oxd 3.x silently registers another client. */
const CLIENT_ID = {
  param: 'client_id',
  because: 'client_id and client_secret go together',
  error: 'invalid_client_id',
};
const CLIENT_SECRET = { ...CLIENT_ID, param: 'client_secret', error: 'invalid_client_secret' };
const MANAGEMENT = ['client_registration_access_token', 'client_registration_client_uri'] as const;

const CREDENTIALS: readonly Requirement[] = [
  { ...CLIENT_SECRET, with: 'client_id' },
  { ...CLIENT_ID, with: 'client_secret' },
  ...MANAGEMENT.flatMap((name) =>
    [CLIENT_ID, CLIENT_SECRET].map((requirement) => ({
      ...requirement,
      with: name,
      since: '3.1.2' as const,
    })),
  ),
];

/** Rule of each parameter of each command. */
export const COMMAND_RULES: { readonly [C in CommandName]: CommandRule<Params<C>> } = {
  setup_client: {
    until: '3.1.4',
    params: {
      ...REGISTRATION,
      setup_client_name: SINCE_3_1_4,
      protection_access_token: PROTECTION_NEVER,
    },
    requires: CREDENTIALS,
  },
  register_site: {
    params: REGISTRATION,
    requires: CREDENTIALS,
    // The default of oxd 4 is `client_credentials` alone.
    lists: [...URI_LISTS, { since: '4.0', list: 'grant_types', fallback: ['authorization_code'] }],
  },
  update_site: {
    spelled: { until: '3.1.1', as: 'update_site_registration' },
    params: {
      ...UPDATE,
      ...SITE,
      authorization_redirect_uri: RAW_AS_REGISTERED,
      response_types: RESPONSE_TYPES,
      client_secret_expires_at: { kind: 'number', until: '3.1.3', embedded: false },
      remove: { kind: 'strings', oxd: false },
      client_id: EMBEDDED_ONLY,
      client_secret: EMBEDDED_ONLY,
      client_registration_access_token: EMBEDDED_ONLY,
      client_registration_client_uri: EMBEDDED_ONLY,
    },
    requires: [
      {
        param: 'redirect_uris',
        with: 'authorization_redirect_uri',
        until: '3.1.4',
        because: 'oxd sends authorization_redirect_uri to the provider only together with it',
      },
    ],
    // oxd 4 adds this grant at the registration, and an update replaces the list.
    lists: [...URI_LISTS, { since: '4.0', list: 'grant_types', adds: ['client_credentials'] }],
  },
  remove_site: { since: '3.1.2', params: SITE },
  get_rp: {
    since: '3.1.4',
    params: {
      ...SITE,
      list: { kind: 'boolean', embedded: false, defaultValue: false },
      protection_access_token: { since: '4.0', ifUnsupported: 'omit' },
    },
  },
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
    params: { ...SITE_LATE, access_token: KNOWN },
  },
  ...UMA_RULES,
};
