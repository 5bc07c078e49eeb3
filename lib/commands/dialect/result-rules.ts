import type { CommandName, Result } from '../command.js';
import { isJsonObject, isStringList } from '../../base/json.js';
import { readPermissions } from './permissions.js';
import { readNode } from './rp-node.js';

type Kind = keyof typeof READERS;

/** Rule of one property of a result. */
export interface PropertyRule {
  readonly kind: Kind;
  /**
   * Requires the property. A string is the error code for a missing one, because oxd reports this
   * failure of the provider as a success.
   */
  readonly required?: true | string;
  /** Second name of the property. */
  readonly alias?: string;
  /** Claims that must exist; a missing one is a failure of the provider, too. */
  readonly claims?: readonly string[];
}

/** Converters of property values; undefined = invalid, null = to be treated as missing. */
export const READERS = {
  text: (value: unknown) => (typeof value === 'string' ? value : undefined),
  boolean: (value: unknown) => (typeof value === 'boolean' ? value : undefined),
  number: (value: unknown) => (typeof value === 'number' ? value : undefined),
  lifetime: (value: unknown) =>
    typeof value === 'number' ? (value < 0 ? null : value) : undefined,
  url: (value: unknown) => (typeof value === 'string' && URL.canParse(value) ? value : undefined),
  scope: (value: unknown) => (isStringList(value) ? value.join(' ') : READERS.text(value)),
  audience: (value: unknown): unknown =>
    isStringList(value) ? (value.length === 1 ? value[0] : value) : READERS.text(value),
  claims: (value: unknown) => (isJsonObject(value) ? value : undefined),
  object: (value: unknown) => (isJsonObject(value) ? value : undefined),
  access: (value: unknown) => (value === 'granted' || value === 'denied' ? value : undefined),
  permissions: readPermissions,
  node: readNode,
};

const text: PropertyRule = { kind: 'text' };
const number: PropertyRule = { kind: 'number' };
const id: PropertyRule = { kind: 'text', required: true };
const site = { oxd_id: id };
const client = {
  client_registration_access_token: text,
  client_registration_client_uri: text,
  client_id_issued_at: number,
  client_secret_expires_at: number,
};
const token = {
  access_token: { kind: 'text', required: 'no_access_token' },
  expires_in: { kind: 'lifetime' },
  refresh_token: text,
  scope: { kind: 'scope' },
} as const;

/** Rule of each property of each result. Other properties are returned unchanged. */
const RESULT_RULES: {
  readonly [C in CommandName]: { readonly [M in keyof Required<Result<C>>]: PropertyRule };
} = {
  setup_client: {
    ...site,
    op_host: id,
    client_id: id,
    client_secret: id,
    ...client,
    setup_client_oxd_id: text,
    client_id_of_oxd_id: text,
  },
  register_site: {
    ...site,
    op_host: id,
    client_id: text,
    client_name: text,
    client_secret: text,
    ...client,
    // oxd sends the name with a trailing blank.
    initiate_login_uri: { kind: 'text', alias: 'initiate_login_uri ' },
  },
  update_site: site,
  remove_site: site,
  // oxd 3.1.4 returns null for an unknown site.
  get_rp: { node: { kind: 'node' } },
  get_client_token: token,
  get_access_token_by_refresh_token: token,
  get_authorization_url: {
    authorization_url: { kind: 'url', required: true },
    code_verifier: text,
    nonce: text,
    redirect_uri: text,
    min_auth_time: number,
  },
  get_tokens_by_code: {
    access_token: token.access_token,
    expires_in: token.expires_in,
    refresh_token: text,
    id_token: { kind: 'text', required: 'no_id_token' },
    id_token_claims: {
      kind: 'claims',
      required: true,
      claims: ['iss', 'sub', 'aud', 'exp', 'iat'],
    },
  },
  get_user_info: { claims: { kind: 'claims', required: true } },
  get_logout_uri: { uri: { kind: 'url', required: true } },
  introspect_access_token: {
    active: { kind: 'boolean', required: true },
    client_id: text,
    username: text,
    token_type: text,
    sub: text,
    aud: { kind: 'audience' },
    iss: text,
    jti: text,
    acr_values: text,
    exp: number,
    iat: number,
    scope: { kind: 'scope', alias: 'scopes' },
    claims: { kind: 'object' },
    reason: text,
  },
  uma_rs_protect: site,
  uma_rs_modify: site,
  uma_rs_check_access: {
    access: { kind: 'access', required: true },
    'www-authenticate_header': text,
    ticket: text,
    as_uri: text,
    permissions: { kind: 'permissions' },
    sub: text,
  },
  uma_rp_get_rpt: {
    access_token: { kind: 'text', required: 'no_access_token' },
    token_type: text,
    pct: text,
    upgraded: { kind: 'boolean', alias: 'updated' },
    expires_in: { kind: 'lifetime' },
  },
  uma_rp_get_claims_gathering_url: { url: { kind: 'url', required: true }, state: id },
  introspect_rpt: {
    active: { kind: 'boolean', required: true },
    exp: number,
    iat: number,
    nbf: number,
    client_id: text,
    sub: text,
    aud: { kind: 'audience' },
    iss: text,
    jti: text,
    permissions: { kind: 'permissions' },
  },
};

/** Rule of one property with its name. */
export interface NamedRule extends PropertyRule {
  readonly name: string;
}

/** Rules by command as a list, computed once because every response is read with it. */
export const RESULT_PROPERTIES = Object.fromEntries(
  Object.entries(RESULT_RULES).map(([command, rules]) => [command, namedRules(rules)]),
) as Record<CommandName, readonly NamedRule[]>;

function namedRules(rules: Readonly<Record<string, PropertyRule>>): readonly NamedRule[] {
  return Object.entries(rules).map(([name, rule]) => ({ name, ...rule }));
}
