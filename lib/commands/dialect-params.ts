import type { CommandName, Params } from './command.js';
import type { RegisterSiteParams, SiteMetadata } from './registration.js';

/** Releases of oxd between which commands or params changed, oldest first. */
export const RELEASES = ['3.1.1', '3.1.2', '3.1.3', '3.1.4', '4.0', '4.2'] as const;

/** One of {@link RELEASES}; stands for all up to the next one. */
export type Release = (typeof RELEASES)[number];

/** A run of releases, both ends included; an end left out is open. */
export interface Span {
  readonly since?: Release;
  readonly until?: Release;
}

/** What oxd does with one param of one command. */
export interface ParamRule extends Span {
  /** False where no oxd acts on it. */
  readonly oxd?: false;
  /** False where only oxd acts on it. */
  readonly embedded?: false;
  /** Where a release lacks it, it is left out instead of refused: nothing is lost by that. */
  readonly lacking?: 'drop';
  /** Its name where that differs from the contract. */
  readonly spelled?: Span & { readonly as: string };
  /** oxd puts it into a URL as it is, so it goes there percent-encoded. */
  readonly encoded?: true;
  /** What it may not contain. */
  readonly excludes?: { readonly pattern: RegExp; readonly because: string };
}

/** A param that a call cannot go without. */
export interface Demand extends Span {
  readonly param: string;
  /** Only where this param is there. */
  readonly beside?: string;
  readonly because: string;
}

/** What oxd does with one command. */
export interface CommandRule<P> extends Span {
  /** Its name where that differs from the contract. */
  readonly spelled?: Span & { readonly as: string };
  readonly params: ParamRules<P>;
  readonly demands?: readonly Demand[];
}

type ParamRules<P> = { readonly [N in keyof Required<P>]: ParamRule };

const KNOWN: ParamRule = {};
const SINCE_3_1_2: ParamRule = { since: '3.1.2' };
const SINCE_3_1_4: ParamRule = { since: '3.1.4' };
const SINCE_4_0: ParamRule = { since: '4.0' };
const NO_OXD: ParamRule = { oxd: false };

const RAW: ParamRule = {
  encoded: true,
  excludes: { pattern: /\p{Surrogate}/u, because: 'it holds half of a character' },
};

/** oxd puts these raw into URLs too, but they must equal what was registered: no encoding. */
const RAW_AS_REGISTERED: ParamRule = {
  excludes: {
    pattern: /[&#+%]/,
    because: 'oxd puts it into URLs as it is, where &, #, + and % would break it',
  },
};

const DISCOVERY_PATH: ParamRule = {
  excludes: { pattern: /^(?!\/)/, because: 'it must begin with /' },
};

const PROTECTION_LATE: ParamRule = { since: '3.1.4', lacking: 'drop' };
const PROTECTION_NEVER: ParamRule = { oxd: false, lacking: 'drop' };
const SITE = { oxd_id: KNOWN, protection_access_token: KNOWN };

const METADATA: ParamRules<SiteMetadata> = {
  authorization_redirect_uri: RAW_AS_REGISTERED,
  redirect_uris: KNOWN,
  post_logout_redirect_uri: KNOWN,
  response_types: KNOWN,
  grant_types: KNOWN,
  scope: KNOWN,
  acr_values: KNOWN,
  client_name: KNOWN,
  client_jwks_uri: KNOWN,
  client_token_endpoint_auth_method: KNOWN,
  client_token_endpoint_auth_signing_alg: SINCE_3_1_4,
  client_request_uris: KNOWN,
  client_frontchannel_logout_uris: KNOWN,
  client_sector_identifier_uri: KNOWN,
  contacts: KNOWN,
  ui_locales: KNOWN,
  claims_locales: KNOWN,
  claims_redirect_uri: KNOWN,
};

const REGISTRATION: ParamRules<RegisterSiteParams> = {
  ...METADATA,
  op_host: KNOWN,
  op_discovery_path: DISCOVERY_PATH,
  client_id: RAW_AS_REGISTERED,
  client_secret: KNOWN,
  client_registration_access_token: SINCE_3_1_2,
  client_registration_client_uri: SINCE_3_1_2,
  trusted_client: KNOWN,
  oxd_rp_programming_language: KNOWN,
  protection_access_token: KNOWN,
};

/** With one of the two alone oxd registers another client, and says nothing. */
const CREDENTIALS: readonly Demand[] = [
  { param: 'client_secret', beside: 'client_id', because: 'oxd ignores client_id without it' },
  { param: 'client_id', beside: 'client_secret', because: 'oxd ignores client_secret without it' },
];

/** Every command with every param, as the releases of oxd know them. */
export const COMMAND_RULES: { readonly [C in CommandName]: CommandRule<Params<C>> } = {
  setup_client: {
    until: '3.1.4',
    params: {
      ...REGISTRATION,
      setup_client_name: SINCE_3_1_4,
      protection_access_token: PROTECTION_NEVER,
    },
    demands: CREDENTIALS,
  },
  register_site: { params: REGISTRATION, demands: CREDENTIALS },
  update_site: {
    spelled: { until: '3.1.1', as: 'update_site_registration' },
    params: {
      ...METADATA,
      ...SITE,
      client_frontchannel_logout_uris: { spelled: { until: '3.1.4', as: 'client_logout_uris' } },
      client_secret_expires_at: { until: '3.1.3', embedded: false },
      client_name: SINCE_4_0,
      acr_values: SINCE_4_0,
      claims_redirect_uri: SINCE_4_0,
      client_token_endpoint_auth_signing_alg: SINCE_4_0,
      client_token_endpoint_auth_method: NO_OXD,
      ui_locales: NO_OXD,
      claims_locales: NO_OXD,
    },
    demands: [
      {
        param: 'redirect_uris',
        beside: 'authorization_redirect_uri',
        until: '3.1.4',
        because: 'oxd tells the provider of authorization_redirect_uri only together with it',
      },
    ],
  },
  remove_site: { since: '3.1.2', params: SITE },
  get_client_token: {
    params: {
      op_host: KNOWN,
      op_discovery_path: DISCOVERY_PATH,
      client_id: KNOWN,
      client_secret: KNOWN,
      scope: KNOWN,
      authentication_method: SINCE_3_1_2,
      algorithm: SINCE_3_1_2,
      key_id: SINCE_3_1_2,
    },
  },
  get_authorization_url: {
    params: {
      ...SITE,
      scope: KNOWN,
      acr_values: KNOWN,
      prompt: RAW,
      hd: RAW,
      custom_parameters: KNOWN,
      params: SINCE_4_0,
      state: SINCE_4_0,
      nonce: { since: '4.2' },
      redirect_uri: SINCE_4_0,
      response_types: SINCE_4_0,
    },
  },
  get_tokens_by_code: {
    // `iss` is ours: whoever sent it compares it with the id_token afterwards.
    params: { ...SITE, code: KNOWN, state: KNOWN, iss: { oxd: false, lacking: 'drop' } },
  },
  get_access_token_by_refresh_token: {
    params: {
      oxd_id: KNOWN,
      refresh_token: KNOWN,
      scope: KNOWN,
      protection_access_token: PROTECTION_LATE,
    },
  },
  get_user_info: {
    // Without oxd's help the result is compared with the id_token, see dialect-results.ts.
    params: { ...SITE, access_token: KNOWN, id_token: { since: '4.2', lacking: 'drop' } },
  },
  get_logout_uri: {
    params: {
      ...SITE,
      // 3.1.4 to 4.2.1 forget it: it is added to the URI that comes back.
      id_token_hint: { until: '3.1.3', lacking: 'drop' },
      post_logout_redirect_uri: KNOWN,
      state: RAW,
      session_state: RAW,
    },
    demands: [
      {
        param: 'id_token_hint',
        until: '3.1.3',
        because: 'oxd would log out whoever logged in last at this site',
      },
    ],
  },
  introspect_access_token: {
    since: '3.1.2',
    params: { oxd_id: KNOWN, access_token: KNOWN, protection_access_token: PROTECTION_LATE },
  },
};

/** Whether a release of oxd lies within a run of releases. */
export function within(release: Release, span: Span): boolean {
  if (!span.since && !span.until) return true;
  const position = RELEASES.indexOf(release);
  return (
    position >= RELEASES.indexOf(span.since ?? '3.1.1') &&
    position <= RELEASES.indexOf(span.until ?? '4.2')
  );
}

/** Whether a release of oxd acts on a param. */
export function knows(release: Release, rule: ParamRule): boolean {
  return rule.oxd !== false && within(release, rule);
}
