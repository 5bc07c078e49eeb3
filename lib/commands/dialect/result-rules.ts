import type { CommandName, Result } from '../command.js';
import { isTexts } from './claims.js';
import { isJsonObject } from './members.js';
import { readPermissions } from './permissions.js';

type Kind = keyof typeof READERS;

/** What a member of a result is. */
export interface MemberRule {
  readonly kind: Kind;
  /** Must be there. A word: oxd calls it a success, it is this error of the provider. */
  readonly required?: true | string;
  /** A further name of the same member. */
  readonly alias?: string;
  /** Claims that must be there, for the same reason. */
  readonly claims?: readonly string[];
}

/** Reads a member. undefined: not of its kind. null: as good as absent. */
export const READERS = {
  text: (value: unknown) => (typeof value === 'string' ? value : undefined),
  boolean: (value: unknown) => (typeof value === 'boolean' ? value : undefined),
  number: (value: unknown) => (typeof value === 'number' ? value : undefined),
  lifetime: (value: unknown) =>
    typeof value === 'number' ? (value < 0 ? null : value) : undefined,
  url: (value: unknown) => (typeof value === 'string' && URL.canParse(value) ? value : undefined),
  scope: (value: unknown) => (isTexts(value) ? value.join(' ') : READERS.text(value)),
  audience: (value: unknown): unknown =>
    isTexts(value) ? (value.length === 1 ? value[0] : value) : READERS.text(value),
  claims: (value: unknown) => (isJsonObject(value) ? value : undefined),
  access: (value: unknown) => (value === 'granted' || value === 'denied' ? value : undefined),
  permissions: readPermissions,
};

const text: MemberRule = { kind: 'text' };
const number: MemberRule = { kind: 'number' };
const id: MemberRule = { kind: 'text', required: true };
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

/** Every member of every result. Further members pass as they are. */
const RESULT_RULES: {
  readonly [C in CommandName]: { readonly [M in keyof Required<Result<C>>]: MemberRule };
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
    // The blank is oxd's own.
    initiate_login_uri: { kind: 'text', alias: 'initiate_login_uri ' },
  },
  update_site: site,
  remove_site: site,
  get_client_token: token,
  get_access_token_by_refresh_token: token,
  get_authorization_url: { authorization_url: { kind: 'url', required: true } },
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
  },
  uma_rs_protect: site,
  uma_rs_check_access: {
    access: { kind: 'access', required: true },
    'www-authenticate_header': text,
    ticket: text,
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

/** The same by command, as pairs: this is read for every reply. */
export const RESULT_MEMBERS = Object.fromEntries(
  Object.entries(RESULT_RULES).map(([command, rules]) => [command, Object.entries(rules)]),
) as Record<CommandName, [string, MemberRule][]>;
