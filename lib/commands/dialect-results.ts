import { decodeJwt } from 'jose';
import { OxdCommandError, OxdTransportError } from '../errors.js';
import type { OxdVersion } from '../transport/transport.js';
import type { CommandName, Result } from './command.js';
import { isTexts, plainClaims } from './dialect-claims.js';
import { COMMAND_RULES, knows, type ParamRule } from './dialect-params.js';

/** A command as it was called: what a reply is read against. */
export interface Call {
  readonly version: OxdVersion;
  readonly command: CommandName;
  readonly params: Readonly<Record<string, unknown>>;
}

type Members = Readonly<Record<string, unknown>>;
type Kind = keyof typeof READERS;

interface MemberRule {
  readonly kind: Kind;
  /** Must be there. A word: oxd calls it a success, it is this error of the provider. */
  readonly required?: true | string;
  /** A further name of the same member. */
  readonly alias?: string;
  /** Claims that must be there, for the same reason. */
  readonly claims?: readonly string[];
}

/** undefined: not of this kind. null: as good as absent. */
const READERS = {
  text: (value: unknown) => (typeof value === 'string' ? value : undefined),
  boolean: (value: unknown) => (typeof value === 'boolean' ? value : undefined),
  number: (value: unknown) => (typeof value === 'number' ? value : undefined),
  lifetime: (value: unknown) =>
    typeof value === 'number' ? (value < 0 ? null : value) : undefined,
  url: (value: unknown) => (typeof value === 'string' && URL.canParse(value) ? value : undefined),
  scope: (value: unknown) => (isTexts(value) ? value.join(' ') : READERS.text(value)),
  audience: (value: unknown): unknown =>
    isTexts(value) ? (value.length === 1 ? value[0] : value) : READERS.text(value),
  claims: (value: unknown) => (isMembers(value) ? value : undefined),
};

const text: MemberRule = { kind: 'text' };
const number: MemberRule = { kind: 'number' };
const id: MemberRule = { kind: 'text', required: true };
const site = { oxd_id: id };
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
    client_registration_access_token: text,
    client_registration_client_uri: text,
    client_id_issued_at: number,
    client_secret_expires_at: number,
    setup_client_oxd_id: text,
    client_id_of_oxd_id: text,
  },
  register_site: { ...site, op_host: id },
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
};

const RULES = Object.fromEntries(
  Object.entries(RESULT_RULES).map(([command, rules]) => [command, Object.entries(rules)]),
) as Record<CommandName, [string, MemberRule][]>;

/**
 * Reads the reply to a call by the table of its command.
 *
 * @throws {OxdCommandError} OXD_COMMAND_FAILED when the reply hides a failure
 * @throws {OxdTransportError} OXD_TRANSPORT_MALFORMED when it is not a reply to this command
 */
export function readResult(call: Call, data: unknown): Members {
  if (!isMembers(data)) throw malformed(call, 'data');
  const result = present(data);
  for (const [name, rule] of RULES[call.command]) {
    const value = readMember(call, {
      name,
      rule,
      value: result[name] ?? (rule.alias && result[rule.alias]),
    });
    if (value !== undefined && value !== null) result[name] = value;
    else if (name in result) delete result[name];
    if (rule.alias && rule.alias in result) delete result[rule.alias];
  }
  return finish(call, result);
}

function readMember(
  call: Call,
  { name, rule, value }: { name: string; rule: MemberRule; value: unknown },
): unknown {
  const missing = value === undefined || (rule.required && value === '');
  if (missing && typeof rule.required === 'string') throw failed(call, rule.required);
  if (missing && rule.required) throw malformed(call, name);
  if (missing) return undefined;
  const read = READERS[rule.kind](value);
  if (read === undefined) throw malformed(call, name);
  return rule.kind === 'claims' ? readClaims(call, rule, read as Members) : read;
}

function readClaims(call: Call, rule: MemberRule, claims: Members): Members {
  const plain = call.version === 'contract' ? present(claims) : plainClaims(claims);
  if (rule.claims?.some((name) => plain[name] === undefined))
    throw failed(call, 'invalid_id_token');
  return plain;
}

/** What one member alone does not show. */
function finish(call: Call, result: Members): Members {
  if (call.command === 'get_user_info') checkSubject(call, result.claims as Members);
  const hint = call.params.id_token_hint;
  if (
    call.command !== 'get_logout_uri' ||
    typeof hint !== 'string' ||
    isSent(call, 'id_token_hint')
  )
    return result;
  const uri = new URL(String(result.uri));
  uri.searchParams.set('id_token_hint', hint);
  return { ...result, uri: uri.href };
}

/** oxd 3.x calls it a success when the provider refuses the access token. */
function checkSubject(call: Call, claims: Members): void {
  if (typeof claims.sub !== 'string' || claims.sub === '') {
    const error = typeof claims.error === 'string' ? claims.error : 'invalid_token';
    throw failed(call, error, claims.error_description);
  }
  const idToken = call.params.id_token;
  if (typeof idToken !== 'string' || isSent(call, 'id_token')) return;
  if (subjectOf(idToken) !== claims.sub) throw failed(call, 'invalid_subject_identifier');
}

function subjectOf(idToken: string): string | undefined {
  try {
    return decodeJwt(idToken).sub;
  } catch {
    return undefined;
  }
}

function isSent({ version, command }: Call, name: 'id_token' | 'id_token_hint'): boolean {
  if (version === 'contract') return true;
  const rules: Readonly<Record<string, ParamRule>> = COMMAND_RULES[command].params;
  const rule = rules[name];
  return rule !== undefined && knows(version, rule);
}

/** The members that say something. `__proto__` as a name is nobody's honest claim. */
function present(members: Members): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value !== null && value !== undefined && name !== '__proto__') said[name] = value;
  }
  return said;
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function failed({ command }: Call, error: string, description?: unknown): OxdCommandError {
  const wire =
    typeof description === 'string' ? { error, error_description: description } : { error };
  return new OxdCommandError(
    `${command} failed at the OpenID Provider, although oxd reports success.`,
    wire,
    { command, mayHaveRun: true },
  );
}

function malformed({ command }: Call, member: string): OxdTransportError {
  return new OxdTransportError(
    'OXD_TRANSPORT_MALFORMED',
    `The reply to ${command} does not fit: ${member} is missing or of another type.`,
    { command, mayHaveRun: true },
  );
}
