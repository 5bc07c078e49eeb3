import type { CommandName, Params } from './command.js';
import {
  KNOWN,
  SINCE_3_1_2,
  SITE,
  SITE_LATE,
  STRINGS,
  URL_SAFE,
  URL_SAFE_NAMES,
  type CommandRule,
  type Exclusion,
  type ParamRule,
} from './parameter-rules.js';
import type { UmaCondition, UmaResource } from './uma.js';

/** Commands of UMA. */
export type UmaCommand = Extract<CommandName, `uma_${string}` | 'introspect_rpt'>;

/** oxd 3.1.1 rejects the command for one unknown property, later releases ignore the property. */
const CONDITION: Readonly<Record<keyof UmaCondition, ParamRule>> = {
  httpMethods: KNOWN,
  scopes: KNOWN,
  ticketScopes: KNOWN,
  scope_expression: SINCE_3_1_2,
};

const RESOURCE: Readonly<Record<keyof UmaResource, ParamRule>> = {
  path: KNOWN,
  conditions: { items: CONDITION },
};

/** oxd 3.1.1 accepts any token that begins like a GAT for every resource with one of its scopes. */
const RPT: ParamRule = { omits: { until: '3.1.1', pattern: /^\s*gat_/i } };

/** Rejects a blank ticket here, because oxd accepts it once it is percent-encoded. */
const TICKET_IN_URL: ParamRule = {
  encoded: true,
  excludes: {
    pattern: /^\s*$|\p{Surrogate}/u,
    because: 'it must not be blank or contain half of a surrogate pair',
    error: 'invalid_ticket_parameter',
  },
};

/** Rejects an invalid URL here, because the authorization server would show the error to the user. */
const CLAIMS_REDIRECT_URI: ParamRule = {
  encoded: true,
  excludes: {
    pattern: /^(?![a-z][a-z\d+.-]*:)|#|\p{Surrogate}/iu,
    because: 'it must be absolute, without a fragment',
    error: 'invalid_claims_redirect_uri_parameter',
  },
};

const RESERVED_NAMES: Exclusion = {
  pattern: /^(?:oxd_id|client_id|ticket|state|claims_redirect_uri)$/,
  because: 'oxd ignores names that it sets itself',
};

const BOTH_OR_NEITHER = {
  because: 'claim_token and claim_token_format go together',
  error: 'invalid_claim_token_or_claim_token_form',
};

/** Rule of each parameter of each UMA command. */
export const UMA_RULES: { readonly [C in UmaCommand]: CommandRule<Params<C>> } = {
  uma_rs_protect: {
    params: {
      ...SITE,
      resources: { items: RESOURCE },
      overwrite: { kind: 'boolean', since: '3.1.3', defaultValue: false },
    },
  },
  uma_rs_modify: {
    since: '4.2',
    params: {
      ...SITE,
      path: KNOWN,
      http_method: KNOWN,
      scopes: STRINGS,
      scope_expression: { asJson: true },
    },
    requires: [
      { param: 'path', because: 'it must not be empty', error: 'invalid_path_parameter' },
      { param: 'http_method', because: 'it must not be empty', error: 'invalid_http_method' },
      {
        param: 'scopes',
        without: 'scope_expression',
        because: 'oxd would remove every scope of the resource',
        error: 'bad_request',
      },
    ],
  },
  uma_rs_check_access: {
    params: {
      ...SITE,
      path: KNOWN,
      http_method: KNOWN,
      rpt: RPT,
      scopes: { kind: 'strings', since: '4.2' },
      mode: { oxd: false, defaultValue: 'rpt' },
      resource: { oxd: false },
      claims: { asJson: true, oxd: false },
    },
  },
  uma_rp_get_rpt: {
    params: {
      ...SITE,
      ticket: KNOWN,
      claim_token: KNOWN,
      claim_token_format: KNOWN,
      pct: KNOWN,
      rpt: KNOWN,
      scope: STRINGS,
      state: { oxd: false, ifUnsupported: 'omit' },
      params: { kind: 'map', since: '4.0' },
    },
    requires: [
      { param: 'ticket', because: 'it must not be empty', error: 'invalid_ticket_parameter' },
      { param: 'claim_token', with: 'claim_token_format', ...BOTH_OR_NEITHER },
      { param: 'claim_token_format', with: 'claim_token', ...BOTH_OR_NEITHER },
    ],
  },
  uma_rp_get_claims_gathering_url: {
    params: {
      ...SITE,
      ticket: TICKET_IN_URL,
      claims_redirect_uri: CLAIMS_REDIRECT_URI,
      state: { since: '4.0', excludes: URL_SAFE },
      custom_parameters: { kind: 'map', since: '4.2', excludes: [URL_SAFE_NAMES, RESERVED_NAMES] },
    },
  },
  introspect_rpt: {
    since: '3.1.2',
    params: { ...SITE_LATE, rpt: KNOWN },
  },
};
