import type { CommandName, Params } from './command.js';
import {
  KNOWN,
  SITE,
  type CommandRule,
  type ListRule,
  type ParamRule,
  type ParamRules,
  type Requirement,
} from './parameter-rules.js';
import type { RegisterSiteParams } from './registration.js';
import {
  REGISTRATION_PARAMETERS,
  SITE_PARAMETERS,
  SITE_ROWS,
  type SiteMetadata,
} from '../site/site-parameters.js';

/** Commands that register, change, remove and return sites. */
export type RegistrationCommand = Extract<
  CommandName,
  'setup_client' | 'register_site' | 'update_site' | 'remove_site' | 'get_rp'
>;

const SINCE_3_1_4: ParamRule = { since: '3.1.4' };
/** Known to embedded only. */
export const EMBEDDED_ONLY = { oxd: false } as const satisfies ParamRule;

/** Values that oxd copies into URLs. They cannot be encoded, because the provider compares them. */
export const RAW_AS_REGISTERED = {
  excludes: {
    pattern: /[&#+%]/,
    because: 'oxd copies it into URLs without encoding, where &, #, + and % would change it',
  },
} as const satisfies ParamRule;

const RESPONSE_TYPES = {
  kind: 'strings',
  excludes: {
    until: '4.1',
    pattern: /\s/,
    because: 'oxd up to 4.1 does not register a combined value; list its parts',
  },
} as const satisfies ParamRule;

/** Path that oxd appends to `op_host` as it is. */
export const DISCOVERY_PATH: ParamRule = {
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

/** Rule of each parameter of each command for the registration of sites. */
export const REGISTRATION_RULES: {
  readonly [C in RegistrationCommand]: CommandRule<Params<C>>;
} = {
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
};
